package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newTopology(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "topology", Short: "The ways between the nodes: who hears whom, how well",
		Long: `Asks each node how it hears the others: round trip, share of small packets that are
lost, difference of the clocks, and whether gossip goes by TCP only because UDP does
not come through. Says whether all nodes that answer hear each other, or into which
parts the cluster is split. A node that does not answer and did not say that it stops
may be off or behind a cut: the cluster then counts as split until it is back or removed.

A way is measured from its first node; the way back may differ. A node that does not
answer has no row, and the others say how they hear it.`,
		Example: `  signalbox topology
  signalbox topology -o json | jq .split
  signalbox topology -o json | jq -r '.links[] | select(.loss > 0.05) | "\(.from) \(.to)"'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			t, err := c.Topology(ctx)
			if err != nil {
				return fmt.Errorf("get topology: %w", err)
			}
			return a.show(t, func(o *screen) { topologyTables(o, t) })
		}),
	}
}

func topologyTables(o *screen, t client.Topology) {
	var nodes, links [][]cell
	for _, n := range t.Nodes {
		nodes = append(nodes, []cell{text(n.Name), stateCell(n.State), stateCell(n.Rotation), text(n.Gossip), text(n.Control), text(n.Why)})
	}
	o.table([]string{"NODE", "STATE", "ROTATION", "GOSSIP", "CONTROL", "WHY"}, nodes)
	for _, l := range t.Links {
		row := []cell{text(l.From), text(l.To), text("-"), text("-"), text("-"), styled(yellow, "no answer yet")}
		if l.Answer != nil {
			row = []cell{
				text(l.From), text(l.To), millis(l.RTTMS),
				{fmt.Sprintf("%.0f %%", 100*l.Loss), styleIf(l.Loss > 0, yellow)},
				text(fmt.Sprintf("%+.0f ms", l.SkewMS)), styled(yellow, word(l.TCPOnly, "UDP does not come through: TCP only", "")),
			}
		}
		links = append(links, row)
	}
	if len(links) > 0 {
		o.line("")
		o.table([]string{"FROM", "TO", "ROUND TRIP", "LOSS", "CLOCK", "NOTE"}, links)
	}
	o.line("")
	var mute []string
	for _, n := range t.Nodes {
		if n.Started.IsZero() {
			mute = append(mute, n.Name)
		}
	}
	if len(mute) > 0 {
		o.line("%s", o.paint(yellow, clean("No answer from "+strings.Join(mute, ", ")+".")))
	}
	if !t.Split {
		o.line("%s", o.paint(green, "The cluster is whole: all nodes that answer hear each other."))
		return
	}
	if len(t.Missing) > 0 {
		o.line("%s", o.paint(red, clean(strings.Join(t.Missing, ", ")+": off, or behind a cut; from here nobody can tell.")))
	}
	if len(t.Parts) < 2 {
		return
	}
	o.line("%s", o.paint(red, "The cluster is split: these nodes hear only each other."))
	for _, part := range t.Parts {
		o.line("  %s", clean(strings.Join(part, ", ")))
	}
}
