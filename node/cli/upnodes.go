package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
	"signalbox.internal/node/supervise"
)

// boxRun is one run of up --nodes: the nodes of a box and the processes they are.
type boxRun struct {
	a       *app
	box     boxFolder
	want    int // nodes to run
	demo    bool
	program string // path of this program
	first   firstNode
	out     *sharedWriter
	log     *slog.Logger

	starting atomic.Bool   // not all nodes have been ready yet: one that fails fails all
	kill     chan struct{} // closed: do not wait for requests
	children []*child
	running  sync.WaitGroup
}

// upNodes runs several nodes on one box until ctx ends.
func (a *app) upNodes(ctx context.Context, b boxFolder, f upFlags, given map[string]string) error {
	start := time.Now()
	u, err := a.newBoxRun(b, f, given)
	if err != nil {
		return err
	}
	release, err := node.LockBox(b.dir)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	if err := u.makeFirst(ctx); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	err = u.bringUp(work)
	if err == nil {
		u.starting.Store(false)
		err = a.announce(u.started(time.Since(start)))
	}
	if err == nil {
		err = u.untilOver(work)
	}
	stop()
	return errors.Join(err, u.awaitEnd())
}

func (a *app) newBoxRun(b boxFolder, f upFlags, given map[string]string) (*boxRun, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start it as nodes: %w", err)
	}
	u := &boxRun{a: a, box: b, want: f.nodes, demo: f.demo, program: program, kill: make(chan struct{})}
	if u.want == 0 {
		u.want = len(b.folders)
	}
	if u.first, err = a.newFirstNode(b, given); err != nil {
		return nil, err
	}
	u.out = &sharedWriter{w: a.env.Stderr}
	a.err.w = u.out // from now on nodes write there too
	u.log = newLogger(u.out, u.first.cfg.LogLevel, u.first.cfg.LogFormat)
	u.starting.Store(true)
	return u, nil
}

// makeFirst makes the first node when the box has none.
func (u *boxRun) makeFirst(ctx context.Context) error {
	if len(u.box.folders) > 0 {
		return nil
	}
	dir := u.box.folder(1)
	u.a.note("Making a node in %s …", dir)
	in := node.InitConfig{Dir: dir, Env: u.a.env.LookupEnv, Log: u.log, Values: u.first.settings()}
	if err := node.Init(ctx, in); err != nil {
		return err
	}
	u.box.folders = []string{dir}
	return nil
}

// bringUp starts the nodes, lets those that are missing join, and returns when
// all are ready.
func (u *boxRun) bringUp(ctx context.Context) error {
	have := u.box.folders[:min(u.want, len(u.box.folders))]
	u.a.note("Starting %s …", plural(u.want, "node"))
	for _, dir := range have {
		if err := u.launch(ctx, dir); err != nil {
			return err
		}
	}
	if rest := u.box.folders[len(have):]; len(rest) > 0 {
		var names []string
		for _, dir := range rest {
			names = append(names, shownName(dir, nil))
		}
		u.say("Not started, still members of the cluster: %s. They are down until up runs with more nodes, or remove them: signalbox nodes remove NAME", strings.Join(names, ", "))
	}
	if u.want > len(have) {
		host, err := u.firstReady(ctx)
		if err == nil {
			err = u.join(ctx, host.dir, u.want-len(have))
		}
		if err != nil {
			return err
		}
	}
	for _, c := range u.children {
		if err := u.awaitReady(ctx, c); err != nil {
			return err
		}
	}
	_, err := u.firstReady(ctx)
	return err
}

