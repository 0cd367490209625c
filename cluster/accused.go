package cluster

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// ask asks whoever is said to be gone before it is given up. memberlist takes
// anybody's word for a death, that of a node which itself hears nobody too; who
// is well objects, but is held to be gone until that is heard.
func (g *Gossip) ask(ctx context.Context) error {
	again := time.NewTicker(g.pace.rejoin)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.asking:
		case <-again.C:
		}
		var wg sync.WaitGroup
		for _, n := range g.accused() {
			wg.Go(func() { g.askOne(ctx, n) })
		}
		wg.Wait()
	}
}

// askOne gives a process up that does not answer. With one that does, states are
// exchanged: it learns what is said of it, and memberlist that it is there.
func (g *Gossip) askOne(ctx context.Context, n memberlist.Node) {
	if g.answers(ctx, n) {
		if _, err := g.list.Join([]string{nodeAddress(&n)}); err != nil {
			g.log.Debug("a node that answers could not be told that it is given up", "address", nodeAddress(&n), "error", err)
		}
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.seen[n.Name]
	if ctx.Err() != nil || i == nil || !i.accused {
		return // it objected by now, or said goodbye
	}
	g.turn(i, Unknown, time.Now())
}

// accused returns the processes that are to be asked.
func (g *Gossip) accused() (out []memberlist.Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range g.seen {
		if i.accused {
			out = append(out, i.node)
		}
	}
	return out
}

func (g *Gossip) wakeAsk() {
	select {
	case g.asking <- struct{}{}:
	default:
	}
}

// answers reports whether a process answers under its own name.
func (g *Gossip) answers(ctx context.Context, n memberlist.Node) bool {
	addr := &net.UDPAddr{IP: n.Addr, Port: int(n.Port)}
	for range 3 {
		if _, err := g.list.Ping(n.Name, addr); err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}
