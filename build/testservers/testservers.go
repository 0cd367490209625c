// Package testservers starts private database servers for tests: PostgreSQL and
// MariaDB, each in a folder of its own, and H2 in its Oracle mode, on a free port
// of the loopback interface, and stopped when the test ends.
//
// It offers [Postgres], [MariaDB] and [H2], and [Outside] for programs that are no
// tests. They need the programs of the Debian packages postgresql, mariadb-server,
// default-jdk-headless and libh2-java (build/setup.sh installs them), nothing
// running, and no rights: as root, PostgreSQL is started as another user, since
// it refuses root. A test without the programs is skipped with a clear word, or
// fails where SIGNALBOX_TEST_REQUIRE is 1.
//
// It knows nothing of what is tested and imports no other package of this module.
package testservers

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	startTime = 60 * time.Second // a slow machine under load
	stopTime  = 20 * time.Second
)

// Server is a database server of one test.
type Server struct {
	Host     string // an address of the loopback interface
	Port     int
	User     string // may do everything in Database
	Password string
	Database string

	t       testing.TB
	program string
	args    []string
	driver  string
	dsn     string
	hard    os.Signal // ends the server without a proper shutdown
	soft    os.Signal // ends it properly
	creds   credential

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
	output  *tail
}

// DSN returns the data source name for the Go driver of the database (pgx or
// go-sql-driver).
func (s *Server) DSN() string { return s.dsn }

// PID returns the number of the server's main process; 0 while it is stopped.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Process.Pid
}

// Start starts the server again after Stop or Kill, on the same port with the
// same data, and returns when it takes connections.
func (s *Server) Start() {
	s.t.Helper()
	s.launch()
	deadline := time.Now().Add(startTime)
	for {
		err := s.answers()
		if err == nil {
			return
		}
		select {
		case <-s.ended:
			s.t.Fatalf("%s ended at its start: %v\n%s", s.program, err, s.output)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not answer after %s: %v\n%s", s.program, startTime, err, s.output)
		}
	}
}

// Stop ends the server properly and returns when it has ended.
func (s *Server) Stop() { s.t.Helper(); s.end(s.soft) }

// Kill ends the server as a crash does and returns when it has ended.
func (s *Server) Kill() { s.t.Helper(); s.end(s.hard) }

// launch starts the process, bound to the life of this one.
func (s *Server) launch() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := exec.CommandContext(context.Background(), s.program, s.args...)
	s.output = &tail{}
	cmd.Stdout, cmd.Stderr = s.output, s.output
	cmd.Env = []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
	ended := make(chan struct{})
	if err := startBound(cmd, s.creds, ended); err != nil {
		s.t.Fatalf("start %s: %v", s.program, err)
	}
	s.process, s.ended = cmd, ended
}

func (s *Server) end(sig os.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	select {
	case <-s.ended:
	default:
		if err := s.process.Process.Signal(sig); err != nil {
			s.t.Logf("signal %s: %v", s.program, err)
		}
	}
	select {
	case <-s.ended:
	case <-time.After(stopTime):
		s.t.Errorf("%s did not end after %s; killing it", s.program, sig)
		_ = s.process.Process.Kill()
		<-s.ended
	}
	s.process = nil
}

// answers reports whether the server takes connections.
func (s *Server) answers() error {
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was a question
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// folder makes the server's folder, owned by who runs it.
func folder(t testing.TB, creds credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "testserver-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := creds.own(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freePort returns a port that nobody listened on a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // to make room
	return l.Addr().(*net.TCPAddr).Port
}

// find returns the program's path: from PATH, or from where Debian keeps it.
func find(name string, patterns ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return slices.Max(found), nil
		}
	}
	return "", fmt.Errorf("the program %s is not installed", name)
}

// missing ends a test that has no server.
func missing(t testing.TB, debian string, err error) {
	t.Helper()
	if os.Getenv("SIGNALBOX_TEST_REQUIRE") == "1" {
		t.Fatalf("%v; install the Debian package %s", err, debian)
	}
	t.Skipf("NOT TESTED: %v; install the Debian package %s", err, debian)
}

// setup runs a program that prepares the server's folder.
func setup(t testing.TB, creds credential, dir, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
	cmd.Dir = dir
	creds.apply(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// writeFile writes a file that the server's user may read.
func writeFile(t testing.TB, creds credential, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := creds.own(path); err != nil {
		t.Fatal(err)
	}
}

func option(name string, port int) string { return name + strconv.Itoa(port) }

// tail keeps the end of what a server prints.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() > 64<<10 {
		o.buf.Reset()
	}
	return o.buf.Write(p)
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
