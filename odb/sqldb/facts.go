package sqldb

import (
	"context"
	"regexp"
	"slices"

	"signalbox.internal/odb"
)

// maxMark is the longest value of a mark, in characters.
const maxMark = 4000

var markName = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)

// Mark returns the mark of a name; NotFound when it was never set.
func (db *DB) Mark(ctx context.Context, name string) (odb.Mark, error) {
	const op = "read mark"
	var m odb.Mark
	if slices.Contains(ownMarks(), name) {
		return m, odb.Errorf(odb.NotFound, op, name, "it was never set")
	}
	err := db.look(ctx, op, name, func(t *tx) error {
		var at int64
		there, err := t.has(readMark, []any{name}, &m.Value, &at)
		if err == nil && !there {
			err = odb.Errorf(odb.NotFound, op, name, "it was never set")
		}
		m.At = instant(at)
		return err
	})
	if err != nil {
		return odb.Mark{}, err
	}
	return m, nil
}

// SetMark sets the mark of a name. The database's own marks are not to be set so.
func (db *DB) SetMark(ctx context.Context, name, value string) error {
	const op = "set mark"
	var faults odb.Faults
	if !markName.MatchString(name) || slices.Contains(ownMarks(), name) {
		faults.Add("/name", "is %.60q; another of at most 60 lower-case letters, digits and _ is needed", name)
	}
	if msg := textFault(value, maxMark); msg != "" {
		faults.Add("/value", "%s", msg)
	}
	if value == "" {
		faults.Add("/value", "is empty")
	}
	if err := faults.Err(op, name); err != nil {
		return err
	}
	return db.change(ctx, op, name, func(t *tx) error {
		n, err := t.run(updateMark, t.d.long(value), name)
		if err == nil && n == 0 {
			_, err = t.run(insertMark, name, t.d.long(value))
		}
		return err
	})
}
