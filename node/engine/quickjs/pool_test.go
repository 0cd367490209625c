package quickjs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

// gate is a host operation that blocks until the test opens it.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{arrived: make(chan struct{}, 1000), open: make(chan struct{})} }

func (g *gate) ops() map[string]service.Operation {
	return map[string]service.Operation{
		"http.request": func(ctx context.Context, _ *service.Call, _ json.RawMessage) (any, error) {
			g.arrived <- struct{}{}
			select {
			case <-g.open:
				return json.RawMessage(`{"status":200,"headers":{}}`), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
}

const waiting = `import { service } from "@signalbox/sdk";
export const wait = service({ name: "NAME.wait", handle: (ctx) => ctx.conn.http("x").get("/").status });
export const outer = service({ name: "NAME.outer", handle: (ctx) => ctx.invoke("NAME.wait") });
export const tree = service({ name: "NAME.tree", handle: (ctx, depth: number): any => depth === 0 ? 1 : ctx.invoke("NAME.tree", depth - 1) });
export const fan = service({ name: "NAME.fan", handle: (ctx, depth: number): any => depth === 0 ? 1
  : ctx.parallel(Array.from({ length: 8 }, () => ({ service: "NAME.fan", input: depth - 1 }))).map((r) => r.ok ? r.value : r.error.code) });
`

func waitingPackage(name string) quickjs.Source {
	src := source(strings.ReplaceAll(waiting, "NAME", name))
	src.Name = name
	return src
}

// TestNoDeadlock: more root calls than machines, each of which needs a second
// machine for a nested call: all of them end well.
func TestNoDeadlock(t *testing.T) {
	g := newGate()
	n := newNode(t, quickjs.Config{MaxVMs: 4, MaxVMsNode: 4}, g.ops())
	n.deploy(waitingPackage("a"))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if out, err := n.call("a.outer", "null"); err != nil || out != "200" {
				t.Errorf("a.outer = %s, %v", out, err)
			}
		})
	}
	for range 4 {
		<-g.arrived
	}
	close(g.open)
	wg.Wait()
	n.want("a.tree", "10", "1")
}

// TestAdmission: calls beyond the limits of package and node wait, and are
// refused when their deadline comes first.
func TestAdmission(t *testing.T) {
	tests := map[string]struct {
		cfg      quickjs.Config
		busy     []string // services that block first
		refused  string
		accepted string
	}{
		"package": {quickjs.Config{MaxVMs: 2, MaxVMsNode: 3}, []string{"a.wait", "a.wait"}, "a.tree", "b.tree"},
		"node":    {quickjs.Config{MaxVMs: 2, MaxVMsNode: 3}, []string{"a.wait", "a.wait", "b.wait"}, "b.tree", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			n := newNode(t, tc.cfg, g.ops())
			n.deploy(waitingPackage("a"), waitingPackage("b"))
			var wg sync.WaitGroup
			for _, s := range tc.busy {
				wg.Go(func() {
					if out, err := n.call(s, "null"); err != nil || out != "200" {
						t.Errorf("%s = %s, %v", s, out, err)
					}
				})
				<-g.arrived
			}
			if _, err := n.callWithin(tc.refused, "1", 20*time.Millisecond); err == nil || err.Code != service.CodeBusy || err.Status != 503 {
				t.Errorf("%s ended as %v, want service_busy", tc.refused, err)
			}
			if tc.accepted != "" {
				n.want(tc.accepted, "1", "1")
			}
			wg.Go(func() {
				if out, err := n.call(tc.refused, "1"); err != nil || out != "1" {
					t.Errorf("%s = %s, %v after a wait", tc.refused, out, err)
				}
			})
			close(g.open)
			wg.Wait()
		})
	}
}

