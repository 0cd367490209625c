package sqldb

import (
	"errors"

	"signalbox.internal/odb"
)

// Rows of odb_meta that say what a database is in a copy, see [ownMarks].
const (
	markFrozen   = "frozen"   // nothing is written while a copy ends
	markArriving = "arriving" // a copy fills it; it is not in use yet
	markMoved    = "moved"    // its content is somewhere else now
)

// alone puts this transaction in line with all others that change definitions.
func (t *tx) alone() error {
	n, err := t.run(lockRevision)
	if err == nil && n == 0 {
		return &odb.Error{Kind: odb.Unavailable, Err: errors.New("the database takes no changes now")}
	}
	return err
}
