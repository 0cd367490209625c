package odbtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

// optimisticUpdates has ten writers add one to ten counters ten times each: no
// update is lost, though they all work from versions that go stale.
func optimisticUpdates(_ *testing.T, w *world) {
	const writers, counters, rounds = 10, 10, 10
	var set []odb.Change
	for i := range counters {
		set = append(set, create("service", fmt.Sprint("n", i), `{"engine":"go","max_in_flight":0}`))
	}
	w.must(set...)
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	g, ctx := errgroup.WithContext(w.ctx())
	for i := range writers {
		g.Go(func() error {
			for r := range rounds {
				if err := addOne(ctx, stores[i%2], fmt.Sprint("n", (i+r)%counters)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	sum := 0
	for _, s := range odb.Each[*odb.ServiceSpec](w.load()) {
		sum += s.S.MaxInFlight
		if s.Version != int64(s.S.MaxInFlight)+1 {
			w.Errorf("%s counts %d at version %d", s.Name, s.S.MaxInFlight, s.Version)
		}
	}
	if sum != writers*rounds {
		w.Errorf("the counters have %d, want %d: updates were lost", sum, writers*rounds)
	}
}

// addOne reads, adds and writes until nobody was faster.
func addOne(ctx context.Context, s odb.Store, name string) error {
	for {
		snap, err := s.Load(ctx)
		if err != nil {
			return err
		}
		d, _ := snap.Get("service", name)
		spec, _ := odb.Find[*odb.ServiceSpec](snap, "service", name)
		_, err = s.Apply(ctx, odb.ChangeSet{Actor: someone, Changes: []odb.Change{
			update("service", name, d.Version, fmt.Sprintf(`{"engine":"go","max_in_flight":%d}`, spec.MaxInFlight+1)),
		}})
		if odb.KindOf(err) != odb.Conflict || err == nil {
			return err
		}
	}
}

// revisionsWithoutHoles reads the log while six writers write: what a reader
// has seen up to a revision is all there ever is up to it.
func revisionsWithoutHoles(_ *testing.T, w *world) {
	const writers, each = 6, 20
	second := w.again(w.TB, w.Store)
	var wg sync.WaitGroup
	failed := make(chan error, writers)
	for i := range writers {
		wg.Go(func() {
			s := []odb.Store{w.Store, second}[i%2]
			for n := range each {
				set := odb.ChangeSet{Actor: someone, Changes: []odb.Change{service(fmt.Sprintf("s%d.%d", i, n))}}
				if n%5 == 4 {
					set.Changes = append(set.Changes, channel("c", "nobody")) // rolled back: leaves no hole
				}
				if _, err := s.Apply(w.ctx(), set); err != nil && n%5 != 4 {
					failed <- err
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := w.follow(second, done)
	close(failed)
	for err := range failed {
		w.Error(err)
	}
	if want := int64(writers * each * 4 / 5); seen != want {
		w.Errorf("the reader saw %d revisions, want %d", seen, want)
	}
}

// follow reads what is new until done and once after, and returns the last revision.
func (w *world) follow(s odb.Store, done <-chan struct{}) (last int64) {
	w.Helper()
	for end := false; ; {
		select {
		case <-done:
			end = true
		default:
		}
		newest, err := s.Revision(w.ctx())
		if err != nil {
			w.Fatal(err)
		}
		fresh, err := s.History(w.ctx(), odb.HistoryQuery{After: last, Before: newest + 1, Limit: 1000})
		if err != nil {
			w.Fatal(err)
		}
		if int64(len(fresh)) != newest-last {
			w.Fatalf("between %d and %d there are %d revisions", last, newest, len(fresh))
		}
		for i, r := range fresh {
			if r.Revision != newest-int64(i) || len(r.Changes) != 1 {
				w.Fatalf("revision %d with %d changes is where %d should be", r.Revision, len(r.Changes), newest-int64(i))
			}
		}
		if last = newest; end {
			return last
		}
	}
}

// snapshotsDoNotMove reads while two definitions are always changed together.
func snapshotsDoNotMove(_ *testing.T, w *world) {
	w.must(create("service", "a", `{"engine":"go","max_in_flight":1}`), create("service", "b", `{"engine":"go","max_in_flight":1}`))
	second := w.again(w.TB, w.Store)
	ctx, stop := context.WithTimeout(w.ctx(), 30*time.Second)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stop()
		for v := int64(1); v <= 60; v++ {
			spec := fmt.Sprintf(`{"engine":"go","max_in_flight":%d}`, v+1)
			if _, err := w.try(update("service", "a", v, spec), update("service", "b", v, spec)); err != nil {
				return err
			}
		}
		return nil
	})
	for ctx.Err() == nil {
		snap, err := second.Load(ctx)
		if err != nil {
			if ctx.Err() == nil {
				w.Error(err)
			}
			break
		}
		a, _ := odb.Find[*odb.ServiceSpec](snap, "service", "a")
		b, _ := odb.Find[*odb.ServiceSpec](snap, "service", "b")
		if a.MaxInFlight != b.MaxInFlight || int64(a.MaxInFlight) != snap.Revision() {
			w.Errorf("at revision %d a is %d and b is %d", snap.Revision(), a.MaxInFlight, b.MaxInFlight)
		}
	}
	if err := g.Wait(); err != nil {
		w.Error(err)
	}
}

func thousandInOneSet(_ *testing.T, w *world) {
	const n = 1000
	var set []odb.Change
	for i := range n {
		set = append(set, channel(fmt.Sprint("c", i), fmt.Sprint("s", i)), service(fmt.Sprint("s", i)))
	}
	rev := w.must(set...)
	snap := w.load()
	if len(rev.Changes) != 2*n || snap.Len() != 2*n || rev.Revision != 1 {
		w.Errorf("revision %d has %d changes and left %d definitions", rev.Revision, len(rev.Changes), snap.Len())
	}
	var deletes []odb.Change
	for d := range snap.All() {
		deletes = append(deletes, remove(d.Kind, d.Name, d.Version))
	}
	w.must(deletes...)
	if snap := w.load(); snap.Len() != 0 {
		w.Errorf("%d definitions are left", snap.Len())
	}
}
