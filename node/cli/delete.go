package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newDelete(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "delete KIND NAME", Short: "Delete a definition",
		Long: `Deletes a definition. One that others refer to cannot be deleted: then the
command says which do (exit code 4). "signalbox rollback" brings a deleted
definition back.`,
		Example: `  signalbox delete channel hello
  signalbox delete security partners --reason "contract ended"`,
		Args: args(2, 2, "KIND and NAME"), ValidArgsFunction: a.completeDefinition,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			return a.delete(ctx, c, given[0], given[1], reason)
		}),
	}
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why, for the history")
	return cmd
}

func (a *app) delete(ctx context.Context, c *client.Client, kind, name, reason string) error {
	d, err := c.Definition(ctx, kind, name)
	if err != nil {
		return lookFor(fmt.Errorf("delete %s/%s: %w", kind, name, err), kind)
	}
	applied, err := c.DeleteDefinition(ctx, d, reason)
	if err != nil {
		err = fmt.Errorf("delete %s: %w", d.Key(), err)
		if exitCode(err) == exitConflict {
			return withReferrers(ctx, c, kind, name, err)
		}
		return err
	}
	return a.show(applied, func(o *screen) {
		o.line("%s %s deleted (revision %d)", kind, clean(name), applied.Revision)
	})
}

// withReferrers adds to a conflict who refers to the definition, when that is why.
func withReferrers(ctx context.Context, c *client.Client, kind, name string, conflict error) error {
	refs, err := c.References(ctx, kind, name)
	if err != nil || len(refs) == 0 {
		return conflict
	}
	var b strings.Builder
	for _, r := range refs {
		fmt.Fprintf(&b, "\n%s/%s refers to it in %s", r.Kind, r.Name, r.Pointer)
	}
	return failf(exitConflict, "delete %s/%s: %s it%s", kind, name, word(len(refs) == 1, "another definition needs", plural(len(refs), "definition")+" need"), b.String()).
		trying("delete these first, or make them refer to another %s", kind)
}
