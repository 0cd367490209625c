package sqldb

import (
	"database/sql"
	"fmt"
	"strings"

	"signalbox.internal/odb"
)

// move leads an untouched definition's references to the one that took over a name.
type move struct{ from, oldTo, newTo string }

// checkNames makes sure that after the set every name is there once.
func (a *applier) checkNames() error {
	for _, e := range a.order {
		if e.after == nil {
			continue
		}
		key := e.after.key()
		if _, twice := a.final[key]; twice {
			return odb.Errorf(odb.Invalid, string(e.op), key, "the set gives this name to two definitions")
		}
		a.final[key] = e.after.id
	}
	for _, e := range a.order {
		if e.after == nil || e.before != nil && e.before.name == e.after.name {
			continue
		}
		if err := a.nameFree(e); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) nameFree(e *edit) error {
	there := a.rows[e.after.key()]
	if there == nil || a.leaves(there.id) {
		return nil
	}
	key := e.after.key()
	if e.before != nil {
		key = e.before.key()
	}
	return odb.Errorf(odb.Conflict, string(e.op), key, "%s %q exists already, at version %d, %s",
		there.kind, there.name, there.version, a.whoChanged(there.rev))
}

// leaves reports whether a definition gives its name up in the set.
func (a *applier) leaves(id string) bool {
	e := a.edits[id]
	return e != nil && (e.after == nil || e.before != nil && e.after.name != e.before.name)
}

// follow rewrites specs that refer to renamed definitions: those that the set
// leaves as they are, and those of renames that keep their spec.
func (a *applier) follow() error {
	renamed := map[string]string{} // kind/old name to new name
	for _, e := range a.order {
		if e.before != nil && e.after != nil && e.before.name != e.after.name {
			renamed[e.before.key()] = e.after.name
		}
	}
	if len(renamed) > 0 {
		if err := a.addReferrers(); err != nil {
			return err
		}
	}
	for _, e := range a.order {
		if !e.kept {
			continue
		}
		spec, err := odb.Decode(e.before.kind, e.before.spec)
		if err != nil {
			return fmt.Errorf("read %s: %w", e.before.key(), err)
		}
		odb.MapRefs(spec, func(kind, name string) string {
			if to, ok := renamed[kind+"/"+name]; ok {
				return to
			}
			return name
		})
		if e.after.spec, err = odb.Encode(spec); err != nil {
			return fmt.Errorf("rewrite %s: %w", e.before.key(), err)
		}
		e.spec = spec
	}
	return nil
}

// addReferrers makes an update of every definition that refers to a renamed one
// and that the set does not change itself.
func (a *applier) addReferrers() error {
	var ids []string
	for _, e := range a.order {
		if e.before != nil && e.after != nil && e.before.name != e.after.name {
			ids = append(ids, e.before.id)
		}
	}
	referrers, err := a.referrers(ids)
	if err != nil {
		return err
	}
	var keys []string
	added := map[string]bool{}
	for _, id := range ids {
		for _, r := range referrers[id] {
			if a.edits[r.id] == nil && !added[r.id] {
				added[r.id] = true
				keys = append(keys, r.key())
			}
		}
	}
	if err := a.read(keys); err != nil {
		return err
	}
	for _, key := range keys {
		before := a.rows[key]
		if before == nil {
			return fmt.Errorf("read %s: %w", key, sql.ErrNoRows)
		}
		after := *before
		after.version, after.rev = before.version+1, a.rev
		a.add(before.id, &edit{op: odb.Update, before: before, after: &after, kept: true})
		a.final[key] = before.id
	}
	return nil
}

// checkDeletes refuses to delete what untouched definitions refer to, unless
// another definition takes over the name: then they refer to that.
func (a *applier) checkDeletes() error {
	var ids []string
	for _, e := range a.order {
		if e.after == nil {
			ids = append(ids, e.before.id)
		}
	}
	referrers, err := a.referrers(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		e := a.edits[id]
		heir := a.final[e.before.key()]
		var users []string
		for _, r := range referrers[id] {
			switch {
			case a.edits[r.id] != nil: // resolved above, or gone too
			case heir != "":
				a.moves = append(a.moves, move{from: r.id, oldTo: e.before.id, newTo: heir})
			default:
				users = append(users, fmt.Sprintf("%s %q", r.kind, r.name))
			}
		}
		if users != nil {
			return odb.Errorf(odb.Conflict, string(e.op), e.before.key(), "it is used by %s", listed(users))
		}
	}
	return nil
}

// listed joins names, and counts those that would make the text too long.
func listed(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
