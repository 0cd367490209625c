package odbtest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// refused checks that err is of a kind and has every one of words in it.
func (w *world) refused(err error, kind odb.ErrorKind, words ...string) {
	w.Helper()
	if err == nil {
		w.Fatalf("there is no error; want %v with %q", kind, words)
	}
	e, ok := errors.AsType[*odb.Error](err)
	if !ok || e.Kind != kind || e.Op == "" {
		w.Errorf("the error %q (%T) is of kind %v, want a typed one of %v", err, err, odb.KindOf(err), kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			w.Errorf("the error %q does not say %q", err, word)
		}
	}
}

func life(_ *testing.T, w *world) {
	before := time.Now().Add(-time.Minute)
	first := w.must(service("a"))
	d := w.get("service", "a")
	if !odb.IsID(d.ID) || d.Version != 1 || d.Revision != 1 || d.Updated != first.At {
		w.Errorf("created %+v in revision %d at %v", d, first.Revision, first.At)
	}
	if first.At.Before(before) || first.At.After(time.Now().Add(time.Minute)) || first.At.Location() != time.UTC {
		w.Errorf("the first revision is of %v", first.At)
	}
	w.must(update("service", "a", 1, `{"engine":"go","note":"two"}`))
	w.must(rename("service", "a", "b", 2))
	both := w.must(odb.Change{Op: odb.Rename, Kind: "service", Name: "b", NewName: "c", Base: 3, Spec: []byte(`{"engine":"go","note":"four"}`)})
	now := w.get("service", "c")
	if now.ID != d.ID || now.Version != 4 || now.Revision != 4 || string(now.Spec) != `{"engine":"go","note":"four"}` {
		w.Errorf("after two renames it is %+v %s", now, now.Spec)
	}
	if c := both.Changes[0]; c.OldName != "b" || c.Name != "c" || string(c.Before) != `{"engine":"go","note":"two"}` {
		w.Errorf("the rename's entry is %+v", c)
	}
	last := w.must(remove("service", "c", 4))
	if c := last.Changes[0]; c.Version != 4 || c.After != nil || string(c.Before) != string(now.Spec) {
		w.Errorf("the delete's entry is %+v", c)
	}
	if snap := w.load(); snap.Len() != 0 || snap.Revision() != 5 {
		w.Errorf("there are %d definitions at revision %d, want none at 5", snap.Len(), snap.Revision())
	}
	history, err := w.History(w.ctx(), odb.HistoryQuery{})
	if err != nil || len(history) != 5 {
		w.Fatalf("History() = %d revisions, %v", len(history), err)
	}
	if !reflect.DeepEqual(history[0], last) || !reflect.DeepEqual(history[1], both) || !reflect.DeepEqual(history[4], first) {
		w.Errorf("History gives %+v, Apply gave %+v", history[0], last)
	}
}

func formChecked(t *testing.T, w *world) {
	long := strings.Repeat("x", 151)
	for name, tc := range map[string]struct {
		change odb.Change
		words  []string
	}{
		"unknown operation":  {odb.Change{Op: "upsert", Kind: "service", Name: "a", Spec: []byte(`{}`)}, []string{`"upsert"`, "create, update, rename and delete"}},
		"unknown kind":       {create("serivce", "a", `{}`), []string{"no such kind", "service"}},
		"empty name":         {create("service", "", `{"engine":"go"}`), []string{"name is empty"}},
		"name of blanks":     {create("service", "  ", `{"engine":"go"}`), []string{"name is empty"}},
		"long name":          {create("service", long, `{"engine":"go"}`), []string{"more than 150 characters"}},
		"name with a slash":  {create("service", "a/b", `{"engine":"go"}`), []string{"'/'"}},
		"create with a base": {odb.Change{Op: odb.Create, Kind: "service", Name: "a", Base: 1, Spec: []byte(`{"engine":"go"}`)}, []string{"no base version"}},
		"update without":     {update("service", "a", 0, `{"engine":"go"}`), []string{"based on is missing"}},
		"negative base":      {update("service", "a", -1, `{"engine":"go"}`), []string{"based on is missing"}},
		"no spec":            {odb.Change{Op: odb.Create, Kind: "service", Name: "a"}, []string{"spec is missing"}},
		"not JSON":           {create("service", "a", `{"engine":`), []string{"not JSON"}},
		"not an object":      {create("service", "a", `[1]`), []string{"is an object"}},
		"delete with a spec": {odb.Change{Op: odb.Delete, Kind: "service", Name: "a", Base: 1, Spec: []byte(`{}`)}, []string{"a delete has no spec"}},
		"update with a name": {odb.Change{Op: odb.Update, Kind: "service", Name: "a", NewName: "b", Base: 1, Spec: []byte(`{"engine":"go"}`)}, []string{"new name belongs to a rename"}},
		"rename to itself":   {rename("service", "a", " a", 1), []string{"new name is the old one"}},
		"rename to nothing":  {rename("service", "a", "", 1), []string{"new name", "empty"}},
		"bad id":             {odb.Change{Op: odb.Create, Kind: "service", Name: "a", ID: "x' OR 1=1", Spec: []byte(`{"engine":"go"}`)}, []string{"id"}},
		"id of an update":    {odb.Change{Op: odb.Update, Kind: "service", Name: "a", ID: odb.NewID(), Base: 1, Spec: []byte(`{"engine":"go"}`)}, []string{"id belongs to a create"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(tc.change)
			(&world{TB: t}).refused(err, odb.Invalid, tc.words...)
		})
	}
	_, err := w.try()
	w.refused(err, odb.Invalid, "empty")
	_, err = w.Apply(w.ctx(), odb.ChangeSet{Actor: someone, Reason: strings.Repeat("é", 1001), Changes: []odb.Change{service("a")}})
	w.refused(err, odb.Invalid, "reason", "1000 characters")
	_, err = w.Apply(w.ctx(), odb.ChangeSet{Actor: odb.Actor{Name: "a\x00"}, Changes: []odb.Change{service("a")}})
	w.refused(err, odb.Invalid, "actor's name")
	if rev, err := w.Revision(w.ctx()); rev != 0 || err != nil {
		w.Errorf("Revision() = %d, %v after nothing but refused sets", rev, err)
	}
}

