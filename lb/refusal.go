package lb

import (
	"net/http"
	"sync/atomic"
	"time"
)

type counter = atomic.Int64

// refusal is why a request goes to no server.
type refusal int

const (
	admitted refusal = iota
	refusedTarget
	refusedPath
	refusedMethod
	refusedBusy
	refusedQueue
	refusedGone
	refusedDraining
	refusedDown
	refusals
)

// refusalKinds says how each refusal is answered. The codes are stable.
var refusalKinds = [refusals]struct {
	status     int
	code       string
	detail     string
	retryAfter time.Duration
}{
	refusedTarget:   {http.StatusBadRequest, "invalid_target", "the request line does not name a path on this server", 0},
	refusedPath:     {http.StatusBadRequest, "invalid_path", "the path is not in its plain form", 0},
	refusedMethod:   {http.StatusMethodNotAllowed, "method_not_allowed", "the method is not allowed", 0},
	refusedBusy:     {http.StatusServiceUnavailable, "busy", "the node has as many requests as it may; none ended in time", time.Second},
	refusedQueue:    {http.StatusServiceUnavailable, "queue_full", "the node has as many requests as it may, and as many again waiting", time.Second},
	refusedGone:     {499, "canceled", "the client went away while the request waited", 0},
	refusedDraining: {http.StatusServiceUnavailable, "draining", "the node takes no new requests", 5 * time.Second},
	refusedDown:     {http.StatusServiceUnavailable, "not_ready", "the node is not ready", time.Second},
}

// Stats are the balancer's figures since it was made.
type Stats struct {
	Taken    int64            // requests that came in, refused ones and pings included
	InFlight int64            // with a backend now
	Queued   int64            // waiting for their turn now
	Refused  map[string]int64 // by code
}

// Stats returns the figures of this moment.
func (b *Balancer) Stats() Stats {
	s := Stats{Taken: b.taken.Load(), InFlight: b.gate.inFlight.Load(), Queued: b.gate.waiting.Load(), Refused: map[string]int64{}}
	for why := range b.refused {
		if code := refusalKinds[why].code; code != "" {
			s.Refused[code] += b.refused[why].Load()
		}
	}
	return s
}

// InFlight returns how many requests are with a backend now.
func (b *Balancer) InFlight() int64 { return b.gate.inFlight.Load() }
