package quickjs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/service"
)

// FuzzFault: whatever a script gives as its outcome becomes JSON or an error
// that can be sent.
func FuzzFault(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{"a":1}`, faultMark, faultMark + `{`, faultMark + `null`, faultMark + `[]`,
		faultMark + `{"kind":"service","code":"a.b","message":"m","status":422,"details":{"x":[1]},"cause":1,"stack":"    at f (<eval>:2:3)\n"}`,
		faultMark + `{"kind":"service","status":-1,"cause":99,"details":"x"}`, faultMark + `{"kind":"memory","stack":"at"}`,
		faultMark + `{"kind":"stack","stack":" at a (<eval>:99999999999999999999:1)"}`, faultMark + `{"kind":"internal","causes":["a","b"]}`,
		faultMark + `{"kind":1}`,
	} {
		f.Add(seed)
	}
	m := &module{engine: &Engine{cfg: Config{}.withDefaults()}, mapper: newMapper([]byte(`{"version":3,"sources":["package:a.ts"],"mappings":"AAAA;AACA"}`))}
	f.Fuzz(func(t *testing.T, text string) {
		task := &task{module: m, ctx: t.Context(), call: &service.Call{}, name: "s", causes: []error{errors.New("one")}}
		out, err := task.outcome(text, nil)
		if (err == nil) == isFault(text) {
			t.Fatalf("outcome(%q) = %q, %v", text, out, err)
		}
		if err == nil {
			return
		}
		if err.Code == "" || err.HTTPStatus() < 400 || strings.Contains(err.Stack, "<eval>") {
			t.Errorf("the error is %d %q with stack %q", err.HTTPStatus(), err.Code, err.Stack)
		}
		if _, fault := json.Marshal(err); fault != nil {
			t.Errorf("the error cannot be sent: %v", fault)
		}
		again, ok := decodeFault(encodeFault(err))
		if !ok || again.Code != strings.ToValidUTF8(err.Code, "\ufffd") {
			t.Errorf("the error %+v comes back as %+v", err, again)
		}
	})
}

// FuzzStack: any trace is rewritten without a panic, and shows no place of the bundle.
func FuzzStack(f *testing.F) {
	f.Add("    at f (<eval>:2:1)\n    at map (native)\n    at <anonymous> (<eval>:3:1)\n")
	f.Add("at (<eval>:2)\n at <eval>:2:-1")
	f.Add("at ((<eval>:99999999999999999999:1)")
	m := newMapper([]byte(`{"version":3,"sources":["package:a.ts","signalbox:entry"],"mappings":"AAAA;AACA;ACAA"}`))
	f.Fuzz(func(t *testing.T, trace string) {
		m.first(trace)
		for line := range strings.Lines(m.stack(trace)) {
			if !strings.HasPrefix(line, "    at ") {
				t.Errorf("the line %q is no frame", line)
			}
		}
	})
}

// FuzzLoad: any text as a source is loaded or refused, in bounded time.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		``, `export const a = 1`, `import { service } from "@signalbox/sdk"; export const s = service({ name: "s", handle: () => 1 });`,
		`import x from "./a"; x`, `import x from "./x.json"; throw x`, `for (;;) {}`, `throw null`, `throw { toString() { throw 1 } }`,
		`class A { #a = 1; static { throw new Error("x") } }`, `globalThis.__signalbox = null`, `delete globalThis.__signalbox.sdk`,
		`__signalbox.collect = () => {}`, `__signalbox.describe = () => "x"`, `Array.prototype.map = null; JSON.stringify = () => 1`,
		`Object.prototype.toJSON = () => 1`, `Object.defineProperty(globalThis, "__signalbox", { get() { throw 1 } })`,
		"\x00\xff\xfe", `/(/`, "`${", `enum E { A }; namespace N { export const x = 1 }`, `@dec class A {}; function dec() {}`,
		`let p = {}; p.__proto__ = p`, `Object.freeze(Object.prototype); Object.freeze(globalThis)`, `[].flat.call(1)`,
		`import { service, t } from "@signalbox/sdk"; export default service({ name: "é", input: t.schema({ $ref: "#" }), handle() {} })`,
	} {
		f.Add(seed)
	}
	e, err := New(Config{Log: slog.New(slog.DiscardHandler), LoadTimeout: 100 * time.Millisecond, StuckAfter: 5 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(e.Close)
	f.Fuzz(func(t *testing.T, text string) {
		src := Source{Name: "fuzz", Files: map[string][]byte{"src/a.ts": []byte(text), "src/x.json": []byte(`{}`)}}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		m, err := e.Load(ctx, src)
		if err == nil {
			if len(m.Services()) == 0 {
				t.Error("a package without services is loaded")
			}
			m.Close()
			return
		}
		b, ok := errors.AsType[*BuildError](err)
		if !ok {
			t.Fatalf("Load() = %v, want a build error", err)
		}
		for _, msg := range b.Messages {
			if msg.Text == "" || (msg.File != "" && src.Files[msg.File] == nil) {
				t.Errorf("the message %+v is about no file of the package", msg)
			}
		}
	})
}
