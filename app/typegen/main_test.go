package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestNoDrift: what the user interface compiles against is what the Go side says.
func TestNoDrift(t *testing.T) {
	t.Parallel()
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, output))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s:%d is not what the Go types say; run: go run ./app/typegen", output, i+1)
		}
	}
}

// TestGenerate shows each rule at a package made for it.
func TestGenerate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("node/admin/client/a.go", `package client

import ("time"; "encoding/json"; "x/odb")

// CodeGone says that it is gone.
const CodeGone = "gone"

// List is a page.
type List[T any] struct {
	Items []T `+"`json:\"items\"`"+`
}

// Base is embedded.
type Base struct {
	ID string `+"`json:\"id\"`"+`
}

// Thing has one of each.
type Thing struct {
	Base
	At    time.Time       `+"`json:\"at\" jsonschema:\"when\"`"+`
	Raw   json.RawMessage `+"`json:\"raw,omitempty\"`"+`
	Bytes []byte          `+"`json:\"bytes\"`"+`
	Role  odb.Role        `+"`json:\"role\"`"+`
	Fault *odb.Fault      `+"`json:\"fault\"`"+`
	By    map[string]int  `+"`json:\"by\"`"+`
	Many  List[Base]      `+"`json:\"many\"`"+`
	Not   int             `+"`json:\"-\"`"+`
	own   int
}

// Config is not JSON.
type Config struct{ A int }
`)
	write("app/a.go", "package app\n\n// Thing is another one. */\ntype Thing struct {\n\tA int `json:\"a\"`\n}\n")
	write("odb/a.go", "package odb\n\n// Role is one.\ntype Role string\n\nconst (\n\tA Role = \"a\"\n\tB Role = \"b\"\n)\n\n// Fault is wrong.\ntype Fault struct {\n\tText string `json:\"text\"` // what\n}\n\n// Unused is not reached.\ntype Unused struct {\n\tA int `json:\"a\"`\n}\n")
	got, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export interface List<T> {\n  items: T[];\n}",
		"export interface Thing extends Base {\n  /** when */\n  at: string;\n  raw?: unknown;\n  bytes: string;\n  role: Role;\n  fault: Fault | null;\n  by: Record<string, number>;\n  many: List<Base>;\n}",
		"/** Thing is another one. * / */\nexport interface AppThing {",
		`export type Role = "a" | "b";`,
		"  /** what */\n  text: string;",
		"  Gone: \"gone\",",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the file has no\n%s", want)
		}
	}
	for _, bad := range []string{"Unused", "Config", "own:"} {
		if strings.Contains(got, bad) {
			t.Errorf("the file has %s", bad)
		}
	}
	write("odb/b.go", "package odb\n\nfunc (Fault) MarshalJSON() ([]byte, error) { return nil, nil }\n")
	if _, err := generate(dir); err == nil {
		t.Error("a type that writes its own JSON was taken as it is")
	}
}
