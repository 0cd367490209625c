package odbtest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"signalbox.internal/odb"
)

// chained reads the whole log in pages, oldest first, and checks that it is one
// chain of hashes up to the newest revision. It returns what it read.
func (w *world) chained(page int) []odb.Revision {
	w.Helper()
	var chain odb.Chain
	var all []odb.Revision
	for {
		revs, err := w.History(w.ctx(), odb.HistoryQuery{After: chain.Revision, Limit: page, Oldest: true})
		if err != nil {
			w.Fatal(err)
		}
		for _, r := range revs {
			if err := chain.Add(r); err != nil {
				w.Fatal(err)
			}
		}
		all = append(all, revs...)
		if len(revs) < page {
			break
		}
	}
	if newest, err := w.Revision(w.ctx()); err != nil || chain.Revision != newest || chain.Unhashed != 0 {
		w.Fatalf("the chain %+v does not end at revision %d, %v", chain, newest, err)
	}
	return all
}

// What Apply returned is what the chain is made of, whatever the texts.
func chainOfHashes(_ *testing.T, w *world) {
	if revs := w.chained(10); len(revs) != 0 {
		w.Errorf("an empty ODB has %d revisions", len(revs))
	}
	var made []odb.Revision
	for i, set := range []odb.ChangeSet{
		{Changes: []odb.Change{service("a"), channel("c", "a")}},
		{Actor: someone, Reason: "  žluťoučký\tkůň \"\\ 😀 ", Changes: []odb.Change{service("ä\u0301 z")}},
		{Actor: odb.Actor{Name: " ", Addr: "::1"}, Reason: "\n", Changes: []odb.Change{rename("service", "a", "b", 1)}},
		{Actor: someone, Changes: []odb.Change{update("service", "b", 2, `{"engine":"go","note":"1.0 <&> \u2028"}`)}},
		{Actor: someone, Changes: []odb.Change{remove("channel", "c", 2), remove("service", "b", 3)}},
	} {
		rev, err := w.Apply(w.ctx(), set)
		if err != nil {
			w.Fatalf("change set %d: %v", i, err)
		}
		made = append(made, rev)
	}
	if _, err := w.try(service("a"), channel("x", "nobody")); err == nil {
		w.Error("a reference to nothing was applied")
	}
	for _, page := range []int{1, 2, len(made), 1000} {
		if got := w.chained(page); !reflect.DeepEqual(got, made) {
			w.Errorf("in pages of %d the log is\n%+v, Apply gave\n%+v", page, got, made)
		}
	}
	if len(made[0].Hash) != 64 || made[0].Hash != odb.ChainHash("", made[0]) {
		w.Errorf("the first hash is %q", made[0].Hash)
	}
}

func oldestFirst(_ *testing.T, w *world) {
	for i := range 3 {
		w.must(service(fmt.Sprint("s", i)))
		w.must(channel(fmt.Sprint("c", i), fmt.Sprint("s", i)))
	}
	for _, q := range []odb.HistoryQuery{
		{},
		{After: 2},
		{Before: 5},
		{After: 1, Before: 6},
		{Kind: "service"},
		{Kind: "channel", After: 2},
		{Name: "c1"},
		{Kind: "service", Name: "s2"},
		{Kind: "balancer"},
	} {
		newest := w.revisions(q)
		q.Oldest = true
		oldest := w.revisions(q)
		slices.Reverse(newest)
		if !slices.Equal(oldest, newest) {
			w.Errorf("History(%+v) = %v, want %v", q, oldest, newest)
		}
		if q.Limit = 1; len(newest) > 0 && !slices.Equal(w.revisions(q), newest[:1]) {
			w.Errorf("History(%+v) = %v, want %v", q, w.revisions(q), newest[:1])
		}
	}
}
