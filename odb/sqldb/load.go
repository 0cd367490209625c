package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"math"

	"signalbox.internal/odb"
)

// Revision returns the newest revision; 0 for an empty ODB. Of one that was moved
// it says so, by an [odb.Moved], because whoever asks wants to know what is in
// force; its other content can be read on.
func (db *DB) Revision(ctx context.Context) (int64, error) {
	var rev, id int64
	err := db.glance(ctx, pollRevision, nil, &rev, &id)
	if err == nil && id > int64(modeFrozen)+1 {
		if err = db.Marked(ctx); err != nil {
			return 0, err
		}
	}
	return rev, db.dialect.typed(ctx, "read revision", "", err)
}

// Load returns every definition at the newest revision. With an Invalid error
// about definitions that this program cannot read it returns the snapshot too,
// in which those have no decoded spec.
func (db *DB) Load(ctx context.Context) (*odb.Snapshot, error) {
	var rev int64
	var defs []odb.Definition
	err := db.look(ctx, "load definitions", "", func(t *tx) error {
		if err := t.one(newestRevision, nil, &rev); err != nil {
			return err
		}
		var err error
		defs, err = t.definitions(allDefinitions)
		return err
	})
	if err != nil {
		return nil, err
	}
	return odb.NewSnapshot(rev, defs)
}

// StateAt returns every definition as of a revision, with the same error as
// Load; NotFound beyond the newest.
func (db *DB) StateAt(ctx context.Context, revision int64) (*odb.Snapshot, error) {
	var defs []odb.Definition
	err := db.look(ctx, "load state", "", func(t *tx) error {
		var newest int64
		if err := t.one(newestRevision, nil, &newest); err != nil {
			return err
		}
		if revision < 0 || revision > newest {
			return odb.Errorf(odb.NotFound, "load state", "", "there is no revision %d; the newest is %d", revision, newest)
		}
		var err error
		defs, err = t.definitions(definitionsAt, revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	return odb.NewSnapshot(revision, defs)
}

func (t *tx) definitions(s statement, args ...any) ([]odb.Definition, error) {
	var defs []odb.Definition
	err := t.each(s, args, func(rows *sql.Rows) error {
		var d odb.Definition
		var at int64
		err := rows.Scan(&d.ID, &d.Kind, &d.Name, &d.Version, &d.Revision, &at, (*[]byte)(&d.Spec))
		d.Updated = instant(at)
		defs = append(defs, d)
		return err
	})
	return defs, err
}

// maxHistory bounds one answer of History.
const maxHistory = 1000

// History returns revisions, newest or oldest first, at most 1,000 at a time.
func (db *DB) History(ctx context.Context, q odb.HistoryQuery) ([]odb.Revision, error) {
	limit := min(cmp.Or(max(q.Limit, 0), 100), maxHistory)
	args := []any{cmp.Or(max(q.Before, 0), math.MaxInt64), q.After}
	query := historyAll
	name := odb.CleanName(q.Name)
	switch {
	case q.Kind != "" && name != "":
		query, args = historyOfDefinition, append(args, q.Kind, name)
	case q.Kind != "":
		query, args = historyOfKind, append(args, q.Kind)
	case name != "":
		query, args = historyOfName, append(args, name)
	}
	whole := query == historyAll
	if q.Oldest {
		query += oldestAll - historyAll
	}
	var revs []odb.Revision
	err := db.look(ctx, "read history", "", func(t *tx) error {
		var err error
		if revs, err = t.revisions(query, append(args, limit)); err != nil || len(revs) == 0 {
			return err
		}
		if whole { // all that is between the first and the last
			first, last := revs[0].Revision, revs[len(revs)-1].Revision
			return t.changes(revs, changesBetween, min(first, last), max(first, last))
		}
		for i := range revs {
			if err := t.changes(revs[i:i+1], changesOf, revs[i].Revision); err != nil {
				return err
			}
		}
		return nil
	})
	return revs, err
}

func (t *tx) revisions(s statement, args []any) ([]odb.Revision, error) {
	var revs []odb.Revision
	err := t.each(s, args, func(rows *sql.Rows) error {
		var r odb.Revision
		var actor, source, addr, reason, hash *string
		var at int64
		err := rows.Scan(&r.Revision, &actor, &source, &addr, &reason, &at, &hash)
		r.Actor = odb.Actor{Name: text(actor), Source: text(source), Addr: text(addr)}
		r.Reason, r.At, r.Hash = text(reason), instant(at), text(hash)
		revs = append(revs, r)
		return err
	})
	return revs, err
}

// changes reads changes of the revisions into them.
func (t *tx) changes(revs []odb.Revision, s statement, args ...any) error {
	at := make(map[int64]*odb.Revision, len(revs))
	for i := range revs {
		at[revs[i].Revision] = &revs[i]
	}
	return t.each(s, args, func(rows *sql.Rows) error {
		var l odb.LogEntry
		var old *string
		err := rows.Scan(&l.Revision, &l.Seq, (*string)(&l.Op), &l.ID, &l.Kind, &l.Name, &old, &l.Version,
			(*[]byte)(&l.Before), (*[]byte)(&l.After))
		if err != nil {
			return err
		}
		l.OldName = text(old)
		if r := at[l.Revision]; r != nil { // without its change set there is a hole, which odb.Chain finds
			l.At = r.At
			r.Changes = append(r.Changes, l)
		}
		return nil
	})
}
