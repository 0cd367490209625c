//go:build unix

package systemd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node/systemd"
)

func env(pairs map[string]string) func(string) string {
	return func(key string) string { return pairs[key] }
}

// manager listens as the service manager does.
func manager(t *testing.T) (*net.UnixConn, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // short: a socket's path has at most about 100 characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "n")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, path
}

func read(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 1000)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestTell(t *testing.T) {
	t.Parallel()
	c, path := manager(t)
	n := systemd.NewNotifier(env(map[string]string{"NOTIFY_SOCKET": path}))
	if err := n.Tell(t.Context(), "READY=1", "STATUS=fine"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c); got != "READY=1\nSTATUS=fine" {
		t.Errorf("the manager read %q", got)
	}
	if systemd.NewNotifier(env(nil)) != nil {
		t.Error("there is somebody to tell without NOTIFY_SOCKET")
	}
	var none *systemd.Notifier
	if err := none.Tell(t.Context(), "READY=1"); err != nil || none.Watchdog() != 0 {
		t.Errorf("nobody to tell: %v, %s", err, none.Watchdog())
	}
	none.Follow(t.Context(), systemd.FollowConfig{})
	gone := systemd.NewNotifier(env(map[string]string{"NOTIFY_SOCKET": path + "x"}))
	if err := gone.Tell(t.Context(), "READY=1"); err == nil {
		t.Error("telling nobody was no error")
	}
}

func TestAbstractSocket(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/ns"); err != nil {
		t.Skip("only Linux has abstract sockets")
	}
	name := fmt.Sprintf("signalbox-test-%d", os.Getpid())
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "\x00" + name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := systemd.NewNotifier(env(map[string]string{"NOTIFY_SOCKET": "@" + name}))
	if err := n.Tell(t.Context(), "READY=1"); err != nil || read(t, c) != "READY=1" {
		t.Errorf("an abstract socket: %v", err)
	}
}

func TestWatchdogInterval(t *testing.T) {
	t.Parallel()
	own := strconv.Itoa(os.Getpid())
	for name, tc := range map[string]struct {
		usec, pid string
		want      time.Duration
	}{
		"set": {"2000000", own, 2 * time.Second}, "for any process": {"2000000", "", 2 * time.Second},
		"for another": {"2000000", "1", 0}, "not set": {"", "", 0}, "no number": {"x", own, 0}, "negative": {"-5", own, 0},
	} {
		n := systemd.NewNotifier(env(map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": tc.usec, "WATCHDOG_PID": tc.pid}))
		if got := n.Watchdog(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// The watchdog is fed while the process is alive and not when it is not; a status
// is told once.
func TestFollow(t *testing.T) {
	t.Parallel()
	c, path := manager(t)
	n := systemd.NewNotifier(env(map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000"}))
	ctx, stop := context.WithCancel(t.Context())
	var dead atomic.Bool
	asked := make(chan struct{}, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Follow(ctx, systemd.FollowConfig{
			Alive: func(context.Context) error {
				if !dead.Load() {
					return nil
				}
				asked <- struct{}{}
				return errors.New("stuck")
			},
			Status: func() string { return "revision 7,\n3 of 3 nodes up" },
			Every:  time.Millisecond, Log: slog.New(slog.DiscardHandler),
		})
	}()
	statuses, fed := 0, 0
	for fed < 5 || statuses == 0 {
		switch got := read(t, c); got {
		case "WATCHDOG=1":
			fed++
		case "STATUS=revision 7, 3 of 3 nodes up":
			statuses++
		default:
			t.Fatalf("the manager read %q", got)
		}
	}
	if statuses != 1 {
		t.Errorf("the same status was told %d times", statuses)
	}
	dead.Store(true)
	for range 3 {
		<-asked
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil { // what was sent before
		t.Fatal(err)
	}
	for b := make([]byte, 100); ; {
		if _, err := c.Read(b); err != nil {
			break
		}
	}
	for range 3 {
		<-asked
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes were told of a process that is stuck", n)
	}
	stop()
	<-done
}

func TestJournal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(systemd.NewJournal(&b, slog.HandlerOptions{Level: slog.LevelDebug}, nil)).With("node", "n1")
	log.Debug("a")
	log.Info("b", "k", "v\nw")
	log.WithGroup("g").Warn("c", "time", 1)
	log.Error("d")
	want := "<7>msg=a node=n1\n<6>msg=b node=n1 k=\"v\\nw\"\n<4>msg=c node=n1 g.time=1\n<3>msg=d node=n1\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	b.Reset()
	log = slog.New(systemd.NewJournal(&b, slog.HandlerOptions{}, func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }))
	log.Warn("c")
	if got := b.String(); !strings.HasPrefix(got, `<4>{"time":`) || !strings.HasSuffix(got, "\"level\":\"WARN\",\"msg\":\"c\"}\n") {
		t.Errorf("JSON for the journal is %s", got)
	}
}

func TestIsJournal(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	own := fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	for name, tc := range map[string]struct {
		w      io.Writer
		stream string
		want   bool
	}{
		"that stream": {f, own, true}, "another": {f, "1:2", false}, "none": {f, "", false}, "no file": {&bytes.Buffer{}, own, false},
	} {
		if got := systemd.IsJournal(tc.w, tc.stream); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
