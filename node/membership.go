package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/member"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// Files that belong to the node's membership.
const (
	membersFile    = "data/members.json"
	gossipKeysFile = "keys/" + cluster.GossipKeysFile
)

// certificates hands out the node's certificate and renews it before it ends.
type certificates struct {
	n   *Node
	cur atomic.Pointer[tls.Certificate]
}

// Get returns the certificate as it is now.
func (c *certificates) Get() *tls.Certificate { return c.cur.Load() }

// renew issues a new certificate when the present one ends soon or lacks an address.
func (c *certificates) renew() error {
	cert, err := c.n.authority.NodeCertificate(c.n.identity, c.n.cfg.Name, c.n.certificateHosts())
	if err == nil {
		c.cur.Store(&cert)
	}
	return err
}

// Run looks every hour whether the certificate has to be renewed.
func (c *certificates) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := c.renew(); err != nil {
				c.n.log.WarnContext(ctx, "certificate cannot be renewed", "error", err)
			}
		}
	}
}

// openGossip binds the gossip port and builds what follows the cluster's members.
func (n *Node) openGossip(ctx context.Context) error {
	keys, err := cluster.OpenGossipKeys(filepath.Join(n.cfg.Dir, gossipKeysFile))
	if err != nil {
		return err
	}
	n.gossipKeys = keys
	tcp, udp, err := n.bindGossip(ctx)
	if err != nil {
		return fmt.Errorf("listen on the gossip port %s: %w; choose another with --gossip", n.cfg.Gossip, err)
	}
	trust := cluster.PeerConfig{
		Certificate: n.certs.Get, Pool: n.authority.Pool(),
		Member: func(id string) bool { return n.roster.IsMember(id) }, //nolint:contextcheck // a handshake has no context
	}
	n.peers = peer.NewClient(trust)
	n.onClose(func() error { n.peers.Close(); return nil })
	n.roster, err = member.New(member.Config{
		ID: n.identity.ID(), Name: n.cfg.Name, Cluster: n.authority.Fingerprint(), Store: n.store, Keys: keys,
		Listener: tcp, Packets: udp, Advertise: n.advertised(tcp.Addr()), Profile: cluster.Profile(n.cfg.Network),
		Report: n.report, Meta: n.meta, Probe: n.probe, OnHint: n.hinted,
		OnChange: func(node, what string) {
			n.events.Publish(client.Event{Type: admin.EventNode, Node: node, Text: what})
		},
		Seeds: n.seeds, Cache: filepath.Join(n.cfg.Dir, membersFile), Log: n.log,
	})
	if err != nil {
		return errors.Join(err, tcp.Close(), closeUDP(udp))
	}
	n.onClose(n.roster.Close)
	n.keeper.code.Others = n.fetchPackage
	n.peerServer = peer.NewServer(trust, n.peerRoutes(), n.log)
	return nil
}

// hinted is told of a revision that somebody says the ODB is at.
func (n *Node) hinted(revision int64) {
	if !n.opts.Deaf {
		n.rec.heard(revision)
	}
}

func closeUDP(udp net.PacketConn) error {
	if udp == nil {
		return nil
	}
	return udp.Close()
}

// bindGossip binds the port by TCP and, unless it is off, by UDP. Of free ports it
// takes one that is free by both; when nobody chose a port and the usual one is
// taken, it takes a free one.
func (n *Node) bindGossip(ctx context.Context) (net.Listener, net.PacketConn, error) {
	address := n.cfg.Gossip
	for attempt := 1; ; attempt++ {
		tcp, udp, err := bindBoth(ctx, address, n.cfg.GossipUDP)
		host, port, serr := net.SplitHostPort(address)
		switch {
		case err == nil || serr != nil || attempt == 10 || !errors.Is(err, syscall.EADDRINUSE):
			return tcp, udp, err
		case port == "0": // taken by UDP alone: try the next
		case n.cfg.GossipFree:
			n.log.InfoContext(ctx, "the usual gossip port is taken; a free one is used", "address", address)
			address = net.JoinHostPort(host, "0")
		default:
			return nil, nil, err
		}
	}
}

func bindBoth(ctx context.Context, address string, byUDP bool) (net.Listener, net.PacketConn, error) {
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", address)
	if err != nil || !byUDP {
		return tcp, nil, err
	}
	udp, err := lc.ListenPacket(ctx, "udp", tcp.Addr().String())
	if err != nil {
		return nil, nil, errors.Join(err, tcp.Close())
	}
	return tcp, udp, nil
}

// advertised is the host:port by which others reach a listener of this node:
// the settings' address, or the listener's own, or the box's first one.
func (n *Node) advertised(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if n.cfg.Advertise != "" {
		return net.JoinHostPort(n.cfg.Advertise, port)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort(cluster.OwnAddress(), port)
}

// report is what the node says of itself to the ODB.
func (n *Node) report() odb.MemberReport {
	return odb.MemberReport{
		Control: n.advertised(n.control.Addr()), Traffic: n.advertised(n.traffic.Addr()), Roles: nodeRoles(), Version: n.opts.Version,
	}
}

func nodeRoles() []string { return []string{"server", "balancer"} }

// meta is what the node says of itself by gossip.
func (n *Node) meta() cluster.Meta {
	m := cluster.Meta{
		Name: n.cfg.Name, Control: n.advertised(n.control.Addr()), Traffic: n.advertised(n.traffic.Addr()),
		Roles: nodeRoles(), Version: n.opts.Version,
	}
	if n.rec != nil {
		m.Revision, m.Ready = n.rec.Snapshot().Revision(), n.isReady()
		m.Load, m.Problems = roughly(n.balancer.InFlight()), len(n.rec.Problems())
	}
	return m
}

// roughly rounds a load, so that not every request is gossiped.
func roughly(load int64) int {
	step := int64(1)
	for step*8 < load {
		step *= 2
	}
	return int(load / step * step)
}

// enrol makes this node a member when the cluster has none yet: it is the first.
// One that a cluster does not know has to join it.
func (n *Node) enrol(ctx context.Context) error {
	all, err := n.store.ListMembers(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.ID == n.identity.ID() {
			if !m.Removed.IsZero() {
				return member.ErrRemoved
			}
			return nil
		}
	}
	for _, m := range all {
		if m.Removed.IsZero() {
			return fmt.Errorf("the node %s (%s) is no member of the cluster that the ODB belongs to; let it join with a token from: signalbox token create", n.cfg.Name, n.identity.ID())
		}
	}
	return n.store.EnrolMember(ctx, odb.Member{ID: n.identity.ID(), Name: n.cfg.Name, By: "init", MemberReport: n.report()})
}
