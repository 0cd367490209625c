package outgoing

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"signalbox.internal/node/service"
)

// State is what is known of a far side.
type State string

// The states. Unknown is the state before the first contact.
const (
	Up      State = "up"
	Down    State = "down"
	Unknown State = "unknown"
)

// Health is the state of one outgoing definition on this node.
type Health struct {
	Name        string    `json:"name"`
	Type        string    `json:"type"` // "http" or "sql"; empty when the definition is not in force
	Enabled     bool      `json:"enabled"`
	State       State     `json:"state"`
	Since       time.Time `json:"since,omitzero"`        // when the state began
	LastError   string    `json:"last_error,omitempty"`  // the newest one, without credentials
	LastContact time.Time `json:"last_contact,omitzero"` // when the far side last answered
	InFlight    int64     `json:"in_flight"`             // calls, without pings
	Breaker     string    `json:"breaker,omitempty"`     // "closed", "open", "half_open"; only of HTTP
}

// tracker keeps the health of one connection.
type tracker struct {
	log *slog.Logger
	now func() time.Time

	mu sync.Mutex
	h  Health
}

func newTracker(name string, log *slog.Logger, now func() time.Time) *tracker {
	return &tracker{log: log.With("outgoing", name), now: now, h: Health{Name: name, State: Unknown, Since: now()}}
}

// up notes that the far side answered as it should.
func (t *tracker) up() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.h.LastContact = t.now()
	if t.h.State != Up {
		t.h.State, t.h.Since = Up, t.h.LastContact
		t.log.Info("outgoing connection is up")
	}
}

// down notes that the far side cannot be used.
func (t *tracker) down(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.h.LastError = shown(err)
	if t.h.State != Down {
		t.h.State, t.h.Since = Down, t.now()
		t.log.Warn("outgoing connection is down", "error", err.Error())
	}
}

func (t *tracker) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.h.InFlight++
}

func (t *tracker) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.h.InFlight--
}

func (t *tracker) report() Health {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.h
}

// shown returns what people may see of err.
func shown(err error) string {
	if e, ok := errors.AsType[*service.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
