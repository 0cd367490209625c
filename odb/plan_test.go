package odb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// snapshot makes a snapshot of "id kind name spec" lines, all at version 3.
func snapshot(t *testing.T, lines ...string) *odb.Snapshot {
	t.Helper()
	var defs []odb.Definition
	for _, l := range lines {
		p := strings.SplitN(l, " ", 4)
		defs = append(defs, odb.Definition{ID: p[0], Kind: p[1], Name: p[2], Spec: []byte(p[3]), Version: 3})
	}
	s, err := odb.NewSnapshot(7, defs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(kind, name, spec string) odb.Document {
	return odb.Document{Kind: kind, Name: name, Spec: []byte(spec), From: "f.yaml, document 1"}
}

// shown writes a plan one change a line.
func shown(plan []odb.PlannedChange) string {
	var b strings.Builder
	for _, c := range plan {
		fmt.Fprintf(&b, "%s %s", c.Op, c.Key())
		if c.NewName != "" {
			fmt.Fprintf(&b, " to %s", c.NewName)
		}
		if c.ID != "" {
			fmt.Fprintf(&b, " id %s", c.ID)
		}
		fmt.Fprintf(&b, " base %d %s", c.Base, c.Spec)
		for _, d := range c.Diff {
			fmt.Fprintf(&b, " [%s %s→%s]", d.Pointer, d.Before, d.After)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestNewPlan(t *testing.T) {
	current := snapshot(t,
		`1 service s {"engine":"go"}`, `2 channel c {"path":"/c","service":"s"}`, `3 channel old {"path":"/old","service":"s"}`,
		`4 security x {"username":"u","password":{"ref":"env:P"}}`)
	docs := []odb.Document{
		document("channel", "new", `{"path":"/new","service":"s","enabled":true}`),
		document("channel", "c", `{"service":"s","path":"/c","timeout":"2s"}`),
		document("service", " s ", `{"engine":"go","enabled":true}`),
		document("balancer", "b", `{}`),
		document("service", "t", `{"engine":"go"}`),
	}
	const want = `create service/t base 0 {"engine":"go"} [/engine →"go"]
create channel/new base 0 {"path":"/new","service":"s"} [/path →"/new"] [/service →"s"]
update channel/c base 3 {"path":"/c","service":"s","timeout":"2s"} [/timeout →"2s"]
create balancer/b base 0 {}
`
	plan, err := odb.NewPlan(odb.PlanInput{Current: current, Documents: docs})
	if err != nil || shown(plan) != want {
		t.Errorf("NewPlan() = %v\n%s\nwant\n%s", err, shown(plan), want)
	}
	plan, err = odb.NewPlan(odb.PlanInput{Current: current, Documents: docs, Prune: true})
	const pruned = want + `delete channel/old base 3  [/path "/old"→] [/service "s"→]
`
	if err != nil || shown(plan) != pruned {
		t.Errorf("with prune: %v\n%s\nwant\n%s", err, shown(plan), pruned)
	}
	if changes := odb.Changes(plan); len(changes) != 5 || changes[0].Name != "t" || changes[4].Op != odb.Delete {
		t.Errorf("Changes() = %+v", changes)
	}
	if plan, err := odb.NewPlan(odb.PlanInput{Current: current, Prune: true}); err != nil || len(plan) != 0 {
		t.Errorf("a plan of no documents deletes: %s, %v", shown(plan), err)
	}
}

func TestNewPlanFaults(t *testing.T) {
	plan, err := odb.NewPlan(odb.PlanInput{Current: snapshot(t), Documents: []odb.Document{
		document("channel", "c", `{"path":"/c"}`),
		document("chanel", "d", `{}`),
		document("channel", "a/b", `{}`),
		document("channel", " c", `{"path":"/d","service":"s"}`),
		{Kind: "balancer", Name: "b", Spec: []byte(`{"max_in_flight":0}`)},
	}})
	e, ok := errors.AsType[*odb.Error](err)
	if !ok || e.Kind != odb.Invalid || plan != nil {
		t.Fatalf("NewPlan() = %v, %v", plan, err)
	}
	var got []string
	for _, f := range e.Faults {
		got = append(got, f.Pointer+" "+f.Message)
	}
	want := []string{
		`/service f.yaml, document 1 (channel/c): service is required`,
		` f.yaml, document 1 (chanel/d): there is no kind "chanel"; did you mean "channel"?`,
		` f.yaml, document 1 (channel/a/b): the name "a/b" has the character '/' at 1; a name starts with a letter or a digit and goes on with those, blanks and any of ._-:()@+`,
		` f.yaml, document 1 (channel/c): the same definition is also in f.yaml, document 1`,
		`/max_in_flight balancer/b: is 0; at least 1 is needed`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the faults are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNewPlanSeals(t *testing.T) {
	current := snapshot(t, `1 security x {"username":"u","password":{"ref":"sealed:one"}}`)
	seal := func(kind, name string, spec, before odb.Spec) error {
		if name == "broken" {
			return errors.New("no key")
		}
		return odb.EachSecret(spec, func(pointer string, s *odb.Secret) error {
			if s.Clear() == "" {
				return nil
			}
			if old, ok := before.(*odb.SecuritySpec); ok && s.Clear() == "same" {
				*s = old.Password
				return nil
			}
			*s = odb.SecretRef("sealed:" + kind + "/" + name + pointer)
			return nil
		})
	}
	docs := []odb.Document{
		document("security", "x", `{"username":"u","password":"same"}`),
		document("security", "y", `{"username":"u","password":"other"}`),
	}
	plan, err := odb.NewPlan(odb.PlanInput{Current: current, Documents: docs, Seal: seal})
	const want = `create security/y base 0 {"username":"u","password":{"ref":"sealed:security/y/password"}} [/password →"•••"] [/username →"u"]
`
	if err != nil || shown(plan) != want {
		t.Errorf("NewPlan() = %v\n%s\nwant\n%s", err, shown(plan), want)
	}
	_, err = odb.NewPlan(odb.PlanInput{Current: current, Documents: docs})
	if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), "in clear") || strings.Contains(err.Error(), "other") {
		t.Errorf("without Seal: %v", err)
	}
	_, err = odb.NewPlan(odb.PlanInput{Current: current, Documents: []odb.Document{document("security", "broken", `{"username":"u","password":"x"}`)}, Seal: seal})
	if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), "security/broken): no key") {
		t.Errorf("with a Seal that fails: %v", err)
	}
}

func TestPlanTo(t *testing.T) {
	target := snapshot(t, `1 service a {"engine":"go"}`, `2 service b {"engine":"go"}`, `3 channel c {"path":"/c","service":"b"}`,
		`4 channel d {"path":"/d","service":"a"}`, `5 channel same {"path":"/same","service":"b"}`)
	current := snapshot(t, `1 service b {"engine":"go","note":"x"}`, `6 service new {"engine":"go"}`, `3 channel c {"path":"/c2","service":"new"}`,
		`7 channel e {"path":"/e","service":"new"}`, `5 channel same {"path":"/same","service":"b"}`)
	const want = `delete channel/e base 3  [/path "/e"→] [/service "new"→]
delete service/new base 3  [/engine "go"→]
rename service/b to a base 3 {"engine":"go"} [/note "x"→]
create service/b id 2 base 0 {"engine":"go"} [/engine →"go"]
update channel/c base 3 {"path":"/c","service":"b"} [/path "/c2"→"/c"] [/service "new"→"b"]
create channel/d id 4 base 0 {"path":"/d","service":"a"} [/path →"/d"] [/service →"a"]
update channel/same base 3 {"path":"/same","service":"b"}
`
	if got := shown(odb.PlanTo(current, target)); got != want {
		t.Errorf("PlanTo() =\n%s\nwant\n%s", got, want)
	}
	if got := odb.PlanTo(target, target); len(got) != 0 {
		t.Errorf("PlanTo itself = %s", shown(got))
	}
}
