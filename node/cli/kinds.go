package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newKinds(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "kinds [KIND]", Short: "Kinds of definitions, or the fields of one",
		Long: `Lists the kinds of definitions that the cluster knows. With a KIND it shows
every field of it: what it is for, what it may hold and its default. These are the
fields that "signalbox set" takes and that files hold under spec.`,
		Example: `  signalbox kinds
  signalbox kinds channel
  signalbox kinds outgoing -o json | jq .schema`,
		Args: args(0, 1, "KIND"), ValidArgsFunction: a.completeKind(false),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if len(given) == 1 {
				k, err := c.Kind(ctx, given[0])
				if err != nil {
					return lookFor(fmt.Errorf("get kind %s: %w", given[0], err), "")
				}
				return a.show(k, func(o *screen) { kindTable(o, k) })
			}
			kinds, err := c.Kinds(ctx)
			if err != nil {
				return fmt.Errorf("list kinds: %w", err)
			}
			return a.show(list(kinds), func(o *screen) {
				var rows [][]cell
				for _, k := range kinds {
					rows = append(rows, []cell{text(k.Name), number(k.Count), text(k.Help)})
				}
				o.table([]string{"KIND", "COUNT", "WHAT IT IS"}, rows)
			})
		}),
	}
}

func kindTable(o *screen, k client.Kind) {
	o.line("%s: %s", k.Name, k.Help)
	o.line("")
	var rows [][]cell
	addFields(&rows, "", k.Fields)
	o.table([]string{"FIELD", "TYPE", "DEFAULT", "WHAT IT DOES"}, rows)
}

// addFields adds a row a field, those of objects with the dots that set takes.
func addFields(rows *[][]cell, prefix string, fields []odb.Field) {
	for _, f := range fields {
		name := prefix + f.Name
		switch {
		case f.Type == odb.TypeObject:
			addFields(rows, name+".", f.Fields)
			continue
		case f.Type == odb.TypeList && f.Item != nil && f.Item.Type == odb.TypeObject:
			addFields(rows, name+".N.", f.Item.Fields)
			continue
		case f.Type == odb.TypeMap:
			name += ".NAME"
		}
		st := plain
		if f.Required {
			st = bold
		}
		*rows = append(*rows, []cell{styled(st, name), text(typeText(f)), text(defaultText(f)), text(helpText(f))})
	}
}

func typeText(f odb.Field) string {
	switch {
	case f.Ref != "" && f.Type == odb.TypeList:
		return "list of " + f.Ref
	case f.Ref != "":
		return f.Ref
	case f.Type == odb.TypeList && f.Item != nil:
		return "list of " + string(f.Item.Type)
	case f.Type == odb.TypeMap:
		return string(odb.TypeString)
	}
	return string(f.Type)
}

func defaultText(f odb.Field) string {
	if f.Required {
		return "(required)"
	}
	return f.Default
}

func helpText(f odb.Field) string {
	parts := []string{f.Help}
	if len(f.Enum) > 1 {
		parts = append(parts, "One of "+strings.Join(f.Enum, ", ")+".")
	}
	if f.WhenField != "" {
		parts = append(parts, "Only when "+f.WhenField+" is "+strings.Join(f.WhenIn, " or ")+".")
	}
	if f.Example != "" {
		parts = append(parts, "For example "+f.Example)
	}
	return strings.Join(parts, " ")
}
