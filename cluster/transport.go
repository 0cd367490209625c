package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// The first byte of a TCP connection says what follows: one of memberlist's
// streams, or packets that did not get through by UDP.
const (
	streamMark byte = 'S'
	packetMark byte = 'P'
)

const (
	maxPacket      = 64 << 10
	packetHead     = 28              // bytes of IP and UDP before each
	packetQueue    = 64              // packets that wait for one peer's connection
	packetIdle     = time.Minute     // then the connection is closed
	packetDial     = 3 * time.Second // to connect, and to write one packet
	udpBufferBytes = 1 << 20
)

// transport carries gossip by UDP and TCP on one port. A peer that UDP packets
// do not come back from gets them by TCP as well, until they do: a network
// without UDP slows gossip down and does not split the cluster.
type transport struct {
	tcp net.Listener
	udp net.PacketConn // nil: TCP only
	log *slog.Logger
	// silentAfter is how long UDP packets to a peer may go without an answer.
	silentAfter time.Duration

	packets chan *memberlist.Packet
	streams chan net.Conn
	ctx     context.Context // ends with Shutdown
	stop    context.CancelFunc
	wg      sync.WaitGroup

	sent, received atomic.Int64 // bytes
	last           atomic.Int64 // when any were received, in Unix nanoseconds

	mu    sync.Mutex
	peers map[string]*peerLink // by address
	conns map[net.Conn]struct{}
}

// peerLink is what is known of the way to one address.
type peerLink struct {
	asked time.Time          // first UDP packet since the last answer; zero: none waits
	queue chan []byte        // packets to go by TCP; nil while there is no connection
	stop  context.CancelFunc // of the queue's owner
}

// newTransport serves on a listener and, unless it is nil, a packet socket.
// Shutdown closes both.
func newTransport(tcp net.Listener, udp net.PacketConn, silentAfter time.Duration, log *slog.Logger) *transport {
	t := &transport{
		tcp: tcp, udp: udp, log: log, silentAfter: silentAfter, packets: make(chan *memberlist.Packet), streams: make(chan net.Conn),
		peers: map[string]*peerLink{}, conns: map[net.Conn]struct{}{},
	}
	t.last.Store(time.Now().UnixNano())
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.wg.Go(t.accept)
	if udp != nil {
		if c, ok := udp.(*net.UDPConn); ok {
			_ = c.SetReadBuffer(udpBufferBytes) // less is slower, not wrong
		}
		t.wg.Go(t.receive)
	}
	return t
}

// FinalAdvertiseAddr implements memberlist.Transport: the address is always given.
func (t *transport) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	addr := net.ParseIP(ip)
	if addr == nil {
		return nil, 0, fmt.Errorf("the address %q to be known by is not an IP address", ip)
	}
	return addr, port, nil
}

// WriteTo implements memberlist.Transport.
func (t *transport) WriteTo(b []byte, addr string) (time.Time, error) {
	now := time.Now()
	if t.udp == nil || t.silent(addr, now) {
		t.enqueue(b, addr)
	}
	if t.udp == nil {
		return now, nil
	}
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return now, err
	}
	t.sent.Add(int64(len(b) + packetHead))
	if _, err = t.udp.WriteTo(b, to); t.ctx.Err() != nil {
		err = nil // the node ends
	}
	return time.Now(), err
}

// silent notes that a packet goes to addr and reports whether UDP is given up on for it.
func (t *transport) silent(addr string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.peer(addr)
	if p.asked.IsZero() {
		p.asked = now
	}
	return now.Sub(p.asked) > t.silentAfter
}

func (t *transport) peer(addr string) *peerLink {
	p := t.peers[addr]
	if p == nil {
		p = &peerLink{}
		t.peers[addr] = p
	}
	return p
}

// byTCP reports whether packets for addr go by TCP now.
func (t *transport) byTCP(addr string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.peers[addr]
	return t.udp == nil || p != nil && !p.asked.IsZero() && time.Since(p.asked) > t.silentAfter
}

// enqueue hands a packet to the owner of addr's connection; when too many wait
// it is dropped, as a network would.
func (t *transport) enqueue(b []byte, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.peer(addr)
	if p.queue == nil && t.ctx.Err() == nil {
		queue := make(chan []byte, packetQueue)
		ctx, stop := context.WithCancel(t.ctx)
		p.queue, p.stop = queue, stop
		t.wg.Go(func() {
			defer stop()
			if err := t.carry(ctx, addr, queue); err != nil {
				t.log.Debug("packets by TCP are given up", "address", addr, "error", err)
			}
			t.mu.Lock()
			p.queue = nil
			t.mu.Unlock()
		})
	}
	select {
	case p.queue <- append([]byte(nil), b...):
	default:
	}
}

