package discovery_test

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/cluster/discovery"
)

var someCA = strings.Repeat("ab", 32)

// listener collects what a discovery finds.
type listener struct {
	mu    sync.Mutex
	found []discovery.Beacon
}

func (l *listener) add(b discovery.Beacon) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = append(l.found, b)
}

func (l *listener) clusters() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := map[string]bool{}
	var out []string
	for _, b := range l.found {
		if key := b.Cluster + "/" + b.Node; !seen[key] {
			seen[key] = true
			out = append(out, key)
		}
	}
	return strings.Join(out, " ")
}

func discover(t *testing.T, port int, targets []string, beacon discovery.Beacon) *listener {
	t.Helper()
	l := &listener{}
	d, err := discovery.New(t.Context(), discovery.Config{
		Beacon: func() discovery.Beacon { return beacon }, Found: l.add, Port: port, Targets: targets,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only looked at
	return c.LocalAddr().(*net.UDPAddr).Port
}

// A box that asks hears of the clusters that are there, though it comes right
// after their first announcement.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	memberPort, askerPort := freeUDP(t), freeUDP(t)
	at := func(port int) []string { return []string{fmt.Sprintf("127.0.0.1:%d", port)} }
	discover(t, memberPort, at(askerPort), discovery.Beacon{Cluster: "field", CA: someCA, Node: "box-1", Control: []string{"10.0.0.1:8183"}})
	asker := discover(t, askerPort, at(memberPort), discovery.Beacon{Ask: true})
	eventually(t, "the asker finds the cluster", 10*time.Second, func() bool { return asker.clusters() == "field/box-1" })
	asker.mu.Lock()
	defer asker.mu.Unlock()
	if b := asker.found[0]; b.From == "" || b.CA != someCA || !reflect.DeepEqual(b.Control, []string{"10.0.0.1:8183"}) {
		t.Errorf("found %+v", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`SIGNALBOX1 {"cluster":"c","ca":"` + someCA + `","control":["a:1"]}`))
	f.Add([]byte(`SIGNALBOX1 {"ask":true}`))
	f.Add([]byte(`SIGNALBOX1 {"cluster":"\u0000"}`))
	f.Fuzz(func(t *testing.T, packet []byte) {
		b, err := discovery.Parse(packet)
		if err == nil && (len(b.Control) > 8 || strings.ContainsAny(b.Cluster+b.Node, "\x00\n\x1b")) {
			t.Errorf("taken: %+v", b)
		}
	})
}

// Several processes of one box share the port, and each hears the others.
func TestDiscoverySharesThePort(t *testing.T) {
	t.Parallel()
	port := freeUDP(t)
	one := discover(t, port, nil, discovery.Beacon{Cluster: "field", CA: someCA, Node: "box-1", Control: []string{"127.0.0.1:1"}})
	two := discover(t, port, nil, discovery.Beacon{Cluster: "field", CA: someCA, Node: "box-2", Control: []string{"127.0.0.1:2"}, Ask: true})
	asker := discover(t, port, nil, discovery.Beacon{Ask: true})
	eventually(t, "all hear of all", 10*time.Second, func() bool {
		for _, l := range []*listener{one, two, asker} {
			if c := l.clusters(); !strings.Contains(c, "box-1") || !strings.Contains(c, "box-2") {
				return false
			}
		}
		return true
	})
}

// Who asks all the time gets no more than an answer a second, and who only asks
// answers nobody.
func TestDiscoveryIsNotLoud(t *testing.T) {
	t.Parallel()
	port, askerPort := freeUDP(t), freeUDP(t)
	member := discover(t, port, []string{fmt.Sprintf("127.0.0.1:%d", askerPort)}, discovery.Beacon{Cluster: "field", CA: someCA, Node: "box-1"})
	asker := discover(t, askerPort, nil, discovery.Beacon{Ask: true})
	c, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only written to
	begun := time.Now()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for time.Since(begun) < 2500*time.Millisecond {
		if _, err := c.Write([]byte(`SIGNALBOX1 {"ask":true}`)); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
	// Each announcement goes to the asker once as a target of its own.
	asker.mu.Lock()
	defer asker.mu.Unlock()
	if n := len(asker.found); n < 2 || n > 5 {
		t.Errorf("%d answers in %s; 2 to 5 are right", n, time.Since(begun))
	}
	member.mu.Lock()
	defer member.mu.Unlock()
	for _, b := range member.found {
		if b.Node != "box-1" {
			t.Errorf("the one who only asks announced %+v", b)
		}
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("%s: not within %s", what, within)
		}
	}
}

// Somebody who asks once gets everybody who is there, each once and in order, though
// everybody announces again and again.
func TestAsk(t *testing.T) {
	t.Parallel()
	port := freeUDP(t)
	for _, name := range []string{"box-2", "box-1"} {
		discover(t, port, nil, discovery.Beacon{Cluster: "field", CA: someCA, Node: name, Control: []string{"127.0.0.1:1"}})
	}
	discover(t, port, nil, discovery.Beacon{Cluster: "field", CA: someCA, Node: "no-address"})
	found, err := discovery.Ask(t.Context(), discovery.AskConfig{For: 3 * time.Second, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range found {
		names = append(names, b.Node)
	}
	if strings.Join(names, " ") != "box-1 box-2" || found[0].From == "" {
		t.Errorf("found %+v", found)
	}
}

// Who floods the network fills no memory.
func TestAskIsBounded(t *testing.T) {
	t.Parallel()
	port := freeUDP(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		c, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return
		}
		defer c.Close() //nolint:errcheck // only written to
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = fmt.Fprintf(c, `SIGNALBOX1 {"cluster":"c","ca":"%s","node":"n%d","control":["a:1"]}`, someCA, i)
		}
	}()
	found, err := discovery.Ask(t.Context(), discovery.AskConfig{For: time.Second, Port: port})
	stop()
	<-flooded
	if err != nil || len(found) == 0 || len(found) > 1000 {
		t.Errorf("found %d, %v", len(found), err)
	}
}
