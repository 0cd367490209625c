package node

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"signalbox.internal/cluster/discovery"
)

// mostFound is how many announced addresses are kept: anybody may announce.
const mostFound = 32

// foundSeeds are gossip addresses that were announced on the local network, the
// newest last. They are places to look, and nothing is believed of them.
type foundSeeds struct {
	mu   sync.Mutex
	addr []string
}

// add takes an address and reports whether it is new.
func (f *foundSeeds) add(address string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.addr, address)
	if i >= 0 {
		f.addr = slices.Delete(f.addr, i, i+1)
	}
	f.addr = append(f.addr, address)
	if len(f.addr) > mostFound {
		f.addr = slices.Delete(f.addr, 0, 1)
	}
	return i < 0
}

func (f *foundSeeds) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.addr)
}

// announcer announces the node on the local network and hears of others.
type announcer struct{ n *Node }

// Run announces until ctx ends. Without it a cluster works all the same, so that
// a port in use is only told.
func (a announcer) Run(ctx context.Context) error {
	d, err := discovery.New(ctx, discovery.Config{
		Beacon: a.beacon, Found: a.found, Port: a.n.opts.DiscoveryPort, Log: a.n.log,
	})
	if err == nil {
		err = d.Run(ctx)
	}
	if err != nil && ctx.Err() == nil {
		a.n.log.WarnContext(ctx, "node does not announce itself on the local network; set announce = false when that is meant", "error", err)
	}
	return nil
}

func (a announcer) beacon() discovery.Beacon {
	return discovery.Beacon{
		Cluster: a.n.cfg.Cluster, CA: a.n.authority.Fingerprint(), Node: a.n.cfg.Name,
		Control: []string{a.n.advertised(a.n.control.Addr())}, Gossip: a.n.roster.Address(),
	}
}

// found keeps the address of a node of the same cluster as a place to look for members.
func (a announcer) found(b discovery.Beacon) {
	if b.CA != a.n.authority.Fingerprint() || b.Gossip == "" || b.Gossip == a.n.roster.Address() {
		return
	}
	if a.n.found.add(b.Gossip) {
		a.n.log.Debug("node of this cluster announced itself", "name", b.Node, "gossip", b.Gossip, "from", b.From)
	}
}

// DiscoverConfig says how to look for clusters on the local network.
type DiscoverConfig struct {
	For  time.Duration // how long announcements are awaited
	Port int           // UDP; 0 means the usual one
	Log  *slog.Logger  // nil means slog.Default()
}

// Found is a node that announced itself. Nothing of it is proved.
type Found struct {
	Cluster string   `json:"cluster"`
	CA      string   `json:"ca"` // SHA-256 of the cluster's authority
	Node    string   `json:"node"`
	Control []string `json:"control"` // host:port, at least one
	From    string   `json:"from"`    // address that the announcement came from
}

// Discover asks on the local networks which nodes are there and returns those that
// answered, by cluster and name.
func Discover(ctx context.Context, cfg DiscoverConfig) ([]Found, error) {
	beacons, err := discovery.Ask(ctx, discovery.AskConfig{For: cfg.For, Port: cfg.Port, Log: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("look for clusters on the local network: %w", err)
	}
	out := []Found{}
	for _, b := range beacons {
		out = append(out, Found{Cluster: b.Cluster, CA: b.CA, Node: b.Node, Control: b.Control, From: b.From})
	}
	return out, nil
}
