package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"signalbox.internal/odb"
)

// Rows of odb_meta that say what a database is in a copy, see [ownMarks].
const (
	markFrozen   = "frozen"   // nothing is written while a copy runs; at_us is when that ends by itself
	markArriving = "arriving" // a copy has filled it; it is not in use yet
	markMoved    = "moved"    // its content is somewhere else now
	metaID       = "odb_id"   // which ODB this is, wherever it is; made by its first copy
)

// mode is whether a database takes changes. It is in the ids of the two rows of
// odb_revision: the counter's, which writers of definitions take, and the gate's,
// which all others look at. So a writer finds a closed database by the statement
// that puts it in line anyway, and who closes it waits for those at work.
type mode int64

// The modes; the counter's id is the mode + 1, the gate's the mode + 2.
const (
	modeOpen     mode = 0
	modeFrozen   mode = 10
	modeArriving mode = 20
	modeMoved    mode = 30
)

// mark is the value of a mark.
type mark struct {
	Copy string `json:"copy"`          // id of the copy
	ODB  string `json:"odb,omitempty"` // which ODB arrives
	To   string `json:"to,omitempty"`
	DSN  string `json:"dsn,omitempty"`
	By   string `json:"by,omitempty"`

	at, now int64 // the row's time and the database's clock
}

// alone waits for all who write to the database, and keeps others out until the
// transaction ends: changing a key, even back, excludes the gate's readers.
func (t *tx) alone() error {
	open, err := t.turn(modeOpen, modeFrozen)
	if err == nil && !open {
		return t.closedFault()
	}
	if err == nil {
		_, err = t.turn(modeFrozen, modeOpen)
	}
	return err
}

// gate keeps the database from being closed until the transaction ends.
func (t *tx) gate() error {
	if err := t.lock(shareGate); err != nil {
		return err
	}
	var id int64
	open, err := t.has(readGate, nil, &id)
	if err != nil || open {
		return err
	}
	return t.closedFault()
}

// errOverdue says that a database is frozen by somebody who has gone.
var errOverdue = errors.New("the database is frozen by a copy that has gone")

// closedFault says why the database takes no changes.
func (t *tx) closedFault() error {
	for _, name := range ownMarks() {
		m, there, err := t.readMark(name)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if name == markFrozen && m.now > m.at {
			return errOverdue
		}
		return &odb.Error{Kind: odb.Unavailable, Err: m.cause(name)}
	}
	return &odb.Error{Kind: odb.Unavailable, Err: errReopened}
}

// errReopened is what a writer finds that was late by a moment.
var errReopened = errors.New("the database was closed for changes and is open again; try again")

func (m *mark) cause(name string) error {
	if name == markMoved {
		return &odb.Moved{To: m.To, DSN: m.DSN, Copy: m.Copy, By: m.By, At: instant(m.at)}
	}
	return &odb.Frozen{To: m.To, By: m.By}
}

func (t *tx) readMark(name string) (m mark, there bool, err error) {
	var text []byte
	there, err = t.has(readMeta, []any{name}, &text, &m.at, &m.now)
	if err == nil && there {
		if err = json.Unmarshal(text, &m); err != nil {
			err = fmt.Errorf("read mark %s: %w", name, err)
		}
	}
	return m, there, err
}

// writeMark puts a mark in the place of one of the same name, valid for ttl.
func (t *tx) writeMark(name string, m mark, ttl time.Duration) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := t.run(deleteMeta, name); err != nil {
		return err
	}
	_, err = t.run(insertMeta, name, t.d.long(string(text)), ttl.Microseconds())
	return err
}

// turn changes the mode and reports whether it was from. The gate comes first, as
// it does for writers that take both rows.
func (t *tx) turn(from, to mode) (bool, error) {
	if err := t.lock(closeGate); err != nil {
		return false, err
	}
	for _, row := range []mode{2, 1} {
		n, err := t.run(moveRevision, int64(to+row), int64(from+row))
		if err != nil || n == 0 {
			return false, err
		}
	}
	return true, nil
}

// odbID returns which ODB this is; makes it one when it is not known yet.
func (t *tx) odbID() (string, error) {
	var id string
	var skip int64
	there, err := t.has(readMeta, []any{metaID}, &id, &skip, &skip)
	if err != nil || there {
		return id, err
	}
	id = odb.NewID()
	_, err = t.run(insertMeta, metaID, t.d.long(id), int64(0))
	return id, err
}

// usualPatience is how long a write waits while a copy runs.
const usualPatience = 5 * time.Second

// admitted runs a transaction until it is let in: a database that is frozen for a
// copy opens again soon, and is opened here when the copy has gone.
func (db *DB) admitted(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(db.patience)
	for attempt := 1; ; attempt++ {
		err := try()
		overdue := errors.Is(err, errOverdue)
		if overdue {
			if terr := db.thaw(ctx, ""); terr != nil {
				return terr
			}
		}
		_, frozen := errors.AsType[*odb.Frozen](err)
		if !overdue && !frozen && !errors.Is(err, errReopened) || time.Now().After(deadline) || pause(ctx, min(attempt, 10)) != nil {
			return err
		}
	}
}

// Marked returns how a database that takes no changes is marked: an error whose
// cause is an [odb.Moved] or an [odb.Frozen]; nil while it is open.
func (db *DB) Marked(ctx context.Context) error {
	return db.look(ctx, "look at ODB", db.where, func(t *tx) error {
		var rev, id int64
		if err := t.one(pollRevision, nil, &rev, &id); err != nil || id == int64(modeOpen)+1 {
			return err
		}
		if err := t.closedFault(); !errors.Is(err, errOverdue) {
			return err
		}
		return nil
	})
}
