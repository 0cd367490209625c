package member

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/cluster"
	"signalbox.internal/odb"
)

// How often things are looked at; hints and changes come sooner.
const (
	refreshEvery = 2 * time.Second  // the ODB's list
	reportEvery  = 15 * time.Second // to the ODB, that this node is there
	metaEvery    = 100 * time.Millisecond
	probeEvery   = 3 * time.Second // of nodes that gossip does not hear
	probeTimeout = 2 * time.Second
	refreshSoon  = 200 * time.Millisecond // at least between two refreshes that were asked for
)

// ErrRemoved ends Run of a node that an administrator removed from the cluster.
var ErrRemoved = errors.New("this node was removed from the cluster; to use the box again, give it a new folder and let it join")

// Config is what a roster needs.
type Config struct {
	ID, Name string // of this node
	Cluster  string // id of the cluster, to tell its gossip from others'
	Store    odb.Members
	Keys     *cluster.GossipKeys
	Listener net.Listener
	Packets  net.PacketConn // nil: gossip by TCP alone
	// Advertise is the host:port that others reach gossip by; empty: the listener's.
	Advertise string
	Profile   cluster.Profile
	// Report is what this node says of itself to the ODB; Gossip is filled in.
	Report func() odb.MemberReport
	// Meta is what it says by gossip, asked several times a second.
	Meta func() cluster.Meta
	// Seeds are further addresses where members may be; nil: none.
	Seeds func() []string
	// Probe asks a node itself, and fails when it does not answer as that node.
	Probe func(ctx context.Context, v View) error
	// OnHint is told of a revision that somebody says the ODB is at.
	OnHint func(revision int64)
	// OnChange is told, in a few words, of what happened to a node.
	OnChange func(node, what string)
	Cache    string       // file with the list for a start without the ODB
	Log      *slog.Logger // nil means slog.Default()
}

// Roster is the list of the cluster's nodes. Any number of goroutines may use it.
type Roster struct {
	cfg    Config
	log    *slog.Logger
	gossip *cluster.Gossip
	kick   chan struct{} // refresh now
	look   chan struct{} // holds one: who takes it may read the list for strangers

	mu      sync.Mutex
	members map[string]odb.Member // by id, removed ones too
	read    time.Time             // when the ODB was last read; zero: members are those of the cache
	asked   time.Time             // when the newest reading that has ended began
	probes  map[string]probe
	started time.Time
	saved   []byte
}

// probe is the last word of a node that was asked directly.
type probe struct {
	state State
	since time.Time
	err   error
}

// New starts to listen; nothing is said before Run.
func New(cfg Config) (*Roster, error) {
	r := &Roster{
		cfg: cfg, log: cmp.Or(cfg.Log, slog.Default()).With("component", "member"), kick: make(chan struct{}, 1), look: make(chan struct{}, 1),
		members: map[string]odb.Member{}, probes: map[string]probe{}, started: time.Now(),
	}
	if cfg.OnHint == nil {
		r.cfg.OnHint = func(int64) {}
	}
	if cfg.OnChange == nil {
		r.cfg.OnChange = func(string, string) {}
	}
	r.loadCache()
	var err error
	r.gossip, err = cluster.NewGossip(cluster.GossipConfig{
		NodeID: cfg.ID, Cluster: cfg.Cluster, Keys: cfg.Keys, Listener: cfg.Listener, Packets: cfg.Packets,
		Advertise: cfg.Advertise, Profile: cfg.Profile, Meta: cfg.Meta(), Seeds: r.seeds, Refused: r.removed,
		OnEvent: r.onEvent, Log: cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	return r, nil
}

// Close ends gossip without a goodbye; Run does it itself.
func (r *Roster) Close() error { return r.gossip.Close() }

// Run takes part in the cluster until ctx ends. [ErrRemoved] and
// [cluster.ErrClone] end it sooner.
func (r *Roster) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.gossip.Run(ctx) })
	g.Go(func() error { return r.follow(ctx) })
	g.Go(func() error { return each(ctx, reportEvery, nil, func() error { r.report(ctx); return nil }) })
	g.Go(func() error { return each(ctx, probeEvery, nil, func() error { r.probe(ctx); return nil }) })
	g.Go(func() error {
		return each(ctx, metaEvery, nil, func() error { r.gossip.SetMeta(r.cfg.Meta()); return nil })
	})
	return g.Wait()
}

// each calls f at once, each d, and when kicked, until ctx ends or f fails.
func each(ctx context.Context, d time.Duration, kick <-chan struct{}, f func() error) error {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		if err := f(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-kick:
		}
	}
}

// follow keeps the list as the ODB has it.
func (r *Roster) follow(ctx context.Context) error {
	return each(ctx, refreshEvery, r.kick, func() error {
		if err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
			r.log.DebugContext(ctx, "list of nodes cannot be read", "error", err)
		}
		if r.removed(r.cfg.ID) {
			return ErrRemoved
		}
		return nil
	})
}

