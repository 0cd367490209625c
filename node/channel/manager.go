package channel

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Invoker calls services; [*service.Invoker] is one.
type Invoker interface {
	Invoke(ctx context.Context, c *service.Call) ([]byte, error)
}

// Services describes the services that can be called; [*service.Registry] is one.
type Services interface {
	Get(name string) (service.Info, bool)
}

// Authenticator says who sends a request; [*security.Manager] is one.
type Authenticator interface {
	// Authenticate finds the sender by any one of the named definitions. The error
	// is a [*security.Refusal].
	Authenticate(r *http.Request, names []string) (*security.Identity, error)
	// CredentialHeaders names the headers that services must not see.
	CredentialHeaders() []string
}

// Observer is told of every request to a channel. It must not block.
type Observer interface {
	ChannelStart(channel string)
	// ChannelEnd says with which HTTP status the request was answered and how long it took.
	ChannelEnd(channel string, status int, took time.Duration)
}

// Config is what a manager needs.
type Config struct {
	Invoker  Invoker          // required
	Services Services         // required
	Security Authenticator    // required
	Observer Observer         // nil observes nothing
	Log      *slog.Logger     // nil means slog.Default()
	Now      func() time.Time // nil means time.Now
}

// Manager keeps the channels of the newest snapshot in force and serves them. All
// its methods may be called by any number of goroutines.
type Manager struct {
	invoker  Invoker
	services Services
	security Authenticator
	observer Observer
	log      *slog.Logger
	now      func() time.Time
	mu       sync.Mutex // serialises Apply
	routes   atomic.Pointer[routes]
	refused  map[string]*atomic.Int64 // by code; the map never changes
}

// routes are the channels in force: never changed, replaced whole.
type routes struct {
	root node
	byID map[string]*endpoint
}

// New returns a manager without channels.
func New(cfg Config) (*Manager, error) {
	switch {
	case cfg.Invoker == nil:
		return nil, errors.New("channel config: the invoker is missing")
	case cfg.Services == nil:
		return nil, errors.New("channel config: the services are missing")
	case cfg.Security == nil:
		return nil, errors.New("channel config: security is missing")
	}
	m := &Manager{
		invoker: cfg.Invoker, services: cfg.Services, security: cfg.Security, observer: cfg.Observer,
		log: cmp.Or(cfg.Log, slog.Default()).With("component", "channel"),
		now: cfg.Now, refused: map[string]*atomic.Int64{},
	}
	if m.now == nil {
		m.now = time.Now
	}
	for _, code := range codes() {
		m.refused[code] = new(atomic.Int64)
	}
	m.routes.Store(&routes{byID: map[string]*endpoint{}})
	return m, nil
}

// Apply puts the channels of snap into force, all at once; requests under way end
// on the ones they began with. A channel that cannot be put into force is reported
// and stays as it last worked. A disabled channel is as if it were not there.
func (m *Manager) Apply(ctx context.Context, snap *odb.Snapshot) []odb.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, next := m.routes.Load(), &routes{byID: map[string]*endpoint{}}
	var problems []odb.Problem
	for _, d := range odb.Each[*odb.ChannelSpec](snap) {
		if !d.S.Enabled {
			continue
		}
		prev := old.byID[d.ID]
		e, err := prev, error(nil)
		if prev == nil || prev.name != d.Name || !bytes.Equal(prev.raw, d.Spec) {
			e, err = newEndpoint(d, prev)
		}
		if err == nil {
			err = next.add(e)
		}
		if err == nil {
			continue
		}
		m.log.WarnContext(ctx, "channel cannot be put into force", "channel", d.Name, "error", err)
		reason := err.Error()
		if prev != nil && prev != e && next.add(prev) == nil {
			reason += "; the last working state stays in force"
		}
		problems = append(problems, odb.Problem{Kind: "channel", Name: d.Name, Reason: reason})
	}
	m.routes.Store(next)
	return problems
}

// add puts an endpoint into the tree.
func (r *routes) add(e *endpoint) error {
	if err := r.root.insert(e); err != nil {
		return err
	}
	r.byID[e.id] = e
	return nil
}

// Refused returns how many requests were refused since the start, by code.
func (m *Manager) Refused() map[string]int64 {
	out := make(map[string]int64, len(m.refused))
	for code, n := range m.refused {
		out[code] = n.Load()
	}
	return out
}
