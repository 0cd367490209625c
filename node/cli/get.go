package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newGet(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "get KIND NAME", Short: "One definition",
		Long: `Shows one definition. Fields at their default are left out ("signalbox kinds
KIND" lists them all), secrets are references and never in clear.

With -o yaml it is written as the file that "set -f" and "apply -f" take, with
-o json as the admin API has it, with id and version.`,
		Example: `  signalbox get channel orders.create
  signalbox get channel orders.create -o yaml > orders.yaml
  signalbox get outgoing erp -o json | jq .spec.url`,
		Args: args(2, 2, "KIND and NAME"), ValidArgsFunction: a.completeDefinition,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			d, err := c.Definition(ctx, given[0], given[1])
			if err != nil {
				return lookFor(fmt.Errorf("get %s/%s: %w", given[0], given[1], err), given[0])
			}
			if a.flags.output == outputYAML {
				return a.writeDocuments([]odb.Definition{d})
			}
			var shown []byte
			if a.flags.output == outputTable {
				if shown, err = jsonToYAML(d.Spec); err != nil {
					return err
				}
			}
			return a.show(d, func(o *screen) {
				o.line("%s", o.paint(dim, fmt.Sprintf("# %s %s: version %d of revision %d, %s", d.Kind, clean(d.Name), d.Version, d.Revision, localTime(d.Updated))))
				o.write(cleanText(string(shown)))
			})
		}),
	}
}

// writeDocuments writes definitions in the form of files.
func (a *app) writeDocuments(defs []odb.Definition) error {
	text, err := odb.FormatDocuments(defs)
	if err != nil {
		return err
	}
	a.out.write(string(text))
	return a.out.err
}

// lookFor adds to a "not found" the command that lists what there is.
func lookFor(err error, kind string) error {
	if exitCode(err) != exitNotFound {
		return err
	}
	if _, known := odb.KindNamed(kind); !known {
		return (&failure{code: exitNotFound, err: err}).trying("signalbox kinds")
	}
	return (&failure{code: exitNotFound, err: err}).trying("signalbox list %s", kind)
}
