package cli

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
	"signalbox.internal/node/supervise"
)

// afterDrain is how long a node may take to end beside waiting for its requests.
const afterDrain = 20 * time.Second

// upChild runs a node that up --nodes has made, as one of its processes, until
// standard input ends: also when the other process was killed.
func (a *app) upChild(ctx context.Context, given map[string]string, withDemo bool) error {
	cfg, _, err := a.loadConfig(given)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, a.env.Stdin) // ends with the process at the latest
		stop()
	}()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		<-ctx.Done()
		select {
		case <-ended:
		case <-time.After(cfg.DrainTimeout + afterDrain): // perhaps nobody is left who would end it by force
			os.Exit(exitFailed)
		}
	}()
	return a.runNode(ctx, node.Options{Config: cfg, Demo: withDemo}, nil, func(info node.Info) error {
		return a.writeReady(ready(info))
	})
}

// child is one node of up --nodes.
type child struct {
	dir, name string
	log       *childLog
	lines     *slog.Logger
	proc      *supervise.Process
	gone      chan struct{} // it ended for good
	err       error         // why; set before gone is closed
	ready     chan struct{} // it was ready once
	once      sync.Once

	mu   sync.Mutex
	line readyLine
}

// childArgs are the arguments of the process of a node.
func childArgs(dir string, given map[string]string, withDemo bool) []string {
	args := []string{"up", "--child", "--dir", dir, "-o", outputJSON}
	for _, s := range config.Settings() {
		if text, ok := given[s.Key]; ok {
			args = append(args, "--"+s.Flag, text)
		}
	}
	if withDemo {
		args = append(args, "--demo")
	}
	return args
}

// perNode are the settings that nodes of one box do not have in common: where the
// environment sets them, it means the first node.
func perNode() []string {
	return []string{
		"cluster", "odb", "traffic", "control", "gossip", "advertise", "network", "announce", "data_folder",
	}
}

// childEnv is the environment of a node: that of this process without what only
// the first node can have, and what is added. A node's name is in its file.
func childEnv(environ []string, isFirst bool, added map[string]string) []string {
	drop := map[string]bool{supervisedEnv: true}
	for _, s := range config.Settings() {
		drop[s.Env] = s.Key == "name" || !isFirst && slices.Contains(perNode(), s.Key)
	}
	out := slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return drop[name]
	})
	out = append(out, supervisedEnv+"=1")
	for name, value := range added {
		out = append(out, name+"="+value)
	}
	return out
}

// command returns the process of a node: this program.
func command(program string, args, env []string) *exec.Cmd {
	cmd := exec.Command(program, args...) //nolint:noctx,gosec // our own program; its supervisor ends it
	cmd.Args[0] = os.Args[0]
	cmd.Env = env
	return cmd
}

// stdout takes a line of the node's standard output: that it is ready.
func (c *child) stdout(line []byte) {
	var r readyLine
	if json.Unmarshal(line, &r) != nil || !r.Ready || len(r.Nodes) == 0 {
		return
	}
	c.proc.Well()
	c.mu.Lock()
	c.line = r
	c.mu.Unlock()
	again := true
	c.once.Do(func() {
		again = false
		close(c.ready)
	})
	if again {
		c.lines.Info("node is ready again", "component", "supervisor", "name", c.name, "pid", r.Nodes[0].PID)
	}
}

// said returns what the node said when it was ready the last time.
func (c *child) said() readyLine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.line
}

// shownName is a node's name before it was heard of: its setting.
func shownName(dir string, env func(string) (string, bool)) string {
	cfg, _, err := config.Load(dir, env, nil)
	if err != nil {
		return filepath.Base(dir)
	}
	return cfg.Name
}
