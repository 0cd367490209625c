package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newVersions(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "versions NAME", Short: "Versions of a service's package",
		Long: `Lists the versions of the package that a service is in, newest first: the
content address of the code, who deployed it and when. The one in force is marked.`,
		Example: `  signalbox versions orders.create
  signalbox versions orders.create -o json | jq -r '.[1].hash'`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: a.completeService,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			versions, err := c.Versions(ctx, given[0])
			if err != nil {
				return noService(fmt.Errorf("list versions of %s: %w", given[0], err))
			}
			return a.show(list(versions), func(o *screen) {
				var rows [][]cell
				for _, v := range versions {
					rows = append(rows, []cell{
						styled(styleIf(v.Current, green), word(v.Current, "*", " ")+" "+shortHash(v.Hash)),
						text(v.Package), when(v.Uploaded), text(orDash(v.By)), text(formatBytes(v.Size)), text(strings.Join(v.Services, ", ")),
					})
				}
				o.table([]string{"  VERSION", "PACKAGE", "DEPLOYED", "BY", "SIZE", "SERVICES"}, rows)
			})
		}),
	}
}

func newRollbackService(a *app) *cobra.Command {
	in := client.RollbackService{}
	cmd := &cobra.Command{
		Use: "rollback-service NAME [HASH]", Short: "Put an earlier version of a service into force",
		Long: `Makes a service, and with it the other services of its package, run an earlier
version of the code: that of HASH (the first characters are enough), or the one
that the service ran before. The switch is atomic and a revision like any other
change.`,
		Example: `  signalbox rollback-service orders.create
  signalbox versions orders.create
  signalbox rollback-service orders.create 3f2a9c --reason "prices are wrong since noon"`,
		Args: args(1, 2, "NAME and HASH"), ValidArgsFunction: a.completeVersion,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			name := given[0]
			if len(given) == 2 {
				var err error
				if in.Hash, err = findVersion(ctx, c, name, given[1]); err != nil {
					return noService(fmt.Errorf("roll back service %s: %w", name, err))
				}
			}
			res, err := c.RollbackService(ctx, name, in)
			if err != nil {
				return noService(fmt.Errorf("roll back service %s: %w", name, err))
			}
			if err := a.show(res, func(o *screen) { deployTable(o, res) }); err != nil {
				return err
			}
			return notRunning(res)
		}),
	}
	cmd.Flags().StringVarP(&in.Reason, "reason", "m", "", "why, for the history")
	return cmd
}

// findVersion finds the version whose hash begins with prefix.
func findVersion(ctx context.Context, c *client.Client, service, prefix string) (string, error) {
	versions, err := c.Versions(ctx, service)
	if err != nil {
		return "", err
	}
	var found []string
	for _, v := range versions {
		if strings.HasPrefix(v.Hash, strings.ToLower(prefix)) {
			found = append(found, v.Hash)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", failf(exitNotFound, "no version begins with %s", prefix).trying("signalbox versions %s", quoteArg(service))
	}
	return "", usagef("%s versions begin with %s; give more of it", fmt.Sprint(len(found)), prefix)
}

// completeVersion completes NAME and HASH.
func (a *app) completeVersion(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(given) == 0 {
		return a.completeService(cmd, given, typed)
	}
	if len(given) > 1 {
		return nil, noFiles
	}
	words := a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		versions, err := c.Versions(ctx, given[0])
		var out []string
		for _, v := range versions {
			if !v.Current {
				out = append(out, v.Hash+"\t"+localTime(v.Uploaded))
			}
		}
		return out, err
	})
	return words, noFiles | cobra.ShellCompDirectiveKeepOrder
}
