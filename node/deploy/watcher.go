package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// Suffixes of the report files that a watcher writes beside each package.
const (
	DeployedSuffix = ".deployed"
	FailedSuffix   = ".failed"
)

// WatcherConfig is what a watcher needs.
type WatcherConfig struct {
	Dir      string        // the deploy folder; made when it is missing
	Every    time.Duration // how often it is looked at; 0 means 500 ms
	Node     string        // name of this node, for the history
	Deployer *Deployer
	Log      *slog.Logger // nil means slog.Default()
	// OnDeploy is told of each attempt to deploy an entry of the folder; nil tells nobody.
	OnDeploy func(name string, res Result, err error)
}

// Watcher deploys what is put into the deploy folder: each file X.ts or X.js and
// each folder X is one package. It writes the outcome beside it, to X.deployed
// or X.failed. Taking a package out of the folder leaves its services in force.
type Watcher struct {
	cfg  WatcherConfig
	log  *slog.Logger
	seen map[string]sighting
	away bool // the ODB was, when something had to be deployed
}

// sighting is what the watcher knows of one entry of the folder.
type sighting struct {
	seen  string // fingerprint as seen last
	tried string // fingerprint of the last attempt to deploy it
}

// NewWatcher returns a watcher; Run starts it.
func NewWatcher(cfg WatcherConfig) *Watcher {
	cfg.Every = cmp.Or(cfg.Every, 500*time.Millisecond)
	return &Watcher{cfg: cfg, log: cmp.Or(cfg.Log, slog.Default()).With("component", "deploy_folder"), seen: map[string]sighting{}}
}

// Run looks at the folder until ctx ends. A folder that cannot be read is
// logged, not fatal: the node serves on.
func (w *Watcher) Run(ctx context.Context) error {
	if err := os.MkdirAll(w.cfg.Dir, 0o700); err != nil {
		w.log.ErrorContext(ctx, "deploy folder cannot be made", "dir", w.cfg.Dir, "error", err)
	}
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look deploys every entry that has changed and then stayed the same for one round.
func (w *Watcher) look(ctx context.Context) {
	if w.away {
		if _, err := w.cfg.Deployer.store.Revision(ctx); err != nil {
			return
		}
		w.away = false
	}
	entries, err := os.ReadDir(w.cfg.Dir)
	if err != nil {
		w.log.WarnContext(ctx, "deploy folder cannot be read", "dir", w.cfg.Dir, "error", err)
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || !e.IsDir() && !IsSource(name) { // a test belongs to the file that it tests
			continue
		}
		if ctx.Err() != nil {
			return
		}
		w.lookAt(ctx, name)
	}
}

func (w *Watcher) lookAt(ctx context.Context, name string) {
	now := fingerprint(filepath.Join(w.cfg.Dir, name))
	s := w.seen[name]
	settled := s.seen == now
	s.seen = now
	if settled && s.tried != now {
		first := s.tried == ""
		s.tried = now
		sources, err := ReadPackages(filepath.Join(w.cfg.Dir, name))
		if !first || !w.reported(name, sources) {
			if w.deploy(ctx, name, sources, err); w.away {
				s.tried = "" // it is tried again when the ODB is back
			}
		}
	}
	w.seen[name] = s
}

// reported says whether an earlier run of the node has deployed exactly this
// version. It is not deployed once more then: somebody may have rolled it back.
func (w *Watcher) reported(name string, sources []Source) bool {
	report, err := os.ReadFile(filepath.Join(w.cfg.Dir, name) + DeployedSuffix)
	if err != nil || len(sources) != 1 {
		return false
	}
	if _, err := sources[0].Check(); err != nil {
		return false
	}
	_, hash, err := sources[0].Archive()
	return err == nil && strings.Contains(string(report), "version "+hash+"\n")
}

// fingerprint tells the state of a file or folder by names, sizes and times,
// without reading a file. What cannot be looked at is part of the state, so that
// its fault is reported once.
func fingerprint(path string) string {
	var b strings.Builder
	_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", name, err)
			return nil
		}
		if d.IsDir() && name != path && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", name, err)
			return nil
		}
		if !d.IsDir() {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}

func (w *Watcher) deploy(ctx context.Context, name string, sources []Source, err error) {
	var res Result
	if err == nil {
		res, err = w.cfg.Deployer.Deploy(ctx, Request{
			Sources: sources, Reason: "deploy folder: " + name,
			Actor: odb.Actor{Name: "node " + w.cfg.Node, Source: "deploy folder"},
		})
	}
	if odb.KindOf(err) == odb.Unavailable && ctx.Err() == nil {
		w.away = true
		w.log.WarnContext(ctx, "package of the deploy folder waits for the ODB", "package", name, "error", err)
		w.report(ctx, name, FailedSuffix, "the ODB is away; the package is deployed when it is back\n")
		return
	}
	if w.cfg.OnDeploy != nil {
		w.cfg.OnDeploy(name, res, err)
	}
	if err != nil {
		w.log.ErrorContext(ctx, "package of the deploy folder not deployed", "package", name, "error", err)
		w.report(ctx, name, FailedSuffix, failureText(err))
		return
	}
	w.report(ctx, name, DeployedSuffix, successText(res))
}

// report writes the outcome beside the package and removes the other outcome.
func (w *Watcher) report(ctx context.Context, name, suffix, text string) {
	path := filepath.Join(w.cfg.Dir, name)
	for _, s := range []string{DeployedSuffix, FailedSuffix} {
		if err := os.Remove(path + s); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.log.WarnContext(ctx, "old report cannot be removed", "file", path+s, "error", err)
		}
	}
	if err := os.WriteFile(path+suffix, []byte(text), 0o600); err != nil {
		w.log.WarnContext(ctx, "report cannot be written", "file", path+suffix, "error", err)
	}
}

func failureText(err error) string {
	builds := BuildErrors(err)
	if len(builds) == 0 {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, build := range builds {
		for _, m := range build.Messages {
			fmt.Fprintf(&b, "%s:%d:%d: %s\n", m.File, m.Line, m.Column, m.Text)
		}
	}
	return b.String()
}

func successText(res Result) string {
	var b strings.Builder
	for _, p := range res.Packages {
		fmt.Fprintf(&b, "package %s\nversion %s\nrevision %d\nservices %s\n", p.Package, p.Hash, res.Revision, strings.Join(p.Services, ", "))
	}
	return b.String()
}
