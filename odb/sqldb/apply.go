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
	err = db.revise(db.opening(ctx, bumpRevision), op, key, func(t *tx) error {
		rev, err = newApplier(t, len(changes) > 1).apply(set, changes)
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
	kept   bool  // the spec is as it was, but for references to what is renamed
	was    links // of the spec before
	wipe   bool  // was is not known, or of no use: all rows of its links go
}

// links is what a spec has in other tables: a row of odb_ref for each reference
// and one of odb_claim for each claim. The rows are always those of the stored
// spec, whatever was applied; so only those that change are touched.
type links struct {
	refs   []odb.Ref
	claims []string
}

func claimsOf(spec odb.Spec) []string {
	if c, ok := spec.(odb.Claimer); ok {
		return c.Claims()
	}
	return nil
}

// applier works one change set out. It reads all it needs, decides, and only
// then writes, so that the order of changes in the set never matters. Whatever
// can be asked for at once is: a change costs its round trips.
type applier struct {
	*tx
	rev    int64
	now    int64
	hash   string            // of the revision before
	order  []*edit           // as in the change set, then rewritten referrers
	edits  map[string]*edit  // by id
	held   map[string]string // kind/name before the set to id, of all edits
	final  map[string]string // kind/name after the set to id, of all edits
	rows   map[string]*row   // what was read, by kind/name before the set; nil for none
	ids    map[string]string // the same of what was only asked for its id; "" for none
	plan   linkPlan
	moves  []move
	faults faultList
}

func newApplier(t *tx, many bool) *applier {
	return &applier{
		tx: t, edits: map[string]*edit{}, held: map[string]string{}, final: map[string]string{},
		rows: map[string]*row{}, ids: map[string]string{}, faults: faultList{many: many},
	}
}

func (a *applier) apply(set odb.ChangeSet, changes []wanted) (odb.Revision, error) {
	if err := a.begin(changes); err != nil {
		return odb.Revision{}, err
	}
	for _, c := range changes {
		if err := a.find(c); err != nil {
			return odb.Revision{}, err
		}
	}
	for _, step := range []func() error{
		a.checkNames, a.follow, a.resolve, a.checkDeletes, a.checkClaims,
	} {
		if err := step(); err != nil {
			return odb.Revision{}, err
		}
	}
	a.store()
	return a.record(set)
}

// find makes the edit of a change and checks that it may be made.
func (a *applier) find(c wanted) error {
	e := &edit{op: c.Op, spec: c.spec}
	if c.Op == odb.Create {
		return a.create(c, e)
	}
	before := a.rows[c.Key()]
	if before == nil {
		return a.refuse(odb.NotFound, c.Change, "there is no %s %q", c.Kind, c.Name)
	}
	if a.edits[before.id] != nil {
		return a.refuse(odb.Invalid, c.Change, "the set changes it twice")
	}
	if before.version != c.Base {
		return a.stale(c.Change, before)
	}
	e.before = before
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

// add takes an edit in and notes what its spec before is linked with.
func (a *applier) add(id string, e *edit) {
	a.edits[id] = e
	a.order = append(a.order, e)
	if e.before == nil {
		return
	}
	a.held[e.before.key()] = id
	spec, err := odb.Decode(e.before.kind, e.before.spec)
	if e.wipe = err != nil || e.after == nil; !e.wipe {
		e.was = links{refs: odb.Refs(spec), claims: claimsOf(spec)}
	}
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
