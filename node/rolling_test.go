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
		if err := <-s.ended; err != nil {
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

// Three processes are restarted one after the other while requests come in, and
// none of them fails. The command speaks to one of the three.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	binary := builder.Binary(t)
	dir := t.TempDir()
	boxes := func(i int) string { return filepath.Join(dir, fmt.Sprintf("box%d", i)) }
	values := map[string]string{"name": "box1", "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "gossip": "127.0.0.1:0", "announce": "false", "network": "bench"}
	if err := node.Init(t.Context(), node.InitConfig{Dir: boxes(1), Values: values}); err != nil {
		t.Fatal(err)
	}
	c := &crossing{nodes: []*supervised{supervise(t, binary, boxes(1))}}
	cli := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), binary, append(args, "-o", "json", "--dir", boxes(1))...) //nolint:gosec // the binary under test
		return cmd.Output()
	}
	out, err := cli("token", "create", "--uses", "2")
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
		if _, err := node.Join(t.Context(), node.JoinConfig{Dir: boxes(i), Values: joined, Token: token.Token}); err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, supervise(t, binary, boxes(i)))
	}
	first, err := os.ReadFile(filepath.Join(boxes(1), "keys", "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.nodes[0].info()
	if err != nil {
		t.Fatal(err)
	}
	api := &nodetest.Node{T: t, API: nodetest.NewClient(t, run.Control, filepath.Join(boxes(1), "keys", "ca.crt"), strings.TrimSpace(string(first)))}
	api.Deploy("hello", helloV1)
	api.Apply(channelAt("/hi"))
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				c.request(ctx)
			}
		})
	}
	out, err = cli("restart", "--rolling", "--wait", "--timeout", "60s")
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
	for _, n := range c.nodes {
		if s := n.starts.Load(); s != 2 {
			t.Errorf("%s was started %d times", n.dir, s)
		}
	}
	if len(c.failed) > 0 || c.served.Load() < 50 {
		t.Errorf("%d requests were answered, %d failed: %.500q", c.served.Load(), len(c.failed), c.failed)
	}
	t.Logf("%d requests were answered meanwhile: %s", c.served.Load(), out)
}
