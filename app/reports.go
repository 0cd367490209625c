package app

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	reportDir  = "reports"
	crashFile  = "crash.out"
	maxReports = 20       // files that are kept
	maxReport  = 64 << 10 // bytes of one
	maxFaults  = 10       // reports of one run
)

// CrashFile returns where the Go runtime is to write when the program ends by a mistake
// (see debug.SetCrashOutput). The next Open makes a report of it.
func CrashFile(dir string) string { return filepath.Join(dir, crashFile) }

// reports keeps reports of mistakes in the app's own folder. They hold names of
// functions, files and lines, never what a mistake was about: that may be secret.
type reports struct {
	dir     string
	version string
	now     func() time.Time
	log     *slog.Logger

	mu    sync.Mutex
	count int
}

func newReports(cfg Config, log *slog.Logger) *reports {
	return &reports{dir: cfg.Dir, version: cfg.Version, now: cfg.Now, log: log}
}

// contain runs do; a panic in it is reported and goes no further.
func (r *reports) contain(where string, do func()) {
	defer func() {
		if v := recover(); v != nil {
			r.panicked(where, v)
		}
	}()
	do()
}

// panicked reports a panic from within a deferred function.
func (r *reports) panicked(where string, v any) {
	r.write(where, describe(v)+"\n\n"+string(debug.Stack()))
}

// describe says what a panic was about without quoting anything but the runtime.
func describe(v any) string {
	if err, ok := v.(runtime.Error); ok { //nolint:errorlint // the value of a panic, not a wrapped error
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic: a value of type %T (its text is left out)", v)
}

// page reports a mistake of the page.
func (r *reports) page(f PageFault) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", printable(f.Name, maxWord))
	for line := range strings.SplitSeq(f.Stack, "\n") {
		if frame := pageFrame().FindString(line); frame != "" && b.Len() < maxReport {
			fmt.Fprintf(&b, "  %s\n", printable(frame, 2*maxName))
		}
	}
	r.write("page", b.String())
}

// pageFrame finds function, file and line in a line of a stack; an error's message has
// neither.
func pageFrame() *regexp.Regexp {
	return regexp.MustCompile(`[\w$.<>/ ]{0,80}[@( ]?(?:wails|https?)://[\w.:-]+/[\w./-]*\.js:\d+:\d+`)
}

// write keeps a report and says so in the log.
func (r *reports) write(where, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count++; r.count > maxFaults {
		r.log.Error("the app made a mistake again; it is not reported any more", "where", where)
		return
	}
	path, err := r.keep(where, text)
	r.log.Error("the app made a mistake", "where", where, "report", path, "error", err)
}

// keep writes a report; the oldest make room for it.
func (r *reports) keep(where, text string) (string, error) {
	dir := filepath.Join(r.dir, reportDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	now := r.now().UTC()
	head := fmt.Sprintf("Signalbox %s, %s/%s, %s, %s\n%s\n\n", r.version, runtime.GOOS, runtime.GOARCH, runtime.Version(), now.Format(time.RFC3339), where)
	text = head + text
	path := filepath.Join(dir, now.Format("20060102T150405.000000000Z")+".txt")
	if err := writePrivate(path, []byte(text[:min(len(text), maxReport)])); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir) // by name, which is by time
	if err != nil {
		return path, err
	}
	for _, old := range entries[:max(0, len(entries)-maxReports)] {
		err = cmp.Or(err, os.Remove(filepath.Join(dir, old.Name())))
	}
	return path, err
}

// collect makes a report of what the runtime wrote when the last run ended by a mistake,
// and returns a text for the user. What cannot be read is left where it is.
func (r *reports) collect() string {
	path := CrashFile(r.dir)
	text, err := os.ReadFile(path)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ""
	}
	report, err := r.keep("end of the program", withoutWords(string(text[:min(len(text), maxFile)])))
	if err != nil {
		r.log.Warn("a report cannot be kept", "error", err)
		return ""
	}
	if err := os.Remove(path); err != nil {
		r.log.Warn("a report cannot be removed", "error", err)
	}
	return "The app ended by a mistake of its own. A report without any of your data is in " + report + "."
}

// withoutWords drops from what the runtime writes all that the program gave to it: the
// values of panics. Stacks have none; their arguments are addresses.
func withoutWords(crash string) string {
	lines := strings.Split(crash, "\n")
	begin := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, "goroutine ") })
	if begin < 0 {
		begin = len(lines)
	}
	var b strings.Builder
	for _, line := range lines[:begin] {
		switch s := strings.TrimSpace(line); {
		case strings.HasPrefix(s, "panic: runtime error: "), strings.HasPrefix(s, "fatal error: "), strings.HasPrefix(s, "[signal "),
			strings.HasPrefix(s, "SIG"), strings.HasPrefix(s, "PC="), strings.HasPrefix(s, "runtime: "):
			b.WriteString(s + "\n")
		case strings.HasPrefix(s, "panic: "):
			b.WriteString("panic: (its text is left out)\n")
		}
	}
	b.WriteString("\n" + strings.Join(lines[begin:], "\n"))
	return b.String()
}

// Contain runs do; a panic in it is reported and goes no further. It is for the window,
// whose callbacks would end the program.
func (a *App) Contain(where string, do func()) { a.reports.contain(where, do) }
