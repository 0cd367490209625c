package cli

import (
	"encoding/json"
	"unicode/utf8"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// changeTable writes changes with what they change, field by field.
func changeTable(o *screen, changes []client.Change) {
	for _, c := range changes {
		sign, st := opSign(c.Op)
		name := clean(c.Kind + "/" + c.Name)
		if c.NewName != "" {
			name += " → " + clean(c.Kind+"/"+c.NewName)
		}
		o.line("%s", o.paint(st, sign+" "+string(c.Op)+" "+name))
		diffLines(o, c.Op, c.Diff)
	}
}

func diffLines(o *screen, op odb.Op, diff []odb.FieldDiff) {
	if op == odb.Delete {
		return // all of it goes; its name says enough
	}
	for _, f := range diff {
		after := o.paint(green, valueText(f.After))
		if op == odb.Create {
			o.line("    %s  %s", clean(f.Pointer), after)
			continue
		}
		o.line("    %s  %s → %s", clean(f.Pointer), o.paint(red, valueText(f.Before)), after)
	}
}

func opSign(op odb.Op) (string, style) {
	switch op {
	case odb.Create:
		return "+", green
	case odb.Delete:
		return "-", red
	case odb.Update, odb.Rename:
	}
	return "~", yellow
}

// maxValue is how many characters of a value a diff shows.
const maxValue = 120

func valueText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "(default)"
	}
	s := clean(string(raw))
	if utf8.RuneCountInString(s) > maxValue {
		s = string([]rune(s)[:maxValue-1]) + "…"
	}
	return s
}

// countChanges writes "2 creates, 1 delete".
func countChanges(changes []client.Change) string {
	counts := map[odb.Op]int{}
	for _, c := range changes {
		counts[c.Op]++
	}
	var s string
	for _, op := range []odb.Op{odb.Create, odb.Update, odb.Rename, odb.Delete} {
		if counts[op] > 0 {
			if s != "" {
				s += ", "
			}
			s += plural(counts[op], string(op))
		}
	}
	return s
}

// changedTo writes the outcome of a change set.
func (a *app) changedTo(applied client.Applied, verb string) error {
	a.warnProblems(applied.Problems)
	return a.show(applied, func(o *screen) {
		if len(applied.Changes) == 0 {
			o.line("nothing to change: it is like this at revision %d", applied.Revision)
			return
		}
		changeTable(o, applied.Changes)
		o.line("%s: %s, %s revision %d", verb, countChanges(applied.Changes), word(applied.DryRun, "based on", "made"), applied.Revision)
	})
}
