package quickjs_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

// rss returns the memory that the process occupies, in MiB; 0 where it cannot be known.
func rss(tb testing.TB) int {
	tb.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		tb.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}

// runaways are handlers that do not end by themselves, or want all memory.
var runaways = map[string]struct {
	body  string
	codes string // the codes that the call may end with
}{
	"endless loop":                  {`for (;;) {}`, "timeout"},
	"loop that catches everything":  {`for (;;) { try { for (;;) {} } catch (e) {} finally {} }`, "timeout"},
	"loop in a callback of a sort":  {`[1, 2, 3].sort(() => { for (;;) {} })`, "timeout"},
	"loop in a getter":              {`return { get a() { for (;;) {} } }`, "timeout"},
	"loop in toJSON":                {`return { toJSON() { for (;;) {} } }`, "timeout"},
	"loop in a generator":           {`function* g() { for (;;) yield 1; } for (const x of g()) {}`, "timeout"},
	"async endless loop":            {`return (async () => { await null; for (;;) {} })()`, "timeout"},
	"async loop that catches":       {`return (async () => { for (;;) { try { await null; for (;;) {} } catch {} } })()`, "timeout"},
	"microtask loop":                {`const f = () => { Promise.resolve().then(f); }; f()`, "timeout"},
	"async microtask loop":          {`return (async () => { for (;;) await null; })()`, "timeout"},
	"thenable that never resolves":  {`return { then() {} }`, "internal"},
	"promise that never settles":    {`return new Promise(() => {})`, "internal"},
	"awaits what never settles":     {`return (async () => { await new Promise(() => {}); })()`, "internal"},
	"growing list":                  {`const a: unknown[] = []; for (;;) a.push({ n: a.length });`, "out_of_memory"},
	"growing list that catches":     {`const a: unknown[] = []; for (;;) { try { for (;;) a.push({ n: a.length }); } catch (e) {} }`, "timeout out_of_memory"},
	"growing text":                  {`let s = "ab"; for (;;) s += s;`, "out_of_memory internal"},
	"growing map":                   {`const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });`, "out_of_memory"},
	"repeat to a gigabyte":          {`return "x".repeat(1e9)`, "out_of_memory"},
	"padStart to a gigabyte":        {`return "x".padStart(1e9, "ab")`, "out_of_memory"},
	"list of two hundred million":   {`return new Array(2e8).fill(0)`, "out_of_memory"},
	"typed array of a gigabyte":     {`return new Uint8Array(1e9).length`, "out_of_memory"},
	"answer beyond the memory":      {`const a = "x".repeat(1e6); return Array.from({ length: 100 }, () => a)`, "out_of_memory"},
	"deep recursion":                {`const f = (n: number): number => 1 + f(n + 1); return f(0)`, "stack_overflow"},
	"mutual recursion by callbacks": {`const f = (): unknown => [1].map(f); return f()`, "stack_overflow"},
	"recursion in toString":         {`const o = { toString(): string { return "" + o; } }; return "" + o`, "stack_overflow"},
	"deep JSON text":                {`return JSON.parse("[".repeat(5e6))`, "stack_overflow out_of_memory"},
	"deep JSON text, closed":        {`return JSON.parse("[".repeat(2e6) + "]".repeat(2e6))`, "stack_overflow out_of_memory"},
	"deep answer":                   {`let a: unknown[] = []; for (let i = 0; i < 5e3; i++) a = [a]; return a`, "stack_overflow out_of_memory"},
	"deep flat":                     {`let a: any[] = []; for (let i = 0; i < 5e3; i++) a = [a]; return a.flat(Infinity)`, "stack_overflow out_of_memory"},
	"deep text of a list":           {`let a: unknown[] = []; for (let i = 0; i < 5e3; i++) a = [a]; return String(a)`, "stack_overflow out_of_memory"},
	"power of a big integer":        {`return String(7n ** 100000000n)`, "internal"},
	"catastrophic regexp":           {`return /^(a|a?)+$/.test("a".repeat(60) + "b")`, "timeout"},
	"catastrophic look-ahead":       {`return /(?=(a+)+$)b/.test("a".repeat(60) + "c")`, "timeout"},
	"nested proxies":                {`let p: any = {}; for (let i = 0; i < 3e6; i++) p = new Proxy(p, {}); return p.x`, "out_of_memory stack_overflow"},
	"nested binds":                  {`let f: any = () => 1; for (let i = 0; i < 3e6; i++) f = f.bind(null); return f()`, "out_of_memory stack_overflow"},
	"waiting for shared memory":     {`return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`, "internal"},
	"throws a deep value":           {`let a: unknown[] = []; for (let i = 0; i < 5e3; i++) a = [a]; throw a`, "internal stack_overflow out_of_memory"},
	"throws a trap":                 {`throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { for (;;) {} } })`, "timeout internal"},
	"deep arguments of a host call": {`let a: unknown[] = []; for (let i = 0; i < 300; i++) a = [a]; return ctx.invoke("good", a)`, "invalid_arguments"},
}

