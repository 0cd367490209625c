package odb

// Problem says that a node could not put a definition into force, and why. It
// is a state, not an event: it lasts until an Apply succeeds.
type Problem struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}
