package quickjs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

const order = `{"order_id":"ORD-1","currency":"PLN","name":"Ala","items":[{"sku":"a","qty":2,"price":9.95},{"sku":"b","qty":1,"price":19.9}]}`

func TestOrderService(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(folder(t, "orders"))
	n.want("order.accept", order, `{"order_id":"ORD-1","name":"ALA","total":39.8,"total_eur":9.95}`)
	_, err := n.call("order.accept", `{"order_id":"7","currency":"XXX","name":"Ala","items":[{"sku":"a","qty":0,"price":1}]}`)
	details, _ := json.Marshal(err.Details)
	for _, want := range []string{"/order_id", "/currency", "/items/0/qty"} {
		if err.Code != service.CodeInvalid || !strings.Contains(string(details), want) {
			t.Errorf("a bad order ends as %v %s, want a fault at %s", err, details, want)
		}
	}
	if _, err = n.call("fx.rate", `{"currency":"XXX"}`); err.Code != "fx.unknown" || err.Status != 422 {
		t.Errorf("an unknown currency ends as %v", err)
	}
}

// TestAnswers: what a handler returns and what the caller gets.
func TestAnswers(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"object":           {`return { a: 1 }`, `{"a":1}`},
		"nothing":          {``, `null`},
		"undefined":        {`return undefined`, `null`},
		"text":             {`return "ü\u{1F600}"`, `"ü😀"`},
		"half a surrogate": {`return "a\ud800b"`, `"a\ud800b"`},
		"zero byte":        {`return "a\0b"`, `"a\u0000b"`},
		"mark of a fault":  {`return "\u0001"`, `"\u0001"`},
		"number":           {`return 0.1 + 0.2`, `0.30000000000000004`},
		"not a number":     {`return NaN`, `null`},
		"date":             {`return new Date(0)`, `"1970-01-01T00:00:00.000Z"`},
		"input":            {`return input`, `{"x":[1,"two",null]}`},
		"async":            {`return (async () => { await null; return (await Promise.all([1, 2])).length; })()`, `2`},
		"promise":          {`return Promise.resolve([1]).then((x) => x.concat(2))`, `[1,2]`},
		"thenable":         {`return { then(ok: (v: number) => void) { ok(7); } }`, `7`},
		"function":         {`return () => 1`, `null`},
		"toJSON":           {`return { toJSON: () => "j" }`, `"j"`},
		"this":             {`return this.name`, `"s"`},
		"cid":              {`return [ctx.cid, ctx.service, ctx.channel]`, `["cid-1234","s","test"]`},
		"nobody":           {`return [ctx.user, ctx.http]`, `[null,null]`},
		"remaining":        {`const ms = ctx.remaining()!; return ms > 1000 && ms <= 5000`, `true`},
		"library":          {`return [sdk.decimal.add("0.1", "0.2"), sdk.base64.encode("hi"), sdk.hash("sha256", "").slice(0, 8)]`, `["0.3","aGk=","e3b0c442"]`},
		"library error":    {`try { sdk.base64.decode("!"); } catch (e) { return [sdk.ServiceError.is(e), typeof (e as sdk.ServiceError).code] }`, `[true,"string"]`},
		"parallel": {
			`return ctx.parallel([{ service: "one", input: 1 }, { service: "none" }]).map((r) => (r.ok ? r.value : r.error.code))`,
			`[{"one":1},"service_not_found"]`,
		},
	}
	n := newNode(t, quickjs.Config{}, nil)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			n.deploy(source(`import * as sdk from "@signalbox/sdk";
export const s = sdk.service({ name: "s", handle(ctx, input): any { ` + tc.body + ` } });
export const one = sdk.service({ name: "one", handle: (_ctx, input) => ({ one: input }) });`))
			n.want("s", `{"x":[1,"two",null]}`, tc.want)
		})
	}
}

// TestRequest: what a service sees of the request and how it shapes the answer.
func TestRequest(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle(ctx) {
  ctx.respond({ status: 201, headers: { Location: "/orders/7" }, contentType: "text/plain", text: "made" });
  return { user: ctx.user, http: ctx.http };
} });`))
	c := &service.Call{
		CID: "cid-1234", Service: "s", Channel: "http",
		User: &service.User{Security: "partners", Name: "acme", Claims: map[string]any{"scope": "x"}},
		HTTP: &service.HTTPInfo{
			Method: "POST", Path: "/orders/7", Pattern: "/orders/{id}", Params: map[string]string{"id": "7"},
			Query: map[string][]string{"a": {"1", "2"}}, Header: http.Header{"X-Two": {"b", "c"}}, Remote: "10.0.0.1",
		},
	}
	out, err := n.invoker.Invoke(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"user":{"security":"partners","name":"acme","claims":{"scope":"x"}},"http":{"headers":{"x-two":"b, c"},"method":"POST","params":{"id":"7"},"path":"/orders/7","pattern":"/orders/{id}","query":{"a":"1"},"queryAll":{"a":["1","2"]},"remote":"10.0.0.1"}}`
	if string(out) != want {
		t.Errorf("the service sees\n%s, want\n%s", out, want)
	}
	if c.Reply.Status != 201 || c.Reply.Header.Get("Location") != "/orders/7" || string(c.Reply.Raw) != "made" || c.Reply.ContentType != "text/plain" {
		t.Errorf("the reply is %+v", c.Reply)
	}
}

