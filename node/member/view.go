package member

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/odb"
)

// State is how a node is.
type State = cluster.State

// View is a node as this one sees it, from all that it knows.
type View struct {
	odb.Member
	State    State
	Since    time.Time // of State
	Heard    time.Time // last sign of life; zero: none since the start
	Why      string    // why it is not up, or up though gossip does not hear it
	Meta     cluster.Meta
	Instance string // of its process; empty: not heard of
	Local    bool
	Gossips  bool // gossip hears it
	TCPOnly  bool // gossip reaches it by TCP only
}

// Views returns every member, by name.
func (r *Roster) Views() []View {
	heard := map[string]cluster.Member{}
	for _, m := range r.gossip.Members() {
		heard[m.ID] = m
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []View
	for id, m := range r.members {
		if !m.Removed.IsZero() {
			continue
		}
		out = append(out, r.view(m, heard[id]))
	}
	slices.SortFunc(out, func(a, b View) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	return out
}

// view joins what is known of a node; the caller holds the lock.
func (r *Roster) view(m odb.Member, g cluster.Member) View {
	v := View{Member: m, State: cluster.Unknown, Since: r.started, Why: "it was not heard of since this node started", Local: m.ID == r.cfg.ID}
	if g.ID != "" {
		v.State, v.Since, v.Heard, v.Meta, v.Instance, v.TCPOnly, v.Why = g.State, g.Since, g.Heard, g.Meta, g.Instance, g.TCPOnly, ""
		v.Gossip = g.Address
	}
	if v.Meta.Control != "" {
		v.Control = v.Meta.Control
	}
	if v.Meta.Traffic != "" {
		v.Traffic = v.Meta.Traffic
	}
	v.Gossips = v.State == cluster.Up && g.ID != ""
	switch p, asked := r.probes[m.ID]; {
	case v.Local:
		v.State, v.Why = cluster.Up, ""
	case v.State == cluster.Up:
	case v.State == cluster.Down:
		v.Why = "it said that it stops"
	case asked && p.state == cluster.Up:
		v.State, v.Since, v.Heard, v.Why = cluster.Up, p.since, time.Now(), "it answers, but gossip does not reach it: is the gossip port open?"
	case asked && p.state == cluster.Down:
		v.State, v.Since, v.Why = cluster.Down, p.since, "nothing listens at its address"
	case asked:
		v.Why = "neither gossip nor a direct question reaches it: " + p.err.Error()
	}
	return v
}

// View returns a member by name or id.
func (r *Roster) View(name string) (View, bool) {
	views := r.Views()
	i := slices.IndexFunc(views, func(v View) bool { return v.Name == name || v.ID == name })
	if i < 0 {
		return View{}, false
	}
	return views[i], true
}

// Self returns this node.
func (r *Roster) Self() (View, bool) { return r.View(r.cfg.ID) }

// probe asks the nodes directly that gossip does not hear, all at once: the
// second opinion before anything is said of them.
func (r *Roster) probe(ctx context.Context) {
	if r.cfg.Probe == nil {
		return
	}
	heard := map[string]State{}
	for _, m := range r.gossip.Members() {
		heard[m.ID] = m.State
	}
	var wg sync.WaitGroup
	for _, v := range r.Views() {
		if v.Local || heard[v.ID] == cluster.Up {
			r.mu.Lock()
			delete(r.probes, v.ID)
			r.mu.Unlock()
			continue
		}
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, probeTimeout)
			defer cancel()
			r.noteProbe(v.ID, r.cfg.Probe(ctx, v))
		})
	}
	wg.Wait()
}

func (r *Roster) noteProbe(id string, err error) {
	state := cluster.Unknown
	switch {
	case err == nil:
		state = cluster.Up
	case errors.Is(err, syscall.ECONNREFUSED):
		state = cluster.Down
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.probes[id]
	if p.state != state {
		p.since = time.Now()
	}
	p.state, p.err = state, err
	r.probes[id] = p
}
