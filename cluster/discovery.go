package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/ipv6"
	"golang.org/x/sync/errgroup"
)

// DiscoveryPort is the UDP port of announcements on the local network.
const DiscoveryPort = 7947

// discoveryGroup is the IPv6 group of announcements: link-local, of no registry.
const discoveryGroup = "ff12::5342:7947"

const (
	beaconMark    = "SIGNALBOX1 "
	maxBeacon     = 1024
	announceEvery = 30 * time.Second
	answerEvery   = time.Second // at most, to those who ask
)

// Beacon is what a box announces on the local network: where it can be reached,
// and nothing that anybody may trust. It holds no secret.
type Beacon struct {
	Cluster string   `json:"cluster,omitempty"` // its name; empty: the box asks who is there
	CA      string   `json:"ca,omitempty"`      // SHA-256 of the authority's certificate
	Node    string   `json:"node,omitempty"`
	Control []string `json:"control,omitempty"` // host:port
	Gossip  string   `json:"gossip,omitempty"`  // host:port
	Ask     bool     `json:"ask,omitempty"`     // answer at once

	From string `json:"-"` // the address that it came from, without a port
}

// DiscoveryConfig is what discovery needs.
type DiscoveryConfig struct {
	// Beacon returns what this box announces; a zero one announces nothing.
	Beacon func() Beacon
	// Found is told of each announcement of others; it must be quick.
	Found func(Beacon)
	Port  int // of announcements; 0: DiscoveryPort
	// Every is how often it announces unasked; 0: 30 s.
	Every time.Duration
	// Targets are addresses that are announced to beside every local network's;
	// for tests and networks without broadcast.
	Targets []string
	Log     *slog.Logger // nil means slog.Default()
}

// Discovery announces this box on the local networks by IPv4 broadcast and IPv6
// multicast and hears of others. Many processes of one box may use the same port.
type Discovery struct {
	cfg   DiscoveryConfig
	log   *slog.Logger
	v4    net.PacketConn
	v6    net.PacketConn // nil: this box has no IPv6
	asked chan struct{}  // somebody asks who is there
}

// NewDiscovery binds the sockets; Run closes them.
func NewDiscovery(ctx context.Context, cfg DiscoveryConfig) (*Discovery, error) {
	if cfg.Beacon == nil || cfg.Found == nil {
		return nil, errors.New("discovery config: Beacon and Found are needed")
	}
	cfg.Port, cfg.Every = cmp.Or(cfg.Port, DiscoveryPort), cmp.Or(cfg.Every, announceEvery)
	d := &Discovery{cfg: cfg, asked: make(chan struct{}, 1), log: cmp.Or(cfg.Log, slog.Default()).With("component", "discovery")}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) { err = shareBroadcast(fd) }); cerr != nil {
			return cerr
		}
		return err
	}}
	var err error
	if d.v4, err = lc.ListenPacket(ctx, "udp4", fmt.Sprintf("0.0.0.0:%d", cfg.Port)); err != nil {
		return nil, fmt.Errorf("listen for announcements: %w", err)
	}
	if d.v6, err = lc.ListenPacket(ctx, "udp6", fmt.Sprintf("[::]:%d", cfg.Port)); err != nil {
		d.log.Debug("announcements go by IPv4 alone", "error", err)
		d.v6 = nil
	} else {
		d.joinGroups()
	}
	return d, nil
}

// joinGroups subscribes to the group on every interface.
func (d *Discovery) joinGroups() {
	p := ipv6.NewPacketConn(d.v6)
	for _, i := range multicastInterfaces() {
		if err := p.JoinGroup(&i, &net.UDPAddr{IP: net.ParseIP(discoveryGroup)}); err != nil {
			d.log.Debug("no IPv6 announcements on an interface", "interface", i.Name, "error", err)
		}
	}
}

func multicastInterfaces() []net.Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []net.Interface
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 {
			out = append(out, i)
		}
	}
	return out
}

// Run announces at once and then again and again, and listens, until ctx ends.
func (d *Discovery) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range []net.PacketConn{d.v4, d.v6} {
		if c == nil {
			continue
		}
		context.AfterFunc(ctx, func() { _ = c.Close() })
		g.Go(func() error { return d.listen(ctx, c) })
	}
	g.Go(func() error { return d.repeat(ctx) })
	return g.Wait()
}

