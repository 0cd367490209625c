package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newNodes(a *app) *cobra.Command {
	return alone(parent(&cobra.Command{
		Use: "nodes", Short: "The nodes of the cluster; take them out of rotation, remove them",
		Long: `Lists the nodes of the cluster as the node that answers sees them.

  STATE     up: it is heard or answers; down: it said that it stops, or nothing
            listens at its address; unknown: nobody can tell, since a broken link
            and a dead box look the same
  HEARD     its last sign of life
  ROTATION  what it is given to do: online, draining or maintenance
  READY     it takes requests now
  REVISION  of the configuration that it runs
  WHY       why it is not up or not ready

Nodes at different revisions are on their way; "signalbox status" says whether all are
level.`,
		Example: `  signalbox nodes
  signalbox nodes drain box-2 --wait
  signalbox nodes online box-2 --wait
  signalbox nodes -o json | jq -r '.[] | select(.state != "up") | .name'`,
	}, newRotation(a, drainUse()), newRotation(a, maintenanceUse()), newRotation(a, onlineUse()), newNodesRemove(a)),
		a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			nodes, err := c.Nodes(ctx)
			if err != nil {
				return fmt.Errorf("list nodes: %w", err)
			}
			return a.show(list(nodes), func(o *screen) { nodeTable(o, nodes) })
		}))
}

func nodeTable(o *screen, nodes []client.Node) {
	var rows [][]cell
	for _, n := range nodes {
		rows = append(rows, []cell{
			text(n.Name), stateCell(n.State), when(n.Since), when(n.Heard), stateCell(n.Rotation), yesNo(n.Ready, yellow),
			number(n.Revision), number(n.InFlight), text(n.Traffic), text(n.Control), text(n.Version), text(n.Why),
		})
	}
	o.table([]string{"NAME", "STATE", "SINCE", "HEARD", "ROTATION", "READY", "REVISION", "IN FLIGHT", "TRAFFIC", "CONTROL", "VERSION", "WHY"}, rows)
}

// nodeNames completes names of nodes, as many as may be given.
func (a *app) nodeNames(most int) completer {
	return func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(given) >= most {
			return nil, noFiles
		}
		return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
			nodes, err := c.Nodes(ctx)
			var out []string
			for _, n := range nodes {
				out = append(out, n.Name+"\t"+n.State+", "+n.Rotation)
			}
			return out, err
		}), noFiles
	}
}

func newNodesRemove(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Shut a node out of the cluster for ever",
		Long: `Shuts a node out of the cluster for ever: no other node speaks to it any more, and
it stops by itself when it hears of it (exit code 5). Requests in flight on it are cut
off at the end of its drain time-out: drain it first. Its name is free for another
box; to use the box again, give it a new folder and let it join.

What the box has learned it still knows. When it is in strange hands, change the
ODB's password and the keys too ("signalbox gossip-keys rotate", "signalbox secrets
rotate").

A node cannot remove itself: ask another one (--url, or --dir of another node). You
are asked before; without a terminal --yes is needed.`,
		Example: `  signalbox nodes drain box-3 --wait
  signalbox nodes remove box-3
  signalbox nodes remove box-3 --yes --url https://box-1:8183`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: a.nodeNames(1),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			n, err := findNode(ctx, c, given[0])
			if err != nil {
				return err
			}
			if !yes {
				a.note("%s is %s, %s, with %s in flight.", clean(n.Name), n.State, n.Rotation, plural(n.InFlight, "request"))
				a.note("It is shut out for ever: no other node speaks to it any more, and it stops.")
				if err := a.confirm("remove the node " + clean(n.Name)); err != nil {
					return err
				}
			}
			if err := c.RemoveNode(ctx, n.ID); err != nil {
				return err
			}
			return a.show(map[string]string{"removed": n.Name, "id": n.ID}, func(o *screen) { o.line("node %s is removed", clean(n.Name)) })
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// findNode finds a node by name or id.
func findNode(ctx context.Context, c *client.Client, name string) (client.Node, error) {
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return client.Node{}, fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes {
		if n.Name == name || n.ID == name {
			return n, nil
		}
	}
	return client.Node{}, failf(exitNotFound, "there is no node %s", name).trying("signalbox nodes")
}