// TestFan: parallel calls that call in parallel are bounded in all, and an error
// of those beyond the bound; nothing waits for itself.
func TestFan(t *testing.T) {
	n := newNode(t, quickjs.Config{MaxVMs: 2, MaxVMsNode: 4}, nil)
	n.deploy(waitingPackage("a"))
	out, err := n.callWithin("a.fan", "2", 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var rows []any
	if json.Unmarshal([]byte(out), &rows) != nil || len(rows) != 8 {
		t.Errorf("a.fan = %s", out)
	}
	if s := n.engine.Stats(); s.VMs > 16 {
		t.Errorf("%d machines exist, at most 16 may", s.VMs)
	}
	n.want("a.tree", "3", "1")
}

// TestManyCalls: callers get their own answers, and machines are used again.
func TestManyCalls(t *testing.T) {
	n := newNode(t, quickjs.Config{MaxVMs: 8}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
let served = 0;
export const s = service({ name: "s", handle: (_ctx, input) => ({ input, served: ++served }) });`))
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 50 {
				in := fmt.Sprintf(`"%d-%d"`, g, i)
				out, err := n.call("s", in)
				var got struct{ Input json.RawMessage }
				if err != nil || json.Unmarshal([]byte(out), &got) != nil || string(got.Input) != in {
					t.Errorf("s(%s) = %s, %v", in, out, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if s := n.engine.Stats(); s.VMs > 8 || s.Idle != int(s.VMs) {
		t.Errorf("after the calls there are %+v, want at most 8 machines, all idle", s)
	}
}

// TestRecycle: a machine is replaced after so many calls, and with it what the
// script kept in it.
func TestRecycle(t *testing.T) {
	n := newNode(t, quickjs.Config{RecycleAfter: 3}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
let served = 0;
export const s = service({ name: "s", handle: () => ++served });`))
	for _, want := range []string{"1", "2", "3", "1", "2"} {
		n.want("s", "null", want)
	}
}

// TestIdle: machines that nobody uses are closed, but for those that each
// package keeps, and in all no more than a quarter of the node's.
func TestIdle(t *testing.T) {
	g := newGate()
	n := newNode(t, quickjs.Config{MaxVMs: 4, MaxVMsNode: 8, IdleVMs: 1, IdleAfter: 5 * time.Millisecond}, g.ops())
	n.deploy(waitingPackage("a"), waitingPackage("b"), waitingPackage("c"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := n.call(string(rune('a'+i%3))+".wait", "null"); err != nil {
				t.Error(err)
			}
		})
	}
	for range 8 {
		<-g.arrived
	}
	close(g.open)
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.engine.Run(ctx) }()
	eventually(t, "two machines are left", func() bool { return n.engine.Stats() == quickjs.Stats{Packages: 3, VMs: 2, Idle: 2} })
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run() = %v", err)
	}
	n.want("a.tree", "1", "1")
}

// TestRoom: idle machines of other packages make room; a call is not refused
// because their memory is just being freed.
func TestRoom(t *testing.T) {
	n := newNode(t, quickjs.Config{MaxVMs: 1, MaxVMsNode: 1}, nil)
	var packages []quickjs.Source
	for i := range 12 {
		packages = append(packages, waitingPackage(fmt.Sprintf("p%d", i)))
	}
	n.deploy(packages...)
	for range 4 {
		for _, p := range packages {
			n.want(p.Name+".tree", "0", "1")
		}
	}
	if s := n.engine.Stats(); s.VMs > 4 {
		t.Errorf("%d machines exist, at most 4 may", s.VMs)
	}
}

// TestLoadKeepsNothing: packages that nobody calls have no machine.
func TestLoadKeepsNothing(t *testing.T) {
	e := newEngine(t, quickjs.Config{IdleVMs: 2})
	for range 20 {
		if _, err := e.Load(t.Context(), source(hello)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "no machine is left", func() bool { return e.Stats() == quickjs.Stats{Packages: 20} })
}

// TestLeftovers: promise jobs that a call leaves behind never run in the next one.
func TestLeftovers(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
const seen: string[] = [];
export const s = service({ name: "s", handle(ctx, input: string) {
  const before = seen.length;
  void (async () => { await null; await null; seen.push(input + " " + ctx.cid); })();
  return [before, seen.at(-1) ?? ""];
} });`))
	n.want("s", `"one"`, `[0,""]`)
	n.want("s", `"two"`, `[1,"one cid-1234"]`)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
