package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"signalbox.internal/frontend/page"
	"signalbox.internal/node/admin/client"
)

// PagePolicy is the content security policy of the user interface.
const PagePolicy = page.Policy

// startLife is how long a start link is good for.
const startLife = 5 * time.Minute

// ConsoleConfig is what a console for a plain browser needs.
type ConsoleConfig struct {
	API      http.Handler // App.Handler; required
	UI       fs.FS        // the built user interface; nil serves the API alone
	Listener net.Listener // on the loopback interface; required. Run closes it
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
}

// Console serves the user interface to a browser on this machine. Only who has a start
// link gets in, once for each link, and only that browser stays in.
type Console struct {
	cfg  ConsoleConfig
	log  *slog.Logger
	addr netip.AddrPort

	mu     sync.Mutex
	starts map[[sha256.Size]byte]time.Time // until when a start token is good
	inside map[[sha256.Size]byte]bool      // cookies
}

// NewConsole checks cfg; nothing is served before Run.
func NewConsole(cfg ConsoleConfig) (*Console, error) {
	if cfg.API == nil || cfg.Listener == nil {
		return nil, errors.New("console config: API and Listener are needed")
	}
	addr, err := netip.ParseAddrPort(cfg.Listener.Addr().String())
	if err != nil || !addr.Addr().IsLoopback() {
		return nil, fmt.Errorf("console config: it listens on the loopback interface only, not on %s", cfg.Listener.Addr())
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Console{
		cfg: cfg, addr: addr, log: cfg.Log.With("component", "console"),
		starts: map[[sha256.Size]byte]time.Time{}, inside: map[[sha256.Size]byte]bool{},
	}, nil
}

// Link returns a link that lets one browser in, once, within five minutes. Whoever has
// it can do what the user can: it goes to the user's browser and nowhere else.
func (c *Console) Link() string {
	token := secretText()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	for hash, until := range c.starts {
		if !now.Before(until) {
			delete(c.starts, hash)
		}
	}
	c.starts[sha256.Sum256([]byte(token))] = now.Add(startLife)
	return "http://" + c.addr.String() + "/?start=" + token
}

func secretText() string { return base64.RawURLEncoding.EncodeToString(randomBytes(32)) }

// Run serves until ctx ends.
func (c *Console) Run(ctx context.Context) error {
	srv := &http.Server{
		Handler: c.guard(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- errors.Join(srv.Shutdown(end), srv.Close())
	})
	err := srv.Serve(c.cfg.Listener)
	if stop() { // it ended by itself
		return fmt.Errorf("serve console: %w", err)
	}
	return <-stopped
}

// guard lets in only the browser that has the cookie, and only pages of our own.
func (c *Console) guard() http.Handler {
	pages := c.pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.Headers(w.Header())
		start := r.URL.Query().Get("start")
		switch {
		case !c.ownHost(r.Host):
			writeProblem(w, refuse(http.StatusMisdirectedRequest, client.CodeForbidden, "this is not the name of the console"))
		case start != "" && r.URL.Path == "/" && r.Method == http.MethodGet:
			c.start(w, start)
		case !page.Own(r, "http://"+r.Host):
			writeProblem(w, refuse(http.StatusForbidden, client.CodeForbidden, "another site may not call the console"))
		case !c.known(r):
			writeProblem(w, refuse(http.StatusUnauthorized, client.CodeUnauthorized, "this browser was not let in, or the console was started anew: open the link that it printed"))
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// ownHost refuses names that somebody else made point to this machine.
func (c *Console) ownHost(host string) bool {
	return host == c.addr.String() || host == fmt.Sprintf("localhost:%d", c.addr.Port())
}

// cookieName has the port, for cookies do not know ports and two consoles may run.
func (c *Console) cookieName() string { return fmt.Sprintf("signalbox-%d", c.addr.Port()) }

// start takes a start token, which is then void, and lets the browser in.
func (c *Console) start(w http.ResponseWriter, token string) {
	hash := sha256.Sum256([]byte(token))
	cookie := secretText()
	c.mu.Lock()
	until, good := c.starts[hash]
	delete(c.starts, hash)
	if good = good && c.cfg.Now().Before(until); good {
		c.inside[sha256.Sum256([]byte(cookie))] = true
	}
	c.mu.Unlock()
	if !good {
		writeProblem(w, refuse(http.StatusUnauthorized, client.CodeUnauthorized, "the link was used already, or is too old: start the console anew"))
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // plain HTTP on the loopback interface has no Secure cookies
		Name: c.cookieName(), Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", (&url.URL{Path: "/"}).String())
	w.WriteHeader(http.StatusSeeOther)
}

// known says whether the request has the cookie of a browser that was let in.
func (c *Console) known(r *http.Request) bool {
	cookie, err := r.Cookie(c.cookieName())
	if err != nil {
		return false
	}
	hash := sha256.Sum256([]byte(cookie.Value))
	c.mu.Lock()
	defer c.mu.Unlock()
	for one := range c.inside {
		if subtle.ConstantTimeCompare(one[:], hash[:]) == 1 {
			return true
		}
	}
	return false
}

// pages serves the API and the built user interface, whose routes live in index.html.
func (c *Console) pages() http.Handler {
	mux := http.NewServeMux()
	if c.cfg.UI != nil {
		files := http.FileServerFS(c.cfg.UI)
		mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
			if info, err := fs.Stat(c.cfg.UI, pathIn(r.URL.Path)); err != nil || info.IsDir() {
				r.URL.Path = "/"
			}
			files.ServeHTTP(w, r)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) { // not through the mux, which would clean the path
			c.cfg.API.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
