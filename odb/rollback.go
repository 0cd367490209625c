package odb

import (
	"bytes"
	"slices"
)

// PlanTo returns the changes that lead from current to target, renames
// included (the same id under another name): what a roll-back does. Deletes
// come first, in the opposite order of kinds. What was deleted comes back under
// its old id.
func PlanTo(current, target *Snapshot) []PlannedChange {
	was := byID(target)
	now := byID(current)
	var deletes, rest []PlannedChange
	for d := range current.All() {
		if _, ok := was[d.ID]; !ok {
			deletes = append(deletes, PlannedChange{Change{Op: Delete, Kind: d.Kind, Name: d.Name, Base: d.Version}, Diff(d.Spec, nil)})
		}
	}
	slices.Reverse(deletes)
	for i, d := range target.defs {
		c, exists := now[d.ID]
		switch {
		case !exists:
			rest = append(rest, PlannedChange{Change{Op: Create, Kind: d.Kind, Name: d.Name, ID: d.ID, Spec: d.Spec}, Diff(nil, d.Spec)})
		case c.Name != d.Name:
			rest = append(rest, PlannedChange{Change{Op: Rename, Kind: d.Kind, Name: c.Name, NewName: d.Name, Spec: d.Spec, Base: c.Version}, Diff(c.Spec, d.Spec)})
		case !bytes.Equal(c.Spec, d.Spec) || refersToRenamed(target.specs[i], current, was):
			rest = append(rest, PlannedChange{Change{Op: Update, Kind: d.Kind, Name: d.Name, Spec: d.Spec, Base: c.Version}, Diff(c.Spec, d.Spec)})
		}
	}
	return append(deletes, rest...)
}

func byID(s *Snapshot) map[string]Definition {
	out := make(map[string]Definition, s.Len())
	for d := range s.All() {
		out[d.ID] = d
	}
	return out
}

// refersToRenamed reports whether spec, which is the same now and then, refers
// to something that has another name then. Unless the plan says what the spec
// shall be, it would follow the rename.
func refersToRenamed(spec Spec, current *Snapshot, was map[string]Definition) bool {
	if spec == nil {
		return false
	}
	return slices.ContainsFunc(Refs(spec), func(r Ref) bool {
		c, ok := current.Get(r.Kind, r.Name)
		return ok && was[c.ID].Name != "" && was[c.ID].Name != c.Name
	})
}
