package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
)

const upLong = `Starts a box in the foreground for evaluation and development: makes in its folder
what is missing (settings, certificate authority, keys, SQLite database, first
administrator), serves, and when ready tells the addresses and how to sign in. Run
again with the same folder it goes on with the same data. Ctrl-C ends it: requests
in flight end first; a second Ctrl-C does not wait for them.

With --nodes N it runs a cluster of N nodes, each a process of its own with a folder
(DIR/node-1 ...) and ports of its own, all with one database. A node that dies is
started again. Any of them answers to --dir DIR of the other commands. A folder with
one node grows by it; with fewer nodes than the folder has, the others stay members
of the cluster that are down.

Flags hold for this run only; settings that shall stay belong into node.toml of the
node's folder. Addresses are those of the first node. With -o json one line goes to
stdout when all nodes are ready.`

// upFlags are the flags of up.
type upFlags struct {
	nodes    int
	demo     bool
	child    bool
	settings settingFlags
}

func newUp(a *app) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use: "up", Short: "Start a box here: everything it needs is made",
		Long: upLong,
		Example: `  signalbox up --demo
  signalbox up --nodes 3 --demo
  signalbox up --dir ./box2 --traffic :12000 --control :12001 --gossip :12002
  signalbox up --dir "$(mktemp -d)" --traffic 127.0.0.1:0 --control 127.0.0.1:0 -o json`,
		Args: noArgs,
	}
	f.settings = addSettings(cmd, "traffic", "control", "gossip", "advertise", "log_level", "log_format")
	cmd.Flags().IntVar(&f.nodes, "nodes", 0, "how many nodes to run (default: as many as the folder has, one in a new one)")
	cmd.Flags().BoolVar(&f.demo, "demo", false, "deploy the demo: exchange rates and orders, with a stand-in for a partner's API")
	cmd.Flags().BoolVar(&f.child, "child", false, "be one of several nodes: end when standard input does")
	_ = cmd.Flags().MarkHidden("child")
	_ = cmd.RegisterFlagCompletionFunc("nodes", fixed("1", "3", "5"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		given := f.settings.given(cmd)
		if cmd.Flags().Changed("nodes") && (f.nodes < 1 || f.nodes > mostNodes) {
			return usagef("--nodes is %d; 1 to %d are possible", f.nodes, mostNodes)
		}
		if f.child {
			return a.upChild(cmd.Context(), given, f.demo)
		}
		box := newBox(a.nodeDir())
		if f.nodes > 1 || box.several() {
			return a.upNodes(cmd.Context(), box, f, given)
		}
		return a.upOne(cmd.Context(), given, f.demo)
	}
	return cmd
}

// upOne runs a cluster of one node in this process.
func (a *app) upOne(ctx context.Context, given map[string]string, withDemo bool) error {
	start := time.Now()
	cfg, _, err := a.loadConfig(given) // before anything is made
	if err != nil {
		return err
	}
	if !config.Exists(cfg.Dir) {
		a.note("Making a node in %s …", cfg.Dir)
		in := node.InitConfig{Dir: cfg.Dir, Env: a.env.LookupEnv, Log: a.logger(cfg), Values: map[string]string{"name": cfg.Name}}
		if err := node.Init(ctx, in); err != nil {
			return err
		}
		if cfg, _, err = a.loadConfig(given); err != nil {
			return err
		}
	}
	a.note("Starting node %s …", cfg.Name)
	return a.runNode(ctx, node.Options{Config: cfg, Demo: withDemo}, nil, func(info node.Info) error {
		s := started{line: ready(info), dir: info.Dir, first: info.Dir, demo: withDemo, took: time.Since(start)}
		if cfg.DeployFolder {
			s.deploy = deployFolder(info.Dir)
		}
		return a.announce(s)
	})
}
