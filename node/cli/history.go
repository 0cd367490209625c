package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newHistory(a *app) *cobra.Command {
	var q client.HistoryQuery
	var since string
	cmd := &cobra.Command{
		Use: "history [KIND [NAME]]", Short: "Every revision: what changed, who, when and why",
		Long: `Lists revisions, newest first: what each changed, who did it, when and why. With
a KIND, or a KIND and NAME, only the revisions that touched these; a definition is
followed through its renames. --diff shows each change field by field.`,
		Example: `  signalbox history
  signalbox history channel orders.create --diff
  signalbox history --actor ann --since 24h
  signalbox history --limit 10 -o json | jq -r '.[].reason'`,
		Args: args(0, 2, "KIND and NAME"), ValidArgsFunction: a.completeDefinition,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if q.Limit < 1 || q.Limit > 1000 {
				return usagef("--limit is %d; a number from 1 to 1000 is needed", q.Limit)
			}
			var err error
			if q.From, err = sinceTime(since, time.Now()); err != nil {
				return err
			}
			if len(given) == 2 && (q.Actor != "" || q.Search != "" || since != "") {
				return usagef("--actor, --search and --since do not go together with a NAME")
			}
			revisions, err := history(ctx, c, q, given)
			if err != nil {
				return fmt.Errorf("get history: %w", err)
			}
			return a.show(list(revisions), func(o *screen) { historyTable(o, revisions, q.Diff) })
		}),
	}
	cmd.Flags().IntVar(&q.Limit, "limit", 20, "at most so many revisions, up to 1000")
	cmd.Flags().Int64Var(&q.Before, "before", 0, "only revisions below this one: the next page")
	cmd.Flags().StringVar(&q.Actor, "actor", "", "only revisions of this account")
	cmd.Flags().StringVar(&q.Search, "search", "", "only revisions with this in actor, reason or KIND/NAME")
	cmd.Flags().StringVar(&since, "since", "", "only what is not older: a duration or a time")
	cmd.Flags().BoolVar(&q.Diff, "diff", false, "show what changed in each definition")
	return cmd
}

func history(ctx context.Context, c *client.Client, q client.HistoryQuery, given []string) ([]client.Revision, error) {
	if len(given) == 2 {
		q.Diff = false // there it comes unasked
		l, err := c.DefinitionHistory(ctx, given[0], given[1], q)
		return l.Items, err
	}
	if len(given) == 1 {
		q.Kind = given[0]
	}
	l, err := c.History(ctx, q)
	return l.Items, err
}

// shownChanges is how many changes a row of the history names.
const shownChanges = 3

func historyTable(o *screen, revisions []client.Revision, diff bool) {
	if diff {
		historyDiffs(o, revisions)
		return
	}
	var rows [][]cell
	for _, r := range revisions {
		rows = append(rows, []cell{number(r.Revision), when(r.At), text(actorText(r)), text(changesText(r.Changes)), text(r.Reason)})
	}
	o.table([]string{"REVISION", "AT", "BY", "CHANGES", "REASON"}, rows)
}

func changesText(changes []client.LoggedChange) string {
	var parts []string
	for i, c := range changes {
		if i == shownChanges {
			parts = append(parts, fmt.Sprintf("%d more", len(changes)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s/%s", c.Op, c.Kind, c.Name))
	}
	return strings.Join(parts, ", ")
}

func actorText(r client.Revision) string {
	if r.Source == "" {
		return r.Actor
	}
	return r.Actor + " (" + r.Source + ")"
}

func historyDiffs(o *screen, revisions []client.Revision) {
	for i, r := range revisions {
		if i > 0 {
			o.line("")
		}
		o.line("%s", o.paint(bold, fmt.Sprintf("revision %d, %s, %s", r.Revision, localTime(r.At), clean(actorText(r)))))
		if r.Reason != "" {
			o.line("  %s", clean(r.Reason))
		}
		for _, c := range r.Changes {
			ch := client.Change{Op: c.Op, Kind: c.Kind, Name: c.Name, Diff: c.Diff}
			if c.OldName != "" {
				ch.Name, ch.NewName = c.OldName, c.Name
			}
			changeTable(o, []client.Change{ch})
		}
	}
}
