package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newODBAccept(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "accept", Short: "Take a database that is behind the node as it is",
		Long: `A node never serves less than its last good configuration. When the database is
older than what the node has served (it was restored from an older copy or emptied,
its file is gone, or another one was put into node.toml), the node serves on, refuses
changes, and "signalbox status" says that the database is behind.

Put the right database back; the node then goes on by itself. Or accept the
database as it is with this command: its configuration and its accounts come into
force, and the node's own are given up. "signalbox export" saves them before.`,
		Example: `  signalbox status
  signalbox export > before.yaml
  signalbox odb accept --dir /var/lib/signalbox --yes`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			s, err := c.Status(ctx)
			if err != nil {
				return fmt.Errorf("accept database: %w", err)
			}
			if s.ODB.State == "behind" && !yes {
				a.note("%s", s.ODB.Error)
				if err := a.confirm(fmt.Sprintf("give up revision %d of this node for what the database has", s.Revision)); err != nil {
					return err
				}
			}
			out, err := c.AcceptODB(ctx)
			if err != nil {
				return fmt.Errorf("accept database: %w", err)
			}
			return a.show(out, func(o *screen) {
				o.line("accepted: revision %d is in force, it was %d", out.Revision, out.Was)
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
