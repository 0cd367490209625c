package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
	"golang.org/x/sync/errgroup"
)

// GossipConfig is what gossip needs.
type GossipConfig struct {
	NodeID   string       // from the node's key, see Identity
	Cluster  string       // the cluster's id: gossip of another cluster is not understood
	Keys     *GossipKeys  // required
	Listener net.Listener // TCP; closed at the end of Run
	// Packets is a UDP socket on the listener's port; nil means that this node
	// gossips by TCP alone. Closed at the end of Run.
	Packets   net.PacketConn
	Advertise string  // host:port that others reach the listener by; empty: its own address
	Profile   Profile // empty: Wired
	Meta      Meta    // at the start; see SetMeta
	// Seeds returns addresses where members may be; asked before each try to
	// reach those who are missing. nil: none but those that gossip told of.
	Seeds func() []string
	// Refused reports whether a node must not be a member, because it was
	// removed; asked often, must be quick. nil refuses nobody.
	Refused func(id string) bool
	// OnEvent is told of each event, one after the other, by a goroutine of Run.
	OnEvent func(Event)
	Log     *slog.Logger // nil means slog.Default()
}

// Gossip tells who is alive, carries hints and measures links. All it says is a
// hint: what must not happen twice is decided in the ODB.
type Gossip struct {
	cfg       GossipConfig
	log       *slog.Logger
	pace      pace
	name      string // of this process
	addr      string // host:port that others reach it by
	transport *transport
	list      *memberlist.Memberlist
	hints     memberlist.TransmitLimitedQueue
	started   time.Time
	wake      chan struct{} // events wait
	asking    chan struct{} // somebody is accused
	up        atomic.Int64  // processes that are up
	closing   sync.Once

	mu      sync.Mutex
	meta    Meta
	metaDue bool
	seen    map[string]*instance // by name in memberlist
	refused map[string]bool      // names of clones
	events  []Event
	hinted  int64 // highest revision heard of
	links   map[string]*link
	pending map[uint64]echo
	seq     uint64
}

// ErrClone ends Run of a node whose key is in use by another, older process.
var ErrClone = errors.New("another box runs with this node's key: it was cloned; give this one a folder of its own and let it join")

// NewGossip starts to listen; it says nothing before Run.
func NewGossip(cfg GossipConfig) (*Gossip, error) {
	if cfg.Keys == nil || cfg.Listener == nil || cfg.Cluster == "" || len(cfg.NodeID) != 26 {
		return nil, errors.New("gossip config: NodeID, Cluster, Keys and Listener are needed")
	}
	conf, pace, err := cfg.Profile.tune()
	if err != nil {
		return nil, fmt.Errorf("gossip config: %w", err)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(Event) {}
	}
	if cfg.Refused == nil {
		cfg.Refused = func(string) bool { return false }
	}
	now := time.Now()
	g := &Gossip{
		cfg: cfg, log: cmp.Or(cfg.Log, slog.Default()).With("component", "gossip"), pace: pace, meta: cfg.Meta, started: now,
		name: gossipName(cfg.NodeID, newInstance(now, rand.Uint32())), //nolint:gosec // no secret
		wake: make(chan struct{}, 1), asking: make(chan struct{}, 1), seen: map[string]*instance{}, refused: map[string]bool{},
		links: map[string]*link{}, pending: map[uint64]echo{},
	}
	if err := g.address(conf); err != nil {
		return nil, err
	}
	conf.Name, conf.Label, conf.Keyring = g.name, "signalbox "+cfg.Cluster, cfg.Keys.ring
	conf.Delegate, conf.Events, conf.Alive = g, g, g
	conf.Logger = slog.NewLogLogger(remarks{g.log.Handler()}, slog.LevelWarn)
	conf.RequireNodeNames = false
	conf.DeadNodeReclaimTime = time.Second // never needed, as names are new after each start
	g.transport = newTransport(cfg.Listener, cfg.Packets, pace.silent, g.log)
	conf.Transport = g.transport
	g.hints.NumNodes = func() int { return int(g.up.Load()) }
	g.hints.RetransmitMult = conf.RetransmitMult
	if g.list, err = memberlist.Create(conf); err != nil {
		return nil, errors.Join(fmt.Errorf("start gossip: %w", err), g.transport.Shutdown())
	}
	return g, nil
}

