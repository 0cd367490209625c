package security

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"signalbox.internal/odb"
)

// Opener opens secrets; [*Sealer] is one.
type Opener interface {
	Open(kind, name, pointer string, secret odb.Secret) (string, error)
}

// Config is what a manager needs.
type Config struct {
	Sealer Opener           // required
	Log    *slog.Logger     // nil means slog.Default()
	Now    func() time.Time // nil means time.Now
	Every  time.Duration    // how often Run looks for key sets that are due; 0 means 1s
}

// Manager keeps the security definitions in force as live credentials. All its
// methods may be called by any number of goroutines.
type Manager struct {
	secrets Opener
	log     *slog.Logger
	now     func() time.Time
	every   time.Duration
	salt    [32]byte // of digests; of this process only
	mu      sync.Mutex
	table   atomic.Pointer[table] // replaced whole by Apply, under mu
	wake    chan struct{}
	refused [reasons]atomic.Int64
}

// New returns a manager without credentials.
func New(cfg Config) (*Manager, error) {
	if cfg.Sealer == nil {
		return nil, errors.New("security config: the opener of secrets is missing")
	}
	m := &Manager{
		secrets: cfg.Sealer, log: cmp.Or(cfg.Log, slog.Default()).With("component", "security"),
		now: cfg.Now, every: cmp.Or(cfg.Every, time.Second), wake: make(chan struct{}, 1),
	}
	if m.now == nil {
		m.now = time.Now
	}
	_, _ = rand.Read(m.salt[:]) // never fails: the program ends instead
	m.table.Store(newTable(nil))
	return m, nil
}

// Apply puts the security definitions of snap into force. One that cannot be
// (a secret that does not open, keys that do not parse) is reported and stays as
// it last worked; when it never did, it opens nothing and its callers get 503.
// Secrets in variables and files are read anew at each Apply.
func (m *Manager) Apply(ctx context.Context, snap *odb.Snapshot) []odb.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.table.Load()
	var problems []odb.Problem
	var next []*credential
	for _, d := range odb.Each[*odb.SecuritySpec](snap) {
		prev := old.byID[d.ID]
		if prev.current(d) {
			next = append(next, prev)
			continue
		}
		c, err := m.build(ctx, d, prev)
		if err != nil {
			problems = append(problems, odb.Problem{Kind: "security", Name: d.Name, Reason: err.Error()})
		}
		next = append(next, c)
	}
	m.table.Store(newTable(next))
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return problems
}

// Run fetches key sets again when they are due, until ctx ends. Without it a key
// set is only fetched when a token needs it.
func (m *Manager) Run(ctx context.Context) error {
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	var fetches sync.WaitGroup
	defer fetches.Wait()
	for {
		for _, c := range m.table.Load().jwts {
			if s := c.jwt.source; s.due() {
				fetches.Go(func() { s.refresh(ctx, 0) })
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-m.wake:
		}
	}
}

// KeySource tells how it stands with the keys of a token definition whose keys
// come from a file or a URL.
type KeySource struct {
	Security string    // name of the definition
	From     string    // "file" or "url"
	State    string    // "up", "down" or "unknown"
	Since    time.Time // of the state
	Keys     int       // usable keys in force: the last good ones while the source is down
	Error    string    // why it is down; empty otherwise
}

// KeySources lists the sources of keys by name of definition.
func (m *Manager) KeySources() []KeySource {
	var out []KeySource
	for _, c := range m.table.Load().jwts {
		if c.jwt.source.load != nil {
			out = append(out, c.jwt.source.status(c.name))
		}
	}
	return out
}

// table is an immutable set of credentials.
type table struct {
	byName map[string]*credential
	byID   map[string]*credential
	owners map[digest]string // enabled passwords and keys → name of the definition
	keys   []keyHeader       // the headers in which API keys come, each once
	jwts   []*credential     // enabled, by name
	strip  []string          // every header that carries a credential
}

// newTable indexes credentials, which are sorted by name.
func newTable(list []*credential) *table {
	t := &table{
		byName: make(map[string]*credential, len(list)), byID: make(map[string]*credential, len(list)),
		owners: map[digest]string{}, strip: []string{"Authorization", "Proxy-Authorization"},
	}
	headers, names := map[keyHeader]bool{}, map[string]bool{"Authorization": true, "Proxy-Authorization": true}
	for _, c := range list {
		t.byName[c.name], t.byID[c.id] = c, c
		if c.kind == "apikey" && !names[c.key.name] {
			names[c.key.name] = true
			t.strip = append(t.strip, c.key.name)
		}
		if !c.usable() {
			continue
		}
		switch c.kind {
		case "jwt":
			t.jwts = append(t.jwts, c)
			continue
		case "apikey":
			if !headers[c.key] {
				headers[c.key] = true
				t.keys = append(t.keys, c.key)
			}
		}
		if _, taken := t.owners[c.digest]; !taken {
			t.owners[c.digest] = c.name
		}
	}
	return t
}

// build makes a credential from its definition; on an error it is the one that
// last worked, under the new name, or one that says why it cannot be used.
func (m *Manager) build(ctx context.Context, d odb.Named[*odb.SecuritySpec], prev *credential) (*credential, error) {
	c := &credential{
		id: d.ID, name: d.Name, kind: d.S.Type, spec: d.Spec, enabled: d.S.Enabled,
		identity: Identity{Security: d.Name, Name: d.S.Username}, realm: d.S.Realm,
	}
	if c.kind == "apikey" {
		c.key = keyHeader{name: canonical(d.S.Header), prefix: d.S.Prefix}
	}
	if !c.enabled {
		return c, nil
	}
	err := m.fill(ctx, c, d.S, prev)
	if err == nil {
		return c, nil
	}
	m.log.WarnContext(ctx, "credential cannot be put into force", "security", d.Name, "error", err)
	switch {
	case c.jwt != nil && (!prev.usable() || prev.jwt != nil && prev.jwt.source == c.jwt.source):
		return c, err // its keys may come later; until then its source has the last good ones, or none
	case prev.usable():
		kept := *prev
		kept.name, kept.identity.Security, kept.stale = d.Name, d.Name, true
		return &kept, fmt.Errorf("%w; the last working state stays in force", err)
	}
	c.fault = err.Error()
	return c, err
}

// fill adds what a credential of its type needs to work.
func (m *Manager) fill(ctx context.Context, c *credential, spec *odb.SecuritySpec, prev *credential) error {
	open := func(pointer string, secret odb.Secret) (string, error) {
		c.outside = c.outside || isOutside(secret)
		return m.secrets.Open("security", c.name, pointer, secret)
	}
	switch c.kind {
	case "basic":
		password, err := open("/password", spec.Password)
		if err != nil {
			return err
		}
		c.digest = m.digest("basic", "", []byte(spec.Username+":"+password))
		c.present = basicValue(spec.Username, password)
	case "apikey":
		key, err := open("/key", spec.Key)
		if err != nil {
			return err
		}
		c.digest = m.digest("apikey", c.key.name, []byte(key))
		c.present = c.key.value(key)
	case "jwt":
		return m.fillToken(ctx, c, spec, prev, open)
	default:
		return fmt.Errorf("the type %q is unknown to this program", c.kind)
	}
	return nil
}

// current reports whether the credential is exactly what d says and needs no
// second look.
func (c *credential) current(d odb.Named[*odb.SecuritySpec]) bool {
	return c != nil && c.name == d.Name && c.fault == "" && !c.outside && !c.stale && bytes.Equal(c.spec, d.Spec)
}
