package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newConnections(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "connections", Short: "Health of the outgoing connections",
		Long: `Lists the outgoing connections of the node that answers: whether the far side is
up, since when, and the last error while it is down. One that nothing has used since
the node started is unknown; "signalbox ping" asks it.`,
		Example: `  signalbox connections
  signalbox connections -o json | jq -r '.[] | select(.state == "down") | .name'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := c.Connections(ctx)
			if err != nil {
				return fmt.Errorf("list connections: %w", err)
			}
			return a.show(list(all), func(o *screen) {
				var rows [][]cell
				for _, x := range all {
					state := stateCell(x.State)
					if !x.Enabled {
						state = styled(dim, "disabled")
					}
					rows = append(rows, []cell{text(x.Name), text(x.Type), state, when(x.Since), text(orDash(x.Error))})
				}
				o.table([]string{"NAME", "TYPE", "STATE", "SINCE", "LAST ERROR"}, rows)
			})
		}),
	}
}

func newPing(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "ping NAME", Short: "Ask the far side of an outgoing connection",
		Long: `Asks the far side of an outgoing connection now, from the node that answers, and
says how long that took. A far side that does not answer is exit code 1.`,
		Example: `  signalbox ping erp
  signalbox ping erp -o json | jq .took_ms`,
		Args: args(1, 1, "NAME"),
		ValidArgsFunction: func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, noFiles
			}
			return a.definitionNames(cmd, "outgoing"), noFiles
		},
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			p, err := c.Ping(ctx, given[0])
			if err != nil {
				err = fmt.Errorf("ping %s: %w", given[0], err)
				if exitCode(err) == exitNotFound {
					return (&failure{code: exitNotFound, err: err}).trying("signalbox connections")
				}
				return err
			}
			if p.OK || a.flags.output != outputTable {
				err = a.show(p, func(o *screen) { o.line("%s answers after %s", clean(p.Name), formatMillis(p.TookMS)) })
			}
			if err == nil && !p.OK {
				return failf(exitFailed, "ping %s: no good answer after %s: %s", p.Name, formatMillis(p.TookMS), p.Error)
			}
			return err
		}),
	}
}
