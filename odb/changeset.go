package odb

import (
	"encoding/json"
	"time"
)

// Op is what a change does to a definition.
type Op string

// The operations of a change.
const (
	Create Op = "create"
	Update Op = "update"
	Rename Op = "rename" // changes the name and may change the spec too
	Delete Op = "delete"
)

// Change is one create, update, rename or delete of a definition.
type Change struct {
	Op      Op              `json:"op"`
	Kind    string          `json:"kind"`
	Name    string          `json:"name"`               // the name before the change; of a create, the new one
	NewName string          `json:"new_name,omitempty"` // of a rename
	ID      string          `json:"id,omitempty"`       // of a create that brings a deleted definition back: its id; its versions go on
	Spec    json.RawMessage `json:"spec,omitempty"`     // canonical; of a rename nil keeps the spec
	Base    int64           `json:"base,omitempty"`     // version that the change is based on; 0 only for a create
}

// Key returns "kind/name".
func (c Change) Key() string { return c.Kind + "/" + c.Name }

// Actor says who changes something and from where.
type Actor struct {
	Name   string `json:"name"`   // account, or "node <name>" for the product itself
	Source string `json:"source"` // "cli", "api", "desktop", "browser", "deploy folder", "node start"
	Addr   string `json:"addr"`   // the caller's address; empty on the node's own box
}

// ChangeSet is one atomic set of changes; it makes one revision or nothing.
type ChangeSet struct {
	Actor   Actor    `json:"actor"`
	Reason  string   `json:"reason"` // why, in the actor's words
	Changes []Change `json:"changes"`
}

// LogEntry is one change as the change log keeps it for ever: with the whole
// state before and after.
type LogEntry struct {
	Revision int64           `json:"revision"`
	Seq      int             `json:"seq"` // order within the revision, from 0
	Op       Op              `json:"op"`
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`               // after the change; of a delete, before it
	OldName  string          `json:"old_name,omitempty"` // of a rename
	Version  int64           `json:"version"`            // after the change; of a delete, the last one
	Before   json.RawMessage `json:"before,omitempty"`   // spec before; nil for a create
	After    json.RawMessage `json:"after,omitempty"`    // spec after; nil for a delete
	At       time.Time       `json:"at"`
}

// Revision describes one committed change set.
type Revision struct {
	Revision int64      `json:"revision"`
	At       time.Time  `json:"at"` // the database's clock
	Actor    Actor      `json:"actor"`
	Reason   string     `json:"reason,omitempty"`
	Changes  []LogEntry `json:"changes"`
	Hash     string     `json:"hash,omitempty"` // of it and of the revision before it, see [ChainHash]; empty when made before the ODB kept hashes
}
