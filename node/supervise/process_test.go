package supervise_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node/supervise"
)

// TestMain makes this test binary the supervised program too.
func TestMain(m *testing.M) {
	switch role := os.Getenv("SUPERVISE_TEST"); role {
	case "":
		os.Exit(m.Run())
	case "stubborn": // neither the pipe nor a signal ends it
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		fmt.Println("up", os.Getpid())
		select {}
	case "parent": // supervises a stubborn one until it is killed
		p, err := supervise.New(config("stubborn", func(line []byte) { fmt.Println(string(line)) }))
		if err == nil {
			err = p.Run(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	default: // says its number, ends as told by its standard input
		fmt.Println("up", os.Getpid())
		in := bufio.NewScanner(os.Stdin)
		if status, err := strconv.Atoi(role); err == nil {
			fmt.Fprint(os.Stderr, "last words") // without an end of line
			os.Exit(status)
		}
		for in.Scan() {
		}
		fmt.Println("bye")
		os.Exit(0)
	}
}

func config(role string, out func([]byte)) supervise.Config {
	return supervise.Config{
		Name: "child", Stdout: out, Log: slog.New(slog.DiscardHandler),
		Command: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SUPERVISE_TEST="+role, "GORACE=atexit_sleep_ms=0")
			return cmd
		},
	}
}

// runner runs a process until the test ends.
type runner struct {
	*supervise.Process
	stop context.CancelFunc
	done chan error
	out  chan string
}

func start(t *testing.T, role string, change func(*supervise.Config)) *runner {
	t.Helper()
	r := &runner{done: make(chan error, 1), out: make(chan string, 1000)}
	cfg := config(role, func(line []byte) { r.out <- string(line) })
	if change != nil {
		change(&cfg)
	}
	var err error
	if r.Process, err = supervise.New(cfg); err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.done <- r.Run(ctx) }()
	t.Cleanup(r.stop)
	return r
}

// line returns the next line that the process says.
func (r *runner) line(t *testing.T) string {
	t.Helper()
	select {
	case l := <-r.out:
		return l
	case <-time.After(30 * time.Second):
		t.Fatal("the process says nothing for 30 s")
		return ""
	}
}

func (r *runner) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("Run does not end within 30 s")
		return nil
	}
}

func TestEndsByItsInput(t *testing.T) {
	t.Parallel()
	r := start(t, "good", nil)
	r.line(t)
	r.stop()
	if err := r.end(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	if l := r.line(t); l != "bye" {
		t.Errorf("it said %q, not bye: it was not let end by itself", l)
	}
	if r.PID() != 0 {
		t.Errorf("PID is %d after its end", r.PID())
	}
}

func TestStartedAgainAfterKill(t *testing.T) {
	t.Parallel()
	r := start(t, "good", nil)
	seen := map[string]bool{}
	for range 3 {
		l := r.line(t)
		if seen[l] {
			t.Fatalf("%q twice", l)
		}
		seen[l] = true
		r.Well()
		pid, err := strconv.Atoi(strings.TrimPrefix(l, "up "))
		if err != nil {
			t.Fatal(err)
		}
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var words []string
	r := start(t, "7", func(c *supervise.Config) {
		c.Final = func(status int) bool { return status == 7 }
		c.Stderr = func(line []byte) { mu.Lock(); words = append(words, string(line)); mu.Unlock() }
	})
	err := r.end(t)
	if e, ok := errors.AsType[*supervise.StatusError](err); !ok || e.Status != 7 {
		t.Errorf("Run: %v, want status 7", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(words, "|") != "last words" {
		t.Errorf("its last words are %q", words)
	}
}

// Status 75 of a process that had come up: at once. Of one that had not: with the
// waits of any other, lest a broken program keeps the box busy.
func TestAgainAtOnce(t *testing.T) {
	t.Parallel()
	for name, well := range map[string]bool{"came up": true, "never came up": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *runner
			made := make(chan struct{})
			r = start(t, strconv.Itoa(supervise.AgainStatus), func(c *supervise.Config) {
				out := c.Stdout
				c.Stdout = func(line []byte) {
					<-made
					if well {
						r.Well()
					}
					out(line)
				}
			})
			close(made)
			begun := time.Now()
			for range 4 {
				r.line(t)
			}
			// Waits of 250, 500 and 1000 ms lie between four starts.
			if took := time.Since(begun); !well && took < 1500*time.Millisecond {
				t.Errorf("four starts after %s: there was no wait", took)
			}
		})
	}
}

func TestKilledWhenItDoesNotEnd(t *testing.T) {
	t.Parallel()
	kill := make(chan struct{})
	for name, change := range map[string]func(*supervise.Config){
		"patience ends": func(c *supervise.Config) { c.Stop = 50 * time.Millisecond },
		"killed":        func(c *supervise.Config) { c.Stop, c.Kill = time.Hour, kill },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, "stubborn", change)
			r.line(t)
			r.stop()
			if name == "killed" {
				close(kill)
			}
			if err := r.end(t); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

func TestCannotStart(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	r := start(t, "good", func(c *supervise.Config) {
		c.Command = func() *exec.Cmd { return exec.Command(missing) }
	})
	if err := r.end(t); err == nil || !strings.Contains(err.Error(), "start child") {
		t.Errorf("Run: %v", err)
	}
	if _, err := supervise.New(supervise.Config{}); err == nil {
		t.Error("an empty config was accepted")
	}
}
