package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newNodes(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "nodes", Short: "The nodes of the cluster",
		Long: `Lists the nodes: whether each is up, in rotation (takes requests from the
balancer), ready, and at which revision. Nodes at different revisions are on their
way; "signalbox status" says whether all are level.`,
		Example: `  signalbox nodes
  signalbox nodes -o json | jq -r '.[] | select(.state != "up") | .name'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			nodes, err := c.Nodes(ctx)
			if err != nil {
				return fmt.Errorf("list nodes: %w", err)
			}
			return a.show(list(nodes), func(o *screen) {
				var rows [][]cell
				for _, n := range nodes {
					rows = append(rows, []cell{
						text(n.Name), stateCell(n.State), when(n.Since), stateCell(n.Rotation), yesNo(n.Ready, yellow),
						number(n.Revision), number(n.InFlight), text(n.Traffic), text(n.Control), text(n.Version),
					})
				}
				o.table([]string{"NAME", "STATE", "SINCE", "ROTATION", "READY", "REVISION", "IN FLIGHT", "TRAFFIC", "CONTROL", "VERSION"}, rows)
			})
		}),
	}
}
