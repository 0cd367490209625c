package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// supervised runs a node as a process and starts it again whenever it ends with
// the status that asks for it, as systemd does.
type supervised struct {
	dir     string
	starts  atomic.Int64
	process atomic.Pointer[os.Process]
	killed  atomic.Bool // by the test: its end is no fault
	ended   chan error
}

func supervise(t *testing.T, binary, dir string) *supervised {
	t.Helper()
	s := &supervised{dir: dir, ended: make(chan error, 1)}
	go func() {
		for {
			cmd := exec.Command(binary, "run", "--dir", dir) //nolint:noctx,gosec // ended by the clean-up
			cmd.Env = append(os.Environ(), "SIGNALBOX_SUPERVISED=1")
			err := cmd.Start()
			if err == nil {
				s.starts.Add(1)
				s.process.Store(cmd.Process)
				err = cmd.Wait()
			}
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 75 {
				s.ended <- err
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = s.process.Load().Signal(syscall.SIGTERM)
		if err := <-s.ended; err != nil && !s.killed.Load() {
			t.Errorf("%s ended with %v", filepath.Base(dir), err)
		}
	})
	nodetest.Eventually(t, func() error {
		_, err := s.info()
		return err
	})
	return s
}

// info is what the running node says of itself.
func (s *supervised) info() (run node.Info, err error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "run", "node.json"))
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	return run, err
}

// crossing balances requests over nodes that answer /signalbox/ping, and goes on
// to the next when a node certainly did nothing: it refused because it drains, or
// nobody listens there.
type crossing struct {
	nodes  []*supervised
	next   atomic.Int64
	served atomic.Int64
	mu     sync.Mutex
	failed []string
}

func (c *crossing) request(ctx context.Context) {
	var why []string
	begin := int(c.next.Add(1))
	for i := range 2 * len(c.nodes) {
		n := c.nodes[(begin+i)%len(c.nodes)]
		run, err := n.info()
		if err != nil {
			continue
		}
		if a, err := nodetest.TryDo(ctx, http.MethodGet, run.Traffic+"/signalbox/ping", ""); err != nil || a.Status != http.StatusOK {
			continue
		}
		a, err := nodetest.TryDo(ctx, http.MethodPost, run.Traffic+"/hi", `{"name":"Ada"}`)
		switch {
		case err == nil && a.Status == http.StatusOK && strings.Contains(a.Body, "Hello, Ada"):
			c.served.Add(1)
			return
		case err == nil && a.Status == http.StatusServiceUnavailable && strings.Contains(a.Body, `"draining"`), errors.Is(err, syscall.ECONNREFUSED):
			why = append(why, "turned away")
			continue
		}
		why = append(why, fmt.Sprintf("%d %s %v", a.Status, a.Body, err))
		break
	}
	if ctx.Err() == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.failed = append(c.failed, strings.Join(why, ", "))
	}
}

// threeBoxes is three nodes as supervised processes: box1 made the cluster, the others
// joined it. Services and a channel are there.
type threeBoxes struct {
	t      *testing.T
	binary string
	dir    string
	crossing
}

