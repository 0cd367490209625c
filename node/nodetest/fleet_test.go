package nodetest_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

var builder nodetest.Builder

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil { // they wait more than they work
		panic(err)
	}
	code := m.Run()
	builder.Remove()
	os.Exit(code)
}

// long reports whether the tests shall run as long as what is promised says
// (make chaos), and not only long enough to find a slip.
func long() bool { return os.Getenv("SIGNALBOX_CHAOS") == "1" }

// drill is a fleet under requests that has trouble made for it.
type drill struct {
	*nodetest.Fleet
	t    *testing.T
	load *nodetest.Load
	rng  *rand.Rand
	slow time.Duration // to be equal again, at most
}

func newDrill(t *testing.T, cfg nodetest.FleetConfig) *drill {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	cfg.Binary = builder.Binary(t)
	d := &drill{Fleet: nodetest.NewFleet(t, cfg), t: t, rng: rand.New(rand.NewPCG(seed, 3))}
	d.Change(d.Boxes[0])
	d.Level("the start")
	d.load = d.Load()
	return d
}

// step makes one kind of trouble and then wants all to be equal again, and no
// request to have been answered wrongly.
func (d *drill) step(name string, trouble func(t *testing.T)) {
	d.t.Helper()
	if !d.t.Run(name, trouble) {
		d.t.FailNow()
	}
	d.slow = max(d.slow, d.Level(name))
	if wrong := d.load.Wrong(); len(wrong) > 0 {
		d.t.Fatalf("%s: requests were answered wrongly: %q", name, wrong)
	}
}

func (d *drill) end() {
	d.t.Logf("%d requests answered right; equal again within %v", d.load.End(), d.slow.Round(10*time.Millisecond))
}

// others returns all boxes but some.
func (d *drill) others(out ...*nodetest.Box) (in []*nodetest.Box) {
	for _, b := range d.Boxes {
		away := false
		for _, o := range out {
			away = away || o == b
		}
		if !away {
			in = append(in, b)
		}
	}
	return in
}

func (d *drill) shuffled() []*nodetest.Box {
	out := append([]*nodetest.Box(nil), d.Boxes...)
	d.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// wait lets a state last.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// Five nodes on loopback with the ODB in a file go through starts in any order
// with new ports each time, kills and freezes.
func TestFleetOnLoopback(t *testing.T) {
	t.Parallel()
	d := newDrill(t, nodetest.FleetConfig{Nodes: 5})
	d.step("killed each in turn", func(*testing.T) {
		for _, b := range d.shuffled() {
			b.Kill()
			d.Change(d.others(b)[d.rng.IntN(4)])
			b.Start()
		}
	})
	d.step("all down and up with new addresses", func(t *testing.T) {
		for _, b := range d.shuffled() {
			if err := b.Stop(); err != nil {
				t.Errorf("%s ended with %v\n%s", b.Name, err, b.Stderr())
			}
		}
		for _, b := range d.shuffled() {
			b.Start()
		}
	})
	d.step("all killed at once and up with new addresses", func(*testing.T) {
		for _, b := range d.Boxes {
			b.Kill()
		}
		d.Start(d.shuffled()...)
	})
	d.step("frozen and thawed", func(t *testing.T) {
		b := d.Boxes[d.rng.IntN(5)]
		b.Freeze()
		wait(t, 6*time.Second)
		d.Change(d.others(b)[0])
		b.Thaw()
	})
	d.step("gossip keys rotated with one node off", func(t *testing.T) {
		b := d.Boxes[4]
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
		reach(t, "the node is down", func() bool {
			n := nodeNamed(t, d.Boxes[0], b.Name)
			return n.State == "down"
		})
		r, err := d.Boxes[0].API.RotateGossipKeys(t.Context())
		if err != nil || !r.Complete {
			t.Fatalf("rotated: %+v, %v", r, err)
		}
		b.Start()
	})
	d.step("gossip keys rotated twice with one node killed", func(t *testing.T) {
		b := d.Boxes[3]
		b.Kill()
		reach(t, "the node is down", func() bool { return nodeNamed(t, d.Boxes[0], b.Name).State == "down" })
		for range 2 {
			r, err := d.Boxes[0].API.RotateGossipKeys(t.Context())
			if err != nil || !r.Complete {
				t.Fatalf("rotated: %+v, %v", r, err)
			}
		}
		b.Start()
	})
	d.step("gossip keys rotated with all on", d.oneKey)
	d.step("secrets sealed anew with one node off", func(t *testing.T) { sealAnew(t, d) })
	d.step("a node removed while it runs", func(t *testing.T) {
		b := d.Add()
		d.Join(d.Token(client.CreateJoinToken{}), b)
		b.Start()
		if err := d.Boxes[0].API.RemoveNode(t.Context(), b.Name); err != nil {
			t.Fatal(err)
		}
		endsWith(t, b.Process, "removed from the cluster")
		d.Boxes = d.Boxes[:5]
	})
	d.step("a node removed while it was down", func(t *testing.T) {
		b := d.Add()
		d.Join(d.Token(client.CreateJoinToken{}), b)
		b.Start()
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
		if err := d.Boxes[0].API.RemoveNode(t.Context(), b.Name); err != nil {
			t.Fatal(err)
		}
		b.Launch()
		endsWith(t, b.Process, "removed from the cluster")
		d.Boxes = d.Boxes[:5]
	})
	d.step("a clone", func(t *testing.T) { clone(t, d) })
	d.end()
}
