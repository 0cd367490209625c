package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
)

const deployLong = `Deploys packages of services: all of them in one revision, or none. A PATH is one
.ts or .js file (the file's name is the package's) or a folder with sources at its
root or in src/, its tests (*.test.ts) and an optional signalbox.yaml:

  name: shop.orders        # instead of the folder's name
  settings: {currency: EUR}

Code that does not compile changes nothing; the places are shown. Every node of the
cluster prepares the code before any switches to it; one that cannot stops the
deployment or, with --force, is taken out of rotation. The switch is atomic: calls that
run finish on the old code. "signalbox rollback-service" puts an earlier version back.
With --check nothing is deployed: the cluster compiles the code and says what the
deployment would change.
Hidden files and node_modules are left out.`

func newDeploy(a *app) *cobra.Command {
	d := deployer{a: a}
	cmd := &cobra.Command{
		Use: "deploy PATH...", Short: "Deploy packages of services",
		Long: deployLong,
		Example: `  signalbox deploy hello.ts
  signalbox deploy orders --check
  signalbox deploy services/* --wait --reason "release 12"
  signalbox test orders && signalbox deploy orders --wait -o json`,
		Args: args(1, -1, "PATH"),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			d.c = c
			return d.run(ctx, given)
		}),
	}
	cmd.Flags().BoolVarP(&d.wait, "wait", "w", false, "return when every node runs the new code, or say which does not and why")
	cmd.Flags().DurationVar(&d.timeout, "timeout", time.Minute, "with --wait, how long")
	cmd.Flags().BoolVar(&d.check, "check", false, "compile and say what would change; deploy nothing")
	cmd.Flags().BoolVar(&d.force, "force", false, "deploy though a node cannot run it: that node is taken out of rotation")
	cmd.MarkFlagsMutuallyExclusive("check", "wait")
	cmd.MarkFlagsMutuallyExclusive("check", "force")
	cmd.Flags().StringVarP(&d.reason, "reason", "m", "", "why, for the history")
	return cmd
}

// deployer is one run of deploy.
type deployer struct {
	a       *app
	c       *client.Client
	wait    bool
	timeout time.Duration
	reason  string
	force   bool
	check   bool
}

func (d *deployer) run(ctx context.Context, paths []string) error {
	found, err := deploy.FindPackages(paths...)
	if err != nil {
		return err
	}
	req := client.DeployRequest{Reason: d.reason, Force: d.force}
	for _, f := range found {
		req.Packages = append(req.Packages, client.NewPackage(f.Name, f.Files))
	}
	if d.check {
		return d.dryRun(ctx, found, req.Packages)
	}
	res, err := d.c.Deploy(ctx, req)
	if err != nil {
		return d.refused(found, err)
	}
	if d.wait {
		if res.Nodes, err = d.level(ctx, res); err != nil {
			return err
		}
	}
	if err := d.a.show(res, func(o *screen) { deployTable(o, res) }); err != nil {
		return err
	}
	return notRunning(res)
}

// level waits until every node is at the deployment's revision.
func (d *deployer) level(ctx context.Context, res client.Deployed) ([]client.DeployedNode, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, errNotLevel)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var states []client.DeployedNode
	for {
		nodes, err := d.c.Nodes(ctx)
		switch {
		case errors.Is(context.Cause(ctx), errNotLevel) && states != nil:
			return states, nil
		case err != nil:
			return nil, fmt.Errorf("wait for the nodes: %w", err)
		}
		var level bool
		if states, level = nodeStates(nodes, res); level {
			return states, nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errNotLevel) {
				return states, nil
			}
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

var errNotLevel = errors.New("not every node runs the new code in time")

// nodeStates says of each node whether it runs the deployment, and whether all
// have come so far as they will: waiting longer helps only a node that is behind.
func nodeStates(nodes []client.Node, res client.Deployed) (states []client.DeployedNode, settled bool) {
	settled = true
	for _, n := range nodes {
		s := client.DeployedNode{Name: n.Name, OK: true}
		for _, told := range res.Nodes {
			if told.Name == n.Name {
				s = told
			}
		}
		switch {
		case n.State != "up":
			s.OK, s.Error = false, fmt.Sprintf("the node is %s since %s", n.State, localTime(n.Since))
		case n.Revision < res.Revision:
			settled = false
			s.OK, s.Error = false, fmt.Sprintf("the node is at revision %d, not %d", n.Revision, res.Revision)
		}
		states = append(states, s)
	}
	return states, settled
}

func deployTable(o *screen, res client.Deployed) {
	for _, p := range res.Packages {
		what := o.paint(green, "deployed")
		if !p.Changed {
			what = "unchanged"
		}
		o.line("package %s %s, version %s: %s", clean(p.Package), what, shortHash(p.Hash), clean(strings.Join(p.Services, ", ")))
	}
	for _, n := range res.Nodes {
		if n.OK {
			o.line("node %s runs revision %d", clean(n.Name), res.Revision)
		} else {
			o.line("node %s %s: %s", clean(n.Name), o.paint(red, "does not run it"), clean(nodeFault(n)))
		}
	}
}

func nodeFault(n client.DeployedNode) string {
	return client.BuildMessage{File: n.File, Line: n.Line, Column: n.Column, Text: n.Error}.String()
}

// notRunning is the error when a node does not run what was deployed.
func notRunning(res client.Deployed) error {
	var names []string
	for _, n := range res.Nodes {
		if !n.OK {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return failf(exitFailed, "deploy: revision %d is stored, but not every node runs it: %s", res.Revision, strings.Join(names, ", ")).
		trying("signalbox status")
}

// refused shows what the compiler says, with the lines that it speaks of.
func (d *deployer) refused(found []deploy.Found, err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || len(p.Messages) == 0 {
		return fmt.Errorf("deploy: %w", err)
	}
	if d.a.flags.output != outputTable {
		if err := d.a.show(refusal(found, p.Messages), nil); err != nil {
			return err
		}
	}
	for _, m := range p.Messages {
		d.a.err.place(find(found, m.Package), m)
	}
	return failf(exitFailed, "deploy: %s, nothing was changed", plural(len(p.Messages), "fault"))
}

// refusal is what a script gets of a deployment that does not compile: the form
// of a deployment, in which no node runs the code.
func refusal(found []deploy.Found, messages []client.BuildMessage) client.Deployed {
	out := client.Deployed{Services: []string{}, Packages: []client.DeployedPackage{}}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	out.Package = strings.Join(names, ",")
	for _, m := range messages {
		n := client.DeployedNode{Error: m.Text, File: m.File, Line: m.Line, Column: m.Column}
		if f := find(found, m.Package); f != nil && m.File != "" {
			n.File = f.Path(m.File)
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// find returns the package of a message; the only one when it names none.
func find(found []deploy.Found, name string) *deploy.Found {
	for i := range found {
		if found[i].Name == name || name == "" && len(found) == 1 {
			return &found[i]
		}
	}
	return nil
}
