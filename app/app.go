package app

import (
	"cmp"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

const (
	stateDir = "state"
	lockFile = "lock"
)

// Config says where the app keeps its files and who it is.
type Config struct {
	Dir     string  // of the user's own; made with mode 0700; required
	Mode    Mode    // told to the user interface; empty means desktop
	Version string  // of the program; empty means "dev"
	Keyring Keyring // nil means the operating system's
	Shell   Shell   // the window around the page; nil when there is none
	// DiscoveryPort is the UDP port of announcements; 0 means the usual one.
	DiscoveryPort int
	// Environ tells the environment of the programs that the app starts, as os.Environ
	// does; it is asked when one is started. Nil means an empty one.
	Environ func() []string
	Log     *slog.Logger
	Now     func() time.Time // nil means time.Now
}

// App is the core of the desktop app. Its methods may be called from any goroutine.
type App struct {
	cfg     Config
	log     *slog.Logger
	lock    *flock.Flock
	list    *list
	vault   *vault
	changes *changes
	looked  *attention
	reports *reports
	// language is the compiler's language server, when this machine has one.
	language *language
	shell    *shell // nil without a window
	notice   string
	started  time.Time

	settings    *settings
	activity    activity
	importing   sync.Mutex // one import at a time
	discovering sync.Mutex // one look on the network at a time

	mu      sync.Mutex
	conns   map[string]*conn
	removed map[string]*gone
	ctx     context.Context // of Run; nil before it
	workers sync.WaitGroup
}

// ErrInUse says that another app uses the folder.
var ErrInUse = errors.New("it is used by another app")

// Open reads what is saved; it asks nobody, neither clusters nor the keyring. One app
// at a time may use a folder; Run gives it back, or Close when Run is never called.
func Open(cfg Config) (*App, error) {
	if cfg.Dir == "" {
		return nil, errors.New("app config: the folder is missing")
	}
	cfg.Mode, cfg.Version = cmp.Or(cfg.Mode, ModeDesktop), cmp.Or(cfg.Version, "dev")
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Environ == nil {
		cfg.Environ = func() []string { return nil }
	}
	if err := os.MkdirAll(filepath.Join(cfg.Dir, stateDir), 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	a := &App{cfg: cfg, log: cfg.Log.With("component", "app"), lock: flock.New(filepath.Join(cfg.Dir, lockFile), flock.SetPermissions(0o600)), conns: map[string]*conn{}, removed: map[string]*gone{}, language: newLanguage(cfg.Now, cfg.Environ), started: cfg.Now().UTC()}
	if ok, err := a.lock.TryLock(); err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("the folder %s: %w", cfg.Dir, ErrInUse), err)
	}
	a.changes = newChanges(newID()[:8])
	a.reports = newReports(cfg, a.log)
	if cfg.Shell != nil {
		a.shell = newShell(a, cfg.Shell)
	}
	a.looked = &attention{clock: cfg.Now, begin: a.wakeAll}
	a.vault = newVault(cfg, func() { a.changes.add(ChangeVault, "") })
	a.activity.last.Store(cfg.Now().UnixNano())
	var err error
	var notice string
	if a.settings, notice, err = openSettings(cfg.Dir, cfg.Now()); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if a.list, a.notice, err = openList(cfg.Dir, cfg.Now()); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if a.notice = strings.TrimSpace(a.notice + " " + notice); a.notice != "" {
		a.log.Warn("a file could not be read", "notice", a.notice)
	}
	a.notice = strings.TrimSpace(a.notice + " " + a.reports.collect())
	for _, e := range a.list.all() {
		if a.conns[e.ID], err = a.newConn(e); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// Close gives the folder back. Run does so itself.
func (a *App) Close() error {
	a.language.close()
	return a.lock.Unlock()
}

// Run opens the vault and asks after every cluster until ctx ends.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.mu.Lock()
	if a.ctx != nil {
		a.mu.Unlock()
		return errors.New("run app: it runs, or has run, already")
	}
	a.ctx = ctx
	a.workers.Go(func() {
		a.reports.contain("vault", a.vault.start)
		a.reports.contain("sweep", func() { a.sweep(ctx) })
	})
	a.workers.Go(func() { a.reports.contain("idle lock", func() { a.lockWhenIdle(ctx) }) })
	if a.shell != nil {
		a.workers.Go(func() { a.reports.contain("alerts", func() { a.watch(ctx) }) })
	}
	for _, c := range a.conns {
		a.work(c) //nolint:contextcheck // it takes the context from a.ctx, set above
	}
	a.mu.Unlock()
	<-ctx.Done()
	a.mu.Lock()   // a worker that is being started now is waited for, and none is from here on
	a.mu.Unlock() //nolint:staticcheck // see above
	a.workers.Wait()
	if a.shell != nil {
		a.shell.saves.closeAll()
	}
	a.forgetRemoved() //nolint:contextcheck // ctx has ended
	return a.Close()
}

// work starts the worker of a cluster; the caller holds a.mu. Before Run there is none.
func (a *App) work(c *conn) {
	if a.ctx == nil || a.ctx.Err() != nil {
		close(c.done)
		return
	}
	ctx, cancel := context.WithCancel(a.ctx)
	c.cancel = cancel
	a.workers.Go(func() { c.run(ctx) })
}

// running returns the context of Run; nil before it.
func (a *App) running() context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ctx
}

