package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

// CopyConfig says what to copy and where.
type CopyConfig struct {
	From, To *DB
	Target   odb.DSN // of To
	// Seal makes of the target's DSN what every node of the cluster can open again
	// and nobody else; it is kept in the old database.
	Seal func(dsn string) (string, error)
	// DSN is the text of Target, and a secret.
	DSN      string
	By       string                            // who asked for it
	Progress func(phase CopyPhase, p Progress) // nil tells nobody
}

// CopyPhase is a part of a copy, in the order of their names here.
type CopyPhase string

// The phases of a copy. Until the last one the old database is what counts, and
// whatever happens leaves it as it was; from then on the new one does.
const (
	CopyFreeze CopyPhase = "freeze" // wait for the writes at work; no others begin
	CopyRows   CopyPhase = "copy"
	CopyVerify CopyPhase = "verify" // read both databases and compare
	CopySwitch CopyPhase = "switch" // mark the old one as moved
)

// CopyResult is what a copy did.
type CopyResult struct {
	ID     string        `json:"id"`
	To     string        `json:"to"` // without credentials
	Sum    DumpSummary   `json:"sum"`
	Frozen time.Duration `json:"frozen"` // how long nothing could be written
}

// Copy moves an ODB to another database that is empty: it freezes the old one,
// copies all of it, compares both, and marks the old one as moved. From then on
// the old database takes no changes, and its [DB.Revision] says where the ODB
// is. The new one has to be put into use with [DB.Arrive], which Copy does too.
//
// An error before the mark leaves the old database as it was and empties the new
// one. When this process dies before the mark, the old database opens by itself
// within seconds, and the next Copy empties the new one. One copy runs at a time.
func Copy(ctx context.Context, cfg CopyConfig) (CopyResult, error) {
	sealed, err := cfg.Seal(cfg.DSN)
	if err != nil {
		return CopyResult{}, fmt.Errorf("seal the new address of the ODB: %w", err)
	}
	c := copier{CopyConfig: cfg, mark: mark{Copy: odb.NewID(), To: cfg.Target.Kind + " " + cfg.Target.Where(), DSN: sealed, By: cfg.By}}
	if c.Progress == nil {
		c.Progress = func(CopyPhase, Progress) {}
	}
	res := CopyResult{ID: c.mark.Copy, To: c.mark.To}
	c.Progress(CopyFreeze, Progress{})
	// Before the freeze, so that what cannot work stops nobody.
	if err := c.ready(ctx); err != nil {
		return res, err
	}
	if c.odb, err = c.From.freeze(ctx, mark{Copy: c.mark.Copy, To: c.mark.To, By: c.By}); err != nil {
		return res, err
	}
	began := time.Now()
	if res.Sum, err = c.renewed(ctx); err != nil {
		if moved, uerr := c.undo(ctx); !moved {
			return res, errors.Join(err, uerr)
		}
	}
	res.Frozen = time.Since(began)
	if err := c.To.Arrive(context.WithoutCancel(ctx), c.mark.Copy); err != nil {
		// It counts all the same; who opens the new one tries again.
		c.To.log.WarnContext(ctx, "the new database is not in use yet", "error", err)
	}
	return res, nil
}

type copier struct {
	CopyConfig
	mark mark
	odb  string // which ODB it is
}

// ready finds out whether the new database would take the copy.
func (c *copier) ready(ctx context.Context) error {
	return c.To.look(ctx, "look at the new database", c.To.where, func(t *tx) error {
		m, there, err := t.readMark(markArriving)
		if err != nil || there {
			if there && m.ODB != "" {
				var id string
				id, err = c.known(ctx)
				if err == nil && m.ODB != id {
					err = odb.Errorf(odb.Conflict, "look at the new database", c.To.where, "the copy of another ODB (by %s) is in it; empty it first", m.By)
				}
			}
			return err
		}
		return t.onlyEmpty()
	})
}

// known returns which ODB the old database is, if it has been copied before.
func (c *copier) known(ctx context.Context) (id string, err error) {
	err = c.From.look(ctx, "look at ODB", c.From.where, func(t *tx) error {
		var skip int64
		_, err := t.has(readMeta, []any{metaID}, &id, &skip, &skip)
		return err
	})
	return id, err
}

