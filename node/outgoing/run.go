package outgoing

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	maxPings  = 16          // at a time
	firstWait = time.Second // before the second try of a far side that is down
)

// Run pings every enabled connection: when it is new, then as often as its
// definition says; sooner while it is down, so that its recovery is seen. It
// returns nil when ctx or the manager ends.
func (m *Manager) Run(ctx context.Context) error {
	ctx, done := m.bind(ctx)
	defer done()
	var pings sync.WaitGroup
	defer pings.Wait()
	slots := make(chan struct{}, maxPings)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
		case <-timer.C:
		}
		for _, c := range m.due(time.Now()) {
			pings.Go(func() {
				defer m.poke()
				defer c.release()
				select {
				case slots <- struct{}{}:
					defer func() { <-slots }()
				case <-ctx.Done():
					return
				}
				_ = c.ping(ctx) // the tracker has noted it
				c.schedule(time.Now())
			})
		}
		timer.Reset(m.untilNext(time.Now()))
	}
}

// due returns the connections to ping now, held and marked.
func (m *Manager) due(now time.Time) []*connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []*connection
	for _, c := range m.conns {
		if c.isDue(now) {
			due = append(due, c)
		}
	}
	return due
}

// untilNext tells how long Run may sleep.
func (m *Manager) untilNext(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	wait := time.Minute
	for _, c := range m.conns {
		if at, ok := c.next(); ok {
			wait = min(wait, at.Sub(now))
		}
	}
	return max(wait, time.Millisecond)
}

// isDue reports whether a ping is due, and if so marks and holds the connection.
func (c *connection) isDue(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.side == nil || c.pingEvery == 0 || c.pinging || now.Before(c.nextPing) {
		return false
	}
	c.pinging = true
	c.refs++
	return true
}

func (c *connection) next() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nextPing, c.side != nil && c.pingEvery > 0 && !c.pinging
}

// schedule says when the next ping is: after ping_every, or after a wait that
// doubles with each failure up to that. A tenth is left to chance, so that nodes
// do not ask in step.
func (c *connection) schedule(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := c.pingEvery
	if c.failures > 0 {
		wait = min(wait, firstWait<<min(c.failures-1, 16))
	}
	c.pinging = false
	c.nextPing = now.Add(time.Duration(float64(wait) * (0.95 + 0.1*rand.Float64())))
}