// address fills in where the node listens and what others reach it by.
func (g *Gossip) address(conf *memberlist.Config) error {
	host, port, err := net.SplitHostPort(cmp.Or(g.cfg.Advertise, g.cfg.Listener.Addr().String()))
	if err != nil {
		return fmt.Errorf("read the address that others reach gossip by: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = OwnAddress()
	}
	g.addr = net.JoinHostPort(host, port)
	conf.AdvertiseAddr = host
	conf.AdvertisePort, err = strconv.Atoi(port)
	conf.BindAddr, conf.BindPort = conf.AdvertiseAddr, conf.AdvertisePort
	return err
}

// OwnAddress returns the box's first address on a network, an IPv4 one where it
// has one; loopback when it has none.
func OwnAddress() string {
	best := "127.0.0.1"
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return best
	}
	for _, a := range slices.Backward(addrs) {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && (n.IP.To4() != nil || strings.HasPrefix(best, "127.")) {
			best = n.IP.String()
		}
	}
	return best
}

// Run takes part until ctx ends, then says goodbye. It returns [ErrClone] when
// the node's key is in use elsewhere.
func (g *Gossip) Run(ctx context.Context) error {
	work, stop := context.WithCancel(ctx)
	defer stop()
	group, work := errgroup.WithContext(work)
	for _, f := range []func(context.Context) error{g.dispatch, g.ask, g.rejoin, g.publishMeta, g.measure} {
		group.Go(func() error { return f(work) })
	}
	err := group.Wait()
	g.closing.Do(func() {
		g.sayBye()
		if lerr := g.list.Leave(g.pace.leave); lerr != nil {
			g.log.Debug("goodbye was not heard", "error", lerr)
		}
		err = errors.Join(err, g.close())
	})
	return err
}

// Close ends gossip without a goodbye; Run does it itself.
func (g *Gossip) Close() error {
	var err error
	g.closing.Do(func() { err = g.close() })
	return err
}

func (g *Gossip) close() error { return errors.Join(g.list.Shutdown(), g.transport.Shutdown()) }

// Address returns the host:port that others reach this node's gossip by.
func (g *Gossip) Address() string { return g.addr }

// Bytes returns how many bytes gossip has sent and received since the start, with
// the heads of UDP packets and without those of TCP.
func (g *Gossip) Bytes() (sent, received int64) {
	return g.transport.sent.Load(), g.transport.received.Load()
}

// SetMeta replaces what this node tells of itself; it is sent soon.
func (g *Gossip) SetMeta(m Meta) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if string(m.encode(maxMeta)) == string(g.meta.encode(maxMeta)) {
		return
	}
	g.meta, g.metaDue = m, true
}

// publishMeta sends what SetMeta left, not more often than the profile allows. A
// node that hears nobody keeps it: all it says of itself counts as a sign of life
// with those who hear it, and one whose load changes would never be given up.
func (g *Gossip) publishMeta(ctx context.Context) error {
	return every(ctx, g.pace.meta, func() error {
		g.mu.Lock()
		due := g.metaDue && (len(g.seen) <= 1 || g.transport.hears())
		if due {
			g.metaDue = false
		}
		g.mu.Unlock()
		if !due {
			return nil
		}
		// Without a limit it waits for ever when the others leave just now.
		if err := g.list.UpdateNode(g.pace.leave); err != nil {
			g.log.Debug("meta was not sent yet", "error", err)
		}
		return nil
	})
}

// every calls f each d until ctx ends or f fails.
func every(ctx context.Context, d time.Duration, f func() error) error {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := f(); err != nil {
				return err
			}
		}
	}
}

// remarks hands memberlist's own log lines to ours.
type remarks struct{ slog.Handler }

// Handle implements slog.Handler; a record is one line.
func (r remarks) Handle(ctx context.Context, line slog.Record) error {
	mark, text, ok := strings.Cut(line.Message, " memberlist: ")
	if !ok {
		mark, text = "", line.Message
	}
	out := slog.NewRecord(line.Time, slog.LevelDebug, "gossip remarks", 0)
	if mark == "[ERR]" && !unreached(text) {
		out.Level = slog.LevelWarn
	}
	if !r.Enabled(ctx, out.Level) {
		return nil
	}
	out.AddAttrs(slog.String("remark", strings.TrimSpace(text)))
	return r.Handler.Handle(ctx, out)
}

// unreached reports whether a remark only says that a member did not answer:
// events tell what comes of that.
func unreached(remark string) bool {
	return slices.ContainsFunc([]string{"Failed fallback TCP ping", "Failed to send ", "Push/Pull with "}, func(p string) bool {
		return strings.HasPrefix(remark, p)
	})
}
