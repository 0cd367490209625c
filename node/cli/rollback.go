package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newRollback(a *app) *cobra.Command {
	var (
		yes, dryRun bool
		reason      string
	)
	cmd := &cobra.Command{
		Use: "rollback REV", Short: "Restore the configuration of an earlier revision",
		Long: `Makes the configuration what it was at a revision, code of services included.
Nothing of the history is lost: a roll-back is a new revision, which can be rolled
back too. What will change is shown first, deletes included, and you are asked;
without a terminal --yes is needed.`,
		Example: `  signalbox history
  signalbox rollback 811
  signalbox rollback 811 --dry-run
  signalbox rollback 811 --yes --reason "orders fail since 812"`,
		Args: args(1, 1, "REV"), ValidArgsFunction: a.completeRevision,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			rev, err := parseRevision(given[0])
			if err != nil {
				return err
			}
			plan, err := c.Rollback(ctx, client.RollbackRequest{Revision: rev, DryRun: true})
			if err != nil {
				return fmt.Errorf("roll back to revision %d: %w", rev, err)
			}
			plan.Changes = list(plan.Changes)
			if dryRun || len(plan.Changes) == 0 {
				return a.changedTo(plan, "nothing was changed; this would be")
			}
			if !yes {
				changeTable(a.err, plan.Changes)
				if err := a.confirm(fmt.Sprintf("roll back to revision %d (%s)", rev, countChanges(plan.Changes))); err != nil {
					return err
				}
			}
			applied, err := c.Rollback(ctx, client.RollbackRequest{Revision: rev, Reason: reason})
			if err != nil {
				return fmt.Errorf("roll back to revision %d: %w", rev, err)
			}
			applied.Changes = list(applied.Changes)
			return a.changedTo(applied, fmt.Sprintf("rolled back to revision %d", rev))
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would change")
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why, for the history")
	return cmd
}
