package node

import (
	"context"
	"time"

	"signalbox.internal/lb"
	"signalbox.internal/odb"
)

// rotationEvery is how often the balancer is held to what the node is given.
const rotationEvery = 100 * time.Millisecond

// rotator keeps the balancer's own backend in the rotation that an administrator
// gave the node.
type rotator struct{ n *Node }

// Run follows the roster until ctx ends.
func (r rotator) Run(ctx context.Context) error {
	tick := time.NewTicker(rotationEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.n.rotate()
		}
	}
}

// rotate puts the node's rotation into force, unless the node is about to stop.
func (n *Node) rotate() {
	if n.stopping.Load() || !n.begun() {
		return
	}
	want, ok := n.given()
	if !ok {
		return
	}
	if local := n.balancer.Local(); local.State() != want {
		n.log.Info("rotation changed", "backend", string(want), "in_flight", n.balancer.InFlight())
		local.SetState(want)
	}
}

// given is the state that the node's rotation gives its backend; false when the
// rotation is not known.
func (n *Node) given() (lb.State, bool) {
	self, ok := n.roster.Self()
	switch {
	case ok && self.Rotation == odb.Draining:
		return lb.Draining, true
	case ok && self.Rotation == odb.Maintenance:
		return lb.Maintenance, true
	}
	return lb.Up, ok
}
