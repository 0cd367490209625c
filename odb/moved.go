package odb

import (
	"fmt"
	"time"
)

// Moved is the cause of an Unavailable [Error]: the ODB is in another database
// now, and nothing was done. Whoever follows finds it there.
type Moved struct {
	To   string    `json:"to"`   // where, for people, without credentials
	DSN  string    `json:"dsn"`  // how to open it; sealed by whoever moved it
	Copy string    `json:"copy"` // which copy moved it
	By   string    `json:"by"`   // who asked for it
	At   time.Time `json:"at"`   // the old database's clock
}

// Error says where the ODB is.
func (m *Moved) Error() string {
	return fmt.Sprintf("the ODB has moved to %s at %s (by %s); nothing is written here any more", m.To, m.At.UTC().Format(time.RFC3339), m.By)
}

// Frozen is the cause of an Unavailable [Error]: nothing may be written for a
// moment, and nothing was done; it may be tried again.
type Frozen struct {
	To string // where the ODB is being copied to, for people; empty: this database is the one that is filled
	By string // who asked for it
}

// Error says what is going on.
func (f *Frozen) Error() string {
	if f.To == "" {
		return fmt.Sprintf("a copy (by %s) has filled this database, and it is not in use yet", f.By)
	}
	return fmt.Sprintf("the ODB is being copied to %s (by %s); nothing was done, try again in a few seconds", f.To, f.By)
}
