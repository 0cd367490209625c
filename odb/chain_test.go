package odb_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

func chainRevision() odb.Revision {
	return odb.Revision{
		Revision: 7, At: time.UnixMicro(1_763_900_000_000_001).UTC(), Reason: "why",
		Actor: odb.Actor{Name: "alice", Source: "cli", Addr: "10.0.0.7"},
		Changes: []odb.LogEntry{
			{Op: odb.Rename, ID: "01", Kind: "service", Name: "b", OldName: "a", Version: 2, Before: []byte(`{}`), After: []byte(`{"x":1}`)},
			{Op: odb.Delete, ID: "02", Kind: "service", Name: "c", Version: 3, Before: []byte(`{}`)},
		},
	}
}

// The form of what is hashed never changes under its label: who verified a log
// once can do so again.
func TestChainHashIsStable(t *testing.T) {
	const want = "c251afc216a54f2786b0e096335a8d4bad2a2333db38b450d86deae18fd76dd7"
	first := odb.ChainHash("", chainRevision())
	if got := odb.ChainHash(first, chainRevision()); got != want {
		t.Errorf("ChainHash() = %s, want %s", got, want)
	}
	elsewhere := chainRevision()
	elsewhere.At = elsewhere.At.In(time.FixedZone("", 3600))
	elsewhere.Hash = "not in it"
	if odb.ChainHash("", elsewhere) != first {
		t.Error("the zone of the time, or the hash itself, changes the hash")
	}
}

// Every field counts, and nothing can move from one to the next.
func TestChainHashTellsApart(t *testing.T) {
	seen := map[string]string{odb.ChainHash("", chainRevision()): "unchanged"}
	for name, edit := range map[string]func(*odb.Revision){
		"revision":                func(r *odb.Revision) { r.Revision++ },
		"time":                    func(r *odb.Revision) { r.At = r.At.Add(time.Microsecond) },
		"actor":                   func(r *odb.Revision) { r.Actor.Name = "bob" },
		"source":                  func(r *odb.Revision) { r.Actor.Source = "api" },
		"addr":                    func(r *odb.Revision) { r.Actor.Addr = "" },
		"reason":                  func(r *odb.Revision) { r.Reason = "" },
		"actor and source":        func(r *odb.Revision) { r.Actor.Name, r.Actor.Source = "alicec", "li" },
		"address and reason":      func(r *odb.Revision) { r.Actor.Addr, r.Reason = "10.0.0.7why", "" },
		"op":                      func(r *odb.Revision) { r.Changes[0].Op = odb.Update },
		"id":                      func(r *odb.Revision) { r.Changes[0].ID = "03" },
		"kind":                    func(r *odb.Revision) { r.Changes[0].Kind = "channel" },
		"name":                    func(r *odb.Revision) { r.Changes[0].Name = "z" },
		"old name":                func(r *odb.Revision) { r.Changes[0].OldName = "" },
		"name and old name":       func(r *odb.Revision) { r.Changes[0].Name, r.Changes[0].OldName = "ba", "" },
		"version":                 func(r *odb.Revision) { r.Changes[0].Version++ },
		"before":                  func(r *odb.Revision) { r.Changes[0].Before = []byte(`{ }`) },
		"after":                   func(r *odb.Revision) { r.Changes[0].After = []byte(`{"x":2}`) },
		"no after":                func(r *odb.Revision) { r.Changes[0].After = nil },
		"empty after":             func(r *odb.Revision) { r.Changes[0].After = []byte{} },
		"before and after":        func(r *odb.Revision) { r.Changes[1].Before, r.Changes[1].After = nil, []byte(`{}`) },
		"one change less":         func(r *odb.Revision) { r.Changes = r.Changes[:1] },
		"no change":               func(r *odb.Revision) { r.Changes = nil },
		"order of changes":        func(r *odb.Revision) { r.Changes[0], r.Changes[1] = r.Changes[1], r.Changes[0] },
		"one change more":         func(r *odb.Revision) { r.Changes = append(r.Changes, odb.LogEntry{}) },
		"letters that look alike": func(r *odb.Revision) { r.Actor.Name = "аlice" },
	} {
		r := chainRevision()
		edit(&r)
		h := odb.ChainHash("", r)
		if other := seen[h]; other != "" {
			t.Errorf("%q has the hash of %q", name, other)
		}
		seen[h] = name
	}
}

