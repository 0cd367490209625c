package quickjs_test

import (
	"fmt"
	"slices"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

func TestUses(t *testing.T) {
	t.Parallel()
	e := newEngine(t, quickjs.Config{})
	checked, err := e.Check(t.Context(), quickjs.Source{Name: "shop", Settings: []byte(`{"partner":"shipping"}`), Files: map[string][]byte{
		"src/rates.ts": []byte("import { service } from '@signalbox/sdk';\nexport const rates = service({ name: 'shop.rates', handle(ctx) { return ctx.conn.sql(`prices`).one('select 1 /* \" */'); } });\n"),
		"src/book.ts":  []byte("import type { Ctx } from '@signalbox/sdk';\nconst partner = (ctx: Ctx) => ctx.conn.http(ctx.settings.partner);\nexport function book(ctx: Ctx) {\n  return /\\.invoke\\(\"no\\.[`]/.test('') || partner(ctx).get('/x').json;\n}\n"),
		"src/order.ts": []byte(`import { service } from "@signalbox/sdk";
import { book } from "./book";
import { rates } from "./rates";
const text = "ctx.invoke('not.a.call')"; // ctx.invoke("nor.this")
export const order = service({
  name: "shop.order",
  handle(ctx, input: any) {
    const r = ctx.invoke(rates, input);
    ctx.invoke(` + "`fx.rate`" + `, { text });
    ctx.invoke(input.next);
    for (const one of ctx.parallel([{ service: "stock.take", input }, { service: rates }])) ctx.log.info(` + "`${one.ok ? `x${\"}\"}` : '`'} ctx.invoke(\"no\")`" + `);
    return book(ctx) / 2 / r;
  },
});
export const idle = service({ name: "shop.idle", handle: () => 1 });
`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"shop.rates": {"sql prices src/rates.ts:2"},
		"shop.idle":  nil,
		"shop.order": {
			"service  src/order.ts:10", "service fx.rate src/order.ts:9", "service shop.rates src/order.ts:11", "service shop.rates src/order.ts:8",
			"service stock.take src/order.ts:11", "http shipping src/book.ts:2",
		},
	}
	if len(checked.Services) != len(want) {
		t.Fatalf("services are %+v", checked.Services)
	}
	for _, s := range checked.Services {
		var got []string
		for _, u := range s.Uses {
			got = append(got, fmt.Sprintf("%s %s %s:%d", u.Kind, u.Name, u.File, u.Line))
		}
		slices.Sort(got)
		expected := slices.Sorted(slices.Values(want[s.Name]))
		if !slices.Equal(got, expected) {
			t.Errorf("%s uses\n%q, want\n%q", s.Name, got, expected)
		}
		if s.File == "" || s.Line == 0 {
			t.Errorf("%s is declared at %s:%d", s.Name, s.File, s.Line)
		}
	}
}

// A text over several lines with a part in it does not end the statement that it is in.
func TestUsesBehindLongText(t *testing.T) {
	t.Parallel()
	e := newEngine(t, quickjs.Config{})
	checked, err := e.Check(t.Context(), quickjs.Source{Name: "p", Files: map[string][]byte{
		"a.ts": []byte("import { service, type Ctx } from \"@signalbox/sdk\";\nconst late = (ctx: Ctx, who: string) => `dear\n ${who}\nhello` + ctx.invoke(\"late.call\");\n" +
			"export const a = service({ name: \"a\", handle: (ctx, who: string) => late(ctx, who) });\n"),
	}})
	if err != nil || len(checked.Services) != 1 {
		t.Fatalf("checked %+v, %v", checked, err)
	}
	if used := checked.Services[0].Uses; len(used) != 1 || used[0].Name != "late.call" {
		t.Errorf("a uses %+v", used)
	}
}

// The registry tells who names whom, of what is in force.
func TestRegistryKnowsCallers(t *testing.T) {
	t.Parallel()
	e := newEngine(t, quickjs.Config{})
	m, err := e.Load(t.Context(), quickjs.Source{Name: "p", Hash: "h", Files: map[string][]byte{
		"a.ts": []byte(`import { service } from "@signalbox/sdk"; export const a = service({ name: "a", handle: (ctx) => ctx.invoke("b") }); export const b = service({ name: "b", handle: () => 1 });`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := service.Prepare(m)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	r := service.NewRegistry()
	defer r.Close()
	if err := r.Switch([]service.Binding{{Name: "a", From: p}, {Name: "b", From: p}}); err != nil {
		t.Fatal(err)
	}
	if callers := r.Callers("b"); len(callers) != 1 || len(callers["a"]) != 1 || callers["a"][0].Line != 1 {
		t.Errorf("callers of b are %v", callers)
	}
	if used, ok := r.Uses("b"); !ok || len(used) != 0 {
		t.Errorf("b uses %v, %v", used, ok)
	}
	if _, ok := r.Uses("c"); ok {
		t.Error("there is no c")
	}
}

func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"a/b/c", "`${`${1}`}`", "x = /[/]/g", "`${", "'\\", "(() => {\n  var s = service({ name: \"x\" });\n})();", "}}}`"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		quickjs.UsesOf(code)
	})
}