// TestConnections: the arguments that reach the node, and what the script gets.
func TestConnections(t *testing.T) {
	var (
		mu   sync.Mutex
		seen []string
	)
	answers := map[string]string{
		"http.request":    `{"status":404,"headers":{"x-a":"b"},"text":"<a><b>1</b></a>"}`,
		"sql.query":       `{"columns":["n"],"rows":[{"n":1},{"n":2}]}`,
		"sql.one":         `{"n":1}`,
		"sql.exec":        `{"affected":2,"last_id":7}`,
		"sql.transaction": `[{"affected":1,"last_id":null},{"columns":["n"],"rows":[{"n":1}]}]`,
		"outgoing.ping":   `{"name":"crm","state":"up"}`,
	}
	ops := map[string]service.Operation{}
	for op, answer := range answers {
		ops[op] = func(_ context.Context, _ *service.Call, args json.RawMessage) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, op+" "+string(args))
			return json.RawMessage(answer), nil
		}
	}
	n := newNode(t, quickjs.Config{}, ops)
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle(ctx) {
  const crm = ctx.conn.http("crm"), erp = ctx.conn.sql("erp");
  const r = crm.post("/o/{id}", { params: { id: 1 }, query: { q: null }, json: { a: 1 }, contentType: "application/x", timeoutMs: 5, retry: true });
  crm.request({ xml: { a: { b: "1" } } });
  return [
    [r.status, r.ok, r.headers["x-a"], r.json, r.xml().a.b], crm.get("/x").text!.length, crm.put("/x", { text: "t" }).status,
    crm.patch("/x", { base64: "eA==" }).status, crm.delete("/x").status, crm.ping().state,
    erp.query("select :a", { a: 1 }, { maxRows: 5 }), erp.one("select 1"), erp.exec("delete", { b: null }),
    erp.transaction([{ sql: "insert" }, { sql: "select", query: true, maxRows: 3, params: { c: "x" } }]),
  ];
} });`))
	n.want("s", "null", `[[404,false,"b",null,"1"],15,404,404,404,"up",[{"n":1},{"n":2}],{"n":1},{"affected":2,"lastId":7},[{"affected":1,"lastId":null},{"columns":["n"],"rows":[{"n":1}]}]]`)
	want := []string{
		`http.request {"connection":"crm","params":{"id":1},"query":{"q":null},"json":{"a":1},"retry":true,"method":"POST","path":"/o/{id}","content_type":"application/x","timeout_ms":5}`,
		`http.request {"connection":"crm","text":"`,
		`http.request {"connection":"crm","method":"GET","path":"/x"}`,
		`http.request {"connection":"crm","text":"t","method":"PUT","path":"/x"}`,
		`http.request {"connection":"crm","base64":"eA==","method":"PATCH","path":"/x"}`,
		`http.request {"connection":"crm","method":"DELETE","path":"/x"}`,
		`outgoing.ping {"connection":"crm"}`,
		`sql.query {"connection":"erp","sql":"select :a","params":{"a":1},"max_rows":5}`,
		`sql.one {"connection":"erp","sql":"select 1"}`,
		`sql.exec {"connection":"erp","sql":"delete","params":{"b":null}}`,
		`sql.transaction {"connection":"erp","statements":[{"sql":"insert"},{"sql":"select","query":true,"params":{"c":"x"},"max_rows":3}]}`,
	}
	if len(seen) != len(want) {
		t.Fatalf("the node saw %d operations, want %d: %q", len(seen), len(want), seen)
	}
	for i := range want {
		if !strings.HasPrefix(seen[i], want[i]) {
			t.Errorf("operation %d is\n%s, want\n%s", i, seen[i], want[i])
		}
	}
}

