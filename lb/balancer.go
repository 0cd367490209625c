// Package lb takes every request of the traffic port and hands it to a server
// that can answer it.
//
// It offers [Balancer], an [http.Handler] that gives each request a correlation
// id and a believable client address, refuses what is malformed, admits no more
// requests at a time than the limits say, answers the health path, and drains.
// What it refuses it counts by reason.
//
// So far the one [Backend] is the server of this very process; it is called as a
// function, without a second hop. The package routes by no path (node/channel
// does), writes no error document (the caller hands in how), and imports no other
// package of this module.
package lb

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// PingPath is the health path, which no channel can have.
const PingPath = "/signalbox/ping"

// Limits are the settings that may change while the balancer runs.
type Limits struct {
	MaxInFlight    int            // most requests at a time; 0 means no limit
	QueueFor       time.Duration  // how long a request beyond that waits for its turn
	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For is believed; never changed in place
}

// Config is what a balancer needs.
type Config struct {
	Local http.Handler // the server of this node; required
	// Refuse answers a request that goes to no server. It is called with a status
	// of 400 or more and a code that never changes its meaning; a retryAfter above
	// 0 belongs into Retry-After. Required.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code, detail string, retryAfter time.Duration)
	Limits func() Limits // asked at each request, so it must be quick; required
	Log    *slog.Logger  // nil means slog.Default()
	Now    func() time.Time
}

// Balancer is the handler of the traffic port. It changes the request that it is
// given: correlation id, forwarding headers and RemoteAddr are put right in place.
type Balancer struct {
	refuse  func(w http.ResponseWriter, r *http.Request, status int, code, detail string, retryAfter time.Duration)
	limits  func() Limits
	log     *slog.Logger
	local   *Backend
	gate    gate
	taken   counter
	refused [refusals]counter
}

// New returns a balancer whose local backend is down: requests get 503 until
// [Backend.SetState] says that it is up.
func New(cfg Config) (*Balancer, error) {
	switch {
	case cfg.Local == nil:
		return nil, errors.New("balancer config: the local handler is missing")
	case cfg.Refuse == nil:
		return nil, errors.New("balancer config: the function that refuses is missing")
	case cfg.Limits == nil:
		return nil, errors.New("balancer config: the limits are missing")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	b := &Balancer{
		refuse: cfg.Refuse, limits: cfg.Limits,
		log:   cmp.Or(cfg.Log, slog.Default()).With("component", "lb"),
		local: newBackend("local", cfg.Local, cfg.Now),
	}
	b.gate.idle.L = &b.gate.mu
	return b, nil
}

// Local returns the backend that is this process.
func (b *Balancer) Local() *Backend { return b.local }

// ServeHTTP answers one request, by a backend or with a refusal.
func (b *Balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.taken.Add(1)
	limits := b.limits()
	dropHopByHop(r.Header)
	cid := correlate(r.Header)
	w.Header()[cidHeader] = cid
	if why, detail := checkTarget(r); why != admitted {
		if why == refusedMethod {
			w.Header()["Allow"] = []string{"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}
		}
		b.turnAway(w, r, why, detail)
		return
	}
	placeClient(r, limits.TrustedProxies)
	if r.URL.Path == PingPath {
		b.ping(w, r)
		return
	}
	why := b.gate.enter(r.Context(), limits)
	if why != admitted {
		b.turnAway(w, r, why, "")
		return
	}
	defer b.gate.leave(b.limits)
	backend, why := b.pick()
	if why != admitted {
		b.turnAway(w, r, why, "")
		return
	}
	backend.handler.ServeHTTP(w, r)
}

// pick chooses the backend for a request that has been counted already, so that a
// drain that begins now waits for it.
func (b *Balancer) pick() (*Backend, refusal) {
	switch b.local.State() {
	case Up:
		return b.local, admitted
	case Draining, Maintenance:
		return nil, refusedDraining
	default:
		return nil, refusedDown
	}
}

// ping answers the health path, past all limits: a full node is not a dead one.
func (b *Balancer) ping(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header()["Allow"] = []string{"GET, HEAD"}
		b.turnAway(w, r, refusedMethod, "the health path takes GET and HEAD")
		return
	}
	if _, why := b.pick(); why != admitted {
		b.turnAway(w, r, why, "")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("{\"pong\":true}\n"))
}

// turnAway refuses a request and counts it.
func (b *Balancer) turnAway(w http.ResponseWriter, r *http.Request, why refusal, detail string) {
	b.refused[why].Add(1)
	k := refusalKinds[why]
	if why == refusedDraining {
		w.Header()["Connection"] = []string{"close"} // the client's next request finds another node
	}
	b.refuse(w, r, k.status, k.code, cmp.Or(detail, k.detail), k.retryAfter)
}
