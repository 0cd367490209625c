package quickjs

import (
	"sync"
	"time"
)

// pool keeps the idle machines of one package, the last used one on top: under
// little load the others grow old and are closed.
type pool struct {
	mu     sync.Mutex
	idle   []*machine
	closed bool
}

// take returns an idle machine, or nil.
func (p *pool) take() *machine {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	m := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return m
}

// put keeps a machine for later, or closes it when the pool is closed.
func (p *pool) put(m *machine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		m.close()
		return
	}
	m.idle = time.Now()
	p.idle = append(p.idle, m)
}

// sweep closes the machines that are idle since before the instant, but for keep
// of them, and returns those and how many old ones it kept.
func (p *pool) sweep(before time.Time, keep int) (closed []*machine, kept int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && !p.idle[old].idle.After(before) {
		old++
	}
	kept = min(keep, old)
	closed = p.idle[:old-kept]
	for _, m := range closed {
		m.close()
	}
	p.idle = append([]*machine(nil), p.idle[old-kept:]...)
	return closed, kept
}

func (p *pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// close closes the idle machines; those in use close when they are put back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, m := range p.idle {
		m.close()
	}
	p.idle = nil
}
