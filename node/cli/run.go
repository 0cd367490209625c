package cli

import (
	"context"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/systemd"
)

func newRun(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "run", Short: "Run a node that init has made, for systemd and containers",
		Long: `Runs the node of a folder in the foreground: what systemd and containers start. It
makes nothing ("signalbox init" does), logs to stderr, and on SIGTERM drains: new
requests are refused, those in flight end within drain_timeout. A second signal ends
it at once. It tells systemd when it is ready and how it is, feeds its watchdog as
long as it does its work, and logs in the journal's form.

While no account of the cluster has a password it shows a one-time code on stderr,
with which the first administrator is made ("signalbox claim"); with log_format json
it does not, and "signalbox claim --new-code" makes one.

With -o json one line goes to stdout when the node is ready.`,
		Example: `  signalbox run --dir /var/lib/signalbox
  SIGNALBOX_LOG_FORMAT=json signalbox run --dir /data`,
		Args: noArgs,
	}
	settings := addSettings(cmd, "traffic", "control", "gossip", "advertise", "log_level", "log_format")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, _, err := a.loadConfig(settings.given(cmd))
		if err != nil {
			return err
		}
		manager := systemd.NewNotifier(a.getenv)
		ctx := cmd.Context()
		defer context.AfterFunc(ctx, func() { _ = manager.Tell(context.WithoutCancel(ctx), "STOPPING=1", "STATUS=draining") })()
		return a.runNode(ctx, node.Options{Config: cfg}, manager, func(info node.Info) error {
			if err := manager.Tell(ctx, "READY=1"); err != nil {
				return err
			}
			if info.Claim != "" && cfg.LogFormat != "json" { // a log that machines read is kept; the code does not belong there
				showClaim(a.err, info)
			}
			info.Claim = ""
			if a.flags.output == outputTable {
				return nil
			}
			line := ready(info)
			line.Token = "" // logs of services are kept; a token does not belong there
			return a.writeReady(line)
		})
	}
	return cmd
}
