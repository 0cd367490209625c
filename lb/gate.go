package lb

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// gate admits a bounded number of requests at a time and lets the next ones wait,
// first come, first served. The way without waiting takes no lock.
type gate struct {
	inFlight atomic.Int64
	waiting  atomic.Int64
	drains   atomic.Int64 // who waits for idle

	mu    sync.Mutex
	queue list.List // of chan struct{}, closed when its turn has come
	idle  sync.Cond // on mu: the last request has left, or one has stopped waiting
}

// enter takes a place, waiting for it if it must.
func (g *gate) enter(ctx context.Context, l Limits) refusal {
	if g.waiting.Load() == 0 && g.take(l.MaxInFlight) {
		return admitted
	}
	return g.wait(ctx, l)
}

// take takes a place if there is one.
func (g *gate) take(limit int) bool {
	for {
		n := g.inFlight.Load()
		if limit > 0 && n >= int64(limit) {
			return false
		}
		if g.inFlight.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// wait stands in the queue, which is as long as the limit at most.
func (g *gate) wait(ctx context.Context, l Limits) refusal {
	turn := make(chan struct{})
	g.mu.Lock()
	if l.MaxInFlight > 0 && g.queue.Len() >= l.MaxInFlight {
		g.mu.Unlock()
		return refusedQueue
	}
	g.waiting.Add(1) // before looking again: whoever leaves after that look sees it
	place := g.queue.PushBack(turn)
	g.admit(l.MaxInFlight)
	g.mu.Unlock()

	timer := time.NewTimer(l.QueueFor)
	defer timer.Stop()
	var why refusal
	select {
	case <-turn:
		return admitted
	case <-timer.C:
		why = refusedBusy
	case <-ctx.Done():
		why = refusedGone
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-turn: // its turn came at the same moment
		return admitted
	default:
	}
	g.queue.Remove(place)
	g.waiting.Add(-1)
	g.idle.Broadcast()
	return why
}

// leave gives the place back and lets the next one in.
func (g *gate) leave(limits func() Limits) {
	if g.inFlight.Add(-1) == 0 && g.drains.Load() > 0 {
		g.mu.Lock()
		g.idle.Broadcast()
		g.mu.Unlock()
	}
	if g.waiting.Load() > 0 {
		limit := limits().MaxInFlight
		g.mu.Lock()
		g.admit(limit)
		g.mu.Unlock()
	}
}

// admit lets waiting requests in while there are places. The caller holds mu.
func (g *gate) admit(limit int) {
	for front := g.queue.Front(); front != nil && g.take(limit); front = g.queue.Front() {
		turn, _ := g.queue.Remove(front).(chan struct{})
		g.waiting.Add(-1)
		close(turn)
	}
}

// drained waits until nothing is in flight and nothing waits, or ctx ends.
func (g *gate) drained(ctx context.Context) error {
	g.drains.Add(1)
	defer g.drains.Add(-1)
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.idle.Broadcast()
	})
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.inFlight.Load() > 0 || g.waiting.Load() > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g.idle.Wait()
	}
	return nil
}
