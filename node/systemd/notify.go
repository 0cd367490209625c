package systemd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Notifier tells the service manager how this process is. A nil one has nobody to
// tell. Any number of goroutines may use it.
type Notifier struct {
	socket   string
	watchdog time.Duration
}

// NewNotifier returns one for the service manager that the environment names
// (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID); nil when there is none.
func NewNotifier(getenv func(string) string) *Notifier {
	n := &Notifier{socket: getenv("NOTIFY_SOCKET")}
	if n.socket == "" {
		return nil
	}
	if strings.HasPrefix(n.socket, "@") {
		n.socket = "\x00" + n.socket[1:] // an abstract socket
	}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if pid := getenv("WATCHDOG_PID"); err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Tell sends assignments such as "READY=1" in one message.
func (n *Notifier) Tell(ctx context.Context, assignments ...string) error {
	if n == nil {
		return nil
	}
	text := strings.Join(assignments, "\n")
	var d net.Dialer
	c, err := d.DialContext(ctx, "unixgram", n.socket)
	if err == nil {
		_, err = c.Write([]byte(text))
		_ = c.Close()
	}
	if err != nil {
		return fmt.Errorf("tell systemd %q: %w", text, err)
	}
	return nil
}

// Watchdog returns how long the process may be silent before the service manager
// ends it; 0 when it does not look.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// FollowConfig says what Follow tells.
type FollowConfig struct {
	Alive  func(ctx context.Context) error // fails when the process does not do its work any more
	Status func() string                   // one line for people
	Every  time.Duration                   // between looks at Status
	Log    *slog.Logger
}

// Follow tells of each new status, and that the process is alive as long as Alive
// says so, until ctx ends.
func (n *Notifier) Follow(ctx context.Context, cfg FollowConfig) {
	if n == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if n.watchdog > 0 {
			repeat(ctx, n.watchdog/3, func() { n.feed(ctx, cfg) })
		}
	}()
	last := ""
	repeat(ctx, cfg.Every, func() {
		if s := cfg.Status(); s != last {
			last = s
			n.try(ctx, cfg.Log, "STATUS="+oneLine(s))
		}
	})
	<-done
}

// feed tells that the process is alive, when it is.
func (n *Notifier) feed(ctx context.Context, cfg FollowConfig) {
	look, cancel := context.WithTimeout(ctx, n.watchdog/3)
	defer cancel()
	if err := cfg.Alive(look); err != nil {
		if ctx.Err() == nil {
			cfg.Log.ErrorContext(ctx, "node does not work as it should; systemd will start it again unless that ends", "error", err)
		}
		return
	}
	n.try(ctx, cfg.Log, "WATCHDOG=1")
}

func (n *Notifier) try(ctx context.Context, log *slog.Logger, assignment string) {
	if err := n.Tell(ctx, assignment); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "systemd cannot be told", "error", err)
	}
}

// repeat calls f at once and every d until ctx ends.
func repeat(ctx context.Context, d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
