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

// pollTimeout is how long the ODB may take to tell its revision; then it is away.
const pollTimeout = 10 * time.Second

// loadTimeout is how long the ODB may take to tell all definitions.
const loadTimeout = time.Minute

// manager is a part of the node that follows the configuration. Apply is
// level-triggered and idempotent; what cannot be put into force is reported and
// does not stop the rest.
type manager interface {
	Apply(ctx context.Context, snap *odb.Snapshot) []odb.Problem
}

// reconciler makes the managers follow the ODB: it polls the revision, loads the
// next snapshot and hands it to each of them in order.
type reconciler struct {
	link     *odbLink
	managers []manager
	log      *slog.Logger
	// prepare is called once, when the ODB is there and before its configuration
	// is loaded; again after an error. nil does nothing. Set before Run.
	prepare func(ctx context.Context) error
	// onRead is told of each configuration that is in force and was read from the ODB
	// whole; nil tells nobody. Set before Run.
	onRead func(snap *odb.Snapshot)
	// prime is told of each configuration that was read and is about to be put into
	// force, and may make a little time for that; nil tells nobody. Set before Run.
	prime func(ctx context.Context, snap *odb.Snapshot)
	// Only step and what it calls touch these.
	prepared bool
	read     bool // the configuration in force was read from the ODB whole
	// follow moves the link to where the ODB has gone. Set before Run.
	follow func(ctx context.Context, m *odb.Moved) error
	// onAdvance is told of each new state; nil tells nobody. Set before Run.
	onAdvance func(revision int64, problems []odb.Problem, problemsChanged bool)
	kick      chan struct{} // a hint: look now

	mu       sync.Mutex
	snap     *odb.Snapshot
	problems []odb.Problem
	advanced chan struct{} // closed and replaced with each new snapshot, and with each look that failed
	lastErr  error         // of the last look at the ODB; nil while it is up
	failing  time.Time     // since when there is one
	round    time.Time     // when the last round of Run began
}

func newReconciler(link *odbLink, log *slog.Logger, managers ...manager) (*reconciler, error) {
	empty, err := odb.NewSnapshot(0, nil)
	if err != nil {
		return nil, err
	}
	return &reconciler{
		link: link, managers: managers, log: log.With("component", "reconciler"),
		kick: make(chan struct{}, 1), snap: empty, advanced: make(chan struct{}), round: time.Now(),
	}, nil
}

// Run follows the ODB until ctx ends. While the ODB is away the node keeps its
// last good configuration.
func (r *reconciler) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		r.mu.Lock()
		r.round = time.Now()
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.kick:
		}
		_ = r.step(ctx) // it is logged and kept
	}
}

// lastRound returns when the last round of Run began.
func (r *reconciler) lastRound() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.round
}

