package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/cluster"
)

// box is a node's gossip under test.
type box struct {
	*cluster.Gossip
	t      *testing.T
	cfg    cluster.GossipConfig
	stop   context.CancelFunc
	ended  chan error
	mu     sync.Mutex
	events []cluster.Event
}

// nodeID makes an id that looks like one from a key.
func nodeID(n int) string { return fmt.Sprintf("%026d", n) }

func gossipKeys(t *testing.T, keys ...[]byte) *cluster.GossipKeys {
	t.Helper()
	k, err := cluster.OpenGossipKeys(filepath.Join(t.TempDir(), cluster.GossipKeysFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		own := k.IDs()[0]
		if err := errors.Join(k.Install(key), k.Use(cluster.GossipKeyID(key), 1), k.Remove(own)); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// sockets binds a free port by TCP and UDP.
func sockets(t *testing.T, addr string) (net.Listener, net.PacketConn) {
	t.Helper()
	for range 20 {
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp, udp
		}
		_ = tcp.Close()
	}
	t.Fatal("no port is free by TCP and UDP")
	return nil, nil
}

// start runs a box; alter may change its configuration.
func start(t *testing.T, id int, key []byte, seeds []string, alter ...func(*cluster.GossipConfig)) *box {
	t.Helper()
	b := &box{t: t, ended: make(chan error, 1)}
	b.cfg = cluster.GossipConfig{
		NodeID: nodeID(id), Cluster: "test", Keys: gossipKeys(t, key), Profile: cluster.Bench,
		Meta: cluster.Meta{Name: fmt.Sprintf("node-%d", id), Control: "127.0.0.1:1"}, Seeds: func() []string { return seeds },
		OnEvent: func(e cluster.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.events = append(b.events, e)
		},
	}
	b.cfg.Listener, b.cfg.Packets = sockets(t, "127.0.0.1:0")
	for _, f := range alter {
		f(&b.cfg)
	}
	var err error
	if b.Gossip, err = cluster.NewGossip(b.cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.ended <- b.Run(ctx) }()
	t.Cleanup(func() { stop(); <-b.ended })
	return b
}

// leave ends a box with a goodbye.
func (b *box) leave() error {
	b.stop()
	err := <-b.ended
	b.ended <- err // for the clean-up
	return err
}

// has reports whether an event of that type about that node came.
func (b *box) has(typ cluster.EventType, id int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.events, func(e cluster.Event) bool { return e.Type == typ && e.Member.ID == nodeID(id) })
}

func (b *box) hinted(revision int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.events, func(e cluster.Event) bool { return e.Type == cluster.Hinted && e.Revision == revision })
}

// sees lists the nodes that b holds to be in a state.
func (b *box) sees(state cluster.State) string {
	var ids []string
	for _, m := range b.Members() {
		if m.State == state {
			ids = append(ids, strings.TrimLeft(m.ID, "0"))
		}
	}
	return strings.Join(ids, " ")
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		<-tick.C
	}
}

func allSee(t *testing.T, want string, boxes ...*box) {
	t.Helper()
	eventually(t, "all see "+want, 20*time.Second, func() bool {
		for _, b := range boxes {
			if b.sees(cluster.Up) != want {
				return false
			}
		}
		return true
	})
}

func TestMembersFindEachOther(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	c := start(t, 3, key, []string{b.Address()})
	allSee(t, "1 2 3", a, b, c)
	eventually(t, "a is told of c with its meta", 5*time.Second, func() bool { return a.has(cluster.Joined, 3) })
	for _, m := range a.Members() {
		if m.ID == nodeID(3) && (m.Meta.Name != "node-3" || m.Address != c.Address() || m.Local || m.TCPOnly) {
			t.Errorf("a sees %+v", m)
		}
	}
	b.SetMeta(cluster.Meta{Name: "node-2", Revision: 7, Ready: true, Problems: 3})
	eventually(t, "meta spreads", 5*time.Second, func() bool {
		return slices.ContainsFunc(c.Members(), func(m cluster.Member) bool {
			return m.Meta.Revision == 7 && m.Meta.Ready && m.Meta.Problems == 3
		})
	})
	if err := b.leave(); err != nil {
		t.Errorf("leave: %v", err)
	}
	allSee(t, "1 3", a, c)
	eventually(t, "a goodbye is told of as such", 5*time.Second, func() bool { return a.has(cluster.Left, 2) && a.sees(cluster.Down) == "2" })
}

func TestHintReachesAll(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	boxes := []*box{start(t, 1, key, nil)}
	for i := 2; i <= 5; i++ {
		boxes = append(boxes, start(t, i, key, []string{boxes[0].Address()}))
	}
	allSee(t, "1 2 3 4 5", boxes...)
	boxes[3].Hint(41)
	boxes[3].Hint(42)
	for i, b := range boxes {
		if i != 3 {
			eventually(t, "the hint arrives", 2*time.Second, func() bool { return b.hinted(42) })
		}
	}
	late := start(t, 6, key, []string{boxes[1].Address()})
	eventually(t, "one that joins later hears of it", 10*time.Second, func() bool { return late.hinted(42) })
}

