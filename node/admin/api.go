package admin

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// API answers the admin API. Any number of goroutines may use it.
type API struct {
	cfg      Config
	router   *chi.Mux
	routes   []route
	reader   reader
	guard    *guard
	sessions *sessions
	locks    *lockouts
	claim    claimCode
	checking chan struct{} // admits so many checks of packages at a time
	hashing  chan struct{} // admits so many password hashes at a time
	accounts sync.Mutex    // serialises changes of accounts, so that an admin remains
	rotating sync.Mutex    // one rotation of keys at a time
	backing  sync.Mutex    // held while a backup is made
	counters *counters
	lookers  lookers
	outcomes *outcomes
	openapi  func() ([]byte, error)
}

// New checks cfg and returns the API; it reads nothing yet.
func New(cfg Config) (*API, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	a := &API{
		cfg: cfg, reader: reader{store: cfg.Store, running: cfg.Snapshot, log: cfg.Log}, guard: newGuard(cfg.Now),
		sessions: newSessions(cfg.Now), locks: newLockouts(cfg), claim: claimCode{now: cfg.Now}, hashing: make(chan struct{}, 2), checking: make(chan struct{}, maxChecks), outcomes: newOutcomes(cfg.Now),
	}
	var err error
	if a.counters, err = newCounters(cfg.Registerer); err != nil {
		return nil, fmt.Errorf("admin: register counters: %w", err)
	}
	a.routes = a.table()
	a.openapi = sync.OnceValues(func() ([]byte, error) { return document(a.routes) })
	a.router = chi.NewRouter()
	a.router.NotFound(a.notFound)
	a.router.MethodNotAllowed(a.methodNotAllowed)
	for _, rt := range a.routes {
		a.router.MethodFunc(rt.method, rt.path, a.serve(rt))
	}
	return a, nil
}

// Close ends the long polls that wait, so that a server can drain, and the calls
// that nobody waits for.
func (a *API) Close() {
	a.cfg.Events.Close()
	a.outcomes.close()
}

// ServeHTTP answers one request: correlation id, security headers, then the
// route. A panic ends the request with 500 and not the node.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cid := r.Header.Get("X-Correlation-ID")
	if !validCID(cid) {
		cid = odb.NewID()
		r.Header.Set("X-Correlation-ID", cid)
	}
	h := w.Header()
	h.Set("X-Correlation-ID", cid)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	defer a.contain(w, r)
	a.router.ServeHTTP(w, r)
}

// contain, deferred, turns a panic into an answer and a line in the log.
func (a *API) contain(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	a.cfg.Log.ErrorContext(r.Context(), "request panicked", "cid", r.Header.Get("X-Correlation-ID"), "method", r.Method,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	writeProblem(w, r, refuse(http.StatusInternalServerError, client.CodeInternal, internalDetail))
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, refuse(http.StatusNotFound, client.CodeNotFound, "there is no such address in the admin API; its description is at %s/openapi.json", client.Prefix))
}

// methodNotAllowed tells which methods the address takes.
func (a *API) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, rt := range a.routes {
		path := r.URL.RawPath
		if path == "" {
			path = r.URL.Path
		}
		if !slices.Contains(allowed, rt.method) && a.router.Match(chi.NewRouteContext(), rt.method, path) {
			allowed = append(allowed, rt.method)
		}
	}
	slices.Sort(allowed)
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	writeProblem(w, r, refuse(http.StatusMethodNotAllowed, client.CodeMethod, "this address takes %s", list))
}

// validCID reports whether a correlation id from outside may be kept.
func validCID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for _, r := range s {
		plain := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !plain && r != '.' && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
