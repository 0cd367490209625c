package nodetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

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
	t      testing.TB
	cmd    *exec.Cmd
	stdout *syncBuffer
	stderr *syncBuffer
	waited sync.Once
	state  error
}

// syncBuffer is a buffer that a process writes and a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	args = append([]string{"up", "--dir", dir, "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "-o", "json"}, args...)
	p := &Process{t: t, cmd: exec.Command(binary, args...), stdout: &syncBuffer{}, stderr: &syncBuffer{}} //nolint:noctx,gosec // ended by Kill or Stop
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	read := bufio.NewReader(out)
	line, err := read.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	if err != nil || !p.Ready {
		p.Kill()
		t.Fatalf("start %s: %v\nstdout: %s\nstderr: %s", binary, err, line, p.stderr)
	}
	go func() { _, _ = io.Copy(p.stdout, read) }() // ends with the process
	p.API = NewClient(t, p.Control, p.CA, p.Token)
	return p
}

// Kill ends the process at once, as a power cut would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.wait()
}

// Stop asks the process to end and returns how it ended.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.wait()
}

func (p *Process) wait() error {
	p.waited.Do(func() { p.state = p.cmd.Wait() })
	return p.state
}

// Stdout returns what the process has written after its ready line so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr returns what the process has said so far.
func (p *Process) Stderr() string { return p.stderr.String() }
