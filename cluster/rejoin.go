package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Why a process is no member.
var (
	errForeignName  = errors.New("its name is not that of a node")
	errRemoved      = errors.New("the node was removed from the cluster")
	errRefusedClone = errors.New("another box runs with the same key and was there before")
)

// atOnce is how many addresses are tried at a time.
const atOnce = 8

// rejoin keeps trying every address where a member may be and none is heard of:
// after a cut, a move or a cold start nobody has to help.
func (g *Gossip) rejoin(ctx context.Context) error {
	g.reach(ctx)
	return every(ctx, g.pace.rejoin, func() error {
		g.doubt()
		g.reach(ctx)
		return nil
	})
}

// Rejoin tries every known address now: for a hint from elsewhere that somebody is there.
func (g *Gossip) Rejoin(ctx context.Context) { g.reach(ctx) }

func (g *Gossip) reach(ctx context.Context) {
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for _, addr := range g.absent() {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if _, err := g.list.Join([]string{addr}); err != nil {
				g.log.Debug("nobody joins at this address", "address", addr, "error", err)
			}
		})
	}
	wg.Wait()
}

// absent returns the addresses to try: those of the seeds and of members that
// fell silent, without those of members that are up.
func (g *Gossip) absent() []string {
	var want []string
	if g.cfg.Seeds != nil {
		want = g.cfg.Seeds()
	}
	up := map[string]bool{g.Address(): true}
	for _, m := range g.Members() {
		if m.State == Up {
			up[m.Address] = true
		} else {
			want = append(want, m.Address)
		}
	}
	slices.Sort(want)
	return slices.DeleteFunc(slices.Compact(want), func(a string) bool { return a == "" || up[a] })
}
