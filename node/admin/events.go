package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// The types of events.
const (
	EventRevision = "revision" // the ODB has a new revision
	EventDeploy   = "deploy"   // packages were deployed
	EventProblems = "problems" // the list of problems changed
	EventNode     = "node"     // something happened to a node
)

const (
	maxEvents  = 1000             // kept for those who come back
	pollFor    = 25 * time.Second // how long a poll waits
	maxPollers = 500
)

// Events keeps the newest events and wakes those who wait for the next. It is
// only a hint to look again: an event may be missing after a restart, and then
// the cursor says so.
type Events struct {
	now    func() time.Time
	epoch  string // of this run; a cursor of another run is no good
	mu     sync.Mutex
	ring   []client.Event // the newest is the last
	next   int64          // number of the next event
	newest int64          // newest revision published
	wake   chan struct{}  // closed at the next event
	closed bool
	poll   int // who waits
}

// NewEvents returns an empty list of events; nil now means time.Now.
func NewEvents(now func() time.Time) *Events {
	if now == nil {
		now = time.Now
	}
	id := odb.NewID()
	return &Events{now: now, epoch: id[len(id)-8:], next: 1, wake: make(chan struct{})}
}

// Publish adds an event. A revision that was published already is left out, so
// that both the API and the reconciler may tell of it.
func (e *Events) Publish(ev client.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ev.Type == EventRevision {
		if ev.Revision <= e.newest {
			return
		}
		e.newest = ev.Revision
	}
	if ev.At.IsZero() {
		ev.At = e.now().UTC()
	}
	if len(e.ring) == maxEvents {
		e.ring = append(e.ring[:0:0], e.ring[1:]...)
	}
	e.ring = append(e.ring, ev)
	e.next++
	if !e.closed {
		close(e.wake)
		e.wake = make(chan struct{})
	}
}

// Close ends all waits, now and later.
func (e *Events) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		close(e.wake)
	}
}

// After returns what happened after a cursor, and waits for something until ctx
// ends. An empty cursor gives the present one at once.
func (e *Events) After(ctx context.Context, cursor string) client.Events {
	for {
		got, wake := e.since(cursor)
		if wake == nil {
			return got
		}
		select {
		case <-wake:
			if e.isClosed() {
				return got
			}
		case <-ctx.Done():
			return got
		}
	}
}

func (e *Events) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// since returns what there is; wake is nil when that is an answer already.
func (e *Events) since(cursor string) (got client.Events, wake chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	got = client.Events{Events: []client.Event{}, Cursor: e.epoch + "-" + strconv.FormatInt(e.next, 10)}
	if cursor == "" {
		return got, nil
	}
	epoch, number, _ := strings.Cut(cursor, "-")
	from, err := strconv.ParseInt(number, 10, 64)
	oldest := e.next - int64(len(e.ring))
	if err != nil || epoch != e.epoch || from < oldest || from > e.next {
		got.Reset = true
		return got, nil
	}
	got.Events = append(got.Events, e.ring[from-oldest:]...)
	if len(got.Events) > 0 || e.closed {
		return got, nil
	}
	return got, e.wake
}

// enter counts a poller in; false when too many wait.
func (e *Events) enter() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.poll >= maxPollers {
		return false
	}
	e.poll++
	return true
}

func (e *Events) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.poll--
}

// events is the long poll of live views.
func (a *API) events(c *call) (any, error) {
	if !a.cfg.Events.enter() {
		p := refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "%d callers wait for events already", maxPollers)
		p.RetryAfter = 5 * time.Second
		return nil, p
	}
	defer a.cfg.Events.leave()
	ctx, cancel := context.WithTimeout(c.Context(), pollFor)
	defer cancel()
	return a.cfg.Events.After(ctx, c.URL.Query().Get("after")), nil
}
