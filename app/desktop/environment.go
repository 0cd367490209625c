package desktop

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// environment sets what GTK and WebKit read from the environment when they start, and
// returns whether the system is dark.
//
// It never sets WEBKIT_DISABLE_DMABUF_RENDERER or WEBKIT_DISABLE_COMPOSITING_MODE: with
// either of them a view transition ends the program.
func environment(ctx context.Context, getenv func(string) string, log *slog.Logger) (dark bool) {
	set := map[string]string{}
	if goruntime.GOOS != "windows" {
		if locale := locale(getenv); locale != "" {
			set["LC_ALL"] = locale
		}
		if getenv("TERM") == "" { // not from a terminal: the session's PATH may be short
			if path := loginPath(ctx, getenv); path != "" {
				set["PATH"] = path
			}
		}
	}
	if goruntime.GOOS == "linux" {
		dark = portalDark(ctx)
		if dark && getenv("GTK_THEME") == "" {
			set["GTK_THEME"] = "Adwaita:dark"
		}
	}
	for name, value := range set {
		if err := os.Setenv(name, value); err != nil {
			log.Warn("the environment cannot be set", "name", name, "error", err)
		}
	}
	return dark
}

// locale returns the locale to use when the one that is set is the C locale: with it
// WebKit calls the language "C", which no page expects. Empty: leave it as it is.
func locale(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if v == "C" || v == "POSIX" || strings.HasPrefix(v, "C.") {
				return "en_US.UTF-8"
			}
			return ""
		}
	}
	return ""
}

// portalTime is how long the desktop may take to say whether it is dark.
const portalTime = 250 * time.Millisecond

// portalDark asks the desktop whether it is dark; GTK 3 does not.
func portalDark(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, portalTime)
	defer cancel()
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	var answer dbus.Variant
	portal := conn.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
	if err := portal.CallWithContext(ctx, "org.freedesktop.portal.Settings.Read", 0, "org.freedesktop.appearance", "color-scheme").Store(&answer); err != nil {
		return false
	}
	value := answer.Value()
	for {
		inner, ok := value.(dbus.Variant)
		if !ok {
			break
		}
		value = inner.Value()
	}
	scheme, ok := value.(uint32)
	return ok && scheme == 1
}

// shellTime is how long a login shell may take to say its PATH.
const shellTime = time.Second

// loginPath returns PATH with what the user's login shell has beyond it: an app that was
// started from a menu has only the session's.
func loginPath(ctx context.Context, getenv func(string) string) string {
	shell := getenv("SHELL")
	if shell == "" || !filepath.IsAbs(shell) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, shellTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, "-l", "-c", `printf '\n%s\n' "$PATH"`) //nolint:gosec // the user's own shell
	cmd.WaitDelay = shellTime
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	return joinPaths(getenv("PATH"), lines[len(lines)-1])
}

// joinPaths appends to a PATH what a second one has beyond it; empty when that is
// nothing.
func joinPaths(have, more string) string {
	all := filepath.SplitList(have)
	n := len(all)
	for _, dir := range filepath.SplitList(more) {
		if filepath.IsAbs(dir) && !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	if len(all) == n {
		return ""
	}
	return strings.Join(all, string(filepath.ListSeparator))
}
