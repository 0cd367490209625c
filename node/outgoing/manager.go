package outgoing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Secrets opens the secrets of definitions.
type Secrets interface {
	Open(kind, name, pointer string, s odb.Secret) (string, error)
}

// Credentials presents a security definition: the function puts the credential
// on a request. It may be called by any number of goroutines.
type Credentials interface {
	Present(security string) (func(*http.Request) error, error)
}

// Config is what a manager needs.
type Config struct {
	Secrets     Secrets
	Credentials Credentials
	DataDir     string                // folder of SQLite files and of nothing else; made when missing
	Log         *slog.Logger          // nil means slog.Default()
	Registerer  prometheus.Registerer // nil publishes no metrics
	Now         func() time.Time      // nil means time.Now; only what is reported goes by it
}

// Manager keeps the connections of the outgoing definitions in force.
type Manager struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	wake   chan struct{} // tells Run that there may be something to ping

	applying sync.Mutex // one Apply at a time
	mu       sync.Mutex
	conns    map[string]*connection
	faulty   map[string]string // definitions that are not in force at all, and why
	live     sync.WaitGroup    // connections that are not closed yet
	closed   bool
}

// errClosing is what calls get that are still running when the manager closes.
var errClosing = &service.Error{Code: service.CodeOutDown, Status: http.StatusServiceUnavailable, Message: "the node is stopping"}

// New returns a manager without connections; Apply makes them.
func New(cfg Config) (*Manager, error) {
	if cfg.Secrets == nil || cfg.Credentials == nil || cfg.DataDir == "" {
		return nil, errors.New("outgoing config: Secrets, Credentials and DataDir are needed")
	}
	cfg.Now = cmpFunc(cfg.Now, time.Now)
	m := &Manager{
		cfg: cfg, log: cmp.Or(cfg.Log, slog.Default()).With("component", "outgoing"), wake: make(chan struct{}, 1),
		conns: map[string]*connection{}, faulty: map[string]string{},
	}
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	m.metrics = newMetrics(m)
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(m.metrics); err != nil {
			return nil, fmt.Errorf("outgoing config: register metrics: %w", err)
		}
	}
	return m, nil
}

func cmpFunc(f, other func() time.Time) func() time.Time {
	if f != nil {
		return f
	}
	return other
}

// Apply puts the outgoing definitions of snap into force: it makes new pools for
// new and changed definitions (also when the security definition that they
// present has changed), keeps the others as they are, and lets go of old pools,
// which close when their last call has ended. It does not connect. What cannot
// be applied is reported and stays as it was.
func (m *Manager) Apply(_ context.Context, snap *odb.Snapshot) []odb.Problem {
	m.applying.Lock()
	defer m.applying.Unlock()
	var problems []odb.Problem
	wanted := map[string]bool{}
	for _, def := range odb.Each[*odb.OutgoingSpec](snap) {
		wanted[def.Name] = true
		if err := m.applyOne(snap, def); err != nil {
			problems = append(problems, odb.Problem{Kind: "outgoing", Name: def.Name, Reason: err.Error()})
		}
	}
	m.mu.Lock()
	var gone []*connection
	for name, c := range m.conns {
		if !wanted[name] {
			gone = append(gone, c)
			delete(m.conns, name)
		}
	}
	maps.DeleteFunc(m.faulty, func(name, _ string) bool { return !wanted[name] })
	m.mu.Unlock()
	for _, c := range gone {
		m.log.Info("outgoing connection removed", "outgoing", c.name)
		m.metrics.forget(c.name)
		c.retire()
	}
	m.poke()
	return problems
}

