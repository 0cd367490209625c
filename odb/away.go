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
