package console

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"signalbox.internal/frontend/page"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/problem"
)

// Config is what a console is of.
type Config struct {
	API         http.Handler // the admin API, an *admin.API; required
	Pages       fs.FS        // the user interface; required
	Cluster     string       // name
	Fingerprint string       // SHA-256 of the certificate of the cluster's authority, in hexadecimal digits
	Version     string       // of the program; told to those who have signed in
	Started     time.Time
	Now         func() time.Time // nil means time.Now
}

// Console answers the control port. Any number of goroutines may use it.
type Console struct {
	cfg   Config
	id    string // of the cluster, for the pages
	files *files
	api   *http.ServeMux

	waiting chan struct{} // has a place for each poll of a browser that nobody has signed in with
	closed  chan struct{}
	once    sync.Once
}

// maxStrangers is how many browsers that nobody has signed in with may wait for
// changes.
const maxStrangers = 100

// New checks cfg and reads the list of pages.
func New(cfg Config) (*Console, error) {
	if cfg.API == nil || cfg.Pages == nil || len(cfg.Fingerprint) < 16 {
		return nil, errors.New("console config: API, Pages and Fingerprint are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f, err := openFiles(cfg.Pages)
	if err != nil {
		return nil, err
	}
	c := &Console{cfg: cfg, id: cfg.Fingerprint[:16], files: f, waiting: make(chan struct{}, maxStrangers), closed: make(chan struct{})}
	c.api = c.routes()
	return c, nil
}

// Close ends the polls that wait, so that a server can drain.
func (c *Console) Close() { c.once.Do(func() { close(c.closed) }) }

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == client.Prefix || strings.HasPrefix(path, client.Prefix+"/"):
		c.cfg.API.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/api/"):
		c.serveAPI(w, r)
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && c.files.has(path):
		c.files.serve(w, r)
	default:
		c.cfg.API.ServeHTTP(w, r)
	}
}

// serveAPI answers a call of a page, and of nobody else's page.
func (c *Console) serveAPI(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !page.Own(r, "https://"+r.Host) {
		problem.Write(w, r, problem.Doc{Status: http.StatusForbidden, Code: client.CodeForbidden, Detail: "another site may not call the node"})
		return
	}
	r = admin.FromOwnPage(r)
	r.Header.Del("Authorization") // a page has its cookie and nothing else
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/clusters/"+c.id+"/v1"); ok && strings.HasPrefix(path, "/") {
		c.pass(w, r, path)
		return
	}
	c.api.ServeHTTP(w, r)
}

// pass has the admin API answer. What signs in and out goes by the calls of the pages,
// and joining is not for browsers.
func (c *Console) pass(w http.ResponseWriter, r *http.Request, path string) {
	switch path {
	case "/session", "/claim", "/join", "/join/commit":
		problem.Write(w, r, problem.Doc{Status: http.StatusForbidden, Code: "not_here", Detail: "this route is not passed on: sign in, sign out and claim by /api/clusters/" + c.id + "/…"})
		return
	}
	r2 := r.WithContext(r.Context())
	r2.URL = &url.URL{RawPath: client.Prefix + path, RawQuery: r.URL.RawQuery}
	var err error
	if r2.URL.Path, err = url.PathUnescape(r2.URL.RawPath); err != nil {
		problem.Write(w, r, problem.Doc{Status: http.StatusBadRequest, Code: client.CodeBadRequest, Detail: "the path is not one of the admin API"})
		return
	}
	c.cfg.API.ServeHTTP(w, r2)
}
