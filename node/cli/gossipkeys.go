package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newGossipKeys(a *app) *cobra.Command {
	return alone(parent(&cobra.Command{
		Use: "gossip-keys", Short: "The keys that encrypt gossip",
		Long: `Shows the ids of the keys that each node encrypts and decrypts gossip with; the
first of a node encrypts. Ids say nothing of a key. When all is well every node has
the same one key.`,
		Example: `  signalbox gossip-keys
  signalbox gossip-keys rotate`,
	}, newGossipKeysRotate(a)), a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
		nodes, err := c.GossipKeys(ctx)
		if err != nil {
			return fmt.Errorf("list gossip keys: %w", err)
		}
		return a.show(list(nodes), func(o *screen) { keyTable(o, nodes) })
	}))
}

func newGossipKeysRotate(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "rotate", Short: "Change the key that encrypts gossip",
		Long: `Makes a new key: installs it on all nodes, makes sure that all have it, uses it on
all, and takes the old ones away. Gossip goes on meanwhile. A node that cannot be
reached stops it before anything is changed: start it, or remove it. A node that was
stopped properly gets the new key when it comes back.

When it stops half-way (exit code 1) the nodes still understand each other; run it
again to finish.`,
		Example: `  signalbox gossip-keys rotate
  signalbox gossip-keys rotate -o json | jq .complete`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			r, err := c.RotateGossipKeys(ctx)
			if err != nil {
				return err
			}
			r.Nodes = list(r.Nodes)
			err = a.show(r, func(o *screen) {
				keyTable(o, r.Nodes)
				if r.Complete {
					o.line("")
					o.line("gossip is encrypted with the key %s", r.Key)
				}
			})
			if err == nil && !r.Complete {
				err = failf(exitFailed, "not every node uses the new key %s alone yet", r.Key).trying("signalbox gossip-keys rotate, again")
			}
			return err
		}),
	}
}

func keyTable(o *screen, nodes []client.KeyedNode) {
	var rows [][]cell
	for _, n := range nodes {
		rows = append(rows, []cell{text(n.Name), text(strings.Join(n.Keys, ", ")), styled(yellow, n.Error)})
	}
	o.table([]string{"NODE", "KEYS", "NOTE"}, rows)
}