// Refresh reads the list from the ODB now.
func (r *Roster) Refresh(ctx context.Context) error {
	begun := time.Now()
	all, err := r.cfg.Store.ListMembers(ctx)
	r.mu.Lock()
	late := begun.Before(r.asked) // one that began later has ended sooner
	if !late {
		r.asked = begun
	}
	r.mu.Unlock()
	if err != nil || late {
		return err
	}
	next := make(map[string]odb.Member, len(all))
	for _, m := range all {
		next[m.ID] = m
	}
	r.mu.Lock()
	before, first := r.members, r.read.IsZero()
	r.members, r.read = next, time.Now()
	r.mu.Unlock()
	if !first {
		r.tell(before, next)
	}
	r.saveCache(all)
	return nil
}

// tell tells of what changed between two lists.
func (r *Roster) tell(before, next map[string]odb.Member) {
	for id, m := range next {
		b, was := before[id]
		switch {
		case !was && m.Removed.IsZero():
			r.cfg.OnChange(m.Name, "joined the cluster")
		case was && b.Removed.IsZero() && !m.Removed.IsZero():
			r.cfg.OnChange(m.Name, "was removed from the cluster")
		case was && b.Rotation != m.Rotation:
			r.cfg.OnChange(m.Name, "is given "+string(m.Rotation))
		}
	}
}

// Kick has the list read soon: something changed.
func (r *Roster) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// report tells the ODB that this node is there and where.
func (r *Roster) report(ctx context.Context) {
	rep := r.cfg.Report()
	rep.Gossip = r.gossip.Address()
	if err := r.cfg.Store.ReportMember(ctx, r.cfg.ID, rep); err != nil && ctx.Err() == nil {
		r.log.DebugContext(ctx, "node cannot be reported", "error", err)
		if odb.KindOf(err) == odb.NotFound {
			r.Kick()
		}
	}
}

// removed reports whether a node was a member and is none any more.
func (r *Roster) removed(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.members[id]
	return ok && !m.Removed.IsZero()
}

// IsMember reports whether a node belongs to the cluster. For one that is not
// known the ODB is asked anew, a few times a second at most; the caller waits for
// its turn.
func (r *Roster) IsMember(id string) bool {
	come := time.Now()
	is, known := r.known(id)
	if known {
		return is
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	select {
	case r.look <- struct{}{}:
		defer func() { <-r.look }()
	case <-ctx.Done():
		return false
	}
	r.mu.Lock()
	asked := r.asked
	r.mu.Unlock()
	if asked.Before(come) {
		pause := time.NewTimer(time.Until(asked.Add(refreshSoon)))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-ctx.Done():
			return false
		}
		if err := r.Refresh(ctx); err != nil {
			r.log.Debug("list of nodes cannot be read for a stranger", "id", id, "error", err)
		}
	}
	is, _ = r.known(id)
	return is
}

// known looks a node up in the list as it is.
func (r *Roster) known(id string) (is, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, known := r.members[id]
	return known && m.Removed.IsZero(), known
}

// Hint tells all nodes that the ODB is at a revision.
func (r *Roster) Hint(revision int64) { r.gossip.Hint(revision) }

// Rejoin has gossip try every known address now.
func (r *Roster) Rejoin(ctx context.Context) { r.gossip.Rejoin(ctx) }

// Links returns how the ways to the other nodes are, as measured from here.
func (r *Roster) Links() []cluster.Link { return r.gossip.Links() }

// Address returns the host:port that others reach this node's gossip by.
func (r *Roster) Address() string { return r.gossip.Address() }

// seeds are all addresses where a member was or may be.
func (r *Roster) seeds() []string {
	var out []string
	if r.cfg.Seeds != nil {
		out = r.cfg.Seeds()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, m := range r.members {
		if id != r.cfg.ID && m.Removed.IsZero() && m.Gossip != "" {
			out = append(out, m.Gossip)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// onEvent takes what gossip saw.
func (r *Roster) onEvent(e cluster.Event) {
	name := cmp.Or(e.Member.Meta.Name, e.Member.ID)
	switch e.Type {
	case cluster.Hinted:
		r.cfg.OnHint(e.Revision)
		return
	case cluster.Cloned:
		r.log.Error("two boxes run with the key of one node; the newer one is refused: give it a folder of its own and let it join",
			"name", name, "id", e.Member.ID, "address", e.Member.Address, "refused", e.Other)
		r.cfg.OnChange(name, "is cloned: a second box at "+e.Other+" runs with its key and is refused")
		return
	case cluster.Joined, cluster.Restarted:
		r.Kick()
		if e.Member.ID != r.cfg.ID {
			r.log.Info("node is up", "name", name, "id", e.Member.ID, "address", e.Member.Address)
			r.cfg.OnChange(name, "is up")
		}
	case cluster.Left:
		r.log.Info("node stopped", "name", name, "id", e.Member.ID)
		r.cfg.OnChange(name, "stopped")
	case cluster.Silent:
		r.log.Warn("node is not heard of", "name", name, "id", e.Member.ID, "address", e.Member.Address)
		r.cfg.OnChange(name, "is not heard of")
	case cluster.Changed:
	}
}
