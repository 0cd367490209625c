package cli

import (
	"signalbox.internal/node/importer/zato"
)

// done shows the result and fails when something was left out.
func (im *importer) done(out imported) error {
	err := im.a.show(out, func(o *screen) { importReport(o, out) })
	n := out.Counts
	switch {
	case err != nil:
		return err
	case n.Objects == 0:
		return failf(exitFailed, "import: there is no object in the files")
	case n.Left > 0:
		return failf(exitFailed, "import: %d of %s left out; the report says why", n.Left, plural(n.Objects, "object")+word(n.Left == 1, " was", " were"))
	}
	return nil
}

// importReport writes a report for people.
func importReport(o *screen, out imported) {
	var rows [][]cell
	for _, x := range out.Objects {
		rows = append(rows, objectRows(x)...)
	}
	if len(rows) > 0 {
		o.table([]string{"OUTCOME", "IN ZATO", "HERE", "WHAT TO KNOW"}, rows)
	}
	if len(out.Variables) > 0 {
		o.line("")
		o.line("Every node needs these environment variables:")
		rows := make([][]cell, len(out.Variables))
		for i, v := range out.Variables {
			rows[i] = []cell{text("  " + v.Name), text(v.Kind + "/" + v.As + " " + v.Field), text(v.Why)}
		}
		o.columns(rows)
	}
	if len(out.Notes) > 0 {
		o.line("")
		o.line("To know:")
		for _, n := range out.Notes {
			o.columns([][]cell{{text(" "), text(n)}})
		}
	}
	o.line("")
	if len(out.Changes) > 0 {
		changeTable(o, out.Changes)
	}
	n := out.Counts
	o.line("%s: %d taken, %d changed, %d left", plural(n.Objects, "object"), n.Taken, n.Changed, n.Left)
	switch {
	case out.File != "":
		o.line("written to %s; nothing was applied", out.File)
	case n.Taken+n.Changed == 0:
		o.line("nothing was applied")
	case len(out.Changes) == 0:
		o.line("nothing to change: what could be taken is here at revision %d", out.Revision)
	case out.DryRun:
		o.line("dry run: %s, based on revision %d; nothing was changed", countChanges(out.Changes), out.Revision)
	default:
		o.line("imported: %s, made revision %d", countChanges(out.Changes), out.Revision)
	}
}

// objectRows writes one object, a line for each thing to know about it.
func objectRows(x zato.Object) [][]cell {
	style := map[zato.Outcome]style{zato.Taken: green, zato.Changed: yellow, zato.Left: red}[x.Outcome]
	here := "-"
	if x.Kind != "" {
		here = x.Kind + "/" + x.As
	}
	var know []string
	for _, n := range x.Notes {
		if n.Attribute != "" {
			n.Text = n.Attribute + ": " + n.Text
		}
		know = append(know, n.Text)
	}
	if x.Reason != "" {
		know = append(know, x.Place+": "+x.Reason)
	}
	if x.Remedy != "" {
		know = append(know, "→ "+x.Remedy)
	}
	if len(know) == 0 {
		know = []string{""}
	}
	rows := make([][]cell, len(know))
	for i, k := range know {
		rows[i] = []cell{text(""), text(""), text(""), text(k)}
	}
	rows[0][0], rows[0][1], rows[0][2] = styled(style, string(x.Outcome)), text(x.Type+" "+x.Name), text(here)
	return rows
}