// A node that dies and comes back at another address is a member at once, though
// the others have not yet noticed that it died.
func TestBackFromAnotherAddress(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	allSee(t, "1 2", a, b)
	if err := b.Close(); err != nil { // without a goodbye, as a killed process
		t.Fatal(err)
	}
	begun := time.Now()
	again := start(t, 2, key, []string{a.Address()})
	eventually(t, "the new address is known", 5*time.Second, func() bool {
		return slices.ContainsFunc(a.Members(), func(m cluster.Member) bool {
			return m.ID == nodeID(2) && m.State == cluster.Up && m.Address == again.Address()
		})
	})
	t.Logf("back after %s", time.Since(begun))
	eventually(t, "it is told of as restarted", 10*time.Second, func() bool { return a.has(cluster.Restarted, 2) })
	allSee(t, "1 2", a, again)
	if a.has(cluster.Cloned, 2) || again.has(cluster.Cloned, 2) {
		t.Error("a restart was taken for a clone")
	}
}

// Two live boxes with one key: the one that was there first stays, the other is
// refused, ends and is named.
func TestCloneIsRefused(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	allSee(t, "1 2", a, b)
	clone := start(t, 2, key, []string{a.Address()})
	var err error
	select {
	case err = <-clone.ended:
		clone.ended <- err
	case <-time.After(20 * time.Second):
		t.Fatal("the clone goes on")
	}
	if !errors.Is(err, cluster.ErrClone) {
		t.Errorf("the clone ended with %v", err)
	}
	eventually(t, "the others say so", 10*time.Second, func() bool { return a.has(cluster.Cloned, 2) })
	for _, m := range a.Members() {
		if m.ID == nodeID(2) && (m.Address != b.Address() || m.State != cluster.Up) {
			t.Errorf("a sees %+v; want the first box", m)
		}
	}
	if b.leave() != nil {
		t.Error("the first box had to end")
	}
}

func TestStrangersStayOut(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	wrongKey := start(t, 2, cluster.NewGossipKey(), []string{a.Address()})
	wrongCluster := start(t, 3, key, []string{a.Address()}, func(c *cluster.GossipConfig) { c.Cluster = "other" })
	removed := start(t, 4, key, []string{a.Address()})
	friend := start(t, 5, key, []string{a.Address()}, func(c *cluster.GossipConfig) {
		c.Refused = func(id string) bool { return id == nodeID(4) }
	})
	eventually(t, "the friend is in", 10*time.Second, func() bool { return a.sees(cluster.Up) == "1 4 5" })
	eventually(t, "the friend sees who let it in", 10*time.Second, func() bool { return strings.Contains(friend.sees(cluster.Up), "1") })
	a.Hint(9)
	eventually(t, "the friend hears a hint", 10*time.Second, func() bool { return friend.hinted(9) })
	if got := friend.sees(cluster.Up); got != "1 5" {
		t.Errorf("who refuses 4 sees %s", got)
	}
	for _, b := range []*box{wrongKey, wrongCluster} {
		if got := len(b.Members()); got != 1 {
			t.Errorf("a stranger sees %d members", got)
		}
	}
	_ = removed
}

func TestWithoutUDP(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	noUDP := func(c *cluster.GossipConfig) {
		_ = c.Packets.Close()
		c.Packets = nil
	}
	a := start(t, 1, key, nil, noUDP)
	b := start(t, 2, key, []string{a.Address()}, noUDP)
	c := start(t, 3, key, []string{a.Address()}, noUDP)
	allSee(t, "1 2 3", a, b, c)
	a.Hint(9)
	for _, x := range []*box{b, c} {
		eventually(t, "a hint by TCP", 2*time.Second, func() bool { return x.hinted(9) })
	}
	if !slices.ContainsFunc(a.Members(), func(m cluster.Member) bool { return !m.Local && m.TCPOnly }) {
		t.Error("nothing says that UDP does not work")
	}
	eventually(t, "links are measured", 10*time.Second, func() bool { return len(a.Links()) == 2 && a.Links()[0].RTT > 0 })
}

func TestLinksAreMeasured(t *testing.T) {
	t.Parallel()
	key := cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	allSee(t, "1 2", a, b)
	eventually(t, "a measures b", 15*time.Second, func() bool {
		l := a.Links()
		return len(l) == 1 && l[0].ID == nodeID(2) && l[0].RTT > 0 && l[0].Sent >= 3 && l[0].Loss == 0 && l[0].Skew.Abs() < time.Second
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "silence is told of", 30*time.Second, func() bool { return a.has(cluster.Silent, 2) && a.sees(cluster.Unknown) == "2" })
}

// Keys are changed while members gossip: install on all, use on all, remove on all.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	key, next := cluster.NewGossipKey(), cluster.NewGossipKey()
	a := start(t, 1, key, nil)
	b := start(t, 2, key, []string{a.Address()})
	allSee(t, "1 2", a, b)
	for _, step := range []func(*cluster.GossipKeys) error{
		func(k *cluster.GossipKeys) error { return k.Install(next) },
		func(k *cluster.GossipKeys) error { return k.Use(cluster.GossipKeyID(next), 2) },
		func(k *cluster.GossipKeys) error { return k.Remove(cluster.GossipKeyID(key)) },
	} {
		for i, x := range []*box{a, b} {
			if err := step(x.cfg.Keys); err != nil {
				t.Fatal(err)
			}
			a.Hint(int64(100 + i))
		}
	}
	if got := a.cfg.Keys.IDs(); !slices.Equal(got, []string{cluster.GossipKeyID(next)}) {
		t.Errorf("keys are %v", got)
	}
	a.Hint(200)
	eventually(t, "gossip goes on under the new key", 5*time.Second, func() bool { return b.hinted(200) })
	late := start(t, 3, next, []string{a.Address()})
	allSee(t, "1 2 3", a, b, late)
	old := start(t, 4, key, []string{a.Address()})
	allSee(t, "1 2 3", a, b, late)
	if len(old.Members()) != 1 {
		t.Error("the removed key still lets in")
	}
}
