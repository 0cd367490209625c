package cluster_test

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/cluster"
)

// listener collects what a discovery finds.
type listener struct {
	mu    sync.Mutex
	found []cluster.Beacon
}

func (l *listener) add(b cluster.Beacon) {
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

func discover(t *testing.T, port int, targets []string, beacon cluster.Beacon) *listener {
	t.Helper()
	l := &listener{}
	d, err := cluster.NewDiscovery(t.Context(), cluster.DiscoveryConfig{
		Beacon: func() cluster.Beacon { return beacon }, Found: l.add, Port: port, Targets: targets,
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

// A box that asks hears of the clusters that are there. The two use ports of
// their own, because packets to one port of one box reach only one of its sockets.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	memberPort, askerPort := freeUDP(t), freeUDP(t)
	at := func(port int) []string { return []string{fmt.Sprintf("127.0.0.1:%d", port)} }
	discover(t, memberPort, at(askerPort), cluster.Beacon{Cluster: "field", CA: someCA, Node: "box-1", Control: []string{"10.0.0.1:8183"}})
	asker := discover(t, askerPort, at(memberPort), cluster.Beacon{Ask: true})
	eventually(t, "the asker finds the cluster", 10*time.Second, func() bool { return asker.clusters() == "field/box-1" })
	asker.mu.Lock()
	defer asker.mu.Unlock()
	if b := asker.found[0]; b.From == "" || b.CA != someCA || !reflect.DeepEqual(b.Control, []string{"10.0.0.1:8183"}) {
		t.Errorf("found %+v", b)
	}
}

func FuzzParseBeacon(f *testing.F) {
	f.Add([]byte(`SIGNALBOX1 {"cluster":"c","ca":"` + someCA + `","control":["a:1"]}`))
	f.Add([]byte(`SIGNALBOX1 {"ask":true}`))
	f.Add([]byte(`SIGNALBOX1 {"cluster":"\u0000"}`))
	f.Fuzz(func(t *testing.T, packet []byte) {
		b, err := cluster.ParseBeacon(packet)
		if err == nil && (len(b.Control) > 8 || strings.ContainsAny(b.Cluster+b.Node, "\x00\n\x1b")) {
			t.Errorf("taken: %+v", b)
		}
	})
}
