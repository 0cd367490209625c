package quickjs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

const hello = `import { service } from "@signalbox/sdk";
export const hello = service({ name: "hello", handle: (_ctx, input) => ({ hello: input }) });
`

// TestBuildErrors: what cannot be served is refused with its places.
func TestBuildErrors(t *testing.T) {
	head := `import { service, t } from "@signalbox/sdk";` + "\n"
	tests := map[string]struct {
		files []string
		want  []string // one a message
	}{
		"syntax": {
			[]string{"src/a.ts", "export const a = 1;\nconst x = ;\n"},
			[]string{`src/a.ts:2:11: Unexpected ";"`},
		},
		"syntax in a file behind an umlaut": {
			[]string{"src/a.ts", hello, "src/b.ts", `const ä = "ö"; const x = ;`},
			[]string{`src/b.ts:1:26: Unexpected ";"`},
		},
		"several files": {
			[]string{"b.ts", "const = 1", "a.ts", "let let = 1;"},
			[]string{"a.ts:1:5: ", "b.ts:1:7: "},
		},
		"no such file": {
			[]string{"src/a.ts", `import { x } from "./money";` + "\nx;"},
			[]string{`src/a.ts:1:19: cannot find "./money": the package has no file src/money`},
		},
		"no such export": {
			[]string{"src/a.ts", `import { x } from "./b"; x;`, "src/b.ts", "export const y = 1;"},
			[]string{`src/a.ts:1:10: No matching export in "src/b.ts" for import "x"`},
		},
		"no such export of the SDK": {
			[]string{"src/a.ts", `import { srvice } from "@signalbox/sdk"; srvice;`},
			[]string{`src/a.ts:1:10: No matching export in "@signalbox/sdk" for import "srvice"`},
		},
		"npm package": {
			[]string{"src/a.ts", `import _ from "lodash"; _;`},
			[]string{`src/a.ts:1:15: cannot import "lodash": a package may import its own files`},
		},
		"node module": {
			[]string{"src/a.ts", `import fs from "node:fs"; fs;`},
			[]string{`cannot import "node:fs"`},
		},
		"out of the package": {
			[]string{"src/a.ts", `import x from "../../etc/passwd"; x;`},
			[]string{`cannot find "../../etc/passwd"`},
		},
		"absolute path": {
			[]string{"src/a.ts", `import x from "/etc/passwd"; x;`},
			[]string{`cannot import "/etc/passwd"`},
		},
		"address": {
			[]string{"src/a.ts", `import x from "https://example.com/x.js"; x;`},
			[]string{`cannot import "https://example.com/x.js"`},
		},
		"binary file": {
			[]string{"src/a.ts", `import x from "./x.png"; x;`, "src/x.png", "\x89PNG"},
			[]string{"src/a.ts:1:15: cannot import src/x.png: only .ts, .js, .json and text files"},
		},
		"broken JSON": {
			[]string{"src/a.ts", `import x from "./x.json"; x;`, "src/x.json", "{\n"},
			[]string{"src/x.json:2:1: "},
		},
		"test kit in deployed code": {
			[]string{"src/a.ts", `import { fakeCtx } from "@signalbox/sdk/test"; fakeCtx;`},
			[]string{"src/a.ts:1:25: @signalbox/sdk/test is for tests: only files named *.test.ts may import it"},
		},
		"inside of the SDK": {
			[]string{"src/a.ts", `import { x } from "@signalbox/sdk/src/host"; x;`},
			[]string{`cannot import "@signalbox/sdk/src/host"`},
		},
		"top-level await": {
			[]string{"src/a.ts", `await 1;`},
			[]string{`src/a.ts:1:1: Top-level await is currently not supported`},
		},
		"throws at load": {
			[]string{"src/a.ts", head + `import { check } from "./b";` + "\ncheck();", "src/b.ts", "export function check() {\n  throw new Error(\"no config\");\n}"},
			[]string{"src/b.ts:2:13: Error: no config"},
		},
		"reference error at load": {
			[]string{"src/a.ts", "\n\n  missing();"},
			[]string{"src/a.ts:3:3: ReferenceError: 'missing' is not defined"},
		},
		"host call at load": {
			[]string{"src/a.ts", head + `import { xml } from "@signalbox/sdk"; xml.parse(1 as any);`},
			[]string{"src/a.ts:2:43: "},
		},
		"endless loop at load": {
			[]string{"src/a.ts", "for (;;) {}"},
			[]string{"src/a.ts:1:1: the top level of the package runs for more than "},
		},
		"memory at load": {
			[]string{"src/a.ts", "const a = []; for (;;) a.push({});"},
			[]string{"memory"},
		},
		"no source": {
			[]string{"lib/a.ts", hello, "src/a.test.ts", hello, "src/types.d.ts", "export {}", "README.md", "x"},
			[]string{"there is no source: a package has .ts or .js files at its root or in src"},
		},
		"no service": {
			[]string{"src/a.ts", "export const a = 1;"},
			[]string{"no service is exported: export a value made by service({…})"},
		},
		"service not exported": {
			[]string{"src/a.ts", head + `const a = service({ name: "a.b", handle: () => 1 });`},
			[]string{"src/a.ts:2:11: the service a.b is not exported"},
		},
		"service twice": {
			[]string{"src/a.ts", head + `export const a = service({ name: "x", handle: () => 1 });`, "src/b.ts", head + "\n" + `export const a = service({ name: "x", handle: () => 1 });`},
			[]string{"src/b.ts:3:18: the service x is declared twice, also in src/a.ts"},
		},
		"no name": {
			[]string{"src/a.ts", head + `export const a = service({ handle: () => 1 } as any);`},
			[]string{"src/a.ts:2:18: TypeError: service(): the name is missing"},
		},
		"bad name": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a/b", handle: () => 1 });`},
			[]string{`src/a.ts:2:18: TypeError: service(): the name "a/b" is not valid`},
		},
		"no handle": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a" } as any);`},
			[]string{"src/a.ts:2:18: TypeError: service a: handle is not a function"},
		},
		"input is no schema": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", input: "string" as any, handle: () => 1 });`},
			[]string{"src/a.ts:2:18: TypeError: service a: input is not a schema"},
		},
		"property is no schema": {
			[]string{"src/a.ts", head + "export const a = service({ name: \"a\",\n  input: t.object({ b: \"string\" as any }), handle: () => 1 });"},
			[]string{"src/a.ts:3:12: TypeError: t.object: the property b is not a schema"},
		},
		"bad time-outs": {
			[]string{"src/a.ts", head + "export const a = service({ name: \"a\", timeout: \"soon\", handle: () => 1 });\nexport const b = service({ name: \"b\", timeout: \"-1s\", handle: () => 1 });\nexport const c = service({ name: \"c\", timeout: \"48h\", handle: () => 1 });"},
			[]string{`src/a.ts:2:18: service a: the timeout "soon" is not a time`, `src/a.ts:3:18: service b: the timeout "-1s"`, `src/a.ts:4:18: service c: the timeout "48h"`},
		},
		"bad pattern": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", input: t.object({ x: t.string({ pattern: "(" }) }), handle: () => 1 });`},
			[]string{"src/a.ts:2:18: service a: the input's schema is not valid: "},
		},
		"look-ahead in a pattern": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", output: t.string({ pattern: /(?=a)b/ }), handle: () => "b" });`},
			[]string{"src/a.ts:2:18: service a: the output's schema is not valid: "},
		},
		"pattern with flags": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", input: t.string({ pattern: /a/i }), handle: () => "b" });`},
			[]string{"src/a.ts:2:48: TypeError: the pattern /a/i has flags"},
		},
		"bad schema by hand": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", input: t.schema({ type: "strange" }), handle: () => 1 });`},
			[]string{"src/a.ts:2:18: service a: the input's schema is not valid: "},
		},
		"schema from elsewhere": {
			[]string{"src/a.ts", head + `export const a = service({ name: "a", input: t.schema({ $ref: "https://example.com/x.json" }), handle: () => 1 });`},
			[]string{"src/a.ts:2:18: service a: the input's schema is not valid: "},
		},
		"schema that is no JSON": {
			[]string{"src/a.ts", head + `const c: any = {}; c.c = c; export const a = service({ name: "a", input: t.schema(c), handle: () => 1 });`},
			[]string{"circular reference"},
		},
	}
	e := newEngine(t, quickjs.Config{LoadTimeout: slowly(300 * time.Millisecond), MemoryPerVM: 4 << 20})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := e.Load(t.Context(), source(tc.files...))
			b, ok := errors.AsType[*quickjs.BuildError](err)
			if !ok {
				t.Fatalf("Load() = %v, want a build error", err)
			}
			if len(b.Messages) != len(tc.want) {
				t.Errorf("Load() gives %d messages, want %d:\n%v", len(b.Messages), len(tc.want), b)
			}
			for i, want := range tc.want {
				if i < len(b.Messages) && !strings.Contains(b.Messages[i].String(), want) {
					t.Errorf("message %d is\n%s\nwant in it\n%s", i, b.Messages[i], want)
				}
			}
			if b.Package != "demo" {
				t.Errorf("the error is about package %q", b.Package)
			}
		})
	}
	eventually(t, "all machines are closed", func() bool { return e.Stats().VMs == 0 })
}

