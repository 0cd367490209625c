//go:build unix

package cli_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/node/cli"
)

// systemd is told when the node is ready, how it is, that it is alive, and when it
// stops.
func TestRunTellsSystemd(t *testing.T) {
	t.Parallel()
	tmp, err := os.MkdirTemp("", "s") // short: a socket's path has at most about 100 characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(tmp, "n"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	if err := manager.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"NOTIFY_SOCKET": filepath.Join(tmp, "n"), "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": strconv.Itoa(os.Getpid()), "SIGNALBOX_ANNOUNCE": "false",
	}
	dir := filepath.Join(tmp, "box")
	if code, _, stderr := run(t, "init", "--dir", dir, "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0"); code != 0 {
		t.Fatalf("init: exit code %d: %s", code, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(ctx, cli.Env{
			Args: []string{"run", "--dir", dir}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
			LookupEnv: func(key string) (string, bool) { v, ok := env[key]; return v, ok },
		})
	}()
	want := []string{`^READY=1$`, `^STATUS=revision \d+, 1 of 1 nodes up$`, `^WATCHDOG=1$`, `^WATCHDOG=1$`}
	for b := make([]byte, 200); len(want) > 0; {
		n, err := manager.Read(b)
		if err != nil {
			t.Fatalf("%v; still to come: %q", err, want)
		}
		said := string(b[:n])
		if i := match(want, said); i >= 0 {
			want = append(want[:i], want[i+1:]...)
		} else if match([]string{`^WATCHDOG=1$`, `^STATUS=`}, said) < 0 {
			t.Fatalf("systemd was told %q; still to come: %q", said, want)
		}
	}
	stop()
	for b := make([]byte, 200); ; {
		n, err := manager.Read(b)
		if err != nil {
			t.Fatalf("%v before STOPPING=1", err)
		}
		if string(b[:n]) == "STOPPING=1\nSTATUS=draining" {
			break
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// match returns the first of the patterns that fits.
func match(patterns []string, text string) int {
	for i, p := range patterns {
		if regexp.MustCompile(p).MatchString(text) {
			return i
		}
	}
	return -1
}

// Where standard error is the journal's stream, lines begin with their priority
// and tell no time.
func TestRunLogsForTheJournal(t *testing.T) {
	linuxOnly(t)
	t.Parallel()
	dir := t.TempDir()
	if code, _, stderr := run(t, "init", "--dir", filepath.Join(dir, "box"), "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0"); code != 0 {
		t.Fatalf("init: exit code %d: %s", code, stderr)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	cmd := program(t, "run", "--dir", filepath.Join(dir, "box"), "-o", "json")
	cmd.Env = append(cmd.Env, fmt.Sprintf("JOURNAL_STREAM=%d:%d", st.Dev, st.Ino), "SIGNALBOX_ANNOUNCE=false", "SIGNALBOX_LOG_LEVEL=debug")
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^<[3467]>msg=`)
	records := 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "msg=") {
			records++
			if !form.MatchString(line) || strings.Contains(line, " time=") {
				t.Errorf("the journal reads %s", line)
			}
		}
	}
	if records < 5 || !strings.Contains(string(text), "<6>msg=\"node ready\"") {
		t.Errorf("the log is\n%s", text)
	}
}
