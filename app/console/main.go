// Command console serves the desktop's user interface to a plain browser on this
// machine: for tests of the interface, and where no window can be opened.
//
// It prints a line of JSON with the link to open. It imports app.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"signalbox.internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "console:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the saved clusters; the user's own when empty")
	ui := flags.String("ui", "", "folder of the built user interface; empty serves the API alone")
	listen := flags.String("listen", "127.0.0.1:0", "loopback address and port")
	port := flags.Int("discovery-port", 0, "UDP port of announcements; 0 is the usual one")
	level := flags.String("log", "info", "debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var min slog.Level
	if err := min.UnmarshalText([]byte(*level)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: min}))
	own, err := app.DefaultDir()
	if *dir == "" && err != nil {
		return err
	}
	a, err := app.Open(app.Config{Dir: cmp.Or(*dir, own), Mode: app.ModeBrowser, DiscoveryPort: *port, Environ: os.Environ, Log: log})
	if err != nil {
		return err
	}
	c, err := console(ctx, a, *ui, *listen, log)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var appErr error
	wg.Go(func() { appErr = a.Run(ctx); cancel() })
	err = c.Run(ctx)
	cancel()
	wg.Wait()
	return errors.Join(err, appErr)
}

func console(ctx context.Context, a *app.App, ui, listen string, log *slog.Logger) (*app.Console, error) {
	var pages fs.FS
	if ui != "" {
		pages = os.DirFS(ui)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, err
	}
	c, err := app.NewConsole(app.ConsoleConfig{API: a.Handler(), UI: pages, Listener: l, Log: log})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return c, json.NewEncoder(os.Stdout).Encode(map[string]string{"link": c.Link()})
}