// TestSources: what may be in a package, and which files services are looked for in.
func TestSources(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(source(
		"a.js", `import { service } from "@signalbox/sdk"; export default service({ name: "a", handle: () => "a" });`,
		"src/b.ts", `import { service, type Ctx } from "@signalbox/sdk";
import { one } from "./lib/one.js";
import * as two from "./lib";
import data from "../data/data.json";
import text from "../data/hello.xml";
import type { Missing } from "./only-types";
export type { Ctx };
export type Also = Missing;
export const b = service({ name: "b", handle: () => ({ one, two: two.value, data, text }) });
export { b as again };`,
		"src/sub/c.mts", `import { b } from "../b"; import { service } from "@signalbox/sdk"; export { b };
export const c = service({ name: "c", async handle(ctx) { const m = await import("../lib/lazy"); return m.lazy + ctx.settings.greeting; } });`,
		"src/lib/one.ts", "export const one: number = 1;",
		"src/lib/index.ts", "export const value = 2;",
		"src/lib/lazy.ts", "export const lazy = 'lazy ';",
		"src/only-types.d.ts", "export interface Missing { a: 1 }",
		"src/b.test.ts", "this is no TypeScript",
		"data/data.json", `{"n": 1}`,
		"data/hello.xml", "<hello/>",
		"other/d.ts", "this is no TypeScript either",
	))
	n.want("a", "null", `"a"`)
	n.want("b", "null", `{"one":1,"two":2,"data":{"n":1},"text":"<hello/>"}`)
	if got := len(n.registry.List()); got != 3 {
		t.Errorf("%d services are deployed, want 3", got)
	}
}

