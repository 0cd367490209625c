package odbtest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func awkwardCharacters(_ *testing.T, w *world) {
	notes := []string{
		`it's "quoted" \ back\\slashed \' \" %s ? :1 $1 --; DROP TABLE odb_definition`,
		"emoji \U0001F3C6 and \U0001F468\u200d\U0001F469\u200d\U0001F467, Zażółć gęślą jaźń, 漢字, עברית, a\u0308",
		"tab\tline\nreturn\r\nescape\x1b nul\x00 del\x7f sep\u2028\u2029 bom\ufeff",
		"<script>&amp;</script>", " ", "null", "0", "\u00a0", "\U0010FFFF",
	}
	for _, note := range notes {
		raw, err := json.Marshal(map[string]string{"engine": "go", "note": note})
		if err != nil {
			w.Fatal(err)
		}
		w.must(create("service", "a", string(raw)))
		s, ok := odb.Find[*odb.ServiceSpec](w.load(), "service", "a")
		if !ok || s.Note != note {
			w.Errorf("the note %q came back as %q", note, s.Note)
		}
		w.must(remove("service", "a", 1))
	}
	names := []string{"Zażółć", "漢字.1", "a b", "x@y+z:(1)-_", "ä", "Ä", "A", "a", "ss", "ß", "١"}
	for _, name := range names {
		w.must(service(name))
	}
	for _, name := range names { // none of them is equal to another
		w.must(rename("service", name, name+".2", 1))
		if got := w.get("service", name+".2").Name; got != name+".2" {
			w.Errorf("the name %q came back as %q", name+".2", got)
		}
	}
	w.must(service("e\u0301")) // composed on the way in
	w.get("service", "\u00e9")
	_, err := w.try(service("\u00e9"))
	w.refused(err, odb.Conflict, "exists already")
	actor := odb.Actor{Name: `o'brien "x" \`, Source: "ünïcode 🏆", Addr: "::1"}
	rev, err := w.Apply(w.ctx(), odb.ChangeSet{Actor: actor, Reason: notes[0], Changes: []odb.Change{service("last")}})
	if err != nil {
		w.Fatal(err)
	}
	history, err := w.History(w.ctx(), odb.HistoryQuery{Limit: 1})
	if err != nil || !reflect.DeepEqual(history[0], rev) || history[0].Actor != actor || history[0].Reason != notes[0] {
		w.Errorf("History() = %+v, %v; Apply gave %+v", history, err, rev)
	}
}

func longDocuments(_ *testing.T, w *world) {
	long := strings.Repeat(`long "text" with \ and 漢字 `, 600_000/30)
	spec, err := json.Marshal(map[string]string{"engine": "go", "note": long})
	if err != nil {
		w.Fatal(err)
	}
	w.must(create("service", "big", string(spec)))
	w.must(rename("service", "big", "bigger", 1))
	w.must(update("service", "bigger", 2, strings.Replace(string(spec), "long", "more", 1)))
	s, ok := odb.Find[*odb.ServiceSpec](w.load(), "service", "bigger")
	if !ok || s.Note != strings.Replace(long, "long", "more", 1) {
		w.Errorf("a document of %d bytes did not come back", len(spec))
	}
	at, err := w.StateAt(w.ctx(), 1)
	if err != nil {
		w.Fatal(err)
	}
	if s, ok := odb.Find[*odb.ServiceSpec](at, "service", "big"); !ok || s.Note != long {
		w.Errorf("a document of %d bytes is not in the state at 1", len(spec))
	}
}

func emptyTexts(_ *testing.T, w *world) {
	rev, err := w.Apply(w.ctx(), odb.ChangeSet{Changes: []odb.Change{create("security", "a", `{"username":"u","password":{"ref":"env:P"},"realm":""}`)}})
	if err != nil {
		w.Fatal(err)
	}
	history, err := w.History(w.ctx(), odb.HistoryQuery{})
	if err != nil || len(history) != 1 || !reflect.DeepEqual(history[0], rev) {
		w.Errorf("History() = %+v, %v; Apply gave %+v", history, err, rev)
	}
	if s, ok := odb.Find[*odb.SecuritySpec](w.load(), "security", "a"); !ok || s.Realm != "" {
		w.Errorf("the empty realm came back as %q", s.Realm)
	}
	if err := w.CreateAccount(w.ctx(), odb.Account{Name: "a", Role: odb.Viewer}); err != nil {
		w.Fatal(err)
	}
	if a, err := w.Account(w.ctx(), "a"); err != nil || a.Password != "" {
		w.Errorf("Account() = %+v, %v", a, err)
	}
	w.putPackage("p", "content", "")
	if p, err := w.Package(w.ctx(), hashOf("content")); err != nil || p.By != "" {
		w.Errorf("Package() = %+v, %v", p, err)
	}
}