// applyOne makes the definition's pool unless the one in force is the same.
func (m *Manager) applyOne(snap *odb.Snapshot, def odb.Named[*odb.OutgoingSpec]) error {
	sum, err := fingerprint(snap, def)
	if err != nil {
		return m.refuse(def.Name, err)
	}
	m.mu.Lock()
	old, closed := m.conns[def.Name], m.closed
	m.mu.Unlock()
	switch {
	case closed:
		return errClosing
	case old != nil && old.fingerprint == sum:
		return nil
	}
	c, err := m.open(def.Name, def.S, sum)
	if err != nil {
		return m.refuse(def.Name, err)
	}
	m.mu.Lock()
	closed = m.closed
	if !closed {
		m.conns[def.Name] = c
		delete(m.faulty, def.Name)
	}
	m.mu.Unlock()
	if closed {
		c.retire()
		return errClosing
	}
	m.log.Info("outgoing connection applied", "outgoing", def.Name, "type", def.S.Type, "enabled", def.S.Enabled)
	if old != nil {
		old.retire()
	}
	return nil
}

// refuse notes that a definition is not in force, unless an older state of it is.
func (m *Manager) refuse(name string, err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns[name] == nil {
		m.faulty[name] = err.Error()
	}
	return err
}

// Close ends all calls that still run and closes every connection.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	all := slices.Collect(maps.Values(m.conns))
	clear(m.conns)
	m.mu.Unlock()
	m.cancel(errClosing)
	for _, c := range all {
		c.retire()
	}
	m.live.Wait()
	if m.cfg.Registerer != nil {
		m.cfg.Registerer.Unregister(m.metrics)
	}
	return nil
}

// Health tells the state of every definition, by name.
func (m *Manager) Health() []Health {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]Health, 0, len(m.conns)+len(m.faulty))
	for _, c := range m.conns {
		all = append(all, c.report())
	}
	for name, reason := range m.faulty {
		all = append(all, Health{Name: name, State: Unknown, LastError: reason})
	}
	slices.SortFunc(all, func(a, b Health) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Ping tries the far side of a connection now. It returns what is known
// afterwards, and why there was no sign of life: the error is a
// [*service.Error], and of kind [odb.NotFound] when there is no such definition.
func (m *Manager) Ping(ctx context.Context, name string) (Health, error) {
	c, err := m.acquire(name, "")
	if err != nil {
		return Health{Name: name, State: Unknown}, err
	}
	defer c.release()
	ctx, done := m.bind(ctx)
	defer done()
	err = c.ping(ctx)
	if ctx.Err() != nil {
		err = stopped(ctx, name)
	}
	return c.report(), err
}

// acquire finds the connection in force and keeps it open until it is released.
// typ is "http" or "sql"; empty takes either.
func (m *Manager) acquire(name, typ string) (*connection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.conns[name]
	reason := m.faulty[name]
	switch {
	case m.closed:
		return nil, errClosing
	case !ok && reason != "":
		return nil, unusable(name, "is not in force; the node's log says why", errors.New(reason))
	case !ok:
		return nil, notThere(name, fmt.Sprintf("there is no outgoing connection %q", name))
	case typ != "" && c.typ != typ:
		return nil, notThere(name, fmt.Sprintf("the outgoing connection %q is of type %s, not %s", name, c.typ, typ))
	case c.side == nil:
		return nil, unusable(name, "is disabled", nil)
	}
	c.hold()
	return c, nil
}

func notThere(name, why string) *service.Error {
	return &service.Error{
		Code: service.CodeNoOut, Status: http.StatusInternalServerError, Message: why, Details: map[string]any{"connection": name},
		Cause: odb.Errorf(odb.NotFound, "find outgoing", name, "there is none of that name and type"),
	}
}

func unusable(name, why string, cause error) *service.Error {
	return &service.Error{
		Code: service.CodeOutDown, Status: http.StatusServiceUnavailable, Cause: cause,
		Message: fmt.Sprintf("the outgoing connection %q %s", name, why), Details: map[string]any{"connection": name},
	}
}

// bind returns ctx, ended also by Close.
func (m *Manager) bind(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(m.ctx, func() { cancel(errClosing) })
	return ctx, func() { stop(); cancel(nil) }
}

// poke makes Run look at what is due.
func (m *Manager) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