func faultsAtOnce(_ *testing.T, w *world) {
	_, err := w.try(
		create("channel", "a", `{"path":"orders","service":"s","metod":"GET"}`),
		create("service", "b", `{"engine":"go","max_in_flight":-1}`),
		create("nothing", "c", `{}`),
	)
	w.refused(err, odb.Invalid,
		`channel/a: the path "orders" does not start with /`, `/metod: channel/a: there is no field "metod"; did you mean "method"?`,
		"/max_in_flight: service/b: is -1; at least 0 is needed", "nothing/c", "there is no such kind")
	_, err = w.try(create("channel", "a", `{"path":"orders","service":"s"}`))
	e, ok := errors.AsType[*odb.Error](err)
	if !ok || len(e.Faults) != 1 || e.Faults[0].Pointer != "/path" || strings.Contains(e.Faults[0].Message, "channel/a") || e.Key != "channel/a" {
		w.Errorf("the one fault of one change is %+v", err)
	}
}

func staleBase(_ *testing.T, w *world) {
	w.must(service("a"))
	_, err := w.Apply(w.ctx(), odb.ChangeSet{
		Actor:   odb.Actor{Name: "bob", Source: "desktop"},
		Changes: []odb.Change{update("service", "a", 1, `{"engine":"go","note":"bob's"}`)},
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range []odb.Change{
		update("service", "a", 1, `{"engine":"go","note":"alice's"}`), rename("service", "a", "b", 1), remove("service", "a", 1),
		update("service", "a", 3, `{"engine":"go"}`),
	} {
		_, err = w.try(c)
		w.refused(err, odb.Conflict, string(c.Op)+" service/a: it is at version 2, changed by bob (desktop) at 2", "in revision 2", "based on version")
	}
	if d := w.get("service", "a"); string(d.Spec) != `{"engine":"go","note":"bob's"}` {
		w.Errorf("bob's change was overwritten: %s", d.Spec)
	}
}

func missingAndExisting(_ *testing.T, w *world) {
	for _, c := range []odb.Change{
		update("service", "a", 1, `{"engine":"go"}`), rename("service", "a", "b", 1), remove("service", "a", 1),
	} {
		_, err := w.try(c)
		w.refused(err, odb.NotFound, string(c.Op)+" service/a: there is no service \"a\"")
	}
	w.must(service("a"), service("b"))
	_, err := w.try(service("a"))
	w.refused(err, odb.Conflict, `service "a" exists already, at version 1, changed by alice (cli)`)
	_, err = w.try(rename("service", "a", "b", 1))
	w.refused(err, odb.Conflict, `service "b" exists already`)
	w.must(create("security", "a", `{"username":"u","password":{"ref":"env:P"}}`)) // another kind, another name
}

func storedCanonically(_ *testing.T, w *world) {
	w.must(service("s"))
	rev := w.must(create("channel", "  a ", ` {"service":"s", "enabled":true, "path":"/a<b>&", "timeout":"60s", "security":[], "max_body":1048576,
		"description": null} `))
	want := `{"path":"/a<b>&","service":"s"}`
	if got := string(rev.Changes[0].After); got != want || rev.Changes[0].Name != "a" {
		w.Errorf("stored %q as %s, want %s", rev.Changes[0].Name, got, want)
	}
	if d := w.get("channel", "a"); string(d.Spec) != want {
		w.Errorf("loaded %s, want %s", d.Spec, want)
	}
}

func secretsInClear(_ *testing.T, w *world) {
	_, err := w.try(create("security", "a", `{"username":"u","password":"hunter2hunter2"}`))
	w.refused(err, odb.Invalid, "/password", "in clear")
	if strings.Contains(err.Error(), "hunter2") {
		w.Errorf("the error tells the secret: %v", err)
	}
	w.must(create("security", "a", `{"username":"u","password":{"ref":"sealed:o1.k.AAAA"}}`))
}

func nothingOfRefused(_ *testing.T, w *world) {
	w.must(service("a"), channel("c", "a"))
	before := w.load()
	for _, set := range [][]odb.Change{
		{service("x"), service("a")},
		{update("service", "a", 1, `{"engine":"go","note":"n"}`), remove("service", "nobody", 1)},
		{rename("service", "a", "z", 1), channel("d", "a")},
		{remove("channel", "c", 1), remove("service", "a", 7)},
	} {
		if _, err := w.try(set...); err == nil {
			w.Errorf("%+v was applied", set)
		}
	}
	if after := w.load(); !reflect.DeepEqual(before.List(""), after.List("")) || after.Revision() != 1 {
		w.Errorf("refused sets changed %+v into %+v at revision %d", before.List(""), after.List(""), after.Revision())
	}
	if rev := w.must(service("y")); rev.Revision != 2 {
		w.Errorf("the next revision is %d, want 2", rev.Revision)
	}
}

func namesInOneSet(_ *testing.T, w *world) {
	_, err := w.try(service("a"), service(" a "))
	w.refused(err, odb.Invalid, "gives this name to two definitions")
	w.must(service("a"), service("b"))
	_, err = w.try(update("service", "a", 1, `{"engine":"go"}`), remove("service", "a", 1))
	w.refused(err, odb.Invalid, "changes it twice")
	_, err = w.try(rename("service", "a", "c", 1), rename("service", "b", "c", 1))
	w.refused(err, odb.Invalid, "gives this name to two definitions")
	_, err = w.try(rename("service", "a", "c", 1), service("c"))
	w.refused(err, odb.Invalid, "gives this name to two definitions")

	old := w.get("service", "a")
	w.must(remove("service", "a", 1), service("a")) // replaced
	if now := w.get("service", "a"); now.ID == old.ID || now.Version != 1 {
		w.Errorf("%+v was not replaced by a new one: %+v", old, now)
	}
	w.must(rename("service", "a", "b", 1), remove("service", "b", 1)) // takes over
	w.must(rename("service", "b", "c", 2), service("b"))              // makes room
	if n := w.load().Len(); n != 2 {
		w.Errorf("there are %d services, want b and c", n)
	}
}

func createWithID(_ *testing.T, w *world) {
	w.must(service("a"))
	d := w.get("service", "a")
	back := service("b")
	back.ID = d.ID
	_, err := w.try(back)
	w.refused(err, odb.Conflict, `is that of service "a"`)
	w.must(update("service", "a", 1, `{"engine":"go","note":"2"}`))
	w.must(remove("service", "a", 2))
	w.must(back)
	if now := w.get("service", "b"); now.ID != d.ID || now.Version != 3 {
		w.Errorf("it came back as %+v; want its id and the version after its last", now)
	}
	fresh := service("c")
	fresh.ID = odb.NewID()
	w.must(fresh)
	if now := w.get("service", "c"); now.ID != fresh.ID || now.Version != 1 {
		w.Errorf("created with id %s: %+v", fresh.ID, now)
	}
}

func cancelled(_ *testing.T, w *world) {
	ctx, cancel := context.WithCancel(w.ctx())
	cancel()
	_, err := w.Apply(ctx, odb.ChangeSet{Actor: someone, Changes: []odb.Change{service("a")}})
	w.refused(err, odb.Unavailable)
	if !errors.Is(err, context.Canceled) {
		w.Errorf("Apply after a cancel: %v, want context.Canceled in it", err)
	}
	if _, err := w.Load(ctx); !errors.Is(err, context.Canceled) {
		w.Errorf("Load after a cancel: %v, want context.Canceled in it", err)
	}
	if n := w.load().Len(); n != 0 {
		w.Errorf("a cancelled call left %d definitions", n)
	}
}
