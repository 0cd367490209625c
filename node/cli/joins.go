package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newJoins(a *app) *cobra.Command {
	return alone(parent(&cobra.Command{
		Use: "joins", Short: "Boxes that wait to be let into the cluster",
		Long: `Lists the boxes that ask to join and wait for an administrator: those that came
with "signalbox join --discover", or with a token that was made with --approve. Each
shows a code on its own screen. Let a box in only when it shows the code that stands
here: the same code on both sides proves that nobody sits in between.

A box waits 15 minutes, then it has to ask again.`,
		Example: `  signalbox joins
  signalbox joins approve box-7 --code K7QX-3MDT
  signalbox joins refuse box-8`,
	}, newJoinsApprove(a), newJoinsRefuse(a)), a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
		all, err := c.JoinRequests(ctx)
		if err != nil {
			return fmt.Errorf("list boxes that wait: %w", err)
		}
		if len(all) == 0 {
			a.note("No box asks to join.")
		}
		return a.show(list(all), func(o *screen) {
			if len(all) == 0 {
				return
			}
			var rows [][]cell
			for _, r := range all {
				rows = append(rows, []cell{
					text(r.Name), styled(bold, r.Code), text(string(r.State)), text(r.Addr), when(r.Asked), when(r.Expires), text(r.By), text(r.ID),
				})
			}
			o.table([]string{"NAME", "CODE", "STATE", "FROM", "ASKED", "EXPIRES", "DECIDED BY", "ID"}, rows)
		})
	}))
}

func newJoinsApprove(a *app) *cobra.Command {
	var code string
	var yes bool
	cmd := &cobra.Command{
		Use: "approve NAME|ID", Short: "Let a box that waits into the cluster",
		Long: `Lets a box that waits into the cluster. With --code the box must be the one that
shows that code, else nothing is done. Without it you are shown the code and asked
whether the box shows the same; without a terminal --code or --yes is needed.`,
		Example: `  signalbox joins approve box-7
  signalbox joins approve box-7 --code K7QX-3MDT`,
		Args: args(1, 1, "NAME or ID"), ValidArgsFunction: a.completeJoin,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			r, err := findJoin(ctx, c, given[0])
			if err != nil {
				return err
			}
			if code == "" && !yes {
				if err := a.confirm(fmt.Sprintf("let %s (from %s) in; does it show the code %s", clean(r.Name), clean(r.Addr), r.Code)); err != nil {
					return err
				}
			}
			if code == "" {
				code = r.Code // the box that was shown, not one that came in its place since
			}
			return a.decide(ctx, c, r, client.DecideJoin{Approve: true, Code: code})
		}),
	}
	cmd.Flags().StringVar(&code, "code", "", "the code that the box shows")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask, and compare no code")
	cmd.MarkFlagsMutuallyExclusive("code", "yes")
	return cmd
}

func newJoinsRefuse(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "refuse NAME|ID", Short: "Turn a box that waits away",
		Long: `Turns a box that waits away: it is told so and stops asking. It may ask again, as
any box may.`,
		Example: `  signalbox joins refuse box-8`,
		Args:    args(1, 1, "NAME or ID"), ValidArgsFunction: a.completeJoin,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			r, err := findJoin(ctx, c, given[0])
			if err != nil {
				return err
			}
			return a.decide(ctx, c, r, client.DecideJoin{Code: r.Code})
		}),
	}
}

func (a *app) decide(ctx context.Context, c *client.Client, r client.WaitingBox, d client.DecideJoin) error {
	if err := c.DecideJoin(ctx, r.ID, d); err != nil {
		return fmt.Errorf("%s %s: %w", word(d.Approve, "approve", "refuse"), r.Name, err)
	}
	r.State = odb.JoinRefused
	if d.Approve {
		r.State = odb.JoinApproved
	}
	return a.show(r, func(o *screen) { o.line("%s is %s", clean(r.Name), r.State) })
}

// findJoin finds a box that waits by its id, or by a name that only one of them has.
func findJoin(ctx context.Context, c *client.Client, name string) (client.WaitingBox, error) {
	all, err := c.JoinRequests(ctx)
	if err != nil {
		return client.WaitingBox{}, fmt.Errorf("list boxes that wait: %w", err)
	}
	var found []client.WaitingBox
	var names []string
	for _, r := range all {
		switch {
		case r.ID == name:
			return r, nil
		case r.State != odb.JoinWaiting:
			continue
		case r.Name == name:
			found = append(found, r)
		}
		names = append(names, r.Name)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return client.WaitingBox{}, failf(exitConflict, "%s wait under the name %s", plural(len(found), "box"), name).
			trying("the id of the one that you mean: signalbox joins")
	case len(names) == 0:
		return client.WaitingBox{}, failf(exitNotFound, "no box waits to be let in").trying("signalbox join --discover, on the box that is to join")
	}
	return client.WaitingBox{}, failf(exitNotFound, "no box waits under the name %s; there is %s", name, strings.Join(names, ", "))
}

func (a *app) completeJoin(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, noFiles
	}
	return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		all, err := c.JoinRequests(ctx)
		var out []string
		for _, r := range all {
			if r.State == odb.JoinWaiting {
				out = append(out, r.Name+"\t"+r.Code+" from "+r.Addr)
			}
		}
		return out, err
	}), noFiles
}
