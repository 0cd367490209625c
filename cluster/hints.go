package cluster

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/memberlist"
)

// The first byte of a message of ours.
const (
	hintMessage byte = 'H' // uvarint: a revision of the ODB
	echoMessage byte = 'E' // uvarint: a number to come back; then the sender's name
	backMessage byte = 'B' // uvarint: the number; uvarint: the clock in µs
	byeMessage  byte = 'G' // uvarint: 0; then the sender's name, who is about to end
)

// direct is how many members are told of a change at once; gossip tells the others.
const direct = 16

// hintBroadcast is a hint on its way; a newer one takes its place.
type hintBroadcast []byte

// Invalidates implements memberlist.Broadcast.
func (hintBroadcast) Invalidates(other memberlist.Broadcast) bool {
	_, ok := other.(hintBroadcast)
	return ok
}

// Message implements memberlist.Broadcast.
func (h hintBroadcast) Message() []byte { return h }

// Finished implements memberlist.Broadcast.
func (hintBroadcast) Finished() {}

// Name implements memberlist.NamedBroadcast.
func (hintBroadcast) Name() string { return "hint" }

// Hint tells all members that the ODB is at a revision. A lost hint costs at
// most a poll's interval.
func (g *Gossip) Hint(revision int64) {
	g.mu.Lock()
	if revision <= g.hinted {
		g.mu.Unlock()
		return
	}
	g.hinted = revision
	peers := g.peers()
	g.mu.Unlock()
	msg := binary.AppendUvarint([]byte{hintMessage}, uint64(revision)) //nolint:gosec // revisions count from 1
	g.hints.QueueBroadcast(hintBroadcast(msg))
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for i := range min(direct, len(peers)) {
		g.send(&peers[i], msg)
	}
}

// peers returns all other processes that are up; the caller holds the lock.
func (g *Gossip) peers() []memberlist.Node {
	var out []memberlist.Node
	for name, i := range g.seen {
		if name != g.name && i.state == Up && g.current(i.id) == i {
			out = append(out, i.node)
		}
	}
	return out
}

func (g *Gossip) send(to *memberlist.Node, msg []byte) {
	if err := g.list.SendBestEffort(to, msg); err != nil {
		g.log.Debug("message was not sent", "to", nodeAddress(to), "error", err)
	}
}

// NodeMeta implements memberlist.Delegate.
func (g *Gossip) NodeMeta(limit int) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.meta.encode(limit)
}

// NotifyMsg implements memberlist.Delegate. It reads strangers' bytes, though
// only of those who have the key.
func (g *Gossip) NotifyMsg(msg []byte) {
	if len(msg) < 2 {
		return
	}
	n, size := binary.Uvarint(msg[1:])
	if size <= 0 {
		return
	}
	rest := msg[1+size:]
	switch msg[0] {
	case hintMessage:
		if revision := int64(n); revision > 0 { //nolint:gosec // a negative one is refused here
			g.heardHint(revision)
		}
	case echoMessage:
		g.echoBack(n, string(rest))
	case byeMessage:
		g.heardBye(string(rest))
	case backMessage:
		if clock, size := binary.Uvarint(rest); size > 0 {
			g.cameBack(n, int64(clock)) //nolint:gosec // a wrong clock is only shown
		}
	}
}

// sayBye tells the others that this process ends of its own will: memberlist
// does not tell them that from a death.
func (g *Gossip) sayBye() {
	g.mu.Lock()
	peers := g.peers()
	g.mu.Unlock()
	for i := range peers {
		g.send(&peers[i], append([]byte{byeMessage, 0}, g.name...))
	}
}

// heardBye remembers that a process ended of its own will.
func (g *Gossip) heardBye(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.seen[name]
	if i == nil || name == g.name {
		return
	}
	i.bye = true
	if i.state == Unknown || i.accused {
		g.turn(i, Down, time.Now())
	}
}

// heardHint passes a hint that is news on: to this node, and to others by gossip.
func (g *Gossip) heardHint(revision int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if revision <= g.hinted {
		return
	}
	g.hinted = revision
	g.queue(Event{Type: Hinted, Revision: revision})
	g.hints.QueueBroadcast(hintBroadcast(binary.AppendUvarint([]byte{hintMessage}, uint64(revision)))) //nolint:gosec // positive
}

// GetBroadcasts implements memberlist.Delegate.
func (g *Gossip) GetBroadcasts(overhead, limit int) [][]byte {
	return g.hints.GetBroadcasts(overhead, limit)
}

// LocalState implements memberlist.Delegate: the revision goes along with each
// exchange of whole states, for those whom every hint missed.
func (g *Gossip) LocalState(bool) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return binary.AppendUvarint([]byte{hintMessage}, uint64(max(g.hinted, 0))) //nolint:gosec // not negative
}

// MergeRemoteState implements memberlist.Delegate.
func (g *Gossip) MergeRemoteState(buf []byte, _ bool) { g.NotifyMsg(buf) }
