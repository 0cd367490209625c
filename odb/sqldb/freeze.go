package sqldb

import (
	"cmp"
	"context"
	"errors"
	"time"

	"signalbox.internal/odb"
)

// usualFreeze is when a freeze ends by itself, by the database's clock, unless its
// copy renews it.
const usualFreeze = 15 * time.Second

// freeze closes the database for changes on behalf of a copy and returns when no
// change is at work any more, with the id of the ODB.
func (db *DB) freeze(ctx context.Context, m mark) (id string, err error) {
	err = db.revise(ctx, "freeze ODB", db.where, func(t *tx) error {
		if ok, err := t.turn(modeOpen, modeFrozen); err != nil || !ok {
			return cmp.Or(err, t.closedFault())
		}
		if id, err = t.odbID(); err != nil {
			return err
		}
		return t.writeMark(markFrozen, m, db.freezeFor)
	})
	return id, err
}

// mine checks, in a transaction that has the counter's row, that the database is
// still frozen by the copy.
func (t *tx) mine(ok bool, copyID string) (mark, error) {
	m, there, err := t.readMark(markFrozen)
	switch {
	case err != nil:
		return m, err
	case !ok || !there || m.Copy != copyID:
		return m, &odb.Error{Kind: odb.Conflict, Err: errors.New(
			"the freeze was lost: it was not renewed in time, and the database takes changes again")}
	}
	return m, nil
}

// renew makes the freeze of a copy last on.
func (db *DB) renew(ctx context.Context, copyID string) error {
	return db.ungated(ctx, "renew freeze", func(t *tx) error {
		ok, err := t.turn(modeFrozen, modeFrozen)
		if err != nil {
			return err
		}
		m, err := t.mine(ok, copyID)
		if err != nil {
			return err
		}
		return t.writeMark(markFrozen, m, db.freezeFor)
	})
}

// thaw opens a frozen database again: that of a copy, or, when copyID is empty,
// one whose freeze has ended. Any other stays as it is.
func (db *DB) thaw(ctx context.Context, copyID string) error {
	return db.ungated(ctx, "thaw ODB", func(t *tx) error {
		// First, so that a copy that becomes valid now is waited for.
		if ok, err := t.turn(modeFrozen, modeFrozen); err != nil || !ok {
			return err
		}
		m, there, err := t.readMark(markFrozen)
		if err != nil || there && m.Copy != copyID && (copyID != "" || m.now <= m.at) {
			return err
		}
		if _, err := t.turn(modeFrozen, modeOpen); err != nil {
			return err
		}
		_, err = t.run(deleteMeta, markFrozen)
		return err
	})
}

// moved marks a frozen database as moved, for good: the moment at which the copy
// counts.
func (db *DB) moved(ctx context.Context, m mark) error {
	return db.ungated(ctx, "mark ODB as moved", func(t *tx) error {
		ok, err := t.turn(modeFrozen, modeMoved)
		if err != nil {
			return err
		}
		if _, err := t.mine(ok, m.Copy); err != nil {
			return err
		}
		if _, err := t.run(deleteMeta, markFrozen); err != nil {
			return err
		}
		return t.writeMark(markMoved, m, 0)
	})
}

// Arrive puts a database into use that the copy of this id has filled; when it is
// in use already it does nothing. Whoever follows an [odb.Moved] calls it.
func (db *DB) Arrive(ctx context.Context, copyID string) error {
	return db.ungated(ctx, "put ODB into use", func(t *tx) error {
		m, there, err := t.readMark(markArriving)
		switch {
		case err != nil || !there:
			return err
		case m.Copy != copyID:
			return odb.Errorf(odb.Conflict, "put ODB into use", db.where, "it was filled by another copy (by %s)", m.By)
		}
		if ok, err := t.turn(modeArriving, modeOpen); err != nil || !ok {
			return err // another was faster
		}
		_, err = t.run(deleteMeta, markArriving)
		return err
	})
}

// Reopen makes a database that was moved away take changes again, as it was then.
// What was changed since, where it went to, is not in it.
func (db *DB) Reopen(ctx context.Context) error {
	return db.ungated(ctx, "reopen ODB", func(t *tx) error {
		ok, err := t.turn(modeMoved, modeOpen)
		if err == nil && !ok {
			err = &odb.Error{Kind: odb.Conflict, Err: errors.New("it was not moved away")}
		}
		if err != nil {
			return err
		}
		_, err = t.run(deleteMeta, markMoved)
		return err
	})
}
