package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
	"signalbox.internal/node/systemd"
)

// statusEvery is how often the service manager is told how the node is, when that
// has changed.
const statusEvery = 2 * time.Second

// runNode runs a node until ctx ends and calls ready once it is. manager is the
// service manager, nil when there is none.
func (a *app) runNode(ctx context.Context, opts node.Options, manager *systemd.Notifier, ready func(node.Info) error) error {
	if a.getenv("GOGC") == "" {
		node.TuneMemory()
	}
	opts.Version, opts.Log, opts.LookupEnv = a.version(), a.logger(opts.Config), a.env.LookupEnv
	opts.Supervised, opts.DiscoveryPort = a.getenv(supervisedEnv) == "1", a.env.DiscoveryPort
	n, err := node.Open(ctx, opts)
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(work) }()
	select {
	case err := <-ended:
		return err
	case <-n.Ready():
	}
	if err := ready(n.Info()); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	var following sync.WaitGroup
	following.Go(func() {
		manager.Follow(work, systemd.FollowConfig{
			Alive: n.Alive, Status: func() string { return n.Health().String() }, Every: statusEvery, Log: opts.Log,
		})
	})
	err = <-ended
	stop()
	following.Wait()
	return err
}

// logger writes a node's log to stderr as its settings say.
func (a *app) logger(cfg config.Config) *slog.Logger {
	if !systemd.IsJournal(a.env.Stderr, a.getenv("JOURNAL_STREAM")) {
		return newLogger(a.env.Stderr, cfg.LogLevel, cfg.LogFormat)
	}
	var form func(io.Writer, *slog.HandlerOptions) slog.Handler // nil: text
	if cfg.LogFormat == "json" {
		form = func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }
	}
	return slog.New(systemd.NewJournal(a.env.Stderr, slog.HandlerOptions{Level: logLevel(cfg.LogLevel)}, form))
}

func newLogger(w io.Writer, level, format string) *slog.Logger {
	opts := &slog.HandlerOptions{Level: logLevel(level)}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// logLevel reads a level of the settings.
func logLevel(name string) slog.Level {
	return map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[name]
}
