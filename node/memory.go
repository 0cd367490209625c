package node

import "runtime/debug"

// gcPercent lets the heap grow to nine times what is live between collections.
// A node's live heap is some ten megabytes and most of its memory is outside the
// Go heap (SQLite, the machines of services), so the usual 100 costs a third more
// processor time to save a few megabytes. GOMEMLIMIT bounds it on a small box.
const gcPercent = 800

// TuneMemory sets the garbage collector of this process for a node. Programs
// that run a node call it once, unless the user has set GOGC; tests do not.
func TuneMemory() { debug.SetGCPercent(gcPercent) }

// collectStartGarbage gives the memory that the start used back to the system.
func collectStartGarbage() { debug.FreeOSMemory() }
