//go:build linux

package desktop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the app as it is shipped; make test builds it and says where it is.
const program = "SIGNALBOX_TEST_DESKTOP"

// patience is for a busy machine; the figures are in the log.
const patience = 60 * time.Second

// lines is what a process says.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// until waits for a fact.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}

// screen is an X server with a window manager and a session bus.
type screen struct {
	t   *testing.T
	env []string
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := &screen{t: t}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	s.daemon(x)
	_ = w.Close()
	var display int
	if _, err := fmt.Fscan(r, &display); err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	run, err := os.MkdirTemp("", "signalbox-") // WebKit's processes may write a moment longer than the app runs
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(run) })
	s.env = append(os.Environ(), fmt.Sprintf("DISPLAY=:%d", display), "XDG_RUNTIME_DIR="+run, "XDG_DATA_HOME="+filepath.Join(run, "data"),
		"XDG_CACHE_HOME="+filepath.Join(run, "cache"), "NO_AT_BRIDGE=1", "LANG=C.UTF-8", "LC_ALL=", "LC_MESSAGES=", "GTK_THEME=")
	bus := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=3")
	if r, w, err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	bus.ExtraFiles = []*os.File{w}
	s.daemon(bus)
	_ = w.Close()
	var address string
	if _, err := fmt.Fscan(r, &address); err != nil {
		t.Fatalf("dbus-daemon names no address: %v", err)
	}
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	s.daemon(exec.Command("openbox"))
	return s
}

// daemon starts a process that ends with the test.
func (s *screen) daemon(c *exec.Cmd) {
	s.t.Helper()
	c.Env = s.env
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

// do runs a program of the screen and returns what it prints.
func (s *screen) do(name string, args ...string) string {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = s.env
	out, _ := c.Output()
	return strings.TrimSpace(string(out))
}

// window returns the id of the app's window; empty when there is none.
func (s *screen) window() string {
	ids := strings.Fields(s.do("xdotool", "search", "--onlyvisible", "--name", "^Signalbox$"))
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

// size returns width and height of the app's window.
func (s *screen) size() (width, height int) {
	for line := range strings.Lines(s.do("xdotool", "getwindowgeometry", "--shell", s.window())) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch n, _ := strconv.Atoi(value); name {
		case "WIDTH":
			width = n
		case "HEIGHT":
			height = n
		}
	}
	return width, height
}

// key presses keys with the app's window in front.
func (s *screen) key(keys string) {
	s.do("xdotool", "windowactivate", "--sync", s.window())
	s.do("xdotool", "key", keys)
}

// shot takes a picture of the app's window and counts the colours in its lower part,
// which is the page's.
func (s *screen) shot() (img image.Image, colours int) {
	s.t.Helper()
	raw := s.do("import", "-window", s.window(), "png:-")
	img, err := png.Decode(strings.NewReader(raw))
	if err != nil {
		return nil, 0
	}
	seen := map[uint64]bool{}
	b := img.Bounds()
	for y := b.Min.Y + b.Dy()/8; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			seen[uint64(r)<<32|uint64(g)<<16|uint64(bl)] = true
		}
	}
	return img, len(seen)
}

// started is the app running.
type started struct {
	*exec.Cmd
	dir  string
	log  *lines
	done chan error
}

func (s *screen) start(dir string, args ...string) *started {
	s.t.Helper()
	a := &started{dir: dir, log: &lines{}, done: make(chan error, 1)}
	a.Cmd = exec.Command(os.Getenv(program), append([]string{"-dir", dir, "-log", "debug"}, args...)...)
	a.Env, a.Stderr, a.Stdout = s.env, a.log, a.log
	if err := a.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { a.done <- a.Wait() }()
	s.t.Cleanup(func() {
		_ = a.Process.Kill()
		if s.t.Failed() {
			s.t.Logf("the app said:\n%s", a.log)
		}
	})
	return a
}

// says waits until the app has said something.
func (a *started) says(t *testing.T, what string) {
	t.Helper()
	until(t, "the app says "+what, func() bool { return strings.Contains(a.log.String(), what) })
}