// chainOf makes revisions from 1 on; the first unhashed ones have no hash.
func chainOf(n, unhashed int) []odb.Revision {
	var out []odb.Revision
	last := ""
	for i := range n {
		r := chainRevision()
		r.Revision = int64(i + 1)
		if i >= unhashed {
			r.Hash = odb.ChainHash(last, r)
		}
		last = r.Hash
		out = append(out, r)
	}
	return out
}

func TestChain(t *testing.T) {
	for name, tc := range map[string]struct {
		unhashed int
		edit     func(revs []odb.Revision) []odb.Revision
		want     odb.Chain // Hash is not compared
		fault    string
	}{
		"whole":               {0, nil, odb.Chain{Revision: 6}, ""},
		"old ones first":      {4, nil, odb.Chain{Revision: 6, Unhashed: 4}, ""},
		"all old":             {6, nil, odb.Chain{Revision: 6, Unhashed: 6}, ""},
		"changed":             {0, func(r []odb.Revision) []odb.Revision { r[3].Reason = "x"; return r }, odb.Chain{Revision: 3}, "revision 4: its hash is"},
		"changed old one":     {4, func(r []odb.Revision) []odb.Revision { r[3].Hash = r[5].Hash; return r }, odb.Chain{Revision: 3, Unhashed: 3}, "revision 4: its hash is"},
		"first removed":       {0, func(r []odb.Revision) []odb.Revision { return r[1:] }, odb.Chain{}, "revision 2: it follows revision 0"},
		"one removed":         {0, func(r []odb.Revision) []odb.Revision { return append(r[:2:2], r[3:]...) }, odb.Chain{Revision: 2}, "revision 4: it follows revision 2"},
		"swapped":             {0, func(r []odb.Revision) []odb.Revision { r[2], r[3] = r[3], r[2]; return r }, odb.Chain{Revision: 2}, "revision 4: it follows revision 2"},
		"twice":               {0, func(r []odb.Revision) []odb.Revision { return append(r, r[5]) }, odb.Chain{Revision: 6}, "revision 6: it follows revision 6"},
		"contents swapped":    {0, swapContents, odb.Chain{Revision: 2}, "revision 3: its hash is"},
		"hash taken away":     {0, func(r []odb.Revision) []odb.Revision { r[3].Hash = ""; return r }, odb.Chain{Revision: 3}, "revision 4: its hash is not there"},
		"hashes up to it too": {0, func(r []odb.Revision) []odb.Revision { r[0].Hash, r[1].Hash = "", ""; return r }, odb.Chain{Revision: 2, Unhashed: 2}, "revision 3: its hash is"},
	} {
		t.Run(name, func(t *testing.T) {
			revs := chainOf(6, tc.unhashed)
			if tc.edit != nil {
				revs = tc.edit(revs)
			}
			var c odb.Chain
			var err error
			for _, r := range revs {
				if err = c.Add(r); err != nil {
					break
				}
			}
			if (err == nil) != (tc.fault == "") || err != nil && (odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), tc.fault)) {
				t.Errorf("Add() = %v, want %q", err, tc.fault)
			}
			if c.Hash = ""; !reflect.DeepEqual(c, tc.want) {
				t.Errorf("the chain is at %+v, want %+v", c, tc.want)
			}
		})
	}
}

// swapContents swaps two revisions with their hashes, but leaves their numbers.
func swapContents(revs []odb.Revision) []odb.Revision {
	revs[3].Reason = "another"
	revs[2], revs[3] = revs[3], revs[2]
	revs[2].Revision, revs[3].Revision = 3, 4
	return revs
}
