//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// upLine is what up prints when all nodes are ready.
type upLine struct {
	Ready bool
	CA    string
	Link  string
	Token string
	Nodes []struct {
		Name, Traffic, Control, Dir string
		PID                         int
	}
}

// boxUp is a running `signalbox up --nodes`.
type boxUp struct {
	upLine
	dir    string
	cmd    *exec.Cmd
	ended  chan error
	stderr *textBuffer
}

type textBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *textBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *textBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// program returns a command that runs this test binary as signalbox.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "signalbox"
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "NO_COLOR=1")
	return cmd
}

func startBox(t *testing.T, dir string, nodes int, args ...string) *boxUp {
	t.Helper()
	b := &boxUp{dir: dir, ended: make(chan error, 1), stderr: &textBuffer{}}
	args = append([]string{"up", "--dir", dir, "--nodes", strconv.Itoa(nodes), "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "-o", "json"}, args...)
	b.cmd = program(t, args...)
	b.cmd.Stderr = b.stderr
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &b.upLine)
	}
	go func() { b.ended <- b.cmd.Wait() }()
	t.Cleanup(func() { _ = b.cmd.Process.Kill() })
	if err != nil || !b.Ready || len(b.Nodes) != nodes {
		t.Fatalf("up --nodes %d: %v\nstdout: %s\nstderr: %s", nodes, err, line, b.stderr)
	}
	b.checkLink(t)
	return b
}

// checkLink holds the link for the desktop app against the nodes: it names all of them, so
// that the app has another one while one restarts.
func (b *boxUp) checkLink(t *testing.T) {
	t.Helper()
	link, err := url.Parse(b.Link)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range b.Nodes {
		want = append(want, n.Control)
	}
	if q := link.Query(); !slices.Equal(q["url"], want) || q.Get("ca") == "" || q.Get("cluster") == "" {
		t.Errorf("the link %s does not name the nodes %q", b.Link, want)
	}
}

// stop sends a signal and returns how the program ended.
func (b *boxUp) stop(t *testing.T, sig os.Signal) error {
	t.Helper()
	if err := b.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-b.ended:
		return err
	case <-time.After(60 * time.Second):
		t.Fatalf("up does not end:\n%s", b.stderr)
		return nil
	}
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// allGone waits until none of the nodes' processes is left.
func (b *boxUp) allGone(t *testing.T) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range b.Nodes {
			if alive(n.PID) {
				return fmt.Errorf("the process %d of %s is still there", n.PID, n.Name)
			}
		}
		return nil
	})
}

// nodes asks the command line for the nodes, by name.
func (b *boxUp) nodes(t *testing.T) map[string]client.Node {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := program(t, "nodes", "--dir", b.dir, "-o", "json")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("nodes: %v: %s\n%s", err, errs.String(), b.stderr)
	}
	var all []client.Node
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	byName := map[string]client.Node{}
	for _, n := range all {
		byName[n.Name] = n
	}
	return byName
}

func linuxOnly(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this test looks into /proc")
	}
}

