package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"signalbox.internal/odb"
)

// Apply commits a change set as one revision or does nothing; see
// [odb.Definitions]. Names in it are those before the set, and a spec that it
// brings may name definitions only as they are called after the set.
func (db *DB) Apply(ctx context.Context, set odb.ChangeSet) (odb.Revision, error) {
	op, key := "apply change set", ""
	if len(set.Changes) == 1 {
		op, key = string(set.Changes[0].Op), set.Changes[0].Key()
	}
	changes, err := check(set)
	if err != nil {
		return odb.Revision{}, db.dialect.typed(ctx, op, key, err)
	}
	var rev odb.Revision
	err = db.revise(ctx, op, key, func(t *tx) error {
		a := applier{tx: t, edits: map[string]*edit{}, final: map[string]string{}, found: map[string]string{}}
		a.faults.many = len(changes) > 1
		rev, err = a.apply(set, changes)
		return err
	})
	if err != nil {
		return odb.Revision{}, err
	}
	return rev, nil
}

// row is a definition before or after the change set.
type row struct {
	id, kind, name string
	version, rev   int64
	spec           json.RawMessage
}

func (r *row) key() string { return r.kind + "/" + r.name }

// edit is what a change set does to one definition.
type edit struct {
	op     odb.Op
	before *row // nil for a create
	after  *row // nil for a delete
	spec   odb.Spec
	kept   bool // the spec is as it was, but for references to what is renamed
}

// applier works one change set out. It reads all it needs, decides, and only
// then writes, so that the order of changes in the set never matters.
type applier struct {
	*tx
	rev    int64
	now    int64
	hash   string            // of the revision before
	order  []*edit           // as in the change set, then rewritten referrers
	edits  map[string]*edit  // by id
	final  map[string]string // kind/name after the set to id, of all edits
	found  map[string]string // kind/name before the set to id; "" for none
	refs   []reference
	moves  []move
	claims []claim
	faults faultList
}

func (a *applier) apply(set odb.ChangeSet, changes []wanted) (odb.Revision, error) {
	if err := a.begin(); err != nil {
		return odb.Revision{}, err
	}
	for _, c := range changes {
		if err := a.find(c); err != nil {
			return odb.Revision{}, err
		}
	}
	for _, step := range []func() error{
		a.checkNames, a.follow, a.resolve, a.checkDeletes, a.checkClaims, a.store,
	} {
		if err := step(); err != nil {
			return odb.Revision{}, err
		}
	}
	return a.record(set)
}

// begin takes the next revision. It comes first in every transaction that
// changes definitions: its row is what puts their writers in line.
func (a *applier) begin() error {
	n, err := a.run(bumpRevision)
	if err != nil {
		return fmt.Errorf("take revision: %w", err)
	}
	if n == 0 {
		return a.closedFault()
	}
	var hash *string
	if err := a.one(takenRevision, nil, &a.rev, &a.now, &hash); err != nil {
		return err
	}
	a.hash = text(hash)
	return nil
}

// find looks up what a change is about and checks that it may be made.
func (a *applier) find(c wanted) error {
	before, err := a.present(c.Kind, c.Name)
	if err != nil {
		return err
	}
	e := &edit{op: c.Op, before: before, spec: c.spec}
	if c.Op == odb.Create {
		return a.create(c, e)
	}
	if before == nil {
		return a.refuse(odb.NotFound, c.Change, "there is no %s %q", c.Kind, c.Name)
	}
	if a.edits[before.id] != nil {
		return a.refuse(odb.Invalid, c.Change, "the set changes it twice")
	}
	if before.version != c.Base {
		return a.stale(c.Change, before)
	}
	if c.Op != odb.Delete {
		after := *before
		after.version, after.rev = before.version+1, a.rev
		if c.Op == odb.Rename {
			after.name = c.NewName
		}
		if c.spec == nil {
			e.kept = true
		} else {
			after.spec = c.doc
		}
		e.after = &after
	}
	a.add(before.id, e)
	return nil
}

// create makes the row of a new definition. What is at its name now is only
// looked at when all changes are known: it may be on its way out.
func (a *applier) create(c wanted, e *edit) error {
	e.before = nil
	version := int64(1)
	if c.ID == "" {
		c.ID = odb.NewID()
	} else {
		var kind, name string
		var skip any
		there, err := a.has(readDefinition, []any{c.ID}, &kind, &name, &skip, &skip, &skip)
		if err != nil {
			return err
		}
		if there || a.edits[c.ID] != nil {
			return a.refuse(odb.Conflict, c.Change, "the id %s is that of %s %q", c.ID, kind, name)
		}
		// Versions go on where they stopped, so that a base version from before
		// the delete does not fit by chance.
		var last *int64
		if err := a.one(lastVersion, []any{c.ID}, &last); err != nil {
			return err
		}
		if last != nil {
			version = *last + 1
		}
	}
	e.after = &row{id: c.ID, kind: c.Kind, name: c.Name, version: version, rev: a.rev, spec: c.doc}
	a.add(c.ID, e)
	return nil
}

func (a *applier) add(id string, e *edit) {
	a.edits[id] = e
	a.order = append(a.order, e)
}

// present reads a definition as it is before the set; nil when there is none.
func (a *applier) present(kind, name string) (*row, error) {
	r := row{kind: kind, name: name}
	ok, err := a.has(findDefinition, []any{kind, name}, &r.id, &r.version, &r.rev, (*[]byte)(&r.spec))
	if err != nil || !ok {
		return nil, err
	}
	a.found[r.key()] = r.id
	return &r, nil
}

// refuse is an error about one change.
func (a *applier) refuse(kind odb.ErrorKind, c odb.Change, format string, args ...any) error {
	return odb.Errorf(kind, string(c.Op), c.Key(), format, args...)
}

// stale says who changed a definition since the version that a change is based on.
func (a *applier) stale(c odb.Change, r *row) error {
	return a.refuse(odb.Conflict, c, "it is at version %d, %s; this %s is based on version %d",
		r.version, a.whoChanged(r.rev), c.Op, c.Base)
}

// whoChanged tells who made a revision, where from and when.
func (a *applier) whoChanged(rev int64) string {
	var actor, source *string
	var at int64
	if err := a.one(readChangeSet, []any{rev}, &actor, &source, &at); err != nil {
		return fmt.Sprintf("changed in revision %d", rev)
	}
	who := ""
	if actor != nil {
		who = " by " + *actor
	}
	if source != nil {
		who += " (" + *source + ")"
	}
	return fmt.Sprintf("changed%s at %s in revision %d", who, instant(at).Format(time.RFC3339), rev)
}

// instant turns a database's time into ours.
func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }
