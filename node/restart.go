package node

import (
	"context"
	"errors"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/member"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// ErrRestart ends Run of a node that was told to restart: what supervises the
// process has to start it again.
var ErrRestart = errors.New("the node ends to be started again")

// ErrRemoved ends Run, or keeps it from beginning, when an administrator removed
// the node from the cluster. Starting it again is of no use.
var ErrRemoved = member.ErrRemoved

// ErrClone ends Run when another box runs with the node's key. Starting it again is
// of no use either.
var ErrClone = cluster.ErrClone

var errUnsupervised = errors.New("nothing would start it again: it was started by hand; run it by systemd, with the unit that comes with it, or by signalbox up --nodes, or end and start it yourself")

// Restart has Run end gracefully with [ErrRestart]. It is refused when nothing
// would start the node again.
func (n *Node) Restart() error {
	if !n.opts.Supervised {
		return errUnsupervised
	}
	select {
	case n.restarts <- struct{}{}:
	default: // it is about to
	}
	return nil
}

// restartWord tells a node to restart.
type restartWord struct {
	// Started is of the process that is meant; the zero time means any.
	Started time.Time `json:"started"`
}

// restartTold restarts the node unless another process of it was meant.
func (n *Node) restartTold(_ context.Context, w restartWord) (struct{}, error) {
	if !w.Started.IsZero() && !w.Started.Equal(n.started) {
		return struct{}{}, nil // it is done
	}
	return struct{}{}, n.Restart()
}

// Restart implements admin.Cluster.
func (v clusterView) Restart(ctx context.Context, name string) (client.Node, error) {
	const op = "restart node"
	m, err := v.find(op, name)
	if err != nil {
		return client.Node{}, err
	}
	before := v.one(ctx, m.ID)
	if before.Started.IsZero() {
		return client.Node{}, odb.Errorf(odb.Conflict, op, m.Name, "it does not answer, so it cannot be told to")
	}
	if m.Local {
		err = v.n.Restart()
	} else {
		err = v.n.peers.Call(ctx, targetOf(m), "/restart", struct{}{}, nil)
	}
	if refusal, ok := errors.AsType[*peer.Refusal](err); ok {
		err = errors.New(refusal.Reason)
	}
	if err != nil {
		return client.Node{}, odb.Errorf(odb.Conflict, op, m.Name, "%w", err)
	}
	return before, nil
}

// one returns a node as it says that it is.
func (v clusterView) one(ctx context.Context, id string) client.Node {
	for _, n := range v.Nodes(ctx) {
		if n.ID == id {
			return n
		}
	}
	return client.Node{}
}

// GossipKeys implements admin.Cluster.
func (v clusterView) GossipKeys(ctx context.Context) []client.KeyedNode {
	var out []client.KeyedNode
	for _, s := range v.n.hellos(ctx) {
		k := client.KeyedNode{Name: s.View.Name, Keys: s.Answer.GossipKeys}
		if s.Err != nil {
			k.Error = s.Err.Error()
		}
		if k.Keys == nil {
			k.Keys = []string{}
		}
		out = append(out, k)
	}
	return out
}