// Whatever node is killed is started again at its old address, and meanwhile the
// folder leads to another one. A node that hangs does not stand in the way either.
func TestUpNodesHeals(t *testing.T) {
	t.Parallel()
	linuxOnly(t)
	b := startBox(t, filepath.Join(t.TempDir(), "box"), 3)
	for i, victim := range b.Nodes[:2] {
		p, err := os.FindProcess(victim.PID)
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := len(b.nodes(t)); got != 3 {
			t.Fatalf("with %s killed there are %d nodes", victim.Name, got)
		}
		nodetest.Eventually(t, func() error {
			n := b.nodes(t)[victim.Name]
			if n.State != "up" || !n.Ready || n.PID == victim.PID || n.Control != victim.Control || n.Traffic != victim.Traffic {
				return fmt.Errorf("%s is %+v", victim.Name, n)
			}
			b.Nodes[i].PID = n.PID
			return nil
		})
	}
	if err := syscall.Kill(b.Nodes[0].PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if got := len(b.nodes(t)); got != 3 {
		t.Errorf("with %s frozen there are %d nodes", b.Nodes[0].Name, got)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("with a frozen node the command took %s", took)
	}
	if err := syscall.Kill(b.Nodes[0].PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := b.stop(t, os.Interrupt); err != nil {
		t.Errorf("up ended with %v:\n%s", err, b.stderr)
	}
	b.allGone(t)
	if said := b.stderr.String(); !strings.Contains(said, `msg="process died; it is started again" component=supervisor name=node-2`) {
		t.Errorf("nothing was said of the death of node-2:\n%s", said)
	}
}

// The demo is deployed once and works on every node with the same data.
func TestUpNodesDemo(t *testing.T) {
	t.Parallel()
	b := startBox(t, filepath.Join(t.TempDir(), "box"), 2, "--demo")
	sample, err := os.ReadFile("../demo/samples/ecb-rates.xml")
	if err != nil {
		t.Fatal(err)
	}
	if a := nodetest.Do(t, http.MethodPost, b.Nodes[0].Traffic+"/demo/rates", string(sample), "Content-Type", "application/xml"); a.Status/100 != 2 {
		t.Fatalf("the first node takes rates: %d %s", a.Status, a.Body)
	}
	if a := nodetest.Do(t, http.MethodGet, b.Nodes[1].Traffic+"/demo/convert?from=USD&to=PLN&amount=10", ""); a.Status != http.StatusOK {
		t.Errorf("the second node does not know them: %d %s", a.Status, a.Body)
	}
	api := nodetest.NewClient(t, b.Nodes[1].Control, b.CA, b.Token)
	h, err := api.History(t.Context(), client.HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	installs := 0
	for _, r := range h.Items {
		if r.Reason == "install the demo" {
			installs++
		}
	}
	if installs != 2 { // packages, then definitions
		t.Errorf("the demo made %d revisions: %+v", installs, h.Items)
	}
}

// A supervisor that is killed takes its nodes along.
func TestUpNodesLeavesNoOrphans(t *testing.T) {
	t.Parallel()
	linuxOnly(t)
	b := startBox(t, filepath.Join(t.TempDir(), "box"), 2)
	_ = b.stop(t, os.Kill)
	b.allGone(t)
}

const slowService = `import { service } from "@signalbox/sdk";
export const slow = service({ name: "slow", timeout: "1m", handle() { const end = Date.now() + 50000; while (Date.now() < end); return 1; } });`

// The first signal waits for the requests in flight, the second does not.
func TestUpNodesSecondSignal(t *testing.T) {
	t.Parallel()
	linuxOnly(t)
	b := startBox(t, filepath.Join(t.TempDir(), "box"), 2)
	api := nodetest.NewClient(t, b.Nodes[1].Control, b.CA, localToken(t, b.Nodes[1].Dir))
	if _, err := api.Deploy(t.Context(), client.DeployRequest{Packages: []client.Package{client.NewPackage("slow", map[string][]byte{"a.ts": []byte(slowService)})}}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "a.yaml", Text: "kind: channel\nname: slow\nspec: {path: /slow, service: slow}\n"}}}); err != nil {
		t.Fatal(err)
	}
	cut := make(chan error, 1)
	go func() {
		_, err := nodetest.TryDo(t.Context(), http.MethodGet, b.Nodes[1].Traffic+"/slow", "")
		cut <- err
	}()
	nodetest.Eventually(t, func() error {
		n := b.nodes(t)["node-2"]
		if n.InFlight != 1 {
			return fmt.Errorf("%d requests are in flight", n.InFlight)
		}
		return nil
	})
	if err := b.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		if alive(b.Nodes[0].PID) {
			return errors.New("the idle node has not ended")
		}
		return nil
	})
	if !alive(b.Nodes[1].PID) {
		t.Error("the busy node did not wait for its request")
	}
	err := b.stop(t, os.Interrupt)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() == 0 {
		t.Errorf("up ended with %v after a second signal", err)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
	b.allGone(t)
}

func localToken(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "keys", "local.token"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// A node that was removed from the cluster is not started again, and a new one
// takes its place when its folder is gone.
func TestUpNodesRemoved(t *testing.T) {
	t.Parallel()
	b := startBox(t, filepath.Join(t.TempDir(), "box"), 3)
	api := nodetest.NewClient(t, b.Nodes[0].Control, b.CA, b.Token)
	if err := api.RemoveNode(t.Context(), "node-2"); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		if said := b.stderr.String(); !strings.Contains(said, "node-2 is not started again: this node was removed from the cluster") {
			return fmt.Errorf("up says %s", said)
		}
		return nil
	})
	if err := b.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("up ended with %v:\n%s", err, b.stderr)
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "node-2")); err != nil {
		t.Fatal(err)
	}
	b = startBox(t, b.dir, 3)
	if _, ok := b.nodes(t)["node-2"]; !ok || len(b.nodes(t)) != 3 {
		t.Errorf("the nodes are %+v", b.nodes(t))
	}
}
