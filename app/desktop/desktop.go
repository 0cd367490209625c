package desktop

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"signalbox.internal/app"
)

// Config is what the program gives.
type Config struct {
	UI      fs.FS    // the built user interface
	Version string   // empty means that of the build
	Icon    []byte   // PNG
	Args    []string // without the program's name
	Getenv  func(string) string
	Environ func() []string // asked after Run has changed some of it
	Stdout  io.Writer
	Stderr  io.Writer
}

// options are the arguments.
type options struct {
	dir     string
	level   slog.Level
	version bool
	rest    []string // links and files
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("signalbox-desktop", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: signalbox-desktop [flags] [signalbox://LINK or FILE ...]")
		f.PrintDefaults()
	}
	f.StringVar(&o.dir, "dir", "", "folder of the saved clusters; the user's own when empty")
	f.TextVar(&o.level, "log", slog.LevelInfo, "debug, info, warn or error")
	f.BoolVar(&o.version, "version", false, "print the version and end")
	err := f.Parse(args)
	o.rest = f.Args()
	return o, err
}

// Run shows the window until it is closed. When an app with the same folder runs
// already, it gets the arguments, comes to the front, and Run returns.
func Run(cfg Config) error {
	o, err := parse(cfg.Args, cfg.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	cfg.Version = cmp.Or(cfg.Version, buildVersion())
	if o.version {
		fmt.Fprintln(cfg.Stdout, "signalbox-desktop", cfg.Version)
		return nil
	}
	if o.dir == "" {
		if o.dir, err = app.DefaultDir(); err != nil {
			return err
		}
	}
	given, err := absolute(o.rest)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(cfg.Stderr, &slog.HandlerOptions{Level: o.level}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dark := environment(ctx, cfg.Getenv, log)
	w := newWindow(cfg, o.dir, log)
	w.dark = dark
	a, err := app.Open(app.Config{Dir: o.dir, Version: cfg.Version, Shell: w, Environ: cfg.Environ, Log: log})
	if errors.Is(err, app.ErrInUse) {
		handErr := handOver(ctx, o.dir, given)
		if handErr == nil {
			return nil
		}
		err = fmt.Errorf("%w, which does not answer (%w)", err, handErr)
	}
	if err != nil {
		log.Error("the app cannot start", "error", err)
		return errors.Join(err, w.show(ctx, failure(err)))
	}
	if err := w.run(ctx, a, given); err != nil || !w.lost.Load() {
		return err
	}
	return startAgain(cfg, o)
}

// run runs the app and its window until the window is closed or ctx ends.
func (w *window) run(ctx context.Context, a *app.App, given []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.app = a
	crash, err := watchCrash(w.dir)
	if err != nil {
		w.log.Warn("an end by a mistake will leave no report", "error", err)
	}
	var wg sync.WaitGroup
	var appErr error
	wg.Go(func() { appErr = a.Run(ctx) })
	if l, err := listen(ctx, w.dir); err != nil {
		w.log.Warn("a second start cannot reach this one", "error", err)
	} else {
		wg.Go(func() { receive(ctx, l, w.second, w.log) })
	}
	wg.Go(func() { w.watchPage(ctx) })
	w.take(given)
	err = w.show(ctx, app.Window(w.cfg.UI, a.Handler()))
	cancel()
	wg.Wait()
	if crash != nil {
		crash()
	}
	return errors.Join(err, appErr)
}

// take sorts what the program was started with: links and files.
func (w *window) take(given []string) {
	var files []string
	for _, one := range given {
		if isLink(one) {
			w.app.OpenLink(one)
		} else {
			files = append(files, one)
		}
	}
	w.app.Drop(files)
}

func isLink(s string) bool { return strings.HasPrefix(strings.ToLower(s), "signalbox:") }

// absolute makes paths good for another process, which has another folder.
func absolute(given []string) ([]string, error) {
	out := []string{}
	for _, one := range given {
		if !isLink(one) {
			var err error
			if one, err = filepath.Abs(one); err != nil {
				return nil, fmt.Errorf("find file: %w", err)
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// watchCrash lets the runtime write why it ends by a mistake; what it returns is for a
// good end.
func watchCrash(dir string) (func(), error) {
	path := app.CrashFile(dir)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the runtime has its own
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return nil, err
	}
	return func() { _ = os.Remove(path) }, nil
}

// buildVersion is what Go knows of the build.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 7 {
			return "dev-" + s.Value[:7]
		}
	}
	return "dev"
}

// guard keeps every panic of a handler, which would end the program, inside: also the
// one with which net/http breaks an answer off, for there is no net/http here.
func guard(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				log.Warn("an answer broke off", "method", r.Method)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
