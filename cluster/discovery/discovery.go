package discovery

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

// Port is the UDP port of announcements on the local network.
const Port = 7947

// group is the IPv6 group of announcements: link-local, of no registry.
const group = "ff12::5342:7947"

const (
	beaconMark    = "SIGNALBOX1 "
	maxBeacon     = 1024
	announceEvery = 30 * time.Second
	answerEvery   = time.Second // at most, to those who ask
	mostAddresses = 8           // in one announcement
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

// Config is what a station needs.
type Config struct {
	// Beacon returns what this box announces; a zero one announces nothing.
	Beacon func() Beacon
	// Found is told of each announcement of others; it must be quick.
	Found func(Beacon)
	Port  int // of announcements; 0: Port
	// Every is how often it announces unasked; 0: 30 s.
	Every time.Duration
	// Targets are addresses that are announced to beside every local network's;
	// for tests and networks without broadcast.
	Targets []string
	Log     *slog.Logger // nil means slog.Default()
}

// Station announces this box on the local networks by IPv4 broadcast and IPv6
// multicast and hears of others. Many processes of one box may use the same port.
type Station struct {
	cfg   Config
	log   *slog.Logger
	v4    net.PacketConn
	v6    net.PacketConn // nil: this box has no IPv6
	asked chan struct{}  // somebody asks who is there
}

// New binds the sockets; Run closes them.
func New(ctx context.Context, cfg Config) (*Station, error) {
	if cfg.Beacon == nil || cfg.Found == nil {
		return nil, errors.New("discovery config: Beacon and Found are needed")
	}
	cfg.Port, cfg.Every = cmp.Or(cfg.Port, Port), cmp.Or(cfg.Every, announceEvery)
	s := &Station{cfg: cfg, asked: make(chan struct{}, 1), log: cmp.Or(cfg.Log, slog.Default()).With("component", "discovery")}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) { err = shareBroadcast(fd) }); cerr != nil {
			return cerr
		}
		return err
	}}
	var err error
	if s.v4, err = lc.ListenPacket(ctx, "udp4", fmt.Sprintf("0.0.0.0:%d", cfg.Port)); err != nil {
		return nil, fmt.Errorf("listen for announcements: %w", err)
	}
	if s.v6, err = lc.ListenPacket(ctx, "udp6", fmt.Sprintf("[::]:%d", cfg.Port)); err != nil {
		s.log.Debug("announcements go by IPv4 alone", "error", err)
		s.v6 = nil
	} else {
		s.joinGroups()
	}
	return s, nil
}

// joinGroups subscribes to the group on every interface.
func (s *Station) joinGroups() {
	p := ipv6.NewPacketConn(s.v6)
	for _, i := range multicastInterfaces() {
		if err := p.JoinGroup(&i, &net.UDPAddr{IP: net.ParseIP(group)}); err != nil {
			s.log.Debug("no IPv6 announcements on an interface", "interface", i.Name, "error", err)
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
func (s *Station) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range []net.PacketConn{s.v4, s.v6} {
		if c == nil {
			continue
		}
		context.AfterFunc(ctx, func() { _ = c.Close() })
		g.Go(func() error { return s.listen(ctx, c) })
	}
	g.Go(func() error { return s.repeat(ctx) })
	return g.Wait()
}

func (s *Station) listen(ctx context.Context, c net.PacketConn) error {
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
		b, err := Parse(buf[:n])
		if err != nil {
			continue // anybody may send anything to this port
		}
		if a, ok := from.(*net.UDPAddr); ok {
			b.From = a.IP.String()
			b.forget(a.IP)
		}
		if b.Ask && s.cfg.Beacon().Cluster != "" { // one who only asks has no answer
			select {
			case s.asked <- struct{}{}:
			default: // somebody asked already
			}
		}
		if b.Cluster != "" {
			s.cfg.Found(b)
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
func (s *Station) repeat(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for {
		s.announce()
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
		case <-s.asked:
		}
	}
}

// announce sends the beacon everywhere.
func (s *Station) announce() {
	b := s.cfg.Beacon()
	if b.Cluster == "" && !b.Ask {
		return
	}
	text, err := b.encode()
	if err != nil {
		s.log.Debug("announcement cannot be written", "error", err)
		return
	}
	for _, to := range s.targets() {
		c := s.v4
		if to.IP.To4() == nil {
			c = s.v6
		}
		if c == nil {
			continue
		}
		if _, err := c.WriteTo(text, to); err != nil {
			s.log.Debug("announcement was not sent", "to", to.String(), "error", err)
		}
	}
}

// targets returns the broadcast address of every local network and of this box
// itself, the group on every interface, and what the configuration adds.
func (s *Station) targets() []*net.UDPAddr {
	out := []*net.UDPAddr{{IP: net.IPv4bcast, Port: s.cfg.Port}, {IP: net.IPv4(127, 255, 255, 255), Port: s.cfg.Port}}
	for _, i := range multicastInterfaces() {
		out = append(out, &net.UDPAddr{IP: net.ParseIP(group), Port: s.cfg.Port, Zone: i.Name})
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
				out = append(out, &net.UDPAddr{IP: broadcastOf(n), Port: s.cfg.Port})
			}
		}
	}
	for _, t := range s.cfg.Targets {
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

// Parse reads an announcement: strangers' bytes. What is longer than a name
// or an address can be is refused.
func Parse(packet []byte) (Beacon, error) {
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
	if len(b.Control) > mostAddresses || b.Cluster != "" && len(b.CA) != 64 {
		return Beacon{}, errors.New("read announcement: it names too many addresses or no authority")
	}
	return b, nil
}
