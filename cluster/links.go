package cluster

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Link is how the way to another member is, as measured from here by small
// packets there and back.
type Link struct {
	ID      string        // of the other member
	RTT     time.Duration // smoothed; 0 before the first answer
	Loss    float64       // of the last packets (at most 32), both ways: 0 to 1
	Skew    time.Duration // the other's clock minus ours, within half of RTT
	Sent    int           // packets that Loss is of
	Answer  time.Time     // last one; zero: none yet
	TCPOnly bool          // UDP does not come back: gossip goes by TCP
	Silent  bool          // none of the last packets came back
}

// silentRun is how many packets in a row are not lost by chance.
const silentRun = 6

// link is what is measured of the way to one member.
type link struct {
	rtt, skew time.Duration
	results   uint32 // a bit a packet, the newest lowest; set: it came back
	sent      int    // of results, at most 32
	answer    time.Time
}

// echo is a packet under way.
type echo struct {
	id string
	at time.Time
}

// measure sends a packet to each member from time to time.
func (g *Gossip) measure(ctx context.Context) error {
	return every(ctx, g.pace.links, func() error {
		g.mu.Lock()
		g.expire(time.Now())
		peers := g.peers()
		g.mu.Unlock()
		for i := range peers {
			id, _, _ := splitName(peers[i].Name)
			g.mu.Lock()
			g.seq++
			seq := g.seq
			g.pending[seq] = echo{id: id, at: time.Now()}
			g.mu.Unlock()
			msg := binary.AppendUvarint([]byte{echoMessage}, seq)
			g.send(&peers[i], append(msg, g.name...))
		}
		return nil
	})
}

// expire counts the packets that had time enough to come back as lost.
func (g *Gossip) expire(now time.Time) {
	for seq, e := range g.pending {
		if now.Sub(e.at) >= g.pace.links {
			delete(g.pending, seq)
			g.linkTo(e.id).add(false)
		}
	}
	for id := range g.links {
		if g.current(id) == nil {
			delete(g.links, id)
		}
	}
}

func (g *Gossip) linkTo(id string) *link {
	l := g.links[id]
	if l == nil {
		l = &link{}
		g.links[id] = l
	}
	return l
}

func (l *link) add(came bool) {
	l.results <<= 1
	if came {
		l.results |= 1
	}
	l.sent = min(l.sent+1, 32)
}

// echoBack answers a measuring packet.
func (g *Gossip) echoBack(seq uint64, name string) {
	g.mu.Lock()
	i := g.seen[name]
	if i == nil {
		g.mu.Unlock()
		return
	}
	node := i.node
	g.mu.Unlock()
	msg := binary.AppendUvarint([]byte{backMessage}, seq)
	g.send(&node, binary.AppendUvarint(msg, uint64(time.Now().UnixMicro()))) //nolint:gosec // after 1970
}

// cameBack takes the answer to a measuring packet.
func (g *Gossip) cameBack(seq uint64, clock int64) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.pending[seq]
	if !ok {
		return
	}
	delete(g.pending, seq)
	l := g.linkTo(e.id)
	rtt := now.Sub(e.at)
	if l.rtt == 0 {
		l.rtt = rtt
	} else {
		l.rtt += (rtt - l.rtt) / 4
	}
	l.skew = time.UnixMicro(clock).Sub(e.at.Add(rtt / 2))
	l.answer = now
	l.add(true)
}

// Links returns the links to all members that were measured, in the order of their ids.
func (g *Gossip) Links() []Link {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Link
	for id, l := range g.links {
		one := Link{ID: id, RTT: l.rtt, Skew: l.skew, Sent: l.sent, Answer: l.answer, Silent: l.sent >= silentRun && l.results&(1<<silentRun-1) == 0}
		if l.sent > 0 {
			one.Loss = 1 - float64(bits.OnesCount32(l.results<<(32-l.sent)))/float64(l.sent)
		}
		if i := g.current(id); i != nil {
			one.TCPOnly = g.transport.byTCP(nodeAddress(&i.node))
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Link) int { return strings.Compare(a.ID, b.ID) })
	return out
}