// TestDepth: JSON nested too deeply is refused before anything recurses into it.
func TestDepth(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle: (_ctx, input) => input });
export const deep = service({ name: "deep", handle() { let a: unknown = 1; for (let i = 0; i < 300; i++) a = [a]; return a; } });`))
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	n.want("s", nested(200), nested(200))
	for _, depth := range []int{201, 5_000_000} {
		if _, err := n.call("s", nested(depth)); err == nil || err.Code != service.CodeInvalid || err.Status != 400 {
			t.Errorf("input nested %d deep ends as %v", depth, err)
		}
	}
	if _, err := n.call("deep", "null"); err == nil || err.Code != service.CodeOutput {
		t.Errorf("an answer nested 300 deep ends as %v", err)
	}
}

// TestFrozen: nothing that one call does to built-ins reaches the next one, and
// what is usual with built-ins still works.
func TestFrozen(t *testing.T) {
	poison := map[string]string{
		"method of lists":    `Array.prototype.map = (() => "poisoned") as any`,
		"new method":         `(Object.prototype as any).extra = 1`,
		"deleted method":     `delete (String.prototype as any).trim`,
		"JSON":               `JSON.stringify = () => "poisoned"`,
		"global":             `(globalThis as any).Array = 1`,
		"new global":         `(globalThis as any).cache = {}`,
		"undeclared name":    `// @ts-ignore` + "\n" + `leaked = 1`,
		"toString":           `Object.prototype.toString = () => "poisoned"`,
		"error name":         `Error.prototype.name = "poisoned"`,
		"promise":            `Promise.prototype.then = (() => 1) as any`,
		"generator":          `Object.getPrototypeOf(function* () {}).prototype.next = () => 1`,
		"iterator":           `Object.getPrototypeOf([][Symbol.iterator]()).next = () => 1`,
		"the SDK":            `(sdk.decimal as any).add = () => "poisoned"`,
		"the context":        `Object.getPrototypeOf(ctx).invoke = () => 1`,
		"the service":        `(s as any).name = "x"; `,
		"the definition":     `(s.def as any).handle = () => 1`,
		"property by define": `Object.defineProperty(Array.prototype, "map", { value: 1 })`,
		"prototype":          `Object.setPrototypeOf(Array.prototype, {})`,
		"the console":        `console.log = () => {}`,
	}
	n := newNode(t, quickjs.Config{}, nil)
	for name, code := range poison {
		t.Run(name, func(t *testing.T) {
			n.deploy(source(`import * as sdk from "@signalbox/sdk";
export const s: sdk.Service = sdk.service({ name: "s", handle(ctx) { ` + code + `; return "not refused"; } });`))
			_, err := n.call("s", "null")
			if err == nil || err.Cause == nil || !strings.Contains(err.Cause.Error(), "Error") {
				t.Errorf("it ended as %v, want a TypeError", err)
			}
		})
	}
	n.deploy(source(`import { service } from "@signalbox/sdk";
class Mine extends Error { constructor(m: string) { super(m); this.name = "Mine"; } }
function Old(this: any) {}
Old.prototype.toString = function () { return "old"; };
Old.prototype = Object.create(Error.prototype);
Old.prototype.constructor = Old;
Old.prototype.name = "Old";
export const s = service({ name: "s", handle() {
  const e = new Mine("m"); e.message = "other";
  const o: any = { }; o.toString = () => "own"; o.constructor = 1; o.hasOwnProperty = 2; o.valueOf = 3;
  const counts: Record<string, number> = Object.create(null); counts.constructor = 1;
  class L extends Array<number> { override map(): any { return "mine"; } }
  const f: any = () => 1; f.bind = 1;
  const old = new (Old as any)();
  const parsed = JSON.parse('{"__proto__":1,"toString":2}');
  return [String(e), String(o), o.constructor, Object.keys(o).length, counts.constructor, new L(1, 2).map(), f.bind,
    String(old), Object.keys({ ...parsed }).length, Object.keys(Object.assign({}, { valueOf: 1 })), [..."ab"].map((c) => c.toUpperCase())];
} });`))
	n.want("s", "null", `["Mine: other","own",1,4,1,"mine",1,"Old",2,["valueOf"],["A","B"]]`)
}

// TestCanceled: a caller that goes away stops the script.
func TestCanceled(t *testing.T) {
	started := make(chan struct{})
	n := newNode(t, quickjs.Config{}, map[string]service.Operation{
		"http.request": func(context.Context, *service.Call, json.RawMessage) (any, error) {
			close(started)
			return json.RawMessage(`{"status":200,"headers":{}}`), nil
		},
	})
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle(ctx) { ctx.conn.http("x").get("/"); for (;;) {} } });`))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := n.invoker.Invoke(ctx, &service.Call{CID: "cid-1234", Service: "s"})
		done <- err
	}()
	<-started
	cancel()
	if err := service.AsError(<-done); err.Code != service.CodeCanceled {
		t.Errorf("the call ended as %v", err)
	}
}

// TestDeadlineInHost: a host operation sees the deadline; the script may go on after its error.
func TestDeadlineInHost(t *testing.T) {
	n := newNode(t, quickjs.Config{}, map[string]service.Operation{
		"http.request": func(ctx context.Context, _ *service.Call, _ json.RawMessage) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", timeout: "30ms", handle(ctx) { try { ctx.conn.http("x").get("/"); } catch {} return "late"; } });`))
	if _, err := n.call("s", "null"); err == nil || err.Code != service.CodeTimeout {
		t.Errorf("the call ended as %v, want a timeout", err)
	}
}