func runaway(body string) string {
	return `import { service } from "@signalbox/sdk";
export const bad = service({ name: "bad", handle(ctx, input): any { ` + body + ` } });
export const good = service({ name: "good", handle: (_ctx, input) => ({ got: input }) });`
}

// TestRunaway: whatever a service does, its call ends as an error in time, the
// next call works, and the memory comes back.
func TestRunaway(t *testing.T) {
	cfg, within := quickjs.Config{StuckAfter: 30 * time.Second}, 5*time.Second
	if raced {
		cfg.MemoryPerVM, cfg.StackSize, within = 4<<20, 500, 20*time.Second
	}
	n := newNode(t, cfg, nil)
	n.deploy(source(runaway("")))
	n.want("good", "1", `{"got":1}`)
	before := rss(t)
	for name, tc := range runaways {
		if raced && name == "power of a big integer" {
			continue // minutes of arithmetic
		}
		if raced { // time grows with the square of the depth
			tc.body = strings.ReplaceAll(tc.body, "5e3", "700")
		}
		t.Run(name, func(t *testing.T) {
			n.deploy(source(runaway(tc.body)))
			began := time.Now()
			limit := within
			if strings.HasPrefix(tc.codes, "timeout") {
				limit = 100 * time.Millisecond
			}
			out, err := n.callWithin("bad", "1", limit)
			if err == nil {
				t.Fatalf("the call answered %.200s", out)
			}
			if !strings.Contains(tc.codes, err.Code) {
				t.Errorf("the call ended as %v, want %s\n%s", err, tc.codes, err.Stack)
			}
			if took := time.Since(began); took > 2*within {
				t.Errorf("it took %v", took)
			}
			n.want("good", "1", `{"got":1}`)
			if err.Code == service.CodeTimeout && err.Stack == "" && (strings.HasPrefix(name, "endless loop") || strings.HasPrefix(name, "loop in")) {
				t.Error("the timeout does not say where")
			}
			if err.Code == service.CodeTimeout && err.Stack != "" && !strings.Contains(err.Stack, "src/index.ts:2:") {
				t.Errorf("the stack of a timeout does not say where: %s", err.Stack)
			}
		})
	}
	n.registry.Close()
	eventually(t, "all machines are closed", func() bool { return n.engine.Stats().VMs == 0 })
	if raced {
		return // the detector's own memory does not come back
	}
	eventually(t, "the memory comes back", func() bool { return rss(t) <= before+60 })
	t.Logf("memory: %d MiB before, %d MiB after", before, rss(t))
}

// TestStuck: a loop inside of the engine cannot be interrupted. Its caller gets
// an answer all the same; the machine is left behind until the loop ends.
func TestStuck(t *testing.T) {
	n := newNode(t, quickjs.Config{StuckAfter: 50 * time.Millisecond, MaxVMs: 1, MaxVMsNode: 2}, nil)
	length := "5e7"
	if raced {
		length = "1e6"
	}
	n.deploy(source(runaway(`const a: unknown[] = []; a[` + length + `] = 1; a.map((x) => x); ctx.respond({ status: 202 }); return 1`)))
	n.want("good", "1", `{"got":1}`) // boots the machine
	began := time.Now()
	_, err := n.callWithin("bad", "1", 50*time.Millisecond)
	if err == nil || err.Code != service.CodeTimeout {
		t.Fatalf("the call ended as %v, want a timeout", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the caller waited for %v", took)
	}
	if s := n.engine.Stats(); s.Stuck != 1 {
		t.Fatalf("the engine counts %+v, want one stuck machine", s)
	}
	if _, err := n.callWithin("good", "1", 20*time.Millisecond); err == nil || err.Code != service.CodeBusy {
		t.Fatalf("a call beside the stuck one ended as %v: it must not take the stuck one's place", err)
	}
	eventually(t, "the stuck machine ends", func() bool { return n.engine.Stats().Stuck == 0 })
	n.want("good", "1", `{"got":1}`)
}
