package nodetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
)

// Builder builds the signalbox binary once for all tests that hold it.
type Builder struct {
	once sync.Once
	dir  string
	out  []byte
	err  error
}

// Binary returns the path of the built binary.
func (b *Builder) Binary(t testing.TB) string {
	t.Helper()
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "signalbox-test-"); b.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", b.path(), "signalbox.internal/node/cmd/signalbox") //nolint:noctx,gosec // ends by itself
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")                                             //nolint:forbidigo // go build needs its whole environment
		b.out, b.err = cmd.CombinedOutput()
	})
	if b.err != nil {
		t.Fatalf("build signalbox: %v\n%s", b.err, b.out)
	}
	return b.path()
}

func (b *Builder) path() string { return filepath.Join(b.dir, "signalbox") }

// Remove deletes the binary; call it when all tests have ended.
func (b *Builder) Remove() {
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}

// Process is a node that runs as a process of its own.
type Process struct {
	Traffic string `json:"traffic"`
	Control string `json:"control"`
	CA      string `json:"ca"`
	Link    string `json:"link"`
	Token   string `json:"token"`
	Claim   string `json:"claim"`
	Ready   bool   `json:"ready"`

	API    *client.Client `json:"-"`
	cmd    *exec.Cmd
	stdout *syncBuffer
	stderr *syncBuffer
	ended  chan struct{} // closed when it has ended
	state  error         // how
}

// syncBuffer is a buffer that a process writes and a test reads.
type syncBuffer struct {
	mu    sync.Mutex
	b     bytes.Buffer
	lines chan struct{} // gets one when a line is whole; nil: nobody waits
}

// Write implements io.Writer.
func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.IndexByte(p, '\n') >= 0 {
		select {
		case s.lines <- struct{}{}:
		default:
		}
	}
	return s.b.Write(p)
}

// String returns what was written.
func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Up starts `signalbox up` on free ports in dir and waits until it is ready.
func Up(t testing.TB, binary, dir string, args ...string) *Process {
	t.Helper()
	args = append([]string{binary, "up", "--dir", dir, "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "-o", "json"}, args...)
	p, err := launch(t, args)
	if err == nil {
		err = p.await(startTimeout)
	}
	if err != nil {
		t.Fatalf("start %s: %v", binary, err)
	}
	p.API = NewClient(t, p.Control, p.CA, p.Token)
	return p
}

// launch starts a program that runs a node and says so in a line of JSON. It ends
// with the test at the latest.
func launch(t testing.TB, args []string) (*Process, error) {
	t.Helper()
	p := &Process{
		cmd:    exec.Command(args[0], args[1:]...), //nolint:noctx,gosec // ended by Kill or Stop
		stdout: &syncBuffer{lines: make(chan struct{}, 1)}, stderr: &syncBuffer{}, ended: make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	err := startBound(p.cmd, func(state error) {
		p.state = state
		close(p.ended)
	})
	if err != nil {
		return nil, err
	}
	t.Cleanup(p.Kill)
	return p, nil
}

// await waits for the line that says that the node is ready.
func (p *Process) await(within time.Duration) error {
	var err error
	select {
	case <-p.stdout.lines:
		line, _, _ := strings.Cut(p.stdout.String(), "\n")
		if err = json.Unmarshal([]byte(line), p); err == nil && p.Ready {
			return nil
		}
	case <-p.ended:
		err = p.state
	case <-time.After(within):
		err = fmt.Errorf("it is not ready after %v", within)
	}
	p.Kill()
	return fmt.Errorf("%w\nstdout: %s\nstderr: %s", err, p.stdout, p.stderr)
}

// Kill ends the process at once, as a power cut would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Stop asks the process to end and returns how it ended.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
	return p.state
}

// Ended waits until the process has ended by itself and returns how.
func (p *Process) Ended(within time.Duration) error {
	select {
	case <-p.ended:
		return p.state
	case <-time.After(within):
		return errRuns
	}
}

var errRuns = errors.New("the process runs on")

// Signal sends a signal to the process.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Stdout returns what the process has written after its ready line so far.
func (p *Process) Stdout() string {
	_, rest, _ := strings.Cut(p.stdout.String(), "\n")
	return rest
}

// Stderr returns what the process has said so far.
func (p *Process) Stderr() string { return p.stderr.String() }
