package cluster_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"

	"signalbox.internal/cluster"
)

// deafness lets a box send and hear nothing, as when its receiving wire is broken.
type deafness struct{ on atomic.Bool }

// deafPackets is the UDP socket of a box that may be deaf.
type deafPackets struct {
	net.PacketConn
	deaf *deafness
}

// ReadFrom implements net.PacketConn.
func (p deafPackets) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.PacketConn.ReadFrom(b)
		if err != nil || !p.deaf.on.Load() {
			return n, from, err
		}
	}
}

// deafListener accepts nobody while a box is deaf: a connection takes both ways.
type deafListener struct {
	net.Listener
	deaf *deafness
}

// Accept implements net.Listener.
func (l deafListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.deaf.on.Load() {
			return c, err
		}
		_ = c.Close()
	}
}

// A node that hears nobody and is heard is given up, though what it has to tell
// of itself changes all the time; none of those whom it accuses is.
func TestDeafNodeIsGivenUp(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	var deaf deafness
	var boxes []*box
	for id := 1; id <= 4; id++ {
		var seeds []string
		if id > 1 {
			seeds = []string{boxes[0].Address()}
		}
		boxes = append(boxes, start(t, id, key, seeds, func(c *cluster.GossipConfig) {
			c.Listener = deafListener{c.Listener, &deaf} // for all, as no box may reach the deaf one by TCP
			if id == 4 {
				c.Packets = deafPackets{c.Packets, &deaf}
			}
		}))
	}
	allSee(t, "1 2 3 4", boxes...)
	deaf.on.Store(true)
	load := 0
	for _, b := range boxes[:3] {
		eventually(t, "the deaf node is given up", 20*time.Second, func() bool {
			load++
			boxes[3].SetMeta(cluster.Meta{Name: "node-4", Control: "127.0.0.1:1", Load: load})
			return b.sees(cluster.Unknown) == "4"
		})
	}
	eventually(t, "the deaf node sees nobody", 20*time.Second, func() bool { return boxes[3].sees(cluster.Unknown) == "1 2 3" })
	deaf.on.Store(false)
	allSee(t, "1 2 3 4", boxes...)
	eventually(t, "what it has to tell is heard in the end", 20*time.Second, func() bool { return boxes[0].Members()[3].Meta.Load == load })
	for i, b := range boxes[:3] {
		for id := 1; id <= 3; id++ {
			if b.has(cluster.Silent, id) {
				t.Errorf("node %d gave up node %d, which is well", i+1, id)
			}
		}
	}
}

// Somebody says that a node is dead which is well: it is asked, not given up.
func TestAccusedIsAsked(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	allSee(t, "1 2", a, b)
	accuse := func(incarnation uint32) {
		for _, m := range a.Members() {
			if !m.Local {
				tell(t, a.Address(), key, "signalbox test", dead(m.ID+"."+m.Instance, incarnation))
			}
		}
	}
	for n := range uint32(20) {
		before := a.told(2)
		accuse((n + 1) * 1000)
		eventually(t, "the lie was heard and objected to", 20*time.Second, func() bool { return a.told(2) > before })
	}
	if a.has(cluster.Silent, 2) || a.sees(cluster.Up) != "1 2" {
		t.Error("a node that is well was given up because of what another said")
	}
	if err := b.Close(); err != nil { // without a goodbye, as a killed process
		t.Error(err)
	}
	accuse(1 << 30)
	eventually(t, "who does not answer is given up", 20*time.Second, func() bool { return a.has(cluster.Silent, 2) })
}

// told counts what a box was told of a node being up.
func (b *box) told(id int) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Member.ID == nodeID(id) && (e.Type == cluster.Changed || e.Type == cluster.Joined) {
			n++
		}
	}
	return n
}

// dead is memberlist's message that a process is dead, as a node says it.
func dead(name string, incarnation uint32) []byte {
	str := func(s string) []byte { return append([]byte{0xd9, byte(len(s))}, s...) }
	b := []byte{5, 0x83} // the message's type, then a map of three
	b = append(b, str("Incarnation")...)
	b = binary.BigEndian.AppendUint32(append(b, 0xce), incarnation)
	b = append(append(b, str("Node")...), str(name)...)
	return append(append(b, str("From")...), str("somebody")...)
}

// tell sends a packet as a member would, encrypted and labelled.
func tell(t *testing.T, addr string, key []byte, label string, msg []byte) {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := seal.Seal(append([]byte{1}, nonce...), nonce, msg, []byte(label))
	packet, err := memberlist.AddLabelHeaderToPacket(sealed, label)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // it was sent
	if _, err := c.Write(packet); err != nil {
		t.Fatal(fmt.Errorf("tell %s: %w", addr, err))
	}
}
