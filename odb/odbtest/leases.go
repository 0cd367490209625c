package odbtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

func leaseTerms(_ *testing.T, w *world) {
	const ttl = time.Minute
	first, err := w.TakeLease(w.ctx(), "scheduler", "n1", ttl)
	if err != nil || first.Term != 1 || first.Holder != "n1" || first.Name != "scheduler" || first.Left > ttl || first.Left < ttl-10*time.Second {
		w.Fatalf("the first take: %+v, %v", first, err)
	}
	if d := time.Until(first.Expires); d > 2*ttl || d < -ttl {
		w.Errorf("it expires in %v", d)
	}
	for _, holder := range []string{"n2", "n1"} { // a holder is unique for each attempt
		held, err := w.TakeLease(w.ctx(), "scheduler", holder, ttl)
		w.refused(err, odb.Conflict, "take lease scheduler", "n1 holds it")
		if held.Holder != "n1" || held.Term != 1 || held.Left <= 0 {
			w.Errorf("refused with the present lease %+v", held)
		}
	}
	renewed, err := w.RenewLease(w.ctx(), first, 2*ttl)
	if err != nil || renewed.Term != 1 || !renewed.Expires.After(first.Expires) || renewed.Left <= ttl {
		w.Errorf("renewed: %+v, %v", renewed, err)
	}
	if err := w.ReleaseLease(w.ctx(), renewed); err != nil {
		w.Fatal(err)
	}
	lost, err := w.RenewLease(w.ctx(), renewed, ttl)
	w.refused(err, odb.Conflict, "renew lease scheduler", "term 1 is lost")
	if lost.Left != 0 {
		w.Errorf("a released lease is %+v", lost)
	}
	second, err := w.TakeLease(w.ctx(), "scheduler", "n2", ttl)
	if err != nil || second.Term != 2 {
		w.Errorf("the second take: %+v, %v", second, err)
	}
	if err := w.ReleaseLease(w.ctx(), first); err != nil { // lost long ago: nothing happens
		w.Error(err)
	}
	if _, err := w.RenewLease(w.ctx(), second, ttl); err != nil {
		w.Errorf("the release of a lost lease took the present one away: %v", err)
	}
	if other, err := w.TakeLease(w.ctx(), "another", "n1", ttl); err != nil || other.Term != 1 {
		w.Errorf("another lease: %+v, %v", other, err)
	}
}

func leasesRefused(_ *testing.T, w *world) {
	long := strings.Repeat("x", 201)
	for _, tc := range []struct {
		name, holder string
		ttl          time.Duration
		words        string
	}{
		{"", "h", time.Second, "/name"},
		{long, "h", time.Second, "/name"},
		{"l", "", time.Second, "/holder"},
		{"l", long, time.Second, "/holder"},
		{"l", "h", 0, "/ttl"},
		{"l", "h", -time.Second, "/ttl"},
	} {
		_, err := w.TakeLease(w.ctx(), tc.name, tc.holder, tc.ttl)
		w.refused(err, odb.Invalid, tc.words)
		_, err = w.RenewLease(w.ctx(), odb.Lease{Name: tc.name, Holder: tc.holder, Term: 1}, tc.ttl)
		w.refused(err, odb.Invalid, tc.words)
	}
	_, err := w.RenewLease(w.ctx(), odb.Lease{Name: "never taken", Holder: "h", Term: 1}, time.Second)
	w.refused(err, odb.Conflict, "lost")
}

func firstTakeByMany(_ *testing.T, w *world) {
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	var mu sync.Mutex
	var taken []odb.Lease
	g, ctx := errgroup.WithContext(w.ctx())
	for i := range 20 {
		g.Go(func() error {
			l, err := stores[i%2].TakeLease(ctx, "l", fmt.Sprint("h", i), time.Minute)
			if odb.KindOf(err) == odb.Conflict && err != nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			taken = append(taken, l)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	if len(taken) != 1 || taken[0].Term != 1 {
		w.Errorf("20 took a new lease: %+v", taken)
	}
}

// reign is one term as its holder saw it, by the database's clock.
type reign struct {
	term     int64
	from, to time.Time // to is when the last renewal would have expired
	released bool
}

// contendersAndZombies has 20 contenders take a short lease, hold it for some
// renewals and then die, release it, or come back as a zombie that believes it
// still holds it.
func contendersAndZombies(_ *testing.T, w *world) {
	const contenders = 20
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	ctx, stop := context.WithTimeout(w.ctx(), 1500*time.Millisecond)
	defer stop()
	var mu sync.Mutex
	var reigns []reign
	g := new(errgroup.Group)
	for i := range contenders {
		c := contender{store: stores[i%2], number: i}
		g.Go(func() error {
			mine, err := c.contend(ctx)
			mu.Lock()
			defer mu.Unlock()
			reigns = append(reigns, mine...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	slices.SortFunc(reigns, func(a, b reign) int { return int(a.term - b.term) })
	if len(reigns) < 3 {
		w.Errorf("there were only %d terms", len(reigns))
	}
	for i, r := range reigns {
		if r.term != int64(i+1) {
			w.Fatalf("term %d is where %d should be", r.term, i+1)
		}
		if i > 0 && !reigns[i-1].released && r.from.Before(reigns[i-1].to) {
			w.Errorf("term %d began at %v, while term %d lasted until %v", r.term, r.from, i, reigns[i-1].to)
		}
	}
}

type contender struct {
	store  odb.Store
	number int
}

const shortTTL = 100 * time.Millisecond

// contend tries to take the lease until ctx ends and returns its reigns.
func (c contender) contend(ctx context.Context) ([]reign, error) {
	tick := time.NewTicker(time.Duration(5+c.number) * time.Millisecond)
	defer tick.Stop()
	var reigns []reign
	calls := context.WithoutCancel(ctx) // a take that is cancelled may have succeeded
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return reigns, nil
		case <-tick.C:
		}
		l, err := c.store.TakeLease(calls, "l", fmt.Sprintf("h%d.%d", c.number, n), shortTTL)
		switch {
		case err == nil:
			r, err := c.reign(calls, l, tick)
			if reigns = append(reigns, r); err != nil {
				return reigns, err
			}
		case odb.KindOf(err) != odb.Conflict:
			return reigns, err
		}
	}
}

// reign renews the lease three times and then ends in one of three ways.
func (c contender) reign(ctx context.Context, l odb.Lease, tick *time.Ticker) (reign, error) {
	r := reign{term: l.Term, from: l.Expires.Add(-shortTTL), to: l.Expires}
	for range 3 {
		<-tick.C
		next, err := c.store.RenewLease(ctx, l, shortTTL)
		if odb.KindOf(err) == odb.Conflict && err != nil {
			return r, nil // stalled for longer than it held
		}
		if err != nil {
			return r, err
		}
		r.to = next.Expires
	}
	switch l.Term % 3 {
	case 0:
		r.released = true
		return r, c.store.ReleaseLease(ctx, l)
	case 1:
		for begin := time.Now(); time.Since(begin) < 2*shortTTL; {
			<-tick.C
		}
		if now, err := c.store.RenewLease(ctx, l, shortTTL); odb.KindOf(err) != odb.Conflict || err == nil {
			return r, fmt.Errorf("a zombie of term %d renewed its lease: %+v, %w", l.Term, now, err)
		}
		return r, c.store.ReleaseLease(ctx, l)
	}
	return r, nil
}
