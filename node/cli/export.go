package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "export [KIND | KIND/NAME]...", Short: "The configuration as files",
		Long: `Writes all definitions, those of some kinds, or single ones, as YAML documents to
stdout: in a stable order, defaults left out, secrets as references. "plan" of an export
shows no change, and a second export is byte-equal, so it belongs under version
control. With -o json it is one array of the same documents.`,
		Example: `  signalbox export > config.yaml
  signalbox export channel security > edge.yaml
  signalbox export service/orders.create channel/orders.create
  signalbox export -o json | jq -r '.[] | select(.kind == "channel") | .spec.path'`,
		Args: args(0, -1, "KIND or KIND/NAME"), ValidArgsFunction: a.completeKind(true),
		RunE: a.remote(func(ctx context.Context, c *client.Client, kinds []string) error {
			text, err := c.Export(ctx, kinds...)
			if err != nil {
				return fmt.Errorf("export: %w", err)
			}
			if a.flags.output != outputJSON {
				a.out.write(string(text))
				return a.out.err
			}
			docs, err := odb.ParseDocuments("export", text)
			if err != nil {
				return err
			}
			return a.show(documentList(docs), nil)
		}),
	}
}

// document is a definition as export writes it in JSON.
type document struct {
	Kind string          `json:"kind"`
	Name string          `json:"name"`
	Spec json.RawMessage `json:"spec"`
}

func documentList(docs []odb.Document) []document {
	out := make([]document, len(docs))
	for i, d := range docs {
		out[i] = document{d.Kind, d.Name, d.Spec}
	}
	return out
}
