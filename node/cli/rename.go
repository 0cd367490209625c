package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newRename(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "rename KIND NAME NEWNAME", Short: "Give a definition another name",
		Long: `Renames a definition. Everything that refers to it follows in the same
revision, and its history stays with it. The name of a service is in its code:
change it there and deploy.`,
		Example: `  signalbox rename channel orders orders.create
  signalbox rename security partners "partners (old)"`,
		Args: args(3, 3, "KIND, NAME and NEWNAME"), ValidArgsFunction: a.completeDefinition,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			kind, name, to := given[0], given[1], given[2]
			d, err := c.Definition(ctx, kind, name)
			if err != nil {
				return lookFor(fmt.Errorf("rename %s/%s: %w", kind, name, err), kind)
			}
			w, err := c.RenameDefinition(ctx, d, client.RenameDefinition{Name: to, Reason: reason})
			if err != nil {
				return fmt.Errorf("rename %s/%s: %w", kind, name, err)
			}
			a.warnProblems(w.Problems)
			return a.show(w, func(o *screen) {
				o.line("%s %s is now %s (version %d, revision %d)", kind, clean(name), clean(w.Name), w.Version, w.Revision)
			})
		}),
	}
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why, for the history")
	return cmd
}
