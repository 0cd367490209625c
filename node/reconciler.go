package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"signalbox.internal/odb"
)

// pollEvery is how often the ODB is asked for its revision; hints come sooner.
const pollEvery = time.Second

// manager is a part of the node that follows the configuration. Apply is
// level-triggered and idempotent; what cannot be put into force is reported and
// does not stop the rest.
type manager interface {
	Apply(ctx context.Context, snap *odb.Snapshot) []odb.Problem
}

// reconciler makes the managers follow the ODB: it polls the revision, loads the
// next snapshot and hands it to each of them in order.
type reconciler struct {
	store    odb.Definitions
	managers []manager
	log      *slog.Logger
	// onAdvance is told of each new state; nil tells nobody. Set before Run.
	onAdvance func(revision int64, problems []odb.Problem, problemsChanged bool)
	kick      chan struct{} // a hint: look now

	mu       sync.Mutex
	snap     *odb.Snapshot
	problems []odb.Problem
	advanced chan struct{} // closed and replaced with each new snapshot
	lastErr  error         // of the last look at the ODB; nil while it is up
	since    time.Time     // when the ODB came up or went down
}

func newReconciler(store odb.Definitions, log *slog.Logger, managers ...manager) (*reconciler, error) {
	empty, err := odb.NewSnapshot(0, nil)
	if err != nil {
		return nil, err
	}
	return &reconciler{
		store: store, managers: managers, log: log.With("component", "reconciler"),
		kick: make(chan struct{}, 1), snap: empty, advanced: make(chan struct{}),
	}, nil
}

// Run follows the ODB until ctx ends. While the ODB is away the node keeps its
// last good configuration.
func (r *reconciler) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.kick:
		}
		if err := r.step(ctx); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "configuration cannot be read; the last good one stays in force", "error", err)
		}
	}
}

// step brings the node to the newest revision.
func (r *reconciler) step(ctx context.Context) error {
	err := r.advance(ctx)
	r.mu.Lock()
	if (err == nil) != (r.lastErr == nil) || r.since.IsZero() {
		r.since = time.Now()
	}
	r.lastErr = err
	r.mu.Unlock()
	return err
}

// odbHealth returns since when the ODB is up, or down with the reason.
func (r *reconciler) odbHealth() (since time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since, r.lastErr
}

func (r *reconciler) advance(ctx context.Context) error {
	rev, err := r.store.Revision(ctx)
	if err != nil {
		return err
	}
	if rev == r.Snapshot().Revision() && rev != 0 && !r.retryDue() {
		return nil
	}
	snap, err := r.store.Load(ctx)
	problems, err := unreadable(snap, err)
	if err != nil {
		return err
	}
	for _, m := range r.managers {
		problems = append(problems, m.Apply(ctx, snap)...)
	}
	if ctx.Err() != nil {
		return ctx.Err() // cut short: what was reported is not what is so
	}
	r.publish(ctx, snap, problems)
	return nil
}

// unreadable makes problems of the definitions that this program cannot read,
// written by a newer one perhaps: the others are put into force all the same.
func unreadable(snap *odb.Snapshot, err error) ([]odb.Problem, error) {
	e, ok := errors.AsType[*odb.Error](err)
	if snap == nil || !ok || e.Kind != odb.Invalid {
		return nil, err
	}
	var problems []odb.Problem
	for _, f := range e.Faults {
		problems = append(problems, odb.Problem{Reason: f.Message})
	}
	return problems, nil
}

// retryDue reports whether a definition waits for being tried again.
func (r *reconciler) retryDue() bool { return len(r.Problems()) > 0 }

func (r *reconciler) publish(ctx context.Context, snap *odb.Snapshot, problems []odb.Problem) {
	r.mu.Lock()
	changed := !slices.Equal(problems, r.problems)
	if r.onAdvance != nil && (changed || snap.Revision() != r.snap.Revision()) {
		defer r.onAdvance(snap.Revision(), problems, changed) // after the lock is free
	}
	defer r.mu.Unlock()
	if snap.Revision() != r.snap.Revision() {
		r.log.InfoContext(ctx, "configuration in force", "revision", snap.Revision(), "definitions", snap.Len(), "problems", len(problems))
		for _, p := range problems {
			r.log.WarnContext(ctx, "definition cannot be applied", "kind", p.Kind, "name", p.Name, "reason", p.Reason)
		}
	}
	r.snap, r.problems = snap, problems
	close(r.advanced)
	r.advanced = make(chan struct{})
}

// Snapshot returns the configuration in force.
func (r *reconciler) Snapshot() *odb.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snap
}

// Problems returns what could not be put into force.
func (r *reconciler) Problems() []odb.Problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problems
}

// Changed hints at a new revision and returns when it is in force.
func (r *reconciler) Changed(ctx context.Context, revision int64) error {
	for {
		r.mu.Lock()
		snap, advanced, lastErr := r.snap, r.advanced, r.lastErr
		r.mu.Unlock()
		if snap.Revision() >= revision {
			return nil
		}
		select {
		case r.kick <- struct{}{}:
		default: // a hint waits already
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("wait for revision %d, now at %d: %w (last error: %v)", revision, snap.Revision(), ctx.Err(), lastErr) //nolint:errorlint // the second is for reading only
		}
	}
}