func (d *Discovery) listen(ctx context.Context, c net.PacketConn) error {
	buf := make([]byte, maxBeacon)
	for {
		n, from, err := c.ReadFrom(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			continue // such as an ICMP answer to an earlier packet
		}
		b, err := ParseBeacon(buf[:n])
		if err != nil {
			continue // anybody may send anything to this port
		}
		if a, ok := from.(*net.UDPAddr); ok {
			b.From = a.IP.String()
			b.forget(a.IP)
		}
		if b.Ask && d.cfg.Beacon().Cluster != "" { // one who only asks has no answer
			select {
			case d.asked <- struct{}{}:
			default: // somebody asked already
			}
		}
		if b.Cluster != "" {
			d.cfg.Found(b)
		}
	}
}

// forget drops addresses that only the announcing box itself reaches, unless that
// is this one.
func (b *Beacon) forget(from net.IP) {
	if ownAddress(from) {
		return
	}
	b.Control = slices.DeleteFunc(b.Control, onLoopback)
	if onLoopback(b.Gossip) {
		b.Gossip = ""
	}
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func ownAddress(ip net.IP) bool {
	if ip.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// repeat announces now and then, and for those who ask, but not more often than
// once a second, so that nobody can make this box flood the network.
func (d *Discovery) repeat(ctx context.Context) error {
	tick := time.NewTicker(d.cfg.Every)
	defer tick.Stop()
	for {
		d.announce()
		pause := time.NewTimer(answerEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-d.asked:
		}
	}
}

// announce sends the beacon everywhere.
func (d *Discovery) announce() {
	b := d.cfg.Beacon()
	if b.Cluster == "" && !b.Ask {
		return
	}
	text, err := b.encode()
	if err != nil {
		d.log.Debug("announcement cannot be written", "error", err)
		return
	}
	for _, to := range d.targets() {
		c := d.v4
		if to.IP.To4() == nil {
			c = d.v6
		}
		if c == nil {
			continue
		}
		if _, err := c.WriteTo(text, to); err != nil {
			d.log.Debug("announcement was not sent", "to", to.String(), "error", err)
		}
	}
}

// targets returns the broadcast address of every local network and of this box
// itself, the group on every interface, and what the configuration adds.
func (d *Discovery) targets() []*net.UDPAddr {
	out := []*net.UDPAddr{{IP: net.IPv4bcast, Port: d.cfg.Port}, {IP: net.IPv4(127, 255, 255, 255), Port: d.cfg.Port}}
	for _, i := range multicastInterfaces() {
		out = append(out, &net.UDPAddr{IP: net.ParseIP(discoveryGroup), Port: d.cfg.Port, Zone: i.Name})
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
				out = append(out, &net.UDPAddr{IP: broadcastOf(n), Port: d.cfg.Port})
			}
		}
	}
	for _, t := range d.cfg.Targets {
		if a, err := net.ResolveUDPAddr("udp", t); err == nil {
			out = append(out, a)
		}
	}
	return out
}

func broadcastOf(n *net.IPNet) net.IP {
	ip := n.IP.To4()
	out := make(net.IP, len(ip))
	mask := n.Mask[len(n.Mask)-len(ip):]
	for i := range ip {
		out[i] = ip[i] | ^mask[i]
	}
	return out
}

func (b Beacon) encode() ([]byte, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	if len(beaconMark)+len(text) > maxBeacon {
		return nil, errors.New("the announcement is too long")
	}
	return append([]byte(beaconMark), text...), nil
}

// ParseBeacon reads an announcement: strangers' bytes. What is longer than a name
// or an address can be is refused.
func ParseBeacon(packet []byte) (Beacon, error) {
	var b Beacon
	rest, ok := strings.CutPrefix(string(packet), beaconMark)
	if !ok || len(packet) > maxBeacon {
		return b, errors.New("read announcement: it is not one")
	}
	if err := json.Unmarshal([]byte(rest), &b); err != nil {
		return Beacon{}, fmt.Errorf("read announcement: %w", err)
	}
	texts := append([]string{b.Cluster, b.Node, b.CA, b.Gossip}, b.Control...)
	for _, t := range texts {
		if len(t) > 200 || strings.ContainsFunc(t, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return Beacon{}, errors.New("read announcement: a text in it is too long or not printable")
		}
	}
	if len(b.Control) > mostHosts || b.Cluster != "" && len(b.CA) != 64 {
		return Beacon{}, errors.New("read announcement: it names too many addresses or no authority")
	}
	return b, nil
}