// TestPanic: a panic below a host operation fails its call and no other.
func TestPanic(t *testing.T) {
	n := newNode(t, quickjs.Config{}, map[string]service.Operation{
		"http.request": func(context.Context, *service.Call, json.RawMessage) (any, error) { panic("boom") },
	})
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle(ctx, input) { return input === 1 ? ctx.conn.http("x").get("/").status : "fine"; } });`))
	if _, err := n.call("s", "1"); err == nil || err.Code != service.CodeInternal || !strings.Contains(fmt.Sprint(err.Cause), "boom") {
		t.Errorf("the call ended as %v", err)
	}
	n.want("s", "2", `"fine"`)
}

// TestSwitch: calls during a switch of versions run in the version they began with.
func TestSwitch(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	version := func(v int) quickjs.Source {
		return source(fmt.Sprintf(`import { service } from "@signalbox/sdk";
export const outer = service({ name: "outer", handle: (ctx) => [%d, ctx.invoke("inner", null)] });
export const inner = service({ name: "inner", handle: () => %d });`, v, v))
	}
	n.deploy(version(0))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				out, err := n.call("outer", "null")
				var pair [2]int
				if err != nil || json.Unmarshal([]byte(out), &pair) != nil || pair[0] != pair[1] {
					t.Errorf("outer = %s, %v: want two equal versions", out, err)
					return
				}
			}
		})
	}
	for v := range 8 {
		n.deploy(version(v))
	}
	cancel()
	wg.Wait()
	n.registry.Close()
	eventually(t, "all machines are closed", func() bool { return n.engine.Stats().VMs == 0 })
	if s := n.engine.Stats(); s.Packages != 0 {
		t.Errorf("%d packages are left", s.Packages)
	}
}

// TestClosed: an engine that is closed loads nothing and makes no machine; calls
// under way end well.
func TestClosed(t *testing.T) {
	g := newGate()
	n := newNode(t, quickjs.Config{IdleVMs: 2}, g.ops())
	n.deploy(waitingPackage("a"))
	var wg sync.WaitGroup
	wg.Go(func() {
		if out, err := n.call("a.wait", "null"); err != nil || out != "200" {
			t.Errorf("a.wait = %s, %v", out, err)
		}
	})
	<-g.arrived
	n.engine.Close()
	if _, err := n.engine.Load(t.Context(), source(hello)); err == nil {
		t.Error("Load() works after Close()")
	}
	if _, err := n.engine.Test(t.Context(), source("a.ts", hello, "a.test.ts", ""), quickjs.TestOptions{}); err == nil {
		t.Error("Test() works after Close()")
	}
	if _, err := n.call("a.tree", "0"); err == nil || err.Status != http.StatusServiceUnavailable {
		t.Errorf("a call after Close() ended as %v", err)
	}
	close(g.open)
	wg.Wait()
	eventually(t, "all machines are closed", func() bool { return n.engine.Stats().VMs == 0 })
}

// TestLarge: what does not fit into a machine is an error, wherever it comes from.
func TestLarge(t *testing.T) {
	big := json.RawMessage(`"` + strings.Repeat("x", 12<<20) + `"`)
	n := newNode(t, quickjs.Config{MemoryPerVM: 8 << 20}, map[string]service.Operation{
		"http.request": func(context.Context, *service.Call, json.RawMessage) (any, error) {
			return json.RawMessage(`{"status":200,"headers":{},"json":` + string(big) + `}`), nil
		},
	})
	n.deploy(source(`import { service } from "@signalbox/sdk";
export const take = service({ name: "take", handle: (_ctx, input: unknown) => String(input).length });
export const fetch = service({ name: "fetch", handle: (ctx) => ctx.conn.http("x").get("/").json.length });
export const fetchAndCatch = service({ name: "fetchAndCatch", handle(ctx) { try { return ctx.conn.http("x").get("/").json.length; } catch (e) { return "caught"; } } });`))
	for _, name := range []string{"take", "fetch"} {
		if out, err := n.call(name, string(big)); err == nil || err.Code != service.CodeMemory {
			t.Errorf("%s = %.100s, %.200v, want out_of_memory", name, out, err)
		}
		n.want("take", `"abc"`, "3")
	}
	n.want("fetchAndCatch", "null", `"caught"`)
	if out, err := n.call("take", `"`+strings.Repeat("ä", 1<<19)+`"`); err != nil || out != "524288" {
		t.Errorf("take = %.100s, %.200v, want 524288", out, err)
	}
}