// conn returns the connection of a cluster.
func (a *App) conn(id string) (*conn, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.conns[id]; ok {
		return c, nil
	}
	return nil, refuse(404, "not_found", "there is no saved cluster with this id")
}

// add saves a new cluster and starts its worker.
func (a *App) add(in SaveCluster) (*conn, error) {
	if err := in.clean(); err != nil {
		return nil, err
	}
	e := entry{ID: newID(), SaveCluster: in}
	c, err := a.newConn(e)
	if err != nil {
		return nil, err
	}
	if err := a.list.put(e); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.conns[e.ID] = c
	if a.ctx != nil {
		a.work(c)
	}
	a.mu.Unlock()
	a.changes.add(ChangeList, e.ID)
	return c, nil
}

// edit replaces what is saved of a cluster.
func (a *App) edit(ctx context.Context, c *conn, in SaveCluster) error {
	if err := in.clean(); err != nil {
		return err
	}
	if err := a.list.put(entry{ID: c.id, SaveCluster: in}); err != nil {
		return err
	}
	a.changes.add(ChangeList, c.id)
	return c.change(ctx, in)
}

// clusters describes every saved cluster, in the order of the list.
func (a *App) clusters() []Cluster {
	out := []Cluster{}
	for _, e := range a.list.all() {
		if c, err := a.conn(e.ID); err == nil {
			out = append(out, c.show())
		}
	}
	return out
}

func (a *App) ids() []string {
	var out []string
	for _, e := range a.list.all() {
		out = append(out, e.ID)
	}
	return out
}

// signedInIDs returns the clusters that somebody is signed in to.
func (a *App) signedInIDs() []string {
	var out []string
	for _, id := range a.ids() {
		if c, err := a.conn(id); err == nil && c.account() != "" {
			out = append(out, id)
		}
	}
	return out
}

// wakeAll makes every worker look now.
func (a *App) wakeAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.conns {
		c.poke()
	}
}

// lookFor is how long one call counts as somebody who looks: longer than a long poll.
const lookFor = 40 * time.Second

// attention knows whether somebody looks at the clusters.
type attention struct {
	clock func() time.Time
	begin func() // called when somebody begins to look
	until atomic.Int64
}

// mark says that somebody looks now.
func (l *attention) mark() {
	now := l.clock()
	if l.until.Swap(now.Add(lookFor).UnixNano()) < now.UnixNano() {
		l.begin()
	}
}

// now says whether somebody looks.
func (l *attention) now() bool { return l.clock().UnixNano() < l.until.Load() }

// newID returns 26 characters of chance.
func newID() string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(randomBytes(16)))
}

// DefaultDir returns the folder of the app below the user's configuration folder.
func DefaultDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find configuration folder: %w", err)
	}
	return filepath.Join(dir, "signalbox"), nil
}
