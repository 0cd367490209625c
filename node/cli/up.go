package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
	"signalbox.internal/node/demo"
)

const upLong = `Starts a box in the foreground for evaluation and development: makes in its folder
what is missing (settings, certificate authority, keys, SQLite database, first
administrator), serves, and when ready tells the addresses and how to sign in. Run
again with the same folder it goes on with the same data. Ctrl-C ends it: requests
in flight end first; a second Ctrl-C does not wait for them.

Flags hold for this run only; settings that shall stay belong into DIR/node.toml.
With -o json one line goes to stdout when the node is ready.`

func newUp(a *app) *cobra.Command {
	var withDemo bool
	cmd := &cobra.Command{
		Use: "up", Short: "Start a box here: everything it needs is made",
		Long: upLong,
		Example: `  signalbox up --demo
  signalbox up --dir ./box2 --traffic :12000 --control :12001
  signalbox up --dir "$(mktemp -d)" --traffic 127.0.0.1:0 --control 127.0.0.1:0 -o json`,
		Args: noArgs,
	}
	settings := addSettings(cmd, "traffic", "control", "gossip", "advertise", "log_level", "log_format")
	cmd.Flags().BoolVar(&withDemo, "demo", false, "deploy the demo: exchange rates and orders, with a stand-in for a partner's API")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		start := time.Now()
		flags := settings.given(cmd)
		cfg, _, err := a.loadConfig(flags) // before anything is made
		if err != nil {
			return err
		}
		if !config.Exists(cfg.Dir) {
			a.note("Making a node in %s …", cfg.Dir)
			in := node.InitConfig{Dir: cfg.Dir, Env: a.env.LookupEnv, Log: a.logger(cfg), Values: map[string]string{"name": cfg.Name}}
			if err := node.Init(cmd.Context(), in); err != nil {
				return err
			}
			if cfg, _, err = a.loadConfig(flags); err != nil {
				return err
			}
		}
		a.note("Starting node %s …", cfg.Name)
		return a.runNode(cmd.Context(), node.Options{Config: cfg, Demo: withDemo}, func(info node.Info) error {
			return a.announce(info, cfg, withDemo, time.Since(start))
		})
	}
	return cmd
}

// readyLine is what up tells scripts. Its form is fixed.
type readyLine struct {
	Ready   bool        `json:"ready"`
	Traffic string      `json:"traffic"`
	Control string      `json:"control"`
	CA      string      `json:"ca"`
	Link    string      `json:"link"`
	Token   string      `json:"token,omitempty"`  // of the first administrator, as long as it is there
	Claim   string      `json:"claim,omitempty"`  // one-time code, as long as no account has a password
	Notice  string      `json:"notice,omitempty"` // what is not as it should be
	Nodes   []readyNode `json:"nodes"`
}

type readyNode struct {
	Name    string `json:"name"`
	Traffic string `json:"traffic"`
	Control string `json:"control"`
	Dir     string `json:"dir"`
	PID     int    `json:"pid"`
}

func ready(info node.Info) readyLine {
	return readyLine{
		Ready: true, Traffic: info.Traffic, Control: info.Control, CA: info.CA, Link: linkWithCode(info), Token: info.Token, Claim: info.Claim, Notice: info.Notice,
		Nodes: []readyNode{{info.Name, info.Traffic, info.Control, info.Dir, info.PID}},
	}
}

// linkWithCode is the link for the desktop app, with the one-time code of a
// cluster that nobody has claimed.
func linkWithCode(info node.Info) string {
	if info.Claim == "" {
		return info.Link
	}
	return info.Link + "&code=" + url.QueryEscape(info.Claim)
}

// writeReady writes the ready line, on one line, for those who read line by line.
func (a *app) writeReady(r readyLine) error {
	if a.flags.output == outputYAML {
		return a.show(r, nil)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write ready line: %w", err)
	}
	a.out.line("%s", text)
	return a.out.err
}

// announce tells people that the node is ready and what they can do with it.
func (a *app) announce(info node.Info, cfg config.Config, withDemo bool, took time.Duration) error {
	if a.flags.output != outputTable {
		return a.writeReady(ready(info))
	}
	o := a.out
	o.line("")
	o.line("%s", o.paint(green, fmt.Sprintf("Signalbox is ready after %s.", took.Round(10*time.Millisecond))))
	if info.Notice != "" {
		o.line("%s", o.paint(red, "Note: "+info.Notice+"."))
	}
	o.line("")
	o.facts(
		[2]string{"  Traffic", info.Traffic + "   clients call channels here"},
		[2]string{"  Control", info.Control + "   the admin API"},
		[2]string{"  Desktop", linkWithCode(info)},
		[2]string{"  Folder", info.Dir},
	)
	o.line("")
	if info.Claim != "" {
		showClaim(o, info)
		o.line("")
	}
	dir := shownDir(info.Dir)
	if info.Token != "" {
		o.line("Sign in as %s with the token in %s.", node.FirstAdmin, filepath.Join(info.Dir, "keys", "admin.token"))
	}
	o.line("On this box no token is needed:  signalbox status --dir %s", quoteArg(dir))
	if cfg.DeployFolder {
		o.line("Deploy a service:                copy it to %s", filepath.Join(info.Dir, "deploy"))
	}
	if withDemo {
		if err := tryDemo(o, info); err != nil {
			return err
		}
	}
	o.line("")
	o.line("Ctrl-C ends it; run the same command again to go on with the same data.")
	return o.err
}

// shownDir is a folder as the user would type it: relative where that is shorter.
func shownDir(dir string) string {
	wd, err := os.Getwd()
	if err != nil {
		return dir
	}
	rel, err := filepath.Rel(wd, dir)
	if err != nil || len(rel) > len(dir) {
		return dir
	}
	return rel
}

// tried is how many commands of the demo's tour are shown.
const tried = 3

// tryDemo shows commands to try and puts the files that they send into the
// node's folder, so that they work wherever the program came from.
func tryDemo(o *screen, info node.Info) error {
	dir := filepath.Join(info.Dir, "samples")
	if err := writeSamples(dir); err != nil {
		return err
	}
	o.line("")
	o.line("Try the demo, in this order:")
	for _, c := range demo.Tour(info.Traffic)[:tried] {
		o.line("  %s", strings.ReplaceAll(c, "@node/demo/samples/", "@"+shownDir(dir)+"/"))
	}
	return nil
}

func writeSamples(dir string) error {
	samples, err := demo.Samples()
	if err != nil {
		return fmt.Errorf("read the demo's samples: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write the demo's samples: %w", err)
	}
	return fs.WalkDir(samples, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(samples, name)
		if err != nil {
			return fmt.Errorf("read the demo's samples: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			return fmt.Errorf("write the demo's samples: %w", err)
		}
		return nil
	})
}

// runNode runs a node until ctx ends and calls ready once it is.
func (a *app) runNode(ctx context.Context, opts node.Options, ready func(node.Info) error) error {
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
	return <-ended
}
