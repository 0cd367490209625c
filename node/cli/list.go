package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newList(a *app) *cobra.Command {
	var q client.Query
	cmd := &cobra.Command{
		Use: "list KIND", Short: "Definitions of a kind",
		Long: `Lists the definitions of a kind with what matters most about each. All of them
are listed unless --limit says otherwise. With -o json or -o yaml the whole
definitions are written.`,
		Example: `  signalbox list channel
  signalbox list outgoing --search erp --sort -updated
  signalbox list service -o json | jq -r '.[].name'`,
		Args: args(1, 1, "KIND"), ValidArgsFunction: a.completeKind(false),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			defs, err := listDefinitions(ctx, c, given[0], q)
			if err != nil {
				return lookFor(fmt.Errorf("list %s: %w", given[0], err), given[0])
			}
			if len(defs) == 0 {
				a.note("There is no %s%s.", given[0], word(q.Text == "", "", " with "+q.Text+" in it"))
			}
			return a.show(list(defs), func(o *screen) { definitionTable(o, given[0], defs) })
		}),
	}
	cmd.Flags().StringVarP(&q.Text, "search", "s", "", "only those with this text in their name or spec")
	cmd.Flags().StringVar(&q.Sort, "sort", "name", "order: name, updated or version; -updated for newest first")
	cmd.Flags().IntVar(&q.Limit, "limit", 0, "at most so many; 0 means all")
	_ = cmd.RegisterFlagCompletionFunc("sort", fixed("name", "updated", "version", "-name", "-updated", "-version"))
	return cmd
}

func listDefinitions(ctx context.Context, c *client.Client, kind string, q client.Query) ([]odb.Definition, error) {
	if q.Limit < 0 {
		return nil, usagef("--limit is %d; 0 or more is needed", q.Limit)
	}
	want := q.Limit
	q.Limit = min(want, 1000)
	if want == 0 {
		return c.AllDefinitions(ctx, kind, q)
	}
	var all []odb.Definition
	for {
		l, err := c.Definitions(ctx, kind, q)
		if err != nil {
			return nil, err
		}
		all = append(all, l.Items...)
		if l.Next == "" || len(all) >= want {
			return all[:min(len(all), want)], nil
		}
		q.After = l.Next
	}
}

// columns names the fields that say most about a definition of a kind; of
// alternatives with a bar between them the first that is set is shown.
func columns(kind string) []string {
	switch kind {
	case "channel":
		return []string{"method", "path", "service", "security", "enabled"}
	case "outgoing":
		return []string{"type", "driver", "url|host|database", "enabled"}
	case "security":
		return []string{"type", "username|issuer|header", "enabled"}
	case "service":
		return []string{"package", "engine", "hash", "enabled"}
	}
	var out []string
	if k, ok := odb.KindNamed(kind); ok {
		for _, f := range odb.Fields(k.New()) {
			if f.Type != odb.TypeSecret && f.Type != odb.TypeObject && len(out) < 4 {
				out = append(out, f.Name)
			}
		}
	}
	return out
}

func definitionTable(o *screen, kind string, defs []odb.Definition) {
	if len(defs) == 0 {
		return
	}
	cols := columns(kind)
	head := []string{"NAME"}
	for _, c := range cols {
		first, _, _ := strings.Cut(c, "|")
		head = append(head, strings.ToUpper(strings.ReplaceAll(first, "_", " ")))
	}
	head = append(head, "VERSION", "UPDATED")
	var rows [][]cell
	for _, d := range defs {
		spec := fullSpec(d)
		row := []cell{text(d.Name)}
		for _, c := range cols {
			row = append(row, text(fieldText(spec, c)))
		}
		rows = append(rows, append(row, number(d.Version), when(d.Updated)))
	}
	o.table(head, rows)
}

// fullSpec decodes a spec and fills in the defaults of the fields that this
// program knows.
func fullSpec(d odb.Definition) map[string]any {
	spec := map[string]any{}
	if spec2, err := odb.Decode(d.Kind, d.Spec); err == nil {
		if full, err := json.Marshal(spec2); err == nil && json.Unmarshal(full, &spec) == nil {
			return spec
		}
	}
	_ = json.Unmarshal(d.Spec, &spec) // a newer node's spec is shown as far as it can be
	return spec
}

func fieldText(spec map[string]any, names string) string {
	for name := range strings.SplitSeq(names, "|") {
		switch v := spec[name].(type) {
		case string:
			if v != "" {
				return shortHash(v)
			}
		case bool:
			return word(v, "yes", "no")
		case []any:
			var parts []string
			for _, x := range v {
				parts = append(parts, fmt.Sprint(x))
			}
			if len(parts) > 0 {
				return strings.Join(parts, ",")
			}
		case float64:
			return fmt.Sprint(v)
		}
	}
	return "-"
}

// shortHash cuts a content address to what people compare.
func shortHash(s string) string {
	if odb.IsHash(s) {
		return s[:12]
	}
	return s
}
