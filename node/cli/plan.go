package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

// fileFlags are the flags of the commands that read definitions from files.
type fileFlags struct {
	files []string
	prune bool
}

func (f *fileFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.files, "file", "f", nil, "file or folder with definitions; may be given more than once; - is standard input")
	cmd.Flags().BoolVar(&f.prune, "prune", false, "also delete the definitions of the files' kinds that no file has")
}

// read reads what the flag and the arguments after it name.
func (f *fileFlags) read(a *app, given []string) ([]client.Document, error) {
	paths := append(append([]string{}, f.files...), given...)
	if len(paths) == 0 {
		return nil, usagef("-f PATH needed, nothing given")
	}
	return (&input{a: a}).readDocuments(paths)
}

func newPlan(a *app) *cobra.Command {
	var files fileFlags
	cmd := &cobra.Command{
		Use: "plan -f PATH...", Short: "What apply would change",
		Long: `Compares files of definitions with the configuration and says what apply would
change, field by field. Nothing is changed. Every fault of every file is reported
at once. The exit code is 0 whether or not there are changes.`,
		Example: `  signalbox plan -f config/
  signalbox plan -f channels.yaml -f security.yaml --prune
  signalbox export | signalbox plan -f -
  signalbox plan -f config/ -o json | jq '.changes | length'`,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			docs, err := files.read(a, given)
			if err != nil {
				return err
			}
			p, err := c.Plan(ctx, client.PlanRequest{Documents: docs, Prune: files.prune})
			if err != nil {
				return fmt.Errorf("plan: %w", err)
			}
			p.Changes = list(p.Changes)
			return a.show(p, func(o *screen) {
				if len(p.Changes) == 0 {
					o.line("no changes: revision %d is like the files", p.Revision)
					return
				}
				changeTable(o, p.Changes)
				o.line("plan: %s, based on revision %d", countChanges(p.Changes), p.Revision)
			})
		}),
	}
	files.add(cmd)
	return cmd
}

func newApply(a *app) *cobra.Command {
	var (
		files    fileFlags
		reason   string
		revision int64
	)
	cmd := &cobra.Command{
		Use: "apply -f PATH...", Short: "Make the configuration what files say",
		Long: `Makes the configuration what files of definitions say: all changes become one
revision, or nothing is changed. Definitions that no file has stay, unless --prune
is given. A folder is read whole. Files are YAML (one or many documents) or JSON:

  kind: channel
  name: orders.create
  spec: {method: POST, path: /orders, service: orders.create, security: [partners]}

A secret is a reference (password: {ref: env:ERP_PASSWORD}) or text in clear,
which the node seals before it stores it.`,
		Example: `  signalbox plan -f config/                  look first
  signalbox apply -f config/ --reason "release 12"
  signalbox apply -f config/ --prune --revision 812`,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			docs, err := files.read(a, given)
			if err != nil {
				return err
			}
			applied, err := c.Apply(ctx, client.ApplyRequest{Documents: docs, Prune: files.prune, Reason: reason, Revision: revision})
			if err != nil {
				return fmt.Errorf("apply: %w", err)
			}
			applied.Changes = list(applied.Changes)
			return a.changedTo(applied, "applied")
		}),
	}
	files.add(cmd)
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why, for the history")
	cmd.Flags().Int64Var(&revision, "revision", 0, "refuse (exit code 4) unless this is the newest revision: that of the plan you looked at")
	return cmd
}
