package odb

import (
	"context"
	"time"
)

// Mark is something that a cluster remembers about itself.
type Mark struct {
	Value string    `json:"value"`
	At    time.Time `json:"at"` // when it was set, by the database's clock
}

// Marks keeps a few facts about the cluster that are no configuration, such as
// when it was backed up last. They have no history.
type Marks interface {
	// Mark returns the mark of a name; NotFound when it was never set.
	Mark(ctx context.Context, name string) (Mark, error)
	// SetMark sets the mark of a name (lower-case letters, digits and _, at most 60)
	// to a text that is not empty and has at most 4,000 characters; else it is Invalid.
	SetMark(ctx context.Context, name, value string) error
}
