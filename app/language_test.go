package app

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lacks skips the test on a machine without what it needs, or fails it where all is
// required.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SIGNALBOX_TEST_REQUIRE") == "1" {
		t.Fatalf("this machine has no %s", what)
	}
	t.Skipf("NOT TESTED: this machine has no %s", what)
}

// program finds a program of this machine.
func program(t *testing.T, name string) string {
	t.Helper()
	found, err := exec.LookPath(name)
	if err != nil {
		lacks(t, name)
	}
	return found
}

// compiler finds the compiler that the user interface is checked with.
func compiler(t *testing.T) []string {
	t.Helper()
	program(t, "node")
	tsc, err := filepath.Abs("../frontend/node_modules/.bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tsc); err != nil {
		lacks(t, "TypeScript compiler: build/ui.sh deps installs one")
	}
	return []string{tsc, "--lsp", "--stdio"}
}

func languageOf(t *testing.T, args ...string) *language {
	t.Helper()
	l := newLanguage(time.Now, os.Environ)
	l.find = func(context.Context) (LanguageInfo, []string) {
		return LanguageInfo{Available: true, Program: args[0], Version: "7"}, args
	}
	t.Cleanup(l.close)
	return l
}

const priced = `import { service, t } from "@signalbox/sdk";
import { rate } from "./rate";
export const price = service({
  name: "price", input: t.object({ count: t.int() }),
  handle(ctx, input) {
    const text: string = input.count;
    return ctx.conn.http(text).get("/" + rate);
  },
});
`

func TestLanguageServer(t *testing.T) {
	t.Parallel()
	l := languageOf(t, compiler(t)...)
	q := LanguageAsk{Package: "shop", Files: map[string]string{
		"src/price.ts": priced, "src/rate.ts": "export const rate = 1;\n", "signalbox.yaml": "name: shop\n", "tsconfig.json": "not read",
	}, Ask: "diagnostics"}
	ask := func(q LanguageAsk) LanguageAnswer {
		t.Helper()
		if err := q.check(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := l.ask(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	found := ask(q).Diagnostics
	if len(found) != 1 || found[0].Path != "src/price.ts" || found[0].Line != 5 || found[0].Severity != "error" || !strings.Contains(found[0].Message, "not assignable") {
		t.Fatalf("faults are %+v", found)
	}
	dir := l.proc.work.dir

	// What is mended is no fault any more; a file that is gone is missed.
	q.Files["src/price.ts"] = strings.Replace(priced, "text: string", "text: number", 1)
	if found = ask(q).Diagnostics; len(found) != 1 || found[0].Line != 6 {
		t.Errorf("after a change the faults are %+v", found)
	}
	q.Files["src/price.ts"] = strings.Replace(priced, "text: string = input.count", "text = String(input.count)", 1)
	if found = ask(q).Diagnostics; len(found) != 0 {
		t.Errorf("after it was mended the faults are %+v", found)
	}
	delete(q.Files, "src/rate.ts")
	if found = ask(q).Diagnostics; len(found) != 1 || !strings.Contains(found[0].Message, "./rate") {
		t.Errorf("without its other file the faults are %+v", found)
	}

	line := strings.Count(strings.Split(q.Files["src/price.ts"], "ctx.conn")[0], "\n")
	q.Ask, q.Path, q.Line, q.Character = "completion", "src/price.ts", line, strings.Index(strings.Split(q.Files["src/price.ts"], "\n")[line], "conn")
	labels := []string{}
	for _, c := range ask(q).Completions {
		labels = append(labels, c.Label)
	}
	if !slices.Contains(labels, "invoke") || !slices.Contains(labels, "conn") {
		t.Errorf("completions are %v", labels)
	}
	q.Ask, q.Character = "hover", q.Character+1
	if said := ask(q).Hover; !strings.Contains(said, "Connections") {
		t.Errorf("help is %q", said)
	}

	// Another package begins anew.
	other := LanguageAsk{Package: "other", Files: map[string]string{"a.ts": "export const a: number = 'x';\n"}, Ask: "diagnostics"}
	if found = ask(other).Diagnostics; len(found) != 1 || found[0].Path != "a.ts" {
		t.Errorf("of another package: %+v", found)
	}
	l.close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder %s is left behind (%v)", dir, err)
	}
	if _, err := l.ask(t.Context(), other); err == nil {
		t.Error("a closed one answers")
	}
}

// A program that is none, ends at once or says nonsense is given up for a while.
func TestLanguageServerThatFails(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"ends":     "exit 1",
		"nonsense": "echo hello; exec sleep 30",
		"huge":     `printf 'Content-Length: 99999999999\r\n\r\n'; exec sleep 30`,
		"silent":   "exec sleep 30",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := languageOf(t, program(t, "sh"), "-c", script)
			q := LanguageAsk{Package: "p", Files: map[string]string{"a.ts": "1"}, Ask: "diagnostics"}
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if _, err := l.ask(ctx, q); err == nil || !strings.Contains(err.Error(), "language server") {
				t.Errorf("error is %v", err)
			}
			if _, err := l.ask(t.Context(), q); err == nil || !strings.Contains(err.Error(), "not tried again") {
				t.Errorf("the second error is %v", err)
			}
		})
	}
}

// A program that stops to read holds nobody up for longer than a question may take.
func TestLanguageServerThatStopsReading(t *testing.T) {
	t.Parallel()
	l := languageOf(t, program(t, "sh"), "-c", `printf 'Content-Length: 36\r\n\r\n{"jsonrpc":"2.0","id":1,"result":{}}'; exec sleep 30`)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	q := LanguageAsk{Package: "p", Files: map[string]string{"a.ts": strings.Repeat("1;", 1<<19)}, Ask: "diagnostics"}
	if _, err := l.ask(ctx, q); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestLanguageAskIsChecked(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]LanguageAsk{
		"no files":    {Ask: "diagnostics"},
		"up":          {Ask: "diagnostics", Files: map[string]string{"../x.ts": ""}},
		"absolute":    {Ask: "diagnostics", Files: map[string]string{"/etc/x.ts": ""}},
		"windows":     {Ask: "diagnostics", Files: map[string]string{`C:\x.ts`: ""}},
		"not clean":   {Ask: "diagnostics", Files: map[string]string{"a/./x.ts": ""}},
		"other words": {Ask: "rename", Files: map[string]string{"x.ts": ""}},
		"nowhere":     {Ask: "hover", Path: "y.ts", Files: map[string]string{"x.ts": ""}},
		"below zero":  {Ask: "hover", Path: "x.ts", Line: -1, Files: map[string]string{"x.ts": ""}},
	} {
		if err := q.check(); err == nil || problemOf(err).Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add("Content-Length: 2\r\n\r\n{}")
	f.Add("content-length:-1\n\n")
	f.Add("Content-Length: 40\r\nX: y\r\n\r\n{\"id\":1,\"result\":[]}")
	f.Fuzz(func(t *testing.T, text string) {
		r := bufio.NewReader(strings.NewReader(text))
		for {
			if _, err := readMessage(r); err != nil {
				return
			}
		}
	})
}