// renewed copies while the freeze is renewed; without it nothing goes on.
func (c *copier) renewed(ctx context.Context) (DumpSummary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer func() { cancel(nil); <-done }()
	go func() {
		defer close(done)
		tick := time.NewTicker(c.From.freezeFor / 5)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := c.From.renew(ctx, c.mark.Copy); odb.KindOf(err) == odb.Conflict {
				cancel(err)
				return
			}
		}
	}()
	sum, err := c.move(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return sum, err
}

// move copies, compares, and marks the old database.
func (c *copier) move(ctx context.Context) (DumpSummary, error) {
	r, w := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		_, err := c.From.Dump(ctx, w, nil)
		return w.CloseWithError(err)
	})
	sum, err := c.To.restore(ctx, r, func(p Progress) { c.Progress(CopyRows, p) }, framed{c.clear, c.arriving})
	if err = errors.Join(err, r.CloseWithError(err), g.Wait()); err != nil {
		return sum, err
	}
	c.Progress(CopyVerify, Progress{Rows: sum.Rows})
	old, err := c.From.Checksums(ctx)
	if err != nil {
		return sum, err
	}
	fresh, err := c.To.Checksums(ctx)
	if err != nil {
		return sum, err
	}
	if !slices.Equal(old, fresh) {
		return sum, odb.Errorf(odb.Internal, "copy ODB", c.To.where, "the databases differ: the old one has %v, the new one %v", old, fresh)
	}
	c.Progress(CopySwitch, Progress{Rows: sum.Rows})
	return sum, c.commit(ctx)
}

// commit marks the old database. When it cannot be known whether that came to
// be, the database is asked; until it answers nothing is undone.
func (c *copier) commit(ctx context.Context) error {
	err := c.From.moved(ctx, c.mark)
	if odb.KindOf(err) != odb.Unavailable || err == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.From.freezeFor)
	defer cancel()
	for attempt := 1; ; attempt++ {
		marked := c.From.Marked(ctx)
		m, ok := errors.AsType[*odb.Moved](marked)
		_, frozen := errors.AsType[*odb.Frozen](marked)
		switch {
		case ok && m.Copy == c.mark.Copy:
			return nil
		case marked == nil || frozen || pause(ctx, 10*min(attempt, 10)) != nil:
			return err
		}
	}
}

// clear empties the new database when a copy of this ODB filled it that came to
// nothing.
func (c *copier) clear(t *tx) error {
	m, there, err := t.readMark(markArriving)
	if err != nil || !there || m.ODB != c.odb {
		return err
	}
	return t.discard()
}

// discard empties a database that arrived and never was in use.
func (t *tx) discard() error {
	if ok, err := t.turn(modeArriving, modeOpen); err != nil || !ok {
		return err
	}
	for _, tab := range slices.Backward(tables()) {
		if _, err := t.sql.ExecContext(t.ctx, tab.clears()); err != nil {
			return fmt.Errorf("empty %s: %w", tab.name, err)
		}
	}
	return nil
}

// arriving marks the new database, so that nobody uses it before the old one is
// marked.
func (c *copier) arriving(t *tx) error {
	if ok, err := t.turn(modeOpen, modeArriving); err != nil || !ok {
		return errors.Join(err, t.closedFault())
	}
	return t.writeMark(markArriving, mark{Copy: c.mark.Copy, ODB: c.odb, By: c.By}, 0)
}

// undo opens the old database and empties the new one, unless it finds that the
// mark was made after all.
func (c *copier) undo(ctx context.Context) (moved bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.From.freezeFor)
	defer cancel()
	if err := c.From.thaw(ctx, c.mark.Copy); err != nil {
		return false, fmt.Errorf("the ODB takes no changes for another %s: %w", c.From.freezeFor, err)
	}
	if m, ok := errors.AsType[*odb.Moved](c.From.Marked(ctx)); ok && m.Copy == c.mark.Copy {
		return true, nil
	}
	return false, c.To.ungated(ctx, "empty the new database", func(t *tx) error {
		m, there, err := t.readMark(markArriving)
		if err != nil || !there || m.Copy != c.mark.Copy {
			return err
		}
		return t.discard()
	})
}