// carry writes queued packets to one connection until it is idle or breaks.
func (t *transport) carry(ctx context.Context, addr string, queue <-chan []byte) error {
	conn, err := t.dial(ctx, addr, packetDial, packetMark)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost that counts
	idle := time.NewTimer(packetIdle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-idle.C:
			return nil
		case b := <-queue:
			if len(b) > maxPacket-1 {
				continue
			}
			frame := binary.BigEndian.AppendUint16(nil, uint16(len(b))) //nolint:gosec // bounded above
			if err := conn.SetWriteDeadline(time.Now().Add(packetDial)); err != nil {
				return err
			}
			if _, err := conn.Write(append(frame, b...)); err != nil {
				return err
			}
			idle.Reset(packetIdle)
		}
	}
}

// DialTimeout implements memberlist.Transport.
func (t *transport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return t.dial(t.ctx, addr, timeout, streamMark)
}

func (t *transport) dial(ctx context.Context, addr string, timeout time.Duration, mark byte) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	conn := countedConn{raw, t}
	if deadline, ok := ctx.Deadline(); ok {
		err = conn.SetWriteDeadline(deadline)
	}
	if err == nil {
		_, err = conn.Write([]byte{mark})
	}
	if err == nil {
		err = conn.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// PacketCh implements memberlist.Transport.
func (t *transport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh implements memberlist.Transport.
func (t *transport) StreamCh() <-chan net.Conn { return t.streams }

// Shutdown implements memberlist.Transport: all sockets are closed and all
// goroutines have ended when it returns.
func (t *transport) Shutdown() error {
	t.stop()
	err := t.tcp.Close()
	if t.udp != nil {
		err = errors.Join(err, t.udp.Close())
	}
	t.mu.Lock()
	for c := range t.conns {
		_ = c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (t *transport) accept() {
	for {
		conn, err := t.tcp.Accept()
		switch {
		case errors.Is(err, net.ErrClosed) || t.ctx.Err() != nil:
			return
		case err != nil: // out of files, perhaps
			t.log.Warn("connection cannot be accepted", "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-t.ctx.Done():
			}
			continue
		}
		t.wg.Go(func() { t.greet(countedConn{conn, t}) })
	}
}

// greet reads what a connection is for and hands it on.
func (t *transport) greet(conn net.Conn) {
	t.mu.Lock()
	t.conns[conn] = struct{}{}
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.conns, conn)
		t.mu.Unlock()
	}()
	var mark [1]byte
	err := conn.SetReadDeadline(time.Now().Add(packetDial))
	if err == nil {
		_, err = io.ReadFull(conn, mark[:])
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	switch {
	case err == nil && mark[0] == streamMark:
		select {
		case t.streams <- conn:
			return // memberlist closes it
		case <-t.ctx.Done():
		}
	case err == nil && mark[0] == packetMark:
		t.unpack(conn)
	}
	_ = conn.Close()
}

// countedConn counts the bytes of a connection.
type countedConn struct {
	net.Conn
	t *transport
}

// Read implements net.Conn.
func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.t.count(n)
	return n, err
}

// Write implements net.Conn.
func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.t.sent.Add(int64(n))
	return n, err
}

// unpack reads packets from a connection until it ends or falls silent.
func (t *transport) unpack(conn net.Conn) {
	var size [2]byte
	for {
		if err := conn.SetReadDeadline(time.Now().Add(2 * packetIdle)); err != nil {
			return
		}
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, b); err != nil || len(b) == 0 {
			return
		}
		if !t.hand(b, conn.RemoteAddr()) {
			return
		}
	}
}

// receive reads packets from the UDP socket.
func (t *transport) receive() {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := t.udp.ReadFrom(buf)
		switch {
		case errors.Is(err, net.ErrClosed) || t.ctx.Err() != nil:
			return
		case err != nil || n == 0: // such as an ICMP answer to an earlier packet
			continue
		}
		t.count(n + packetHead)
		t.heard(from)
		if !t.hand(append([]byte(nil), buf[:n]...), from) {
			return
		}
	}
}

// count notes that n bytes were received.
func (t *transport) count(n int) {
	if n > 0 {
		t.received.Add(int64(n))
		t.last.Store(time.Now().UnixNano())
	}
}

// hears reports whether anybody was heard of late: in a cluster somebody always
// asks, gossips or answers within a second or two.
func (t *transport) hears() bool { return time.Since(time.Unix(0, t.last.Load())) < t.silentAfter }

// heard notes that UDP from an address works.
func (t *transport) heard(from net.Addr) {
	addr := from.String()
	if a, err := netip.ParseAddrPort(addr); err == nil {
		addr = netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.peers[addr]; p != nil {
		p.asked = time.Time{}
	}
}

func (t *transport) hand(b []byte, from net.Addr) bool {
	select {
	case t.packets <- &memberlist.Packet{Buf: b, From: from, Timestamp: time.Now()}:
		return true
	case <-t.ctx.Done():
		return false
	}
}

var _ memberlist.Transport = (*transport)(nil)