// ends waits for a good end.
func (a *started) ends(t *testing.T) {
	t.Helper()
	select {
	case err := <-a.done:
		if err != nil {
			t.Fatalf("the app ended badly: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the app does not end")
	}
}

func after(log, what string) string {
	found := regexp.MustCompile(`msg="` + what + `".* after_ms=(\d+)`).FindStringSubmatch(log)
	if found == nil {
		return "?"
	}
	return found[1] + " ms"
}

// offline saves clusters that no one answers for: a few refuse, the others are silent.
func offline(t *testing.T, dir string, n int) {
	t.Helper()
	var list []map[string]any
	for i := range n {
		url := "https://127.0.0.1:1"
		if i%2 == 1 {
			url = fmt.Sprintf("https://192.0.2.%d:8183", i)
		}
		list = append(list, map[string]any{
			"id": strings.Repeat(string(rune('a'+i)), 26), "name": fmt.Sprintf("Plant %02d", i), "urls": []string{url}, "fingerprint": "sha256:" + strings.Repeat(fmt.Sprintf("%02x", i), 32), "colour": "#1d6870",
		})
	}
	text, err := json.Marshal(map[string]any{"version": 1, "clusters": list})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "clusters.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

type remembered struct {
	Width, Height int
	Language      string
	Texts         map[string]string
}

func remembers(dir string) (r remembered) {
	text, err := os.ReadFile(filepath.Join(dir, "window.json"))
	if err == nil {
		_ = json.Unmarshal(text, &r)
	}
	return r
}

// TestWindow drives the program that is shipped: with twenty clusters of which none
// answers, in the C locale that breaks WebKit's language.
func TestWindow(t *testing.T) {
	if os.Getenv(program) == "" {
		if os.Getenv("SIGNALBOX_TEST_REQUIRE") == "1" {
			t.Fatalf("%s names no program; make test builds one", program)
		}
		t.Skipf("NOT TESTED: %s names no program; make test builds one", program)
	}
	s, dir := newScreen(t), t.TempDir()
	offline(t, dir, 20)
	begun := time.Now()
	a := s.start(dir)
	a.says(t, "the page runs")
	if strings.Contains(a.log.String(), "could not be read") {
		t.Fatal("the list of clusters was not taken")
	}
	var before image.Image
	until(t, "the page is drawn", func() bool {
		var colours int
		before, colours = s.shot()
		return colours > 50
	})
	t.Logf("window after %s, page after %s, drawn after %d ms", after(a.log.String(), "the window is open"), after(a.log.String(), "the page runs"), time.Since(begun).Milliseconds())
	until(t, "the page says its language", func() bool { return remembers(dir).Language == "en" })
	if got := remembers(dir).Texts["window.file"]; got != "File" {
		t.Errorf("the menu's texts came as %q", got)
	}

	second := s.start(dir, "signalbox://connect?url=https://127.0.0.1:1&ca=sha256:"+strings.Repeat("00", 32))
	second.ends(t)
	a.says(t, `the page was told" component=app type=link`)
	until(t, "the page shows what the link is for", func() bool {
		now, _ := s.shot()
		return now != nil && !same(before, now)
	})
	if strings.Contains(a.log.String(), "sha256:0000") {
		t.Error("the link, which may hold a code, is in the log")
	}

	s.key("ctrl+comma")
	a.says(t, `the page was told" component=app type=command command=settings`)
	s.key("Escape")

	s.do("xdotool", "windowsize", "--sync", s.window(), "1010", "707")
	width, height := s.size()
	until(t, "the size is kept", func() bool { r := remembers(dir); return r.Width == width && r.Height == height })
	s.key("ctrl+q")
	a.ends(t)

	a = s.start(dir)
	a.says(t, "the page runs")
	if w, h := s.size(); w != width || h != height {
		t.Errorf("the window opens again with %dx%d, not with %dx%d", w, h, width, height)
	}
	a.losesPage(t)
	if err := a.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	a.ends(t)
	for _, gone := range []string{"window.sock", "crash.out"} {
		if _, err := os.Stat(filepath.Join(dir, gone)); err == nil {
			t.Errorf("%s is left after a good end", gone)
		}
	}
}

// losesPage kills the process of the page: the app opens again by itself and
// keeps a report.
func (a *started) losesPage(t *testing.T) {
	t.Helper()
	runs := func() int { return strings.Count(a.log.String(), "the page runs") }
	before := runs()
	for _, pid := range children(a.Process.Pid) {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.HasPrefix(string(name), "WebKitWebProces") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.says(t, "the process of the page has ended")
	until(t, "the page runs again", func() bool { return runs() > before })
	reports, err := filepath.Glob(filepath.Join(a.dir, "reports", "*.txt"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports: %v, %v", reports, err)
	}
	if text, err := os.ReadFile(reports[0]); err != nil || !strings.Contains(string(text), "the process of the page has ended") {
		t.Errorf("the report is %q, %v", text, err)
	}
}

// children returns the ids of the processes that a process has started.
func children(pid int) (out []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		ids, _ := os.ReadFile(list)
		for id := range strings.FieldsSeq(string(ids)) {
			if n, err := strconv.Atoi(id); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// same says whether two pictures are the same.
func same(a, b image.Image) bool {
	var x, y bytes.Buffer
	return png.Encode(&x, a) == nil && png.Encode(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
