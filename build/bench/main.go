// Command bench measures the figures that the product promises and prints each
// beside what it is compared with, taken in the same run: absolute times of a
// machine say little, ratios hold.
//
// It runs the real binary and real peers as processes and drives them with wrk.
// With arguments it plays one of those peers itself (see peer.go).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figure is one measured result and what it should be.
type figure struct {
	name, value, want string
	ok                bool
}

// told is what is wanted of a figure that nothing is promised of.
const told = "told"

// bench holds what the measurements share.
type bench struct {
	dir     string // scratch folder
	binary  string // the signalbox binary
	self    string // this binary, for the peers
	short   bool
	figures []figure
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "peer" {
		if err := peer(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "peer:", err)
			os.Exit(1)
		}
		return
	}
	short := flag.Bool("short", false, "measure for a second each, to see that it works")
	only := flag.String("only", "start,requests,typescript,deploy,odb,cluster,gossip", "measure only these groups of figures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *short, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, short bool, only string) error {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b := &bench{dir: dir, binary: filepath.Join(dir, "signalbox"), self: self, short: short}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.binary, "./node/cmd/signalbox") //nolint:gosec // fixed arguments
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build signalbox: %w\n%s", err, out)
	}
	groups := []struct {
		name string
		f    func(context.Context) error
	}{{"start", b.start}, {"requests", b.requests}, {"typescript", b.typescript}, {"deploy", b.deploy}, {"odb", b.odb}, {"cluster", b.cluster}, {"gossip", b.gossip}}
	for _, g := range groups {
		if !slices.Contains(strings.Split(only, ","), g.name) {
			continue
		}
		began := time.Now()
		if err := g.f(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", g.name, err)
		}
		fmt.Fprintf(os.Stderr, "measured %s in %.0f s\n", g.name, time.Since(began).Seconds())
	}
	return b.print()
}

func (b *bench) add(name string, ok bool, want, format string, args ...any) {
	b.figures = append(b.figures, figure{name: name, value: fmt.Sprintf(format, args...), want: want, ok: ok})
}

func (b *bench) print() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "FIGURE\tMEASURED\tWANTED\t")
	missed := 0
	for _, f := range b.figures {
		mark := "reached"
		switch {
		case f.want == told:
			mark = ""
		case !f.ok:
			mark = "MISSED"
			missed++
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.name, f.value, f.want, mark)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if missed > 0 && !b.short {
		return fmt.Errorf("%d of %d figures are missed", missed, len(b.figures))
	}
	return nil
}
