package node

import (
	"context"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/peer"
)

// ringEvery is how often a node that does not hear all others compares its gossip
// keys with theirs.
const ringEvery = 5 * time.Second

// ringSync brings a node that was off while gossip keys changed back: it asks
// members by mutual TLS, which does not need those keys.
type ringSync struct{ n *Node }

// Run compares until ctx ends.
func (r ringSync) Run(ctx context.Context) error {
	tick := time.NewTicker(ringEvery)
	defer tick.Stop()
	for {
		r.compare(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// compare asks the nodes that gossip does not hear for their keys.
func (r ringSync) compare(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askPeers)
	defer cancel()
	for _, v := range r.n.roster.Views() {
		if v.Local || v.Control == "" || v.Gossips {
			continue
		}
		var ring cluster.GossipRing
		if err := r.n.peers.Call(ctx, peer.Target{ID: v.ID, Control: v.Control}, "/gossip-ring", nil, &ring); err != nil {
			continue
		}
		taken, err := r.n.gossipKeys.Adopt(ring)
		switch {
		case err != nil:
			r.n.log.WarnContext(ctx, "gossip keys of another node cannot be taken over", "name", v.Name, "error", err)
		case taken:
			r.n.log.InfoContext(ctx, "gossip keys taken over from another node", "name", v.Name, "keys", r.n.gossipKeys.IDs())
			r.n.roster.Rejoin(ctx)
		}
	}
}