func newThreeBoxes(t *testing.T) *threeBoxes {
	t.Helper()
	b := &threeBoxes{t: t, binary: builder.Binary(t), dir: t.TempDir()}
	values := map[string]string{"name": "box1", "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "gossip": "127.0.0.1:0", "announce": "false", "network": "bench"}
	if err := node.Init(t.Context(), node.InitConfig{Dir: b.box(1), Values: values}); err != nil {
		t.Fatal(err)
	}
	b.nodes = []*supervised{supervise(t, b.binary, b.box(1))}
	out, err := b.cli(1, "token", "create", "--uses", "2")
	var token client.NewJoinToken
	if err == nil {
		err = json.Unmarshal(out, &token)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= 3; i++ {
		joined := map[string]string{"name": fmt.Sprintf("box%d", i)}
		for _, key := range []string{"traffic", "control", "gossip", "announce"} {
			joined[key] = values[key]
		}
		if _, err := node.Join(t.Context(), node.JoinConfig{Dir: b.box(i), Values: joined, Token: token.Token}); err != nil {
			t.Fatal(err)
		}
		b.nodes = append(b.nodes, supervise(t, b.binary, b.box(i)))
	}
	api := &nodetest.Node{T: t, API: b.api(1)}
	api.Deploy("hello", helloV1)
	api.Apply(channelAt("/hi"))
	return b
}

func (b *threeBoxes) box(i int) string { return filepath.Join(b.dir, fmt.Sprintf("box%d", i)) }

// cli runs a command on a box.
func (b *threeBoxes) cli(i int, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(b.t.Context(), b.binary, append(args, "-o", "json", "--dir", b.box(i))...) //nolint:gosec // the binary under test
	return cmd.Output()
}

// api speaks to a node with the token of the first administrator.
func (b *threeBoxes) api(i int) *client.Client {
	b.t.Helper()
	token, err := os.ReadFile(filepath.Join(b.box(1), "keys", "admin.token"))
	if err != nil {
		b.t.Fatal(err)
	}
	run, err := b.nodes[i-1].info()
	if err != nil {
		b.t.Fatal(err)
	}
	return nodetest.NewClient(b.t, run.Control, filepath.Join(b.box(1), "keys", "ca.crt"), strings.TrimSpace(string(token)))
}

// slow begins a request on a node and returns what ends it.
func (b *threeBoxes) slow(i int) (end func() nodetest.Answer) {
	b.t.Helper()
	run, err := b.nodes[i-1].info()
	if err != nil {
		b.t.Fatal(err)
	}
	return slowRequest(b.t, &nodetest.Node{Info: run}, "/hi")
}

// ready waits until all nodes take requests.
func (b *threeBoxes) ready(api *client.Client) {
	b.t.Helper()
	nodetest.Eventually(b.t, func() error {
		nodes, err := api.Nodes(b.t.Context())
		for _, n := range nodes {
			if !n.Ready || n.Rotation != "online" || len(nodes) != 3 {
				return fmt.Errorf("nodes are %+v", nodes)
			}
		}
		return err
	})
}

// restartIs waits until a rolling restart is as it should be.
func restartIs(t *testing.T, ask func(context.Context) (client.RollingRestart, error), ok func(client.RollingRestart) bool) (now client.RollingRestart) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a dead driver's lease has to run out
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		next, err := ask(ctx)
		if err == nil {
			now = next
		}
		if err == nil && ok(now) {
			return now
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the restart is %+v, %v", now, err)
		case <-tick.C:
		}
	}
}

// Three processes are restarted one after the other while requests come in, and
// none of them fails. The command speaks to one of the three.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	b := newThreeBoxes(t)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				b.request(ctx)
			}
		})
	}
	out, err := b.cli(1, "restart", "--rolling", "--wait", "--timeout", "60s")
	stop()
	load.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("restart: %v\n%s\n%s", err, exit.Stderr, out)
	}
	var told []struct {
		Name string `json:"name"`
		OK   bool   `json:"ok"`
	}
	if err := json.Unmarshal(out, &told); err != nil || len(told) != 3 || told[2].Name != "box1" || !told[0].OK || !told[1].OK || !told[2].OK {
		t.Errorf("restart tells %s (%v)", out, err)
	}
	for _, n := range b.nodes {
		if s := n.starts.Load(); s != 2 {
			t.Errorf("%s was started %d times", n.dir, s)
		}
	}
	if len(b.failed) > 0 || b.served.Load() < 50 {
		t.Errorf("%d requests were answered, %d failed: %.500q", b.served.Load(), len(b.failed), b.failed)
	}
	var now client.RollingRestart
	if out, err = b.cli(2, "restart", "--status"); err != nil || json.Unmarshal(out, &now) != nil || now.State != client.RestartDone || now.Ended == nil {
		t.Errorf("afterwards the status is %s (%v)", out, err)
	}
	t.Logf("%d requests were answered meanwhile", b.served.Load())
}

