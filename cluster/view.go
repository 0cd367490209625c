package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"
)

// EventType says what an event is about.
type EventType string

// The types of events.
const (
	Joined    EventType = "joined"    // a node is up
	Left      EventType = "left"      // it said goodbye
	Silent    EventType = "silent"    // it is not heard of
	Changed   EventType = "changed"   // its meta changed
	Hinted    EventType = "hinted"    // somebody says that the ODB is at Revision
	Cloned    EventType = "cloned"    // two boxes run with its key; the newer one is refused
	Restarted EventType = "restarted" // it is up as another process than before
)

// Event is something that gossip saw.
type Event struct {
	Type     EventType
	Member   Member // of all but hints
	Revision int64  // of a hint
	Other    string // of a clone: the address of the refused one

	quiet bool // only of interest when it is a clone
}

// instance is one process of a node as memberlist sees it.
type instance struct {
	id, instance string
	node         memberlist.Node
	state        State
	since, heard time.Time
	bye          bool // it said that it ends
	accused      bool // somebody says that it is gone, and it was not found so
}

// NotifyJoin implements memberlist.EventDelegate.
func (g *Gossip) NotifyJoin(n *memberlist.Node) { g.note(n, Up) }

// NotifyUpdate implements memberlist.EventDelegate.
func (g *Gossip) NotifyUpdate(n *memberlist.Node) { g.note(n, Up) }

// NotifyLeave implements memberlist.EventDelegate.
func (g *Gossip) NotifyLeave(n *memberlist.Node) { g.note(n, Unknown) }

