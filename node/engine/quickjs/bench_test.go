package quickjs_test

import (
	"context"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

const priced = `{"order_id":"ORD-1","name":"ALA","total":39.8,"total_eur":9.95}`

// BenchmarkCall is the order service: input checked, one nested invoke (checked
// too), one log line.
func BenchmarkCall(b *testing.B) {
	n := newNode(b, quickjs.Config{}, nil)
	n.deploy(folder(b, "orders"))
	n.want("order.accept", order, priced)
	b.ReportAllocs()
	for b.Loop() {
		n.invoke(order)
	}
}

// BenchmarkCallParallel is the same from many callers at a time.
func BenchmarkCallParallel(b *testing.B) {
	n := newNode(b, quickjs.Config{}, nil)
	n.deploy(folder(b, "orders"))
	n.want("order.accept", order, priced)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.invoke(order)
		}
	})
}

func (n *node) invoke(input string) {
	c := &service.Call{CID: "cid-1234", Service: "order.accept", Channel: "test", Input: []byte(input)}
	if _, err := n.invoker.Invoke(context.Background(), c); err != nil {
		n.tb.Error(err)
	}
}

// BenchmarkLoad builds, compiles and describes a package of two files.
func BenchmarkLoad(b *testing.B) {
	e := newEngine(b, quickjs.Config{})
	src := folder(b, "orders")
	for b.Loop() {
		m, err := e.Load(b.Context(), src)
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}

// BenchmarkRedeploy loads a package, switches to it and calls it.
func BenchmarkRedeploy(b *testing.B) {
	n := newNode(b, quickjs.Config{}, nil)
	src := folder(b, "orders")
	for b.Loop() {
		n.deploy(src)
		n.invoke(order)
	}
}

// BenchmarkBoot makes a machine for a package that is loaded, and its first call.
func BenchmarkBoot(b *testing.B) {
	n := newNode(b, quickjs.Config{RecycleAfter: 1}, nil)
	n.deploy(source(hello))
	for b.Loop() {
		if _, err := n.call("hello", "1"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTest runs the tests of a package.
func BenchmarkTest(b *testing.B) {
	e := newEngine(b, quickjs.Config{})
	src := folder(b, "orders")
	for b.Loop() {
		if r, err := e.Test(b.Context(), src, quickjs.TestOptions{}); err != nil || r.Failed > 0 {
			b.Fatal(err)
		}
	}
}

// TestMemoryPerMachine keeps an eye on what a machine costs: it is what a node
// pays for each call that waits for something.
func TestMemoryPerMachine(t *testing.T) {
	if raced || rss(t) == 0 {
		return // the detector's own memory, or no figure here
	}
	const machines = 64
	g := newGate()
	n := newNode(t, quickjs.Config{}, g.ops())
	n.deploy(waitingPackage("a"))
	n.want("a.tree", "0", "1")
	before := rss(t)
	done := make(chan struct{})
	for range machines {
		go func() {
			defer func() { done <- struct{}{} }()
			if _, err := n.call("a.wait", "null"); err != nil {
				t.Error(err)
			}
		}()
	}
	for range machines {
		<-g.arrived
	}
	each := float64(rss(t)-before) / machines
	t.Logf("%.2f MiB each", each)
	if each > 1 {
		t.Errorf("a machine costs %.2f MiB, want at most 1", each)
	}
	close(g.open)
	for range machines {
		<-done
	}
}
