package quickjs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/engine/quickjs"
)

// TestTestdata runs the tests of the packages in testdata.
func TestTestdata(t *testing.T) {
	e := newEngine(t, quickjs.Config{})
	for _, name := range []string{"orders", "kit"} {
		report, err := e.Test(t.Context(), folder(t, name), quickjs.TestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Passed == 0 || report.Failed != 0 {
			t.Errorf("package %s: %d passed, %d failed", name, report.Passed, report.Failed)
		}
		for _, r := range report.Tests {
			if r.Error != nil {
				t.Errorf("%s: %s: %s\n%s", r.File, r.Name, r.Error.Message, r.Error.Stack)
			}
		}
	}
	eventually(t, "all machines are closed", func() bool { return e.Stats().VMs == 0 })
}

const failingTests = `import { afterEach, beforeEach, call, describe, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { hello } from "./index";
import { ServiceError, xml, decimal } from "@signalbox/sdk";

let log: string[] = [];
beforeEach(() => { log.push("before"); });
afterEach(() => { log = []; });

test("passes", () => { expect(log).toEqual(["before"]); });
test("differs", () => {
  expect({ a: [1, { b: 2 }] }).toEqual({ a: [1, { b: 3 }] });
});
test("throws", () => {
  const o: any = {};
  o.missing.x();
});
test("fails later", async () => { await null; expect(1).not.toBe(1); });
test("service error", () => { throw new ServiceError("a.b", "c", 400, { d: 1 }); });
test("never", () => new Promise(() => {}));
test("loops", () => {
  for (;;) {}
});
test("goes on after a loop", () => { expect(decimal.add("1", "2")).toBe("3"); });
test("bombs", () => { const a = []; for (;;) a.push({}); });
test("recurses", () => { const f = (): number => 1 + f(); f(); });
test("reaches out", () => { hello.def.handle(fakeCtx(), null); fakeCtx().conn.http("crm").get("/"); });
test("bad input", () => { call(hello, 1 as any); });
test("bad answer", () => { call(hello, { name: "bad" }); });
test("refuses to reach out", () => { expect(() => call(hello, { name: "out" })).toThrow("fake context knows nothing of the service x"); });
test.skip("left out", () => { throw 1; });
describe("group", () => {
  beforeEach(() => { log.push("inner"); console.warn("ready", { n: 1 }); });
  describe("inner", () => { test("both ran", () => { expect(log).toEqual(["before", "inner"]); }); });
});
test("library error", () => { xml.parse("<a"); });
`

const tested = `import { service, t } from "@signalbox/sdk";
export const hello = service({ name: "hello", input: t.object({ name: t.string() }), output: t.object({ text: t.string() }),
  handle(ctx, input): any { if (input?.name === "out") ctx.invoke("x"); return input?.name === "bad" ? 1 : { text: "x" }; } });`

func TestReport(t *testing.T) {
	want := map[string]struct{ message, place string }{
		"passes":                   {},
		"differs":                  {"expected { a: [1, { b: 2 }] } to equal { a: [1, { b: 3 }] }; value.a[\"1\"].b: 2 is not 3", "src/a.test.ts:11:"},
		"throws":                   {"TypeError: cannot read property", "src/a.test.ts:15:"},
		"fails later":              {"expected 1 not to be 1", "src/a.test.ts:17:"},
		"service error":            {`a.b: c {"d":1}`, "src/a.test.ts:18:"},
		"never":                    {"the promise is never settled", ""},
		"loops":                    {"the test took longer than ", "src/a.test.ts:20:"},
		"goes on after a loop":     {},
		"bombs":                    {"out of memory", ""},
		"recurses":                 {"stack overflow", "src/a.test.ts:25:"},
		"reaches out":              {`the fake context knows nothing of the HTTP connection crm: fakeCtx({ conn: { http: { "crm": … } } })`, "src/a.test.ts:26:"},
		"bad input":                {`invalid_input: the input of hello does not fit the schema`, "src/a.test.ts:27:"},
		"bad answer":               {`invalid_output: the answer of hello does not fit the schema`, "src/a.test.ts:28:"},
		"refuses to reach out":     {},
		"left out":                 {},
		"group > inner > both ran": {},
		"library error":            {"xml", "src/a.test.ts:35:"},
		"(top level)":              {"Error: at load", "src/b.test.ts:1:"},
	}
	e := newEngine(t, quickjs.Config{MemoryPerVM: 4 << 20})
	report, err := e.Test(t.Context(), source("src/index.ts", tested, "src/a.test.ts", failingTests, "src/b.test.ts", `throw new Error("at load");`), quickjs.TestOptions{Timeout: slowly(300 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	if report.Package != "demo" || report.Passed != 4 || report.Skipped != 1 || report.Failed != len(want)-5 || len(report.Tests) != len(want) {
		t.Errorf("the report counts %d tests, %d passed, %d failed, %d skipped", len(report.Tests), report.Passed, report.Failed, report.Skipped)
	}
	for _, r := range report.Tests {
		w, ok := want[r.Name]
		if !ok {
			t.Errorf("there is a test %q", r.Name)
			continue
		}
		got, place := "", ""
		if r.Error != nil {
			got = r.Error.Message
			if r.Error.File != "" {
				place = fmt.Sprintf("%s:%d:%d", r.Error.File, r.Error.Line, r.Error.Column)
			}
		}
		if !strings.Contains(got, w.message) || (w.message == "") != r.OK || !strings.HasPrefix(place, w.place) {
			t.Errorf("%s: %q at %q, want %q at %q", r.Name, got, place, w.message, w.place)
		}
		if r.Name == "group > inner > both ran" && fmt.Sprint(r.Log) != `[warn ready {"n":1}]` {
			t.Errorf("%s logged %q", r.Name, r.Log)
		}
	}
	eventually(t, "all machines are closed", func() bool { return e.Stats().VMs == 0 })
}

func TestFilter(t *testing.T) {
	e := newEngine(t, quickjs.Config{})
	report, err := e.Test(t.Context(), source("src/index.ts", tested, "src/a.test.ts", failingTests), quickjs.TestOptions{Filter: "a.test.ts: passes"})
	if err != nil || len(report.Tests) != 1 || !report.Tests[0].OK {
		t.Errorf("Test() = %+v, %v", report, err)
	}
}

func TestTestBuildErrors(t *testing.T) {
	tests := map[string]struct{ index, test, want string }{
		"package":   {"const = 1;", "", "src/index.ts:1:7: "},
		"test":      {tested, "const = 1;", "src/a.test.ts:1:7: "},
		"no export": {tested, `import { exepct } from "@signalbox/sdk/test"; exepct(1);`, `src/a.test.ts:1:10: No matching export in "@signalbox/sdk/test"`},
	}
	e := newEngine(t, quickjs.Config{})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := e.Test(t.Context(), source("src/index.ts", tc.index, "src/a.test.ts", tc.test), quickjs.TestOptions{})
			if _, ok := errors.AsType[*quickjs.BuildError](err); !ok || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Test() = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestTestCanceled(t *testing.T) {
	e := newEngine(t, quickjs.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := e.Test(ctx, source("src/index.ts", tested, "a.test.ts", `import { test } from "@signalbox/sdk/test"; test("x", () => { for (;;) {} });`), quickjs.TestOptions{Timeout: time.Minute})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Test() = %v", err)
	}
}
