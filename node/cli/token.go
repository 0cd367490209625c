package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newToken(a *app) *cobra.Command {
	return parent(&cobra.Command{
		Use: "token", Short: "Join tokens: they let a box into the cluster",
		Long: `Makes, lists and revokes join tokens. A join token says where the cluster is and
how to know it, and has a secret that lets so many boxes in for so long. It is of no
use to sign in with; for that there is "signalbox access".

A box sends nothing of the token before the cluster has proved itself.`,
		Example: `  signalbox token create
  signalbox token list
  signalbox token revoke 3f9c2a77d01b6e54`,
	}, newTokenCreate(a), newTokenList(a), newTokenRevoke(a))
}

// createdToken is what token create tells scripts.
type createdToken struct {
	client.NewJoinToken
	Command string `json:"command"` // to be typed on the new box
}

func newTokenCreate(a *app) *cobra.Command {
	var in client.CreateJoinToken
	var ttl time.Duration
	cmd := &cobra.Command{
		Use: "create", Short: "Make a join token",
		Long: `Makes a join token and writes it to stdout: this once, since only a hash of its
secret is kept. The command for the new box stands below it. With --approve each box
waits besides until an administrator has compared a code ("signalbox joins").

The new box must reach the control port of a node that is up now, and the ODB: a
cluster with SQLite takes only nodes of its own box.`,
		Example: `  signalbox token create
  signalbox token create --uses 3 --ttl 15m --note "boxes of depot 4"
  signalbox token create --approve
  signalbox join "$(ssh node1 signalbox token create)" --dir /var/lib/signalbox`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			if ttl < time.Minute {
				return usagef("--ttl is %s; at least 1m is needed", ttl)
			}
			if in.Uses < 1 {
				return usagef("--uses is %d; at least 1 is needed", in.Uses)
			}
			in.TTLSeconds = int64(ttl / time.Second)
			p, err := c.CreateJoinToken(ctx, in)
			if err != nil {
				return err
			}
			t := createdToken{NewJoinToken: p, Command: "signalbox join " + p.Token + " --dir " + packagedDir}
			a.note("Join token %s for %s, good until %s. It is shown this once:", p.ID, plural(p.Uses, "box"), localTime(p.Expires))
			return a.show(t, func(o *screen) {
				o.line("%s", t.Token)
				a.note("\nOn the new box:\n  %s", t.Command)
				if p.Approve {
					a.note("It waits there until you have compared its code:  signalbox joins")
				}
			})
		}),
	}
	f := cmd.Flags()
	f.DurationVar(&ttl, "ttl", time.Hour, "how long it is good, up to 720h")
	f.IntVar(&in.Uses, "uses", 1, "how many boxes it lets in")
	f.BoolVar(&in.Approve, "approve", false, "an administrator has to approve each box besides")
	f.StringVar(&in.Note, "note", "", "what it is for")
	return cmd
}

// packagedDir is where the packages keep a node.
const packagedDir = "/var/lib/signalbox"

func newTokenList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the join tokens",
		Long: `Lists the join tokens, newest first: who made each, how many boxes it still lets
in and until when. The tokens themselves are not kept and cannot be shown. Those that
expired more than a week ago are forgotten.`,
		Example: `  signalbox token list
  signalbox token list -o json | jq -r '.[] | select(.left > 0) | .id'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			tokens, err := c.JoinTokens(ctx)
			if err != nil {
				return fmt.Errorf("list join tokens: %w", err)
			}
			if len(tokens) == 0 {
				a.note("There is no join token; signalbox token create makes one.")
			}
			return a.show(list(tokens), func(o *screen) {
				if len(tokens) == 0 {
					return
				}
				var rows [][]cell
				for _, t := range tokens {
					rows = append(rows, []cell{
						text(t.ID), text(fmt.Sprintf("%d of %d", t.Left, t.Uses)), text(word(t.Approve, "yes", "no")),
						text(t.By), when(t.Created), joinTokenEnd(t), text(t.Note),
					})
				}
				o.table([]string{"ID", "USES LEFT", "APPROVAL", "BY", "CREATED", "EXPIRES", "NOTE"}, rows)
			})
		}),
	}
}

func joinTokenEnd(t odb.JoinToken) cell {
	if t.Expires.Before(time.Now()) {
		return styled(yellow, localTime(t.Expires)+" (over)")
	}
	return when(t.Expires)
}

func newTokenRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke a join token",
		Long: `Revokes a join token: from now on it lets no box in. Nodes that came in with it
stay ("signalbox nodes remove" removes one). The id is that of "signalbox token list",
not the token.`,
		Example: `  signalbox token revoke 3f9c2a77d01b6e54`,
		Args:    args(1, 1, "ID"),
		ValidArgsFunction: func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, noFiles
			}
			return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
				tokens, err := c.JoinTokens(ctx)
				var out []string
				for _, t := range tokens {
					out = append(out, t.ID+"\t"+t.Note)
				}
				return out, err
			}), noFiles
		},
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if err := c.DeleteJoinToken(ctx, given[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"revoked": given[0]}, func(o *screen) { o.line("join token %s revoked", clean(given[0])) })
		}),
	}
}