// step brings the node to the newest revision.
func (r *reconciler) step(ctx context.Context) error {
	err := r.advance(ctx)
	if err != nil && ctx.Err() != nil {
		return err // it says nothing of the ODB
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && r.lastErr == nil {
		r.failing = time.Now()
		if _, away := r.link.health(); away == nil {
			r.log.WarnContext(ctx, "configuration cannot be read; the last good one stays in force", "error", err)
		}
	}
	if r.lastErr = err; err != nil {
		r.wake() // who waits for a revision need not wait for an ODB that is away
	}
	return err
}

// wake lets those who wait look again. r.mu is held.
func (r *reconciler) wake() {
	close(r.advanced)
	r.advanced = make(chan struct{})
}

// odbHealth returns since when the ODB is up, or down with the reason.
func (r *reconciler) odbHealth() (since time.Time, err error) {
	if since, why := r.link.health(); why != nil {
		return since, why
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lastErr != nil {
		return r.failing, r.lastErr
	}
	since, _ = r.link.health()
	return since, nil
}

// revision asks the ODB for its revision, on behalf of all parts of the node: what
// it finds opens or closes the way for the others.
func (r *reconciler) revision(ctx context.Context) (int64, error) {
	asked, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	err := r.link.checkFile(asked)
	var rev int64
	if err == nil {
		rev, err = poller{r.link}.Revision(asked)
	}
	for range maxMoves {
		m, moved := errors.AsType[*odb.Moved](err)
		if !moved || r.follow == nil {
			break
		}
		if err = r.follow(ctx, m); err == nil {
			rev, err = poller{r.link}.Revision(asked)
		}
	}
	if err == nil {
		err = r.link.level(rev)
	}
	if ctx.Err() == nil {
		r.link.report(ctx, err)
	}
	return rev, err
}

func (r *reconciler) advance(ctx context.Context) error {
	rev, err := r.revision(ctx)
	if err == nil && !r.prepared && r.prepare != nil {
		if err = r.prepare(ctx); err == nil {
			r.prepared = true
			rev, err = r.revision(ctx)
		}
	}
	if err != nil {
		return errors.Join(err, r.retry(ctx))
	}
	if current := r.Snapshot(); r.read && rev == current.Revision() && rev != 0 {
		if r.retryDue() {
			return r.force(ctx, current, nil)
		}
		return nil
	}
	snap, err := r.load(ctx)
	problems, err := unreadable(snap, err)
	if err == nil {
		err = r.link.level(snap.Revision())
	}
	if err != nil {
		return err
	}
	if r.prime != nil {
		r.prime(ctx, snap)
	}
	if err := r.force(ctx, snap, problems); err != nil {
		return err
	}
	r.link.know(snap.Revision())
	if r.read = len(problems) == 0; r.read && r.onRead != nil {
		r.onRead(snap)
	}
	return nil
}

// retry tries again what is not in force, though the ODB is away: another node may
// have come that has a package, or a connection's far side.
func (r *reconciler) retry(ctx context.Context) error {
	current := r.Snapshot()
	if current.Revision() == 0 || !r.retryDue() {
		return nil
	}
	unread := slices.DeleteFunc(slices.Clone(r.Problems()), func(p odb.Problem) bool { return p.Kind != "" })
	return r.force(ctx, current, unread)
}

// serve puts a configuration into force that was kept from an earlier life of the
// node, until the ODB's can be had.
func (r *reconciler) serve(ctx context.Context, snap *odb.Snapshot, err error) error {
	problems, err := unreadable(snap, err)
	if err != nil {
		return err
	}
	return r.force(ctx, snap, problems)
}

// force hands a configuration to the managers.
func (r *reconciler) force(ctx context.Context, snap *odb.Snapshot, problems []odb.Problem) error {
	for _, m := range r.managers {
		problems = append(problems, m.Apply(ctx, snap)...)
	}
	if ctx.Err() != nil {
		return ctx.Err() // cut short: what was reported is not what is so
	}
	r.publish(ctx, snap, problems)
	return nil
}

// load reads all definitions: not for ever, lest a server that stops answering in
// the middle keeps the node from everything else.
func (r *reconciler) load(ctx context.Context) (*odb.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	return poller{r.link}.Load(ctx)
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
	}
	if changed {
		for _, p := range problems {
			r.log.WarnContext(ctx, "definition cannot be applied", "kind", p.Kind, "name", p.Name, "reason", p.Reason)
		}
	}
	r.snap, r.problems = snap, problems
	r.wake()
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

// hint says that the ODB may have something new.
func (r *reconciler) hint() {
	select {
	case r.kick <- struct{}{}:
	default: // a hint waits already
	}
}

// heard is told of a revision that somebody says the ODB is at.
func (r *reconciler) heard(revision int64) {
	if revision > r.Snapshot().Revision() {
		r.hint()
	}
}

// Changed hints at a new revision and returns when it is in force, or when the ODB
// is away and it cannot be known.
func (r *reconciler) Changed(ctx context.Context, revision int64) error {
	for looked := false; ; looked = true {
		r.mu.Lock()
		snap, advanced, lastErr := r.snap, r.advanced, r.lastErr
		r.mu.Unlock()
		switch {
		case snap.Revision() >= revision:
			return nil
		case looked && odb.KindOf(lastErr) == odb.Unavailable:
			return fmt.Errorf("wait for revision %d, now at %d: %w", revision, snap.Revision(), lastErr)
		case !looked:
			r.hint()
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("wait for revision %d, now at %d: %w (last error: %v)", revision, snap.Revision(), ctx.Err(), lastErr) //nolint:errorlint // the second is for reading only
		}
	}
}
