package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"reflect"
	"time"

	"signalbox.internal/node/admin/client"
)

// How often a cluster is asked. While somebody looks, one that is up is asked by long
// poll, or every glance when nobody is signed in; one that is down comes back within
// seconds. While nobody looks, all are left in peace.
const (
	glance      = 15 * time.Second
	idle        = time.Minute
	firstRetry  = time.Second
	slowRetry   = 30 * time.Second
	idleRetry   = 30 * time.Second
	longestRest = 10 * time.Minute
	refreshTime = 20 * time.Second // longer than a silent address takes to be given up
	pollTime    = 40 * time.Second
	freshFor    = 10 * time.Second // figures move without an event
	settleTime  = 2 * time.Second  // a cluster that is not level soon is
	keepEvery   = 5 * time.Minute  // what is unchanged is written again for its age
)

// run asks after the cluster until ctx ends. Only its own cluster can hold it up. After
// a mistake of the app itself it begins anew.
func (c *conn) run(ctx context.Context) {
	defer close(c.done)
	defer c.keep()
	for ctx.Err() == nil {
		c.reports.contain("worker", func() { c.watch(ctx) })
		c.rest(ctx, slowRetry)
	}
}

func (c *conn) watch(ctx context.Context) {
	failures, cursor := 0, ""
	for ctx.Err() == nil {
		up := c.refresh(ctx)
		if ctx.Err() != nil {
			return
		}
		c.tellExpiry()
		if up {
			failures = 0
			if c.signedInNow() && c.looked() {
				var again bool
				if cursor, again = c.listen(ctx, cursor); again {
					continue
				}
			}
		} else {
			failures, cursor = failures+1, ""
		}
		c.rest(ctx, c.announceNext(up, c.pause(up, failures)))
	}
}

// pause is how long the worker rests.
func (c *conn) pause(up bool, failures int) time.Duration {
	d := glance
	switch looked := c.looked(); {
	case up && !looked:
		d = idle
	case !up && looked:
		d = min(slowRetry, firstRetry<<min(failures-1, 10))
	case !up:
		d = min(longestRest, idleRetry<<min(failures-1, 10))
	}
	d += time.Duration(rand.Int64N(int64(d)/5 + 1))
	if left := c.untilExpiry(); left > 0 {
		d = min(d, left)
	}
	return d
}

func (c *conn) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.wake:
	case <-ctx.Done():
	}
}

func (c *conn) signedInNow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cred != nil
}

// refresh asks the cluster how it is and returns whether a node answered.
func (c *conn) refresh(ctx context.Context) bool {
	token := c.tokenNow(ctx)
	call, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	way := c.via()
	status, nodes, err := c.ask(call, way, token)
	if ctx.Err() != nil {
		return false
	}
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusUnauthorized {
		c.refused(ctx, token, p.Detail)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.way != way {
		return false // an answer from where the cluster was before
	}
	if down, why := unreachable(err); down {
		if errors.Is(err, context.DeadlineExceeded) {
			silent := int(way.last.Load())
			way.notes.tried(silent, errSilent)
			way.skip(silent)
		}
		c.setState(StateDown, why)
		return false
	}
	now := c.now().UTC()
	c.mem.Seen = &now
	c.setState(StateUp, troubled(err))
	if status != nil {
		c.learn(now, status, nodes)
	}
	return true
}

// tokenNow returns the token, or none when the vault is locked or silent: what can be
// seen without is seen.
func (c *conn) tokenNow(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*ringTime)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return ""
	}
	return token
}

// ask reads what a token allows to see; without one, only whether a node answers.
func (c *conn) ask(ctx context.Context, way *failover, token string) (*client.Status, []client.Node, error) {
	cl, err := c.client(way, token)
	if err != nil {
		return nil, nil, err
	}
	if token == "" {
		_, err := cl.Health(ctx)
		return nil, nil, err
	}
	status, err := cl.Status(ctx)
	if err != nil {
		return nil, nil, err
	}
	nodes, err := cl.Nodes(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &status, nodes, nil
}

// errSilent says that an address took a connection and then said nothing.
var errSilent = errors.New("it did not answer in time")

// unreachable says whether no node answered. One that answers with a problem does.
func unreachable(err error) (down bool, why string) {
	if err == nil {
		return false, ""
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		if p.Code == "" { // whatever answers is no node
			return true, p.Detail
		}
		return false, ""
	}
	return true, reason(err)
}

// troubled tells what a node that answers says is wrong.
func troubled(err error) string {
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status != http.StatusUnauthorized {
		return p.Detail
	}
	return ""
}

// learn keeps what the cluster said; the caller holds c.mu.
func (c *conn) learn(at time.Time, status *client.Status, nodes []client.Node) {
	same := c.mem.Status != nil && reflect.DeepEqual(*c.mem.Status, *status) && sameNodes(c.mem.Nodes, nodes)
	stale := at.Sub(c.mem.At) > keepEvery
	c.mem.At, c.mem.Status, c.mem.Nodes = at, status, nodes
	if !same || stale {
		c.remember()
	}
	if !same {
		c.tell(ChangeStatus)
	}
}

// sameNodes compares nodes without what changes with every look.
func sameNodes(a, b []client.Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.Heard, y.Heard, x.InFlight, y.InFlight = time.Time{}, time.Time{}, 0, 0
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// listen waits for an event of the cluster and returns the cursor behind it. again
// says that there is reason to look at once; otherwise it could not listen.
func (c *conn) listen(ctx context.Context, cursor string) (next string, again bool) {
	token, err := c.token(ctx)
	if err != nil || token == "" {
		return "", false
	}
	cl, err := c.client(c.via(), token)
	if err != nil {
		return "", false
	}
	call, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	woken := make(chan bool, 1)
	go func() { // a sign-out or a new address ends the wait
		select {
		case <-c.wake:
			woken <- true
			cancel()
		case <-call.Done():
			woken <- false
		}
	}()
	events, err := cl.Events(call, cursor)
	quiet := err != nil && call.Err() != nil
	cancel()
	if <-woken || ctx.Err() != nil {
		return "", true
	}
	if quiet {
		return cursor, true
	}
	if err != nil {
		return "", false
	}
	if len(events.Events) > 0 || events.Reset {
		c.tell(ChangeCluster)
	}
	return events.Cursor, true
}

// untilExpiry is the time until the sign-in has something to tell; 0: nothing.
func (c *conn) untilExpiry() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mem.Expires == nil || c.toldEnd {
		return 0
	}
	left := c.mem.Expires.Sub(c.now())
	if !c.toldSoon && left > soon {
		return left - soon + time.Millisecond
	}
	return max(left, 0) + time.Millisecond
}

// tellExpiry tells once that the sign-in ends soon, and once that it has ended.
func (c *conn) tellExpiry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mem.Expires == nil {
		return
	}
	left := c.mem.Expires.Sub(c.now())
	if left < soon && !c.toldSoon || left <= 0 && !c.toldEnd {
		c.toldSoon, c.toldEnd = true, left <= 0
		c.tell(ChangeSignIn)
	}
}

// keep writes what is known once more, with its true age, when the worker ends.
func (c *conn) keep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mem.Seen != nil || c.mem.Account != "" {
		c.remember()
	}
}

// patience is how long the worker listens before it looks again.
func (c *conn) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.mem.Status; s != nil && !s.Level {
		return settleTime
	}
	return freshFor
}