// NotifyAlive implements memberlist.AliveDelegate: what it refuses is no member.
func (g *Gossip) NotifyAlive(n *memberlist.Node) error {
	id, _, ok := splitName(n.Name)
	switch {
	case !ok:
		return errForeignName
	case n.Name == g.name:
		return nil
	case g.cfg.Refused(id):
		return errRemoved
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refused[n.Name] {
		return errRefusedClone
	}
	return nil
}

// note takes over what memberlist says of a process and queues events for it.
func (g *Gossip) note(n *memberlist.Node, state State) {
	id, process, ok := splitName(n.Name)
	if !ok {
		return
	}
	node := *n
	node.Meta = slices.Clone(n.Meta)
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.seen[n.Name]
	if i == nil {
		i = &instance{id: id, instance: process, since: now}
		g.seen[n.Name] = i
	}
	if state == Unknown && i.bye {
		state = Down
	}
	i.node = node
	if i.accused = state == Unknown && i.state == Up; i.accused {
		g.wakeAsk()
		return
	}
	g.turn(i, state, now)
}

// turn gives a process a state and queues what that tells; the caller holds the lock.
func (g *Gossip) turn(i *instance, state State, now time.Time) {
	fresh := i.state != state
	if fresh {
		i.since = now
	}
	if state == Up || i.state == Up {
		i.heard = now
	}
	i.state, i.accused = state, false
	g.forget(now)
	current := g.current(i.id)
	switch twice := fresh && g.upTwice(i.id); {
	case twice: // dispatch looks whether it is a clone
		g.queue(Event{Type: Restarted, Member: g.member(current), quiet: current != i})
	case current != i: // an older process of the node; the newer one counts
	case state == Up && fresh:
		g.queue(Event{Type: Joined, Member: g.member(i)})
	case state == Up:
		g.queue(Event{Type: Changed, Member: g.member(i)})
	case fresh && state == Down:
		g.queue(Event{Type: Left, Member: g.member(i)})
	case fresh:
		g.queue(Event{Type: Silent, Member: g.member(i)})
	}
}

// rememberOld is how long an older process of a node is kept in mind.
const rememberOld = time.Hour

// upTwice reports whether two processes of a node are held to be up. It also
// keeps count of all that are.
func (g *Gossip) upTwice(id string) bool {
	all, its := 0, 0
	for name, i := range g.seen {
		if i.state != Up {
			continue
		}
		all++
		if i.id == id && !g.refused[name] {
			its++
		}
	}
	g.up.Store(int64(all))
	return its > 1
}

// forget drops processes that nobody will hear of again: a newer one is there.
func (g *Gossip) forget(now time.Time) {
	for name, i := range g.seen {
		if i.state != Up && now.Sub(i.since) > rememberOld && g.current(i.id) != i {
			delete(g.seen, name)
		}
	}
}

// current returns the process that stands for a node: the newest that is up and
// not refused, else the newest; nil for a node never heard of.
func (g *Gossip) current(id string) *instance {
	var best *instance
	for name, i := range g.seen {
		if i.id != id || g.refused[name] {
			continue
		}
		if best == nil || (i.state == Up) != (best.state == Up) && i.state == Up ||
			(i.state == Up) == (best.state == Up) && i.instance > best.instance {
			best = i
		}
	}
	return best
}

// member describes a process; the caller holds the lock.
func (g *Gossip) member(i *instance) Member {
	m := Member{
		ID: i.id, Instance: i.instance, Address: nodeAddress(&i.node), State: i.state, Since: i.since, Heard: i.heard,
		Local: i.node.Name == g.name,
	}
	if meta, err := decodeMeta(i.node.Meta); err == nil {
		m.Meta = meta
	}
	if m.State == Up {
		m.Heard = time.Now()
	}
	m.TCPOnly = !m.Local && g.transport.byTCP(m.Address)
	return m
}

// Members returns every node ever heard of since the start, this one included,
// in the order of their ids.
func (g *Gossip) Members() []Member {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := map[string]bool{}
	var out []Member
	for _, i := range g.seen {
		if ids[i.id] || g.cfg.Refused(i.id) {
			continue
		}
		ids[i.id] = true
		if c := g.current(i.id); c != nil {
			out = append(out, g.member(c))
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// queue adds an event; the caller holds the lock.
func (g *Gossip) queue(e Event) {
	g.events = append(g.events, e)
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// dispatch hands events on in their order.
func (g *Gossip) dispatch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.wake:
		}
		g.mu.Lock()
		events := g.events
		g.events = nil
		g.mu.Unlock()
		for _, e := range events {
			if e.Type == Restarted {
				var err error
				if e, err = g.judge(ctx, e); err != nil {
					return err
				}
				if e.quiet && e.Type == Restarted {
					continue
				}
			}
			g.cfg.OnEvent(e)
		}
	}
}

// judge finds out whether the older process of a node that started again still
// answers. Then two boxes have one key, and the newer one is refused everywhere.
func (g *Gossip) judge(ctx context.Context, e Event) (Event, error) {
	newer := gossipName(e.Member.ID, e.Member.Instance)
	for _, older := range g.olderProcesses(e.Member) {
		if older.Name != g.name && !g.answers(ctx, older) {
			continue
		}
		g.mu.Lock()
		g.refused[newer] = true
		if i := g.seen[older.Name]; i != nil {
			e.Member = g.member(i)
		}
		e.Type = Cloned
		if i := g.seen[newer]; i != nil {
			e.Other = nodeAddress(&i.node)
		}
		g.mu.Unlock()
		if newer == g.name {
			g.cfg.OnEvent(e)
			return e, ErrClone
		}
		return e, nil
	}
	return e, nil
}

// doubt queues a look at every node of which two processes are held to be up:
// an answer of the older one may have been lost before.
func (g *Gossip) doubt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := map[string]bool{}
	for _, i := range g.seen {
		if !ids[i.id] && g.upTwice(i.id) {
			g.queue(Event{Type: Restarted, Member: g.member(g.current(i.id)), quiet: true})
		}
		ids[i.id] = true
	}
}

// olderProcesses returns the processes of a node that memberlist holds to be up
// and that started before m.
func (g *Gossip) olderProcesses(m Member) []memberlist.Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []memberlist.Node
	for _, i := range g.seen {
		if i.id == m.ID && i.instance < m.Instance && i.state == Up {
			out = append(out, i.node)
		}
	}
	return out
}
