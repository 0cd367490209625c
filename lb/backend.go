package lb

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// State is what a balancer knows of a backend.
type State string

// The states of backends. Only an Up one gets requests.
const (
	Up          State = "up"
	Down        State = "down"        // not ready, or gone
	Draining    State = "draining"    // ends what it has and takes nothing new
	Maintenance State = "maintenance" // out of rotation until somebody says otherwise
)

// Backend is a server that can answer requests.
type Backend struct {
	name    string
	handler http.Handler
	now     func() time.Time
	state   atomic.Pointer[stateSince]
}

type stateSince struct {
	state State
	since time.Time
}

func newBackend(name string, h http.Handler, now func() time.Time) *Backend {
	b := &Backend{name: name, handler: h, now: now}
	b.state.Store(&stateSince{Down, now()})
	return b
}

// Name returns the backend's name; "local" is this process.
func (b *Backend) Name() string { return b.name }

// State returns the state of this moment.
func (b *Backend) State() State { return b.state.Load().state }

// Since returns when the state began.
func (b *Backend) Since() time.Time { return b.state.Load().since }

// SetState changes the state; setting the same again keeps its beginning.
func (b *Backend) SetState(s State) {
	for {
		old := b.state.Load()
		if old.state == s || b.state.CompareAndSwap(old, &stateSince{s, b.now()}) {
			return
		}
	}
}

// Drain takes no new requests (they get 503, Retry-After and, on HTTP/1.1,
// Connection: close) and returns when none is in flight, or with ctx's error. The
// local backend stays draining, or in maintenance if it was, until
// [Backend.SetState] says otherwise.
func (b *Balancer) Drain(ctx context.Context) error {
	if b.local.State() != Maintenance {
		b.local.SetState(Draining)
	}
	b.log.InfoContext(ctx, "draining", "in_flight", b.gate.inFlight.Load(), "queued", b.gate.waiting.Load())
	err := b.gate.drained(ctx)
	if err != nil {
		b.log.WarnContext(ctx, "not drained in time", "in_flight", b.gate.inFlight.Load(), "queued", b.gate.waiting.Load())
	}
	return err
}
