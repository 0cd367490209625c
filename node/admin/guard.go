package admin

import (
	"net/netip"
	"sync"
	"time"
)

// The limits of the guard: so many failures are free, then each further one
// doubles the wait. What did not fail for forget is forgotten.
const (
	freeFailures = 10
	firstWait    = time.Second
	longestWait  = 5 * time.Minute
	forget       = 15 * time.Minute
	maxGuarded   = 10_000
	maxKnown     = 10_000
)

// guard slows those who guess: it counts failures by key (an address or an
// account) in memory of bounded size.
type guard struct {
	now   func() time.Time
	mu    sync.Mutex
	tries map[string]tries
	known map[string]time.Time // hashes of tokens that were good, and when
}

type tries struct {
	failures int
	last     time.Time
}

func newGuard(now func() time.Time) *guard {
	return &guard{now: now, tries: map[string]tries{}, known: map[string]time.Time{}}
}

// wait returns how long key has to wait before its next try; 0: it may try now.
func (g *guard) wait(key string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tries[key]
	if t.failures < freeFailures {
		return 0
	}
	pause := longestWait
	if n := t.failures - freeFailures; n < 9 {
		pause = min(pause, firstWait<<n)
	}
	return max(0, pause-g.now().Sub(t.last))
}

// failed counts a failure of key.
func (g *guard) failed(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	t := g.tries[key]
	if now.Sub(t.last) > forget {
		t.failures = 0
	}
	trim(g.tries, maxGuarded, func(t tries) bool { return now.Sub(t.last) > forget })
	g.tries[key] = tries{failures: t.failures + 1, last: now}
}

// good forgets the failures of key.
func (g *guard) good(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tries, key)
}

// know remembers the hash of a token that was good.
func (g *guard) know(hash string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	trim(g.known, maxKnown, func(at time.Time) bool { return now.Sub(at) > forget })
	g.known[hash] = now
}

func (g *guard) isKnown(hash string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, ok := g.known[hash]
	return ok && g.now().Sub(at) <= forget
}

// trim makes room in a full map: what is old goes, and then any entry until a
// tenth is free, so that the search is paid for by many additions.
func trim[V any](m map[string]V, most int, old func(V) bool) {
	if len(m) < most {
		return
	}
	for k, v := range m {
		if old(v) {
			delete(m, k)
		}
	}
	for k := range m {
		if len(m) <= most-most/10 {
			return
		}
		delete(m, k)
	}
}

// addrKey is what an address is counted by: an IPv6 customer has a whole /64.
func addrKey(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return "addr " + addr
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return "addr " + ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return "addr " + ip.String()
	}
	return "addr " + p.String()
}
