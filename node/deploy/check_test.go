package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/deploy"
	"signalbox.internal/odb"
)

const said = `import { service } from "@signalbox/sdk";
export const say = service({ name: "say", handle: () => "one" });
`

func pack(name string, files ...string) deploy.Source {
	src := deploy.Source{Name: name, Files: map[string][]byte{}}
	for i := 0; i+1 < len(files); i += 2 {
		src.Files[files[i]] = []byte(files[i+1])
	}
	return src
}

func TestCheckSaysWhatADeploymentWouldDo(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pack("a", "a.ts", said, "b.ts", strings.ReplaceAll(said, `"say"`, `"other"`)))
	check := func(src deploy.Source) deploy.Checked {
		t.Helper()
		out, err := w.deployer.Check(t.Context(), w.snapshot(), []deploy.Source{src})
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	tests := []struct {
		name       string
		src        deploy.Source
		file, text string // of the first error; "" when there is none
		line       int
		changes    string
	}{
		{name: "the same", src: pack("a", "a.ts", said, "b.ts", strings.ReplaceAll(said, `"say"`, `"other"`))},
		{name: "a change and a deletion", src: pack("a", "a.ts", said+"//"), changes: "update say, delete other"},
		{name: "a new package", src: pack("b", "a.ts", strings.ReplaceAll(said, `"say"`, `"b.say"`)), changes: "create b.say"},
		{name: "a syntax error", src: pack("a", "a.ts", said+"const x = ;\n"), file: "a.ts", line: 3, text: "Unexpected"},
		{name: "a top level that throws", src: pack("a", "a.ts", said+"\nthrow new Error('no');\n"), file: "a.ts", line: 4, text: "no"},
		{name: "somebody else's service", src: pack("c", "x.ts", "\n"+said), file: "x.ts", line: 3, text: "belongs to package a"},
		{name: "twice", src: pack("c", "x.ts", strings.ReplaceAll(said, `"say"`, `"c"`)+"export const b = service({ name: 'c', handle: () => 1 });"), file: "x.ts", text: "c"},
		{name: "settings", src: pack("a", "a.ts", said, "signalbox.yaml", "name: a\nsetings: {}\n"), file: "signalbox.yaml", line: 2, text: "setings"},
		{name: "a name", src: pack("/", "a.ts", said), text: "name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := check(test.src)
			if test.text == "" {
				var changes []string
				for _, c := range got.Changes {
					changes = append(changes, string(c.Op)+" "+c.Name)
				}
				if len(got.Errors) > 0 || strings.Join(changes, ", ") != test.changes || got.Hash == "" {
					t.Errorf("errors %v, changes %v", got.Errors, changes)
				}
				return
			}
			if len(got.Errors) == 0 {
				t.Fatalf("there is no error in %+v", got)
			}
			first := got.Errors[0]
			if first.File != test.file || test.line != 0 && first.Line != test.line || !strings.Contains(first.Text, test.text) {
				t.Errorf("error is %+v, want %s:%d %s", first, test.file, test.line, test.text)
			}
		})
	}
	if rev, err := w.store.Revision(t.Context()); err != nil || rev != 1 {
		t.Errorf("the checks made revision %d (%v)", rev, err)
	}
	if all, err := w.store.ListPackages(t.Context(), "a"); err != nil || len(all) != 1 {
		t.Errorf("the checks stored packages: %v (%v)", all, err)
	}
}

// A service that a channel calls cannot be left out, and the check knows.
func TestCheckKnowsWhoNeedsAService(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pack("a", "a.ts", said, "b.ts", strings.ReplaceAll(said, `"say"`, `"other"`)))
	if _, err := w.store.Apply(t.Context(), odb.ChangeSet{Actor: odb.Actor{Name: "ada", Source: "test"}, Changes: []odb.Change{{Op: odb.Create, Kind: "channel", Name: "c", Spec: []byte(`{"path":"/c","service":"other"}`)}}}); err != nil {
		t.Fatal(err)
	}
	out, err := w.deployer.Check(t.Context(), w.snapshot(), []deploy.Source{pack("a", "a.ts", said)})
	if err != nil || len(out[0].Errors) != 1 || !strings.Contains(out[0].Errors[0].Text, "channel/c") {
		t.Errorf("errors are %+v (%v)", out, err)
	}
}

func TestDeployOnTopOfAnother(t *testing.T) {
	w := newWorld(t)
	deployOn := func(text, base string) (deploy.Result, error) {
		return w.deployer.Deploy(t.Context(), deploy.Request{Sources: []deploy.Source{pack("a", "a.ts", text)}, Actor: odb.Actor{Name: "ada", Source: "test"}, Base: map[string]string{"a": base}})
	}
	one, err := deployOn(said, "")
	if err != nil {
		t.Fatal(err)
	}
	two, err := deployOn(said+"//2", one.Packages[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	_, err = deployOn(said+"//3", one.Packages[0].Hash)
	stale, ok := errors.AsType[*deploy.StaleError](err)
	if !ok || stale.Current != two.Packages[0].Hash || stale.Package != "a" {
		t.Errorf("error is %v", err)
	}
	if all, err := w.store.ListPackages(t.Context(), "a"); err != nil || len(all) != 2 {
		t.Errorf("what was refused is stored: %d packages (%v)", len(all), err)
	}
	if _, err := deployOn(said+"//2", ""); err != nil {
		t.Errorf("the very code that is in force is a conflict: %v", err)
	}
	if _, err := w.deploy(pack("a", "a.ts", said+"//4")); err != nil {
		t.Errorf("without a base: %v", err)
	}
}

func TestTestsOfAPackage(t *testing.T) {
	w := newWorld(t)
	tests := `import { expect, test } from "@signalbox/sdk/test";
test("holds", () => expect(1).toBe(1));

test("does not", () => {
  expect(1).toBe(2);
});
test.skip("later", () => {});
`
	report, err := w.deployer.Test(t.Context(), pack("a", "a.ts", said, "a.test.ts", tests), "", 0)
	if err != nil || report.Passed != 1 || report.Failed != 1 || report.Skipped != 1 {
		t.Fatalf("report is %+v (%v)", report, err)
	}
	for i, line := range []int{2, 4, 7} {
		if report.Tests[i].Line != line || report.Tests[i].File != "a.test.ts" {
			t.Errorf("test %d is at %s:%d, want line %d", i, report.Tests[i].File, report.Tests[i].Line, line)
		}
	}
	if e := report.Tests[1].Error; e == nil || e.Line != 5 {
		t.Errorf("the failure is %+v", e)
	}
	if _, err := w.deployer.Test(t.Context(), pack("a", "a.ts", said+"}"), "", 0); len(deploy.BuildErrors(err)) != 1 {
		t.Errorf("what does not compile gives %v", err)
	}
	endless := `import { test } from "@signalbox/sdk/test";
test("quick", () => {});
test("endless", () => { for (;;) {} });
test("never", () => {});
`
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	report, err = w.deployer.Test(ctx, pack("a", "a.ts", said, "a.test.ts", endless), "", time.Hour)
	if !errors.Is(err, context.DeadlineExceeded) || report.Passed != 1 || len(report.Tests) > 2 {
		t.Errorf("when the time is over: %+v (%v)", report, err)
	}
}
