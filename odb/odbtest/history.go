package odbtest

import (
	"bytes"
	"slices"
	"testing"

	"signalbox.internal/odb"
)

// revisions returns the numbers of what History finds.
func (w *world) revisions(q odb.HistoryQuery) []int64 {
	w.Helper()
	history, err := w.History(w.ctx(), q)
	if err != nil {
		w.Fatalf("History(%+v): %v", q, err)
	}
	var out []int64
	for _, r := range history {
		out = append(out, r.Revision)
	}
	return out
}

func historyQueries(t *testing.T, w *world) {
	w.must(service("s"), create("security", "x", basic))           // 1
	w.must(channel("c", "s"))                                      // 2
	w.must(rename("service", "s", "t", 1))                         // 3: and channel c
	w.must(service("s"))                                           // 4: another s
	w.must(create("outgoing", "o", `{"url":"https://h/"}`))        // 5
	w.must(update("service", "t", 2, `{"engine":"go","note":""}`)) // 6
	w.must(remove("security", "x", 1))                             // 7
	for name, tc := range map[string]struct {
		q    odb.HistoryQuery
		want []int64
	}{
		"all":                   {odb.HistoryQuery{}, []int64{7, 6, 5, 4, 3, 2, 1}},
		"kind":                  {odb.HistoryQuery{Kind: "service"}, []int64{6, 4, 3, 1}},
		"kind without any":      {odb.HistoryQuery{Kind: "balancer"}, nil},
		"definition":            {odb.HistoryQuery{Kind: "channel", Name: "c"}, []int64{3, 2}},
		"under its new name":    {odb.HistoryQuery{Kind: "service", Name: "t"}, []int64{6, 3, 1}},
		"all that had a name":   {odb.HistoryQuery{Kind: "service", Name: "s"}, []int64{6, 4, 3, 1}},
		"deleted":               {odb.HistoryQuery{Kind: "security", Name: "x"}, []int64{7, 1}},
		"name of any kind":      {odb.HistoryQuery{Name: "o"}, []int64{5}},
		"name not cleaned":      {odb.HistoryQuery{Name: " o "}, []int64{5}},
		"nobody":                {odb.HistoryQuery{Kind: "service", Name: "nobody"}, nil},
		"before":                {odb.HistoryQuery{Before: 3}, []int64{2, 1}},
		"after":                 {odb.HistoryQuery{After: 5}, []int64{7, 6}},
		"between, of a kind":    {odb.HistoryQuery{Kind: "service", After: 1, Before: 6}, []int64{4, 3}},
		"limit":                 {odb.HistoryQuery{Limit: 2}, []int64{7, 6}},
		"limit of a kind":       {odb.HistoryQuery{Kind: "service", Limit: 1, Before: 4}, []int64{3}},
		"limit of a definition": {odb.HistoryQuery{Kind: "service", Name: "t", Limit: 2}, []int64{6, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.revisions(tc.q); !slices.Equal(got, tc.want) {
				t.Errorf("History(%+v) = %v, want %v", tc.q, got, tc.want)
			}
		})
	}
	whole, err := w.History(w.ctx(), odb.HistoryQuery{Kind: "channel"})
	if err != nil || len(whole) != 2 || len(whole[0].Changes) != 2 {
		t.Errorf("a revision comes with all its changes; got %+v, %v", whole, err)
	}
}

func deletedAndBack(_ *testing.T, w *world) {
	if snap, err := w.StateAt(w.ctx(), 0); err != nil || snap.Len() != 0 || snap.Revision() != 0 {
		w.Errorf("the state at 0: %v, %v", snap, err)
	}
	w.must(service("s"), channel("c", "s"))
	w.must(update("channel", "c", 1, `{"path":"/two","service":"s"}`))
	w.must(remove("channel", "c", 2))
	w.must(remove("service", "s", 1))
	w.must(service("s"))
	for rev, want := range map[int64]int{0: 0, 1: 2, 2: 2, 3: 1, 4: 0, 5: 1} {
		snap, err := w.StateAt(w.ctx(), rev)
		if err != nil || snap.Len() != want || snap.Revision() != rev {
			w.Errorf("the state at %d has %d definitions, %v; want %d", rev, snap.Len(), err, want)
		}
	}
	for _, rev := range []int64{6, -1} {
		_, err := w.StateAt(w.ctx(), rev)
		w.refused(err, odb.NotFound, "no revision", "newest is 5")
	}
	at2, err := w.StateAt(w.ctx(), 2)
	if err != nil {
		w.Fatal(err)
	}
	w.must(odb.Changes(odb.PlanTo(w.load(), at2))...)
	w.same(at2, w.load())
	c := w.get("channel", "c")
	if old, ok := at2.Get("channel", "c"); !ok || old.ID != c.ID || c.Version != 3 {
		w.Errorf("the channel came back as %+v", c)
	}
}

// same checks that two snapshots have the same definitions: id, kind, name and spec.
func (w *world) same(want, got *odb.Snapshot) {
	w.Helper()
	a, b := want.List(""), got.List("")
	if !slices.EqualFunc(a, b, func(x, y odb.Definition) bool {
		return x.ID == y.ID && x.Key() == y.Key() && bytes.Equal(x.Spec, y.Spec)
	}) {
		w.Errorf("the definitions are\n%s\nwant\n%s", shown(b), shown(a))
	}
}

// shown writes definitions one a line.
func shown(defs []odb.Definition) string {
	var b bytes.Buffer
	for _, d := range defs {
		b.WriteString(d.ID + " " + d.Key() + " " + string(d.Spec) + "\n")
	}
	return b.String()
}
