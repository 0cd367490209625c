package node

import (
	"context"
	"slices"
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
		var keys [][]byte
		if err := r.n.peers.Call(ctx, peer.Target{ID: v.ID, Control: v.Control}, "/gossip-ring", nil, &keys); err != nil {
			continue
		}
		if err := r.n.takeRing(keys); err != nil {
			r.n.log.WarnContext(ctx, "gossip keys of another node cannot be taken over", "name", v.Name, "error", err)
		}
	}
}

// takeRing adds the keys of another node. When that one has forgotten the key
// that this node encrypts with, this one was off while keys changed, and uses the
// other's.
func (n *Node) takeRing(keys [][]byte) error {
	var theirs []string
	for _, key := range keys {
		theirs = append(theirs, cluster.GossipKeyID(key))
	}
	ours := n.gossipKeys.IDs()
	if len(keys) == 0 || slices.Equal(ours, theirs) {
		return nil
	}
	for i, key := range keys {
		if slices.Contains(ours, theirs[i]) {
			continue
		}
		if err := n.gossipKeys.Install(key); err != nil {
			return err
		}
		n.log.Info("gossip key taken over from another node", "key", theirs[i])
	}
	if !slices.Contains(theirs, ours[0]) {
		return n.gossipKeys.Use(theirs[0])
	}
	return nil
}
