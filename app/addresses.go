package app

import (
	"errors"
	"sync"
	"time"
)

// Address is one address of a cluster and what came of the last try to use it.
type Address struct {
	URL   string     `json:"url"`
	InUse bool       `json:"in_use,omitempty" jsonschema:"requests go here first"`
	State State      `json:"state" jsonschema:"up: it answered; down: it did not; unknown: not tried since the start"`
	At    *time.Time `json:"at,omitempty" jsonschema:"of the last try"`
	Why   string     `json:"why,omitempty" jsonschema:"what failed, in words"`
	// Authority is set when something of another authority answers there.
	Authority string `json:"authority,omitempty" jsonschema:"fingerprint of the foreign authority that answers there; nothing was sent to it"`
}

// notes are what is known of each address of a cluster.
type notes struct {
	now     func() time.Time
	changed func() // told when something but the time of a try changed; quick

	mu  sync.Mutex
	all []Address
}

// tried notes what came of a try; a nil error is an answer.
func (n *notes) tried(i int, err error) {
	at := n.now().UTC()
	one := Address{State: StateUp, At: &at}
	if err != nil {
		one.State, one.Why = StateDown, reason(err)
		if foreign, ok := errors.AsType[*foreignAuthorityError](err); ok {
			one.Authority = foreign.got
		}
	}
	n.mu.Lock()
	was := n.all[i]
	one.URL = was.URL
	n.all[i] = one
	n.mu.Unlock()
	if was.State != one.State || was.Why != one.Why {
		n.changed()
	}
}

// addresses describes every address.
func (f *failover) addresses() []Address {
	f.notes.mu.Lock()
	defer f.notes.mu.Unlock()
	out := make([]Address, len(f.notes.all))
	copy(out, f.notes.all)
	out[f.last.Load()].InUse = true
	return out
}

// foreign returns the authority that answers in place of the cluster's; empty: none does.
func foreign(addresses []Address) string {
	for _, a := range addresses {
		if a.Authority != "" {
			return a.Authority
		}
	}
	return ""
}
