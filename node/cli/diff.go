package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newDiff(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "diff REV [REV]", Short: "What differs between two revisions",
		Long: `Shows what differs between two revisions, definition by definition and field by
field; with one, between it and the newest. Secrets are shown as dots: whether one
changed is visible, what it is is not.`,
		Example: `  signalbox diff 811
  signalbox diff 800 812
  signalbox diff 800 812 -o json | jq '.changes[].name'`,
		Args: args(1, 2, "REV, and a second REV if you like,"), ValidArgsFunction: a.completeRevision,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			var revs [2]int64
			for i, g := range given {
				var err error
				if revs[i], err = parseRevision(g); err != nil {
					return err
				}
			}
			d, err := c.Diff(ctx, revs[0], revs[1])
			if err != nil {
				return fmt.Errorf("compare revisions: %w", err)
			}
			d.Changes = list(d.Changes)
			return a.show(d, func(o *screen) {
				if len(d.Changes) == 0 {
					o.line("revisions %d and %d do not differ", d.From, d.To)
					return
				}
				changeTable(o, d.Changes)
				o.line("from revision %d to %d: %s", d.From, d.To, countChanges(d.Changes))
			})
		}),
	}
}

func parseRevision(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, usagef("%q is not a revision; a number such as 12 is needed", s).trying("signalbox history")
	}
	return n, nil
}

// completeRevision completes the newest revisions with their reasons.
func (a *app) completeRevision(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	words := a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		l, err := c.History(ctx, client.HistoryQuery{Limit: 20})
		var out []string
		for _, r := range l.Items {
			out = append(out, strconv.FormatInt(r.Revision, 10)+"\t"+r.Reason)
		}
		return out, err
	})
	return words, noFiles | cobra.ShellCompDirectiveKeepOrder
}
