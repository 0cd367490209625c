package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"signalbox.internal/odb"
)

// migrator brings the tables of a database up to date. A journal (odb_schema)
// has a row for each step that was done. Where DDL can be rolled back, all open
// steps are one transaction; elsewhere each step is followed by its journal row,
// so that a migrator that died is resumed by the next.
type migrator struct {
	db      *sql.DB
	dialect *dialect
	steps   []step
	log     *slog.Logger

	// For tests: after is called after a step and its journal row, cut between
	// the two; unlocked leaves the lock out of stepwise.
	after, cut func(version int) error
	unlocked   bool
}

// What migrators run besides the steps.
const (
	insertLock = `INSERT INTO odb_schema (version, name, at_us) VALUES (0, 'lock', {NOW})`
	takeLock   = `UPDATE odb_schema SET at_us = {NOW} WHERE version = 0`
	insertStep = `INSERT INTO odb_schema (version, name, at_us) VALUES (?, ?, {NOW})`
)

// session is what a step runs on: a transaction, or a connection.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (m *migrator) run(ctx context.Context) error {
	var err error
	for attempt := range maxAttempts {
		if attempt > 0 && pause(ctx, attempt) != nil {
			break
		}
		err = m.once(ctx)
		// Where DDL waits for that of another transaction, it fails once that has
		// committed; then there is a journal to be found.
		late := err != nil && m.dialect.ddlInTx && (m.dialect.exists(err) || m.dialect.classOf(err) == classUnique)
		if !late && m.dialect.classOf(err) != classRetry {
			break
		}
	}
	return err
}

func (m *migrator) once(ctx context.Context) error {
	if m.dialect.ddlInTx {
		return m.inTx(ctx)
	}
	return m.stepwise(ctx)
}

// inTx makes all open steps in the transaction that also holds the lock.
func (m *migrator) inTx(ctx context.Context) error {
	tx, err := m.db.BeginTx(ctx, m.dialect.write)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if err := m.journal(ctx, tx); err != nil {
		return err
	}
	if err := m.lock(ctx, tx); err != nil {
		return err
	}
	if err := m.missing(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// stepwise holds the lock in a session of its own: the implicit commit of DDL
// does not free it, and a migrator that dies gives it back with its session.
func (m *migrator) stepwise(ctx context.Context) error {
	if err := m.journal(ctx, m.db); err != nil {
		return err
	}
	if m.unlocked {
		return m.missing(ctx, m.db)
	}
	tx, err := m.db.BeginTx(ctx, m.dialect.write)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only held the lock
	if err := m.lock(ctx, tx); err != nil {
		return err
	}
	return m.missing(ctx, m.db)
}

// journal makes the journal and its row 0, the lock, unless they are there.
func (m *migrator) journal(ctx context.Context, s session) error {
	var n int
	// Asked first, because a failed statement ends a transaction on PostgreSQL.
	if s.QueryRowContext(ctx, m.dialect.journalThere).Scan(&n) == nil && n > 0 {
		return nil
	}
	if _, err := s.ExecContext(ctx, m.dialect.expand(journalTable)); err != nil && (m.dialect.ddlInTx || !m.dialect.exists(err)) {
		return fmt.Errorf("make journal: %w", err)
	}
	_, err := s.ExecContext(ctx, m.dialect.expand(insertLock))
	if err != nil && (m.dialect.ddlInTx || m.dialect.classOf(err) != classUnique) {
		return fmt.Errorf("make lock: %w", err)
	}
	return nil
}

func (m *migrator) lock(ctx context.Context, s session) error {
	if _, err := s.ExecContext(ctx, m.dialect.expand(takeLock)); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

// missing makes the steps that the journal does not have.
func (m *migrator) missing(ctx context.Context, s session) error {
	var done int
	if err := s.QueryRowContext(ctx, m.dialect.statement(schemaVersion)).Scan(&done); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	if done > len(m.steps) {
		return &odb.Error{Kind: odb.Conflict, Err: fmt.Errorf(
			"the database is at schema %d and this program knows only %d; run a newer program", done, len(m.steps))}
	}
	for v := done + 1; v <= len(m.steps); v++ {
		if err := m.step(ctx, s, v, v == done+1); err != nil {
			return fmt.Errorf("step %d (%s): %w", v, m.steps[v-1].name, err)
		}
	}
	if done < len(m.steps) {
		m.log.InfoContext(ctx, "database migrated", "from", done, "to", len(m.steps))
	}
	return nil
}

// step makes one step and journals it. The first open step may have been made
// by a migrator that died before it could journal it.
func (m *migrator) step(ctx context.Context, s session, version int, first bool) error {
	_, err := s.ExecContext(ctx, m.dialect.expand(m.steps[version-1].text))
	resumed := err != nil && first && !m.dialect.ddlInTx &&
		(m.dialect.exists(err) || m.dialect.classOf(err) == classUnique)
	if err != nil && !resumed {
		return err
	}
	if err := hook(m.cut, version); err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, m.dialect.expand(insertStep),
		version, m.steps[version-1].name)
	return errors.Join(err, hook(m.after, version))
}

func hook(f func(int) error, version int) error {
	if f == nil {
		return nil
	}
	return f(version)
}

// appliedSchema returns the newest migration of a database that may have no tables.
func appliedSchema(ctx context.Context, db *sql.DB, d *dialect) (int, error) {
	var n, version int
	if err := db.QueryRowContext(ctx, d.journalThere).Scan(&n); err != nil || n == 0 {
		if c := d.classOf(err); err != nil && c == classAway {
			return 0, d.typed(ctx, "read schema", "", err)
		}
		return 0, nil
	}
	err := db.QueryRowContext(ctx, d.statement(schemaVersion)).Scan(&version)
	return version, d.typed(ctx, "read schema", "", err)
}

// Plan returns the schema that a database is at and the names of the migrations
// that [Open] would make. It changes nothing.
func Plan(ctx context.Context, cfg Config) (schema int, open []string, err error) {
	const op = "plan migrations"
	dsn, err := odb.ParseDSN(cfg.DSN)
	if err != nil {
		return 0, nil, odb.Errorf(odb.Invalid, op, "", "the DSN %w", err)
	}
	if _, serr := os.Stat(dsn.File); dsn.Kind == "sqlite" && serr != nil {
		return 0, nil, odb.Errorf(odb.NotFound, op, dsn.Where(), "%w", serr)
	}
	d, opener := openerOf(dsn)
	p, err := opener(ctx, dsn)
	if err != nil {
		return 0, nil, d.typed(ctx, op, dsn.Where(), err)
	}
	defer func() { err = errors.Join(err, p.write.Close(), p.read.Close()) }()
	if schema, err = appliedSchema(ctx, p.read, d); err != nil {
		return 0, nil, err
	}
	if schema > SchemaVersion() {
		return schema, nil, odb.Errorf(odb.Conflict, op, dsn.Where(), "the database is at schema %d and this program knows only %d; run a newer program", schema, SchemaVersion())
	}
	for _, s := range steps()[schema:] {
		open = append(open, s.name)
	}
	return schema, open, nil
}
