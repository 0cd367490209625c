package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
)

// maxCalls is how many calls to one cluster may be under way; maxQueue is how long a
// further one waits.
const (
	maxCalls = 24
	maxQueue = 10 * time.Second
)

// soon is how long before its end a sign-in is told to end.
const soon = 15 * time.Minute

// credential is what a vault keeps for a cluster.
type credential struct {
	Token string `json:"token"`
	// Session says that the token came from a sign-in here, so that it ends with it.
	Session bool `json:"session,omitempty"`
}

// conn is one saved cluster: the way to it, its budget, and what is known of it. It
// shares nothing with the others.
type conn struct {
	id     string
	path   string // of its state on disk
	agent  string
	log    *slog.Logger
	now    func() time.Time
	vault  *vault
	tell   func(ChangeType)
	looked func() bool // somebody looks at the clusters

	reports *reports // of panics, which it keeps from ending the app

	slots  chan struct{}
	wake   chan struct{} // look now
	cancel context.CancelFunc
	done   chan struct{} // closed when its worker has ended

	signing sync.Mutex // one sign-in or sign-out at a time

	mu                sync.Mutex
	saved             SaveCluster
	way               *failover
	cred              *credential // nil: not read from the vault yet
	gone              string      // why the sign-in is no longer good
	mem               remembered
	state             State
	since             time.Time
	next              time.Time // when it is asked again while it is down
	why               string
	toldSoon, toldEnd bool
}

// remembered is what stays on disk of a cluster: what it last said, and who is signed
// in. It has no secret.
type remembered struct {
	Version int            `json:"version"`
	Seen    *time.Time     `json:"seen,omitempty"`
	At      time.Time      `json:"at,omitzero"`
	Status  *client.Status `json:"status,omitempty"`
	Nodes   []client.Node  `json:"nodes,omitempty"`
	Account string         `json:"account,omitempty"`
	Role    string         `json:"role,omitempty"`
	Expires *time.Time     `json:"expires,omitempty"`
}

const rememberedVersion = 1

// newConn makes the connection of a saved cluster; it asks nobody.
func (a *App) newConn(e entry) (*conn, error) {
	tell := func(kind ChangeType) { a.changes.add(kind, e.ID) }
	way, err := newFailover(e.SaveCluster, a.cfg.Now, func() { tell(ChangeHealth) })
	if err != nil {
		return nil, err
	}
	c := &conn{
		id: e.ID, path: filepath.Join(a.cfg.Dir, stateDir, e.ID+".json"), agent: "signalbox-desktop/" + a.cfg.Version,
		log: a.log.With("cluster", e.ID), now: a.cfg.Now, vault: a.vault,
		tell:   tell,
		looked: a.looked.now, reports: a.reports,
		slots: make(chan struct{}, maxCalls), wake: make(chan struct{}, 1), done: make(chan struct{}),
		saved: e.SaveCluster, way: way, state: StateUnknown, since: a.cfg.Now(),
	}
	if err := c.recall(); err != nil {
		c.log.Warn("what was last known of a cluster cannot be read; it will be read anew", "error", err)
	}
	return c, nil
}

// recall reads what was last known. It is only a copy of what the cluster says, so one
// that cannot be read is given up.
func (c *conn) recall() error {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var mem remembered
	if err := json.Unmarshal(text, &mem); err != nil || mem.Version != rememberedVersion { // a newer cluster may say more
		return errors.Join(errors.New("it is of another version, or damaged"), err)
	}
	c.mem = mem
	return nil
}

// remember writes what is known; the caller holds c.mu.
func (c *conn) remember() {
	c.mem.Version = rememberedVersion
	if err := StoreJSON(c.path, c.mem); err != nil {
		c.log.Warn("what is known of a cluster cannot be kept for the next start", "error", err)
	}
}

