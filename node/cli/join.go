package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
)

const joinLong = `Makes this box a node of a cluster: asks a member, gets a certificate, the keys and
the address of the ODB, and leaves a folder that "signalbox run" runs. The flags are
written to node.toml. A folder that has a node already is refused; after a failure the
same command may be typed again.

With a token (from "signalbox token create") the cluster must prove itself by what the
token says of it before this box sends anything. A token of - is read from standard
input, where other users of the box do not see it.

With --discover the box listens which clusters announce themselves on the local
network, shows them and asks one of them; an administrator lets it in ("signalbox
joins") after comparing a code that both sides show. An announcement proves nothing:
the code does. Where announcements do not come through, --address says whom to ask.`

type joinFlags struct {
	discover bool
	address  string
	wait     time.Duration
}

func newJoin(a *app) *cobra.Command {
	var flags joinFlags
	cmd := &cobra.Command{
		Use: "join [TOKEN]", Short: "Make this box a node of a cluster",
		Long: joinLong,
		Example: `  signalbox join sbj_AbzD… --dir /var/lib/signalbox
  ssh node1 signalbox token create | signalbox join - --dir /var/lib/signalbox --node box-7
  signalbox join --discover
  signalbox join --discover --address 10.0.0.5:8183 --wait 1h
  signalbox run --dir /var/lib/signalbox`,
		Args: args(0, 1, "TOKEN"), ValidArgsFunction: fixed(),
	}
	settings := addSettings(cmd, "name", "traffic", "control", "gossip", "advertise")
	f := cmd.Flags()
	f.BoolVar(&flags.discover, "discover", false, "look for clusters on the local network, and wait for approval")
	f.StringVar(&flags.address, "address", "", "with --discover: HOST:PORT of the control port of the node to ask")
	f.DurationVar(&flags.wait, "wait", 15*time.Minute, "longest wait for approval")
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		if err := flags.check(given); err != nil {
			return err
		}
		values := settings.given(cmd)
		cfg, _, err := a.loadConfig(values)
		if err != nil {
			return err
		}
		values["name"] = cfg.Name // a host may be renamed, a node may not
		in := node.JoinConfig{
			Dir: cfg.Dir, Values: values, Env: a.env.LookupEnv, Log: newLogger(a.env.Stderr, "warn", cfg.LogFormat),
		}
		if err := a.whom(cmd.Context(), &in, given, flags); err != nil {
			return err
		}
		return a.join(cmd.Context(), in, flags.wait)
	}
	return cmd
}

func (f joinFlags) check(given []string) error {
	switch {
	case len(given) == 0 && !f.discover:
		return usagef("a join token or --discover is needed").trying("signalbox token create, on a node of the cluster")
	case len(given) > 0 && f.discover:
		return usagef("a join token says where the cluster is; --discover does not go with it")
	case f.address != "" && !f.discover:
		return usagef("--address goes with --discover; a join token has its addresses in it")
	case f.wait < time.Second:
		return usagef("--wait is %s; at least 1s is needed", f.wait)
	}
	return nil
}

// whom finds out which cluster to ask.
func (a *app) whom(ctx context.Context, in *node.JoinConfig, given []string, f joinFlags) error {
	if !f.discover {
		in.Token = given[0]
		if in.Token == "-" {
			text, err := (&input{a: a}).read("-")
			if err != nil {
				return err
			}
			in.Token = strings.TrimSpace(text)
		}
		return nil
	}
	chosen, err := a.discover(ctx, f.address)
	in.Addresses, in.CA = chosen.Control, chosen.CA
	return err
}

// join asks and waits; while it waits for approval it shows the code and how long.
func (a *app) join(ctx context.Context, in node.JoinConfig, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var p *stopwatch
	in.Waiting = func(code, ca string) {
		a.err.line("")
		a.err.line("This box waits until an administrator lets it in. Its code is")
		a.err.line("")
		a.err.line("    %s", a.err.paint(bold, code))
		a.err.line("")
		a.err.line("The administrator must see the same one:  signalbox joins")
		a.err.line("The cluster's certificate authority is %s", ca)
		p = a.stopwatch("waiting for approval", wait)
	}
	joined, err := node.Join(ctx, in)
	p.end()
	if err != nil {
		return joinFailure(err, wait)
	}
	return a.show(joined, func(o *screen) {
		o.line("This box is the node %s of the cluster %s now.", joined.Node, joined.Cluster)
		o.line("")
		o.facts([2]string{"  Folder", joined.Dir}, [2]string{"  ODB", joined.ODB}, [2]string{"  Authority", joined.CA})
		o.line("")
		o.line("Start it:  signalbox run --dir %s", quoteArg(shownDir(joined.Dir)))
	})
}

// joinFailure says what can be done after a join that did not work.
func joinFailure(err error, wait time.Duration) error {
	f := &failure{code: exitCode(err), err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return failf(exitFailed, "nobody let this box in within %s", wait).trying("the same again, when an administrator is there (signalbox joins); --wait sets how long it waits")
	case errors.Is(err, client.ErrUnreachable) && strings.Contains(err.Error(), "authority"):
		f.code = exitNotAllowed
		return f.trying("look whether the token is of this cluster, and who answers at that address; nothing was sent")
	case errors.Is(err, client.ErrUnreachable):
		return f.trying("look whether a node listens there and whether a firewall lets this box through")
	case f.code == exitNotAllowed:
		return f.trying("a new token (signalbox token create, on a node of the cluster), or a word with the administrator")
	}
	return err
}
