package sqldb

import (
	"fmt"

	"signalbox.internal/odb"
)

// reference is a row of odb_ref.
type reference struct{ from, to, field string }

// claim is a row of odb_claim.
type claim struct{ kind, text, owner string }

// linkPlan is which rows of links go and which come; all others stay.
type linkPlan struct {
	oldRefs, newRefs     []reference // of an old one, to is not told
	oldClaims, newClaims []claim
}

// resolve finds the target of every reference of every changed spec, by its
// name after the set. What a spec referred to before by the same field needs no
// look-up and no row: the foreign key keeps its target, and whatever the set
// itself does to that is known.
func (a *applier) resolve() error {
	var wanted []wantedRef
	var ask []string
	for _, e := range a.order {
		if e.after == nil {
			continue
		}
		had := map[string]string{} // by field, what it led to
		for _, ref := range e.was.refs {
			had[ref.Pointer] = a.holder(ref.Kind + "/" + ref.Name)
		}
		for _, ref := range odb.Refs(e.spec) {
			w := wantedRef{edit: e, ref: ref, key: ref.Kind + "/" + ref.Name}
			w.to = a.heir(w.key)
			if w.to != "" && had[ref.Pointer] == w.to {
				delete(had, ref.Pointer)
				continue
			}
			wanted = append(wanted, w)
			if w.to == w.key {
				ask = append(ask, w.key)
			}
		}
		for _, ref := range e.was.refs {
			if _, changed := had[ref.Pointer]; changed {
				a.plan.oldRefs = append(a.plan.oldRefs, reference{from: e.before.id, field: ref.Pointer})
			}
		}
	}
	if err := a.identify(ask); err != nil {
		return err
	}
	for _, w := range wanted {
		if w.to == w.key {
			w.to = a.id(w.key)
		}
		if w.to == "" {
			a.faults.add(w.edit.after.key(), w.ref.Pointer, "there is no %s %q", w.ref.Kind, w.ref.Name)
			continue
		}
		a.plan.newRefs = append(a.plan.newRefs, reference{from: w.edit.after.id, to: w.to, field: w.ref.Pointer})
	}
	return a.faults.faults.Err("", "")
}

// wantedRef is a reference that has no row yet.
type wantedRef struct {
	edit *edit
	ref  odb.Ref
	key  string // of the name that it refers to
	to   string // see heir
}

// holder stands for what has a name before the set: its id when the set changes
// it, else the name itself, which no id is equal to.
func (a *applier) holder(key string) string {
	if id, ok := a.held[key]; ok {
		return id
	}
	return key
}

// heir stands for what has a name after the set, as holder does; it is empty
// when the set takes the name away.
func (a *applier) heir(key string) string {
	if id, ok := a.final[key]; ok {
		return id
	}
	if _, left := a.held[key]; left {
		return ""
	}
	return key
}

// checkClaims makes sure that no two definitions of the set claim the same, and
// finds which claims change. That another definition has one shows when it is
// written.
func (a *applier) checkClaims() error {
	taken := map[claim]*edit{}
	for _, e := range a.order {
		if e.after == nil {
			continue
		}
		had := map[string]bool{}
		for _, text := range e.was.claims {
			had[text] = true
		}
		for _, text := range claimsOf(e.spec) {
			c := claim{kind: e.after.kind, text: text}
			if other := taken[c]; other != nil {
				return odb.Errorf(odb.Conflict, string(e.op), e.after.key(), "%s %q in the same set already %s", c.kind, other.after.name, text)
			}
			taken[c] = e
			if had[text] {
				delete(had, text)
				continue
			}
			a.plan.newClaims = append(a.plan.newClaims, claim{kind: c.kind, text: text, owner: e.after.id})
		}
		for _, text := range e.was.claims {
			if had[text] {
				a.plan.oldClaims = append(a.plan.oldClaims, claim{kind: e.after.kind, text: text, owner: e.after.id})
			}
		}
	}
	return nil
}

// release removes the references and claims that change, and moves names out of
// the way that others of the set take over.
func (a *applier) release() {
	var wiped []string
	for _, e := range a.order {
		if e.wipe {
			wiped = append(wiped, e.before.id)
		}
	}
	for _, s := range []statement{deleteRefs, deleteClaims} {
		a.laterAll(s, wiped, "remove links")
	}
	for _, r := range a.plan.oldRefs {
		a.later(write{s: deleteRef, args: []any{r.from, r.field}, what: "remove reference"})
	}
	for _, c := range a.plan.oldClaims {
		a.later(write{s: deleteClaim, args: []any{c.kind, c.text, c.owner}, what: "remove claim"})
	}
	for _, e := range a.order {
		if e.before == nil {
			continue
		}
		heir := a.final[e.before.key()]
		if heir == "" || heir == e.before.id {
			continue
		}
		// No name has a tilde, so this one is free.
		a.later(write{s: parkDefinition, args: []any{"~" + e.before.id, e.before.id}, what: "free name"})
	}
}

func (a *applier) writeLinks() {
	for _, m := range a.moves {
		a.later(write{s: moveRefs, args: []any{m.newTo, m.oldTo, m.from}, what: "move references"})
	}
	for _, r := range a.plan.newRefs {
		a.later(write{s: insertRef, args: []any{r.from, r.to, r.field}, what: "write reference"})
	}
	for _, c := range a.plan.newClaims {
		a.later(write{
			s: insertClaim, args: []any{c.text, c.owner, c.kind, c.text}, what: "write claim",
			none: func() error { return a.claimTaken(c) },
		})
	}
}

// claimTaken says who has a claim.
func (a *applier) claimTaken(c claim) error {
	var id, name string
	if err := a.one(claimOwner, []any{c.kind, c.text}, &id, &name); err != nil {
		return fmt.Errorf("read claim: %w", err)
	}
	e := a.edits[c.owner]
	return odb.Errorf(odb.Conflict, string(e.op), e.after.key(), "%s %q already %s", c.kind, name, c.text)
}