// show describes the cluster.
func (c *conn) show() Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, now := c.saved, c.now()
	out := Cluster{
		ID: c.id, Name: s.Name, URLs: s.URLs, Fingerprint: s.Fingerprint, Colour: s.Colour, Tag: s.Tag,
		Environment: s.Environment, Protected: s.Protected, ReadOnly: s.ReadOnly,
		State: c.state, Since: c.since, Seen: c.mem.Seen, Why: c.why, SignInEnded: c.gone,
		Addresses: c.way.addresses(),
	}
	if c.state != StateUp {
		out.ForeignAuthority = foreign(out.Addresses)
	}
	if c.state == StateUp {
		out.URL = c.way.address()
	} else if !c.next.IsZero() {
		next := c.next.UTC()
		out.NextTry = &next
	}
	if c.mem.Account != "" && c.gone == "" {
		out.SignedInAs, out.Role, out.Expires = c.mem.Account, c.mem.Role, c.mem.Expires
		if c.mem.Expires != nil {
			left := c.mem.Expires.Sub(now)
			out.ExpiresSoon = left < soon
			if left <= 0 {
				out.SignedInAs, out.SignInEnded = "", "it has expired"
			}
		}
	}
	if c.mem.Status != nil {
		nodes := c.mem.Nodes
		if nodes == nil {
			nodes = []client.Node{}
		}
		age := math.Round(now.Sub(c.mem.At).Seconds()*10) / 10
		out.Status = &Known{At: c.mem.At, AgeSeconds: max(0, age), Status: *c.mem.Status, Nodes: nodes}
	}
	return out
}

// change replaces what the user says of the cluster. A new authority is another
// cluster: whoever is signed in to the old one is not to the new.
func (c *conn) change(ctx context.Context, s SaveCluster) error {
	way, err := newFailover(s, c.now, func() { c.tell(ChangeHealth) })
	if err != nil {
		return err
	}
	c.mu.Lock()
	other := c.saved.Fingerprint != s.Fingerprint
	old := c.way
	if other || !equalURLs(c.saved.URLs, s.URLs) {
		c.way = way
		c.setState(StateUnknown, "")
	}
	c.saved = s
	changed := c.way == way
	c.mu.Unlock()
	if other {
		if err := c.forget(ctx, ""); err != nil {
			return err
		}
	}
	if changed {
		old.close()
		c.poke()
	}
	return nil
}

func equalURLs(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }

// setState sets the health; the caller holds c.mu.
func (c *conn) setState(s State, why string) {
	if c.state == s && c.why == why {
		return
	}
	if c.state != s {
		c.since = c.now()
	}
	c.state, c.why = s, why
	c.tell(ChangeHealth)
}

// poke makes the worker look now.
func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// enter takes one of the places for calls; leave gives it back.
func (c *conn) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(maxQueue)
	defer t.Stop()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-t.C:
		p := refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "%d calls to this cluster are under way already", maxCalls)
		p.RetryAfter = time.Second
		return p
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *conn) leave() { <-c.slots }

// via returns the way to the cluster as it is now.
func (c *conn) via() *failover {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.way
}

// account returns who is signed in.
func (c *conn) account() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mem.Account
}

// client returns a typed client that signs in with token. The way chooses the address.
func (c *conn) client(way *failover, token string) (*client.Client, error) {
	return client.New(client.Config{
		URLs: []string{way.urls[0].String()}, Token: token, UserAgent: c.agent,
		HTTP: &http.Client{
			Transport:     way,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
}

// reason returns the cause of a failed call in few words.
func reason(err error) string {
	if foreign, ok := errors.AsType[*foreignAuthorityError](err); ok {
		return foreign.Error()
	}
	if u, ok := errors.AsType[*client.Unreachable](err); ok {
		for {
			inner, ok := errors.AsType[*client.Unreachable](u.Err)
			if !ok {
				break
			}
			u = inner
		}
		return u.Error()
	}
	return err.Error()
}
