package odbtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// randomHistories makes random changes from a small world of names, so that
// they collide in every way, and holds every state to what the log says.
func randomHistories(t *testing.T, w *world) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := &history{world: w, rnd: rand.New(rand.NewPCG(seed, 0)), now: map[string]odb.Definition{}}
	h.states = append(h.states, maps.Clone(h.now))
	const most, enough = 1500, 120
	for tried := 0; len(h.states) <= enough; tried++ {
		if tried == most {
			t.Fatalf("of %d change sets only %d were applied: the test tries too little", most, len(h.states)-1)
		}
		h.step()
	}
	for rev, want := range h.states {
		snap, err := w.StateAt(w.ctx(), int64(rev))
		if err != nil {
			t.Fatal(err)
		}
		h.equal(snap, want)
	}
	h.rollBack(20)
	h.chained(50)
}

// history replays the log of a store beside it.
type history struct {
	*world
	rnd    *rand.Rand
	now    map[string]odb.Definition   // by id
	states []map[string]odb.Definition // by revision
}

// step tries one random change set and checks what it did.
func (h *history) step() {
	h.Helper()
	snap := h.snapshot()
	var set []odb.Change
	for range 1 + h.rnd.IntN(4) {
		set = append(set, h.change(snap))
	}
	rev, err := h.try(set...)
	if err == nil {
		h.replay(rev)
	} else if k := odb.KindOf(err); k != odb.Invalid && k != odb.Conflict {
		h.Fatalf("Apply(%+v): %v", set, err)
	}
	h.equal(h.load(), h.now)
	h.checked()
}

// replay makes the changes of a revision and checks that they fit.
func (h *history) replay(rev odb.Revision) {
	h.Helper()
	if rev.Revision != int64(len(h.states)) {
		h.Fatalf("revision %d follows %d", rev.Revision, len(h.states)-1)
	}
	for _, c := range rev.Changes {
		old, there := h.now[c.ID]
		if there == (c.Op == odb.Create) || !bytes.Equal(old.Spec, c.Before) {
			h.Fatalf("%+v (before %s) does not fit %+v", c, c.Before, old)
		}
		if c.Op == odb.Delete {
			delete(h.now, c.ID)
			continue
		}
		if there && c.Version != old.Version+1 || !there && c.Version < 1 {
			h.Fatalf("%+v follows version %d", c, old.Version)
		}
		h.now[c.ID] = odb.Definition{
			ID: c.ID, Kind: c.Kind, Name: c.Name, Version: c.Version, Revision: rev.Revision, Spec: c.After, Updated: rev.At,
		}
	}
	h.states = append(h.states, maps.Clone(h.now))
}

// equal checks a snapshot against what the log says, and its own coherence.
func (h *history) equal(snap *odb.Snapshot, want map[string]odb.Definition) {
	h.Helper()
	if snap.Len() != len(want) {
		h.Fatalf("there are %d definitions, the log says %d", snap.Len(), len(want))
	}
	claims := map[string]string{}
	for d := range snap.All() {
		if fmt.Sprintf("%+v", d) != fmt.Sprintf("%+v", want[d.ID]) {
			h.Fatalf("there is %+v, the log says %+v", d, want[d.ID])
		}
		spec, ok := odb.Find[odb.Spec](snap, d.Kind, d.Name)
		if !ok {
			h.Fatalf("%s cannot be found", d.Key())
		}
		for _, r := range odb.Refs(spec) {
			if _, ok := snap.Get(r.Kind, r.Name); !ok {
				h.Fatalf("%s refers to %s/%s, which is not there", d.Key(), r.Kind, r.Name)
			}
		}
		if c, ok := spec.(odb.Claimer); ok {
			for _, text := range c.Claims() {
				if other := claims[text]; other != "" {
					h.Fatalf("%s and %s both have %q", d.Key(), other, text)
				}
				claims[text] = d.Key()
			}
		}
	}
}

// snapshot is what the log says, as a snapshot.
func (h *history) snapshot() *odb.Snapshot {
	h.Helper()
	snap, err := odb.NewSnapshot(int64(len(h.states)-1), slices.Collect(maps.Values(h.now)))
	if err != nil {
		h.Fatal(err)
	}
	return snap
}

// rollBack goes to random revisions of the past and checks that it arrives.
func (h *history) rollBack(times int) {
	h.Helper()
	for range times {
		to := h.rnd.IntN(len(h.states))
		target, err := h.StateAt(h.ctx(), int64(to))
		if err != nil {
			h.Fatal(err)
		}
		changes := odb.Changes(odb.PlanTo(h.load(), target))
		if len(changes) == 0 {
			continue
		}
		rev, err := h.try(changes...)
		if err != nil {
			h.Fatalf("roll back from %d to %d with %+v: %v", len(h.states)-1, to, changes, err)
		}
		h.replay(rev)
		h.same(target, h.load())
		h.checked()
	}
}

// change makes up one change; most of them are good.
func (h *history) change(snap *odb.Snapshot) odb.Change {
	kind := []string{"security", "service", "outgoing", "channel", "channel"}[h.rnd.IntN(5)]
	known := snap.List(kind)
	c := odb.Change{Op: odb.Create, Kind: kind, Name: h.name()}
	if len(known) > 0 && h.rnd.IntN(3) > 0 {
		d := known[h.rnd.IntN(len(known))]
		c = odb.Change{Op: odb.Update, Kind: kind, Name: d.Name, Base: d.Version}
		switch h.rnd.IntN(10) {
		case 0, 1, 2:
			c.Op, c.NewName = odb.Rename, h.name()
			if c.NewName == c.Name {
				c.NewName += "2"
			}
			if h.rnd.IntN(2) == 0 {
				return c
			}
		case 3, 4, 5:
			c.Op = odb.Delete
			return c
		case 6:
			c.Base++
		}
	}
	c.Spec = h.spec(kind, snap)
	return c
}

func (h *history) name() string { return string(rune('a' + h.rnd.IntN(5))) }

// target is the name of something that mostly exists.
func (h *history) target(snap *odb.Snapshot, kind string) string {
	if known := snap.List(kind); len(known) > 0 && h.rnd.IntN(10) > 0 {
		return known[h.rnd.IntN(len(known))].Name
	}
	return h.name()
}

// spec makes up a spec whose references may or may not lead somewhere.
func (h *history) spec(kind string, snap *odb.Snapshot) json.RawMessage {
	n := h.rnd.IntN(100)
	switch kind {
	case "security":
		return fmt.Appendf(nil, `{"username":"u%d","password":{"ref":"env:P"}}`, n)
	case "service":
		return fmt.Appendf(nil, `{"engine":"go","note":"%d"}`, n)
	case "outgoing":
		return fmt.Appendf(nil, `{"url":"https://h/%d","security":%q}`, n, h.target(snap, "security"))
	}
	var security []string
	for range h.rnd.IntN(3) {
		security = append(security, fmt.Sprintf("%q", h.target(snap, "security")))
	}
	return fmt.Appendf(nil, `{"path":"/%d","service":%q,"security":[%s]}`,
		n%12, h.target(snap, "service"), strings.Join(security, ","))
}
