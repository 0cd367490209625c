package sqldb

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

// reference is a row of odb_ref to be written.
type reference struct{ from, to, field string }

// move leads an untouched definition's references to the one that took over a name.
type move struct{ from, oldTo, newTo string }

// claim is a row of odb_claim to be written.
type claim struct{ kind, text, owner string }

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
	id, err := a.before(e.after.kind, e.after.name)
	if err != nil || id == "" || a.leaves(id) {
		return err
	}
	there, err := a.present(e.after.kind, e.after.name)
	if err != nil {
		return err
	}
	key := e.after.key()
	if e.before != nil {
		key = e.before.key()
	}
	return odb.Errorf(odb.Conflict, string(e.op), key, "%s %q exists already, at version %d, %s",
		there.kind, there.name, there.version, a.whoChanged(there.rev))
}

// before returns the id of what has a name before the set; empty for none.
func (a *applier) before(kind, name string) (string, error) {
	key := kind + "/" + name
	if id, known := a.found[key]; known {
		return id, nil
	}
	var id string
	var skip any
	if _, err := a.has(findDefinitionID, []any{kind, name}, &id, &skip, &skip); err != nil {
		return "", err
	}
	a.found[key] = id
	return id, nil
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
	for _, e := range slices.Clip(a.order) {
		if e.before != nil && e.after != nil && e.before.name != e.after.name {
			if err := a.addReferrers(e.before.id); err != nil {
				return err
			}
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

// addReferrers makes an update of every definition that refers to id and that
// the set does not change itself.
func (a *applier) addReferrers(id string) error {
	referrers, err := a.referrers(id)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if a.edits[r.id] != nil {
			continue
		}
		before, err := a.present(r.kind, r.name)
		if err != nil {
			return err
		}
		if before == nil {
			return fmt.Errorf("read %s: %w", r.key(), sql.ErrNoRows)
		}
		after := *before
		after.version, after.rev = before.version+1, a.rev
		a.add(r.id, &edit{op: odb.Update, before: before, after: &after, kept: true})
		a.final[after.key()] = after.id
	}
	return nil
}

// referrers returns id, kind and name of what refers to a definition before the set.
func (a *applier) referrers(id string) ([]row, error) {
	var out []row
	err := a.each(referrersOf, []any{id}, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.id, &r.kind, &r.name)
		out = append(out, r)
		return err
	})
	return out, err
}

// resolve finds the target of every reference of every changed spec, by its
// name after the set.
func (a *applier) resolve() error {
	for _, e := range a.order {
		if e.after == nil {
			continue
		}
		for _, ref := range odb.Refs(e.spec) {
			to, err := a.target(ref.Kind, ref.Name)
			if err != nil {
				return err
			}
			if to == "" {
				a.faults.add(e.after.key(), ref.Pointer, "there is no %s %q", ref.Kind, ref.Name)
				continue
			}
			a.refs = append(a.refs, reference{from: e.after.id, to: to, field: ref.Pointer})
		}
	}
	return a.faults.faults.Err("", "")
}

// target returns the id of what has a name after the set; empty for none.
func (a *applier) target(kind, name string) (string, error) {
	if id, ok := a.final[kind+"/"+name]; ok {
		return id, nil
	}
	id, err := a.before(kind, name)
	if err != nil || id == "" || a.leaves(id) {
		return "", err
	}
	return id, nil
}

// checkDeletes refuses to delete what untouched definitions refer to, unless
// another definition takes over the name: then they refer to that.
func (a *applier) checkDeletes() error {
	for _, e := range a.order {
		if e.after != nil {
			continue
		}
		referrers, err := a.referrers(e.before.id)
		if err != nil {
			return err
		}
		heir := a.final[e.before.key()]
		var users []string
		for _, r := range referrers {
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

// checkClaims makes sure that after the set every claim has one owner.
func (a *applier) checkClaims() error {
	taken := map[claim]*edit{}
	for _, e := range a.order {
		claimer, ok := e.spec.(odb.Claimer)
		if !ok || e.after == nil {
			continue
		}
		for _, text := range claimer.Claims() {
			c := claim{kind: e.after.kind, text: text}
			if other := taken[c]; other != nil {
				return odb.Errorf(odb.Conflict, string(e.op), e.after.key(), "%s %q in the same set already %s", c.kind, other.after.name, text)
			}
			taken[c] = e
			if err := a.claimFree(e, c); err != nil {
				return err
			}
			c.owner = e.after.id
			a.claims = append(a.claims, c)
		}
	}
	return nil
}

func (a *applier) claimFree(e *edit, c claim) error {
	var id, name string
	there, err := a.has(claimOwner, []any{c.kind, c.text}, &id, &name)
	if err != nil || !there || a.edits[id] != nil {
		return err
	}
	return odb.Errorf(odb.Conflict, string(e.op), e.after.key(), "%s %q already %s", c.kind, name, c.text)
}