// launch starts the process of a node.
func (u *boxRun) launch(ctx context.Context, dir string) error {
	isFirst := len(u.children) == 0
	given, added := map[string]string{}, map[string]string{}
	if dir == u.first.dir {
		given, added = u.first.flags(), u.first.added
	}
	given["log_level"], given["log_format"] = u.first.cfg.LogLevel, u.first.cfg.LogFormat
	c := &child{dir: dir, name: shownName(dir, nil), gone: make(chan struct{}), ready: make(chan struct{}), lines: u.log}
	c.log = u.childLog(c.name)
	args := childArgs(dir, given, u.demo && isFirst)
	env := childEnv(os.Environ(), dir == u.first.dir, added)
	drain := u.first.cfg.DrainTimeout
	if cfg, _, err := config.Load(dir, u.a.env.LookupEnv, nil); err == nil {
		drain = cfg.DrainTimeout
	}
	var err error
	c.proc, err = supervise.New(supervise.Config{
		Name: c.name, Command: func() *exec.Cmd { return command(u.program, args, env) },
		Stdout: c.stdout, Stderr: c.log.line, Final: u.final, Stop: drain + afterDrain, Kill: u.kill, Log: u.log,
	})
	if err != nil {
		return err
	}
	u.children = append(u.children, c)
	u.running.Go(func() {
		c.err = c.proc.Run(ctx)
		close(c.gone)
		if c.err != nil && !u.starting.Load() {
			u.say("%s is not started again: %s", c.name, c.log.why())
		}
	})
	return nil
}

func (u *boxRun) childLog(name string) *childLog {
	width := max(len(name), len(nodePrefix)+len(fmt.Sprint(u.want)))
	l := &childLog{w: u.out, name: name, prefix: fmt.Sprintf("%-*s | ", width, name)}
	if u.first.cfg.LogFormat == "json" {
		l.log = u.log
	}
	return l
}

// say tells people what they should know, beside the log or in it.
func (u *boxRun) say(format string, args ...any) {
	if u.first.cfg.LogFormat == "json" {
		u.log.Warn("nodes of this box", "component", "supervisor", "text", fmt.Sprintf(format, args...))
		return
	}
	_, _ = fmt.Fprintf(u.out, format+"\n", args...) // nobody can be told
}

// final tells which ends are for good: that of a node that was removed from the
// cluster, and at first every failure, so that whoever waits hears of it.
func (u *boxRun) final(status int) bool {
	return status == exitNotAllowed || u.starting.Load() && status > 0 && status != exitRestart
}

// awaitReady waits until a node is ready, or is known to be none any more.
func (u *boxRun) awaitReady(ctx context.Context, c *child) error {
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.gone:
	}
	end, ok := errors.AsType[*supervise.StatusError](c.err)
	switch why := c.log.why(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case ok && end.Status == exitNotAllowed:
		u.say("%s is not started: %s", c.name, why)
		return nil
	case why != "":
		return failf(exitFailed, "the node %s does not start: %s", c.name, why)
	default:
		return failf(exitFailed, "the node %s does not start: %w", c.name, c.err)
	}
}

// firstReady returns the first of the nodes that is ready.
func (u *boxRun) firstReady(ctx context.Context) (*child, error) {
	for _, c := range u.children {
		if err := u.awaitReady(ctx, c); err != nil {
			return nil, err
		}
		if c.said().Ready {
			return c, nil
		}
	}
	return nil, failf(exitFailed, "none of the nodes in %s belongs to its cluster any more", u.box.dir)
}

// started tells what runs.
func (u *boxRun) started(took time.Duration) started {
	s := started{dir: u.box.dir, demo: u.demo, took: took}
	for _, c := range u.children {
		line := c.said()
		if !line.Ready {
			continue
		}
		if s.first == "" {
			s.line, s.first = line, c.dir
			s.line.Nodes = nil
			if u.first.cfg.DeployFolder {
				s.deploy = deployFolder(c.dir)
			}
		}
		s.line.Nodes = append(s.line.Nodes, line.Nodes...)
	}
	s.line.Link = withAddresses(s.line.Link, s.line.Nodes)
	return s
}

// untilOver returns when ctx ends, or with an error when every node has ended for good.
func (u *boxRun) untilOver(ctx context.Context) error {
	for _, c := range u.children {
		select {
		case <-ctx.Done():
			return nil
		case <-c.gone:
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return failf(exitFailed, "no node is left: %s", u.children[0].log.why())
}

// awaitEnd waits until all processes have ended; a second signal kills them.
func (u *boxRun) awaitEnd() error {
	over := make(chan struct{})
	go func() {
		u.running.Wait()
		close(over)
	}()
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(again)
	select {
	case <-over:
		return nil
	case <-again:
	}
	close(u.kill)
	<-over
	return failf(exitFailed, "a second signal ended the nodes before their requests had ended")
}