// A restart that is ended while a node drains gives the node back and restarts none.
// One whose driver dies is carried on by another node, up to the one that is dead.
func TestRollingRestartEnds(t *testing.T) {
	t.Parallel()
	b := newThreeBoxes(t)
	first, second := b.api(1), b.api(2)
	b.ready(first)
	end := b.slow(2)
	if p, err := first.PlanRestart(t.Context()); err != nil || !p.Possible || len(p.Nodes) != 3 || p.Nodes[0].Name != "box2" || p.Nodes[2].Name != "box1" {
		t.Fatalf("the plan is %+v, %v", p, err)
	}
	begun, err := first.BeginRestart(t.Context(), client.BeginRestart{})
	if err != nil {
		t.Fatal(err)
	}
	draining := func(now client.RollingRestart) bool {
		s := now.Nodes[0]
		return s.State == client.StepDraining && s.InFlight == 1 && s.Drained
	}
	if now := restartIs(t, second.Restart, draining); now.ID != begun.ID || now.Driver != "box1" {
		t.Errorf("it is %+v, begun was %+v", now, begun)
	}
	if _, err := second.BeginRestart(t.Context(), client.BeginRestart{Nodes: []string{"box3"}}); err == nil || !strings.Contains(err.Error(), "under way") {
		t.Errorf("a second restart: %v", err)
	}
	if out, err := b.cli(3, "restart", "--abort"); err != nil {
		t.Fatalf("abort: %v %s", err, out)
	}
	now := restartIs(t, second.Restart, client.RollingRestart.Over)
	if now.State != client.RestartAborted || now.AbortedBy == "" || now.Nodes[0].State != client.StepLeft || now.Nodes[2].State != client.StepLeft {
		t.Errorf("ended is %+v", now)
	}
	if _, err := second.AbortRestart(t.Context()); err == nil {
		t.Error("what is over was ended")
	}
	b.ready(second)
	if a := end(); a.Status != http.StatusOK {
		t.Errorf("the request that ran meanwhile: %d %s", a.Status, a.Body)
	}
	b.driverDies(second)
	if b.nodes[1].starts.Load() != 2 || b.nodes[2].starts.Load() != 2 {
		t.Errorf("box2 was started %d times, box3 %d times", b.nodes[1].starts.Load(), b.nodes[2].starts.Load())
	}
}

// driverDies kills the node that drives a restart while another drains.
func (b *threeBoxes) driverDies(second *client.Client) {
	t := b.t
	t.Helper()
	end := b.slow(2)
	if _, err := b.api(1).BeginRestart(t.Context(), client.BeginRestart{}); err != nil {
		t.Fatal(err)
	}
	restartIs(t, second.Restart, func(now client.RollingRestart) bool {
		return now.Nodes[0].State == client.StepDraining && now.Nodes[0].Drained
	})
	b.nodes[0].killed.Store(true)
	if err := b.nodes[0].process.Load().Kill(); err != nil {
		t.Fatal(err)
	}
	if a := end(); a.Status != http.StatusOK {
		t.Errorf("the request that ran meanwhile: %d %s", a.Status, a.Body)
	}
	now := restartIs(t, func(context.Context) (now client.RollingRestart, err error) { // its nodes come back with other ports
		out, err := b.cli(2, "restart", "--status")
		if err == nil {
			err = json.Unmarshal(out, &now)
		}
		return now, err
	}, client.RollingRestart.Over)
	if now.State != client.RestartFailed || now.Driver == "box1" || !strings.Contains(now.Error, "box1: it does not answer") {
		t.Errorf("without its driver it ended as %+v", now)
	}
	for i, want := range []string{client.StepDone, client.StepDone, client.StepFailed} {
		if now.Nodes[i].State != want {
			t.Errorf("%s is %s, want %s", now.Nodes[i].Name, now.Nodes[i].State, want)
		}
	}
}
