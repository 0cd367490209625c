package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"signalbox.internal/odb"
)

// maxAttempts is how often a transaction is run when the database says that it
// may succeed when run again. SQLite has waited for its lock for 10 s by then.
const maxAttempts = 5

// tx is one transaction, or one moment of reading, with the catalogue's statements.
type tx struct {
	ctx   context.Context
	sql   *sql.Tx
	pool  *pool
	stmts [statements]*sql.Stmt // those of the pool, bound to sql
	d     *dialect
	ran   func(statement) // see DB

	writes []write // see later
}

// change runs work in a transaction that writes: all of it is committed, or
// nothing. work may run more than once. Errors come back typed, as op on key. A
// database that was moved away is refused; one that is being copied is waited for.
func (db *DB) change(ctx context.Context, op, key string, work func(*tx) error) error {
	return db.revise(ctx, op, key, func(t *tx) error {
		if err := t.gate(); err != nil {
			return err
		}
		return work(t)
	})
}

// revise is change for work that begins with the counter of revisions, which is a
// gate itself.
func (db *DB) revise(ctx context.Context, op, key string, work func(*tx) error) error {
	err := db.admitted(ctx, func() error { return db.retried(ctx, op, work) })
	return db.dialect.typed(ctx, op, key, err)
}

// ungated is change for what opens and closes the database.
func (db *DB) ungated(ctx context.Context, op string, work func(*tx) error) error {
	return db.dialect.typed(ctx, op, db.where, db.retried(ctx, op, work))
}

// retried runs a transaction again when the database says that this may help.
func (db *DB) retried(ctx context.Context, op string, work func(*tx) error) error {
	var err error
	for attempt := range maxAttempts {
		if attempt > 0 && pause(ctx, attempt) != nil {
			break
		}
		err = db.attempt(ctx, db.write, db.dialect.write, work)
		// A unique key that work saw free was taken by another in the meantime.
		if c := db.dialect.classOf(err); c != classRetry && c != classUnique {
			break
		}
		db.log.DebugContext(ctx, "transaction runs again", "op", op, "attempt", attempt+1, "error", err)
	}
	return err
}

// look runs work on one consistent moment of the database.
func (db *DB) look(ctx context.Context, op, key string, work func(*tx) error) error {
	return db.dialect.typed(ctx, op, key, db.attempt(ctx, db.read, db.dialect.read, work))
}

func (db *DB) attempt(ctx context.Context, p *pool, opts *sql.TxOptions, work func(*tx) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	var t *sql.Tx
	err := db.fresh(ctx, p, func() (err error) {
		t, err = p.db.BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		return err
	}
	defer t.Rollback() //nolint:errcheck // after a commit it does nothing; before one, work's error counts
	if p == db.read && db.dialect.beginRead != "" {
		if _, err := t.ExecContext(ctx, db.dialect.beginRead); err != nil {
			return err
		}
	}
	if err := work(&tx{ctx: ctx, sql: t, pool: p, d: db.dialect, ran: db.ran}); err != nil {
		return err
	}
	return t.Commit()
}

// glance reads one row into dest with one statement and no transaction: for what
// is asked all the time.
func (db *DB) glance(ctx context.Context, s statement, args []any, dest ...any) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	return db.fresh(ctx, db.read, func() error { return db.read.stmts[s].QueryRowContext(ctx, args...).Scan(dest...) })
}

// fresh tries what changes nothing until the session that it got from the pool
// is a living one: after a restart of the server every pooled one is dead. It
// ends with the pool, or when no new session can be had.
func (db *DB) fresh(ctx context.Context, p *pool, try func() error) error {
	for n := p.db.Stats().MaxOpenConnections; ; n-- {
		err := try()
		if n == 0 || ctx.Err() != nil || db.dialect.classOf(err) != classAway {
			return err
		}
	}
}

var errClosed = &odb.Error{Kind: odb.Unavailable, Err: errors.New("the database is closed")}

func (db *DB) usable(ctx context.Context) error {
	if db.closed.Load() {
		return errClosed
	}
	return ctx.Err()
}

// pause waits a random while that grows with each attempt.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(1+rand.Int64N(int64(attempt)*20)) * time.Millisecond) //nolint:gosec // no secret
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stmt returns a statement bound to the transaction, which closes it at its end.
func (t *tx) stmt(s statement) *sql.Stmt {
	if t.ran != nil {
		t.ran(s)
	}
	if t.stmts[s] == nil {
		t.stmts[s] = t.sql.StmtContext(t.ctx, t.pool.stmts[s])
	}
	return t.stmts[s]
}

// hold locks the row that is about to be changed, on a database that would wait
// for it too long, or by a clock that was read before the wait.
func (t *tx) hold(s statement, args ...any) error {
	if t.pool.stmts[s] == nil {
		return nil
	}
	var skip any
	_, err := t.has(s, args, &skip)
	return err
}

// lock runs a statement that takes a lock, on a database that needs it.
func (t *tx) lock(s statement) error {
	if t.pool.stmts[s] == nil {
		return nil
	}
	_, err := t.stmt(s).ExecContext(t.ctx) //nolint:sqlclosecheck // see stmt
	return err
}

// run executes a statement and returns the number of rows it changed.
func (t *tx) run(s statement, args ...any) (int64, error) {
	if s == bumpRevision || s == lockRevision { // where writers wait in line
		if err := t.hold(holdRevision); err != nil {
			return 0, fmt.Errorf("wait in line: %w", err)
		}
	}
	res, err := t.stmt(s).ExecContext(t.ctx, args...) //nolint:sqlclosecheck // see stmt
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// one reads one row into dest; sql.ErrNoRows when there is none.
func (t *tx) one(s statement, args []any, dest ...any) error {
	return t.stmt(s).QueryRowContext(t.ctx, args...).Scan(dest...) //nolint:sqlclosecheck // see stmt
}

// has reads one row into dest and reports whether there was one.
func (t *tx) has(s statement, args []any, dest ...any) (bool, error) {
	err := t.one(s, args, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each calls scan for every row.
func (t *tx) each(s statement, args []any, scan func(*sql.Rows) error) error {
	rows, err := t.stmt(s).QueryContext(t.ctx, args...) //nolint:sqlclosecheck // see stmt
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
