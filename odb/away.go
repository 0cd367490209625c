package odb

import (
	"fmt"
	"time"
)

// Away is the cause of an Unavailable [Error] that came before anything was
// tried: the ODB is known to be away, so the outcome is known too, nothing was done.
type Away struct {
	Since time.Time // by the clock of the node
	Err   error     // why; it may name hosts, and is for logs and administrators
}

// Error says since when and why.
func (a *Away) Error() string {
	return fmt.Sprintf("the ODB is away since %s: %v", a.Since.UTC().Format(time.RFC3339), a.Err)
}

// Unwrap returns why.
func (a *Away) Unwrap() error { return a.Err }

// Behind says that an ODB is older than what a node has served from it: it was
// restored from an older copy, emptied, or its file is not there any more.
type Behind struct {
	Known   int64  // the newest revision that the node knows of
	At      int64  // the revision that the ODB is at
	Missing string // the database's file, when that is what is missing
}

// Error says what is so and what can be done.
func (b *Behind) Error() string {
	what := fmt.Sprintf("the ODB is at revision %d, behind revision %d that this node has served", b.At, b.Known)
	if b.Missing != "" {
		what = fmt.Sprintf("the database file %s is missing or empty, though this node has served revision %d", b.Missing, b.Known)
	}
	return what + `; put the newer database back, or take it as it is with "signalbox odb accept"`
}