func TestSettings(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	src := source(`import { service } from "@signalbox/sdk";
export const s = service({ name: "s", handle(ctx) {
  let frozen = false;
  try { ctx.settings.list.push(1); } catch { frozen = true; }
  return { greeting: ctx.settings.greeting, list: ctx.settings.list, frozen };
} });`)
	src.Settings = json.RawMessage(`{"greeting":"hi","list":[1]}`)
	n.deploy(src)
	n.want("s", "null", `{"greeting":"hi","list":[1],"frozen":true}`)
	for name, settings := range map[string]string{"list": "[1]", "text": `"x"`, "no JSON": "{", "deep": `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}"} {
		t.Run(name, func(t *testing.T) {
			src.Settings = json.RawMessage(settings)
			if _, err := n.engine.Load(t.Context(), src); err == nil || !strings.Contains(err.Error(), "settings") {
				t.Errorf("Load() = %v, want an error about the settings", err)
			}
		})
	}
}

// TestSpec: what the node learns of a service.
func TestSpec(t *testing.T) {
	e := newEngine(t, quickjs.Config{})
	m, err := e.Load(t.Context(), folder(t, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Package() != "orders" || m.Hash() != "h1" || m.Engine() != "typescript" {
		t.Errorf("the module says it is %s %s %s", m.Package(), m.Hash(), m.Engine())
	}
	var accept service.Spec
	for _, s := range m.Services() {
		if s.Spec().Name == "order.accept" {
			accept = s.Spec()
		}
	}
	if accept.Timeout != 2*time.Second || accept.Doc != "Accepts an order and prices it in EUR." {
		t.Errorf("the service says %+v", accept)
	}
	var schema struct {
		Required   []string
		Properties map[string]map[string]any
	}
	if err := json.Unmarshal(accept.Input, &schema); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(schema.Required) != "[order_id currency name items]" || schema.Properties["order_id"]["pattern"] != "^ORD-" {
		t.Errorf("the input's schema is %s", accept.Input)
	}
}

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]quickjs.Config{
		"memory":      {MemoryPerVM: 1000},
		"stack":       {StackSize: 100_000},
		"machines":    {MaxVMs: -1},
		"idle":        {IdleVMs: -1},
		"recycle":     {RecycleAfter: -1},
		"load":        {LoadTimeout: -1},
		"stuck after": {StuckAfter: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := quickjs.New(cfg); err == nil {
				t.Error("New() takes it")
			}
		})
	}
}

// TestNoDisk: a package sees none of the files beside the node.
func TestNoDisk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"tsconfig.json", "package.json"} {
		if err := os.WriteFile(name, []byte("this is no JSON"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := newEngine(t, quickjs.Config{})
	m, err := e.Load(t.Context(), source(hello))
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
}
