package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox.internal/odb"
)

const (
	freeRefusals = 20  // entries of refused attempts that an address gets in a minute
	maxBursts    = 100 // addresses that are told apart within a minute
	maxKinds     = 8   // sorts of attempts that a summary tells apart
	others       = ""  // what all further addresses are called
)

// flood keeps refused attempts from filling the log: it counts, for each address
// and minute, what is beyond the free ones. Its size is bounded.
type flood struct {
	now    func() time.Time
	mu     sync.Mutex
	bursts map[string]*burst
}

// burst is what one address did since some moment.
type burst struct {
	since time.Time
	addr  string
	free  int
	kinds map[string]int // attempts that were only counted, by action
}

func newFlood(now func() time.Time) *flood {
	return &flood{now: now, bursts: map[string]*burst{}}
}

// admit reports whether an attempt gets an entry of its own; else it is counted.
func (f *flood) admit(who string, quiet bool, e odb.AuditEntry) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.bursts[who]
	if b == nil && len(f.bursts) >= maxBursts {
		who = others
		b = f.bursts[who]
	}
	if b == nil {
		b = &burst{since: f.now(), addr: e.Addr, free: freeRefusals, kinds: map[string]int{}}
		if who == others {
			b.addr, b.free = "", 0
		}
		f.bursts[who] = b
	}
	if !quiet && b.free > 0 {
		b.free--
		return true
	}
	kind := e.Action
	if _, known := b.kinds[kind]; !known && len(b.kinds) >= maxKinds {
		kind = "others"
	}
	b.kinds[kind]++
	return false
}

// due returns the entries of the minutes that have ended, or of all.
func (f *flood) due(all bool) []odb.AuditEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var out []odb.AuditEntry
	for who, b := range f.bursts {
		if !all && now.Sub(b.since) < time.Minute {
			continue
		}
		delete(f.bursts, who)
		if len(b.kinds) > 0 {
			out = append(out, b.summary(who))
		}
	}
	slices.SortFunc(out, func(x, y odb.AuditEntry) int { return cmp.Compare(x.Addr, y.Addr) })
	return out
}

func (b *burst) summary(who string) odb.AuditEntry {
	total := 0
	var kinds []string
	for kind, n := range b.kinds {
		total += n
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, n))
	}
	slices.Sort(kinds)
	detail := fmt.Sprintf("%d more refused attempts within a minute from %s", total, b.since.UTC().Format(time.RFC3339))
	if who == others {
		detail += fmt.Sprintf(", of addresses beyond the first %d", maxBursts)
	}
	return odb.AuditEntry{
		Action: "refusedAttempts", Outcome: odb.AuditRefused, Addr: b.addr, Detail: detail + ": " + strings.Join(kinds, ", "),
	}
}
