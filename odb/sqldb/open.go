package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"signalbox.internal/odb"
)

// Config says which database to open.
type Config struct {
	DSN string       // see [odb.ParseDSN]; required
	Log *slog.Logger // nil means slog.Default()

	openerOf func(dsn odb.DSN) (*dialect, opener) // for tests: what speaks to other databases
}

// DB is a database that keeps an ODB. It implements [odb.Store]; any number of
// goroutines, and any number of processes on the same database, may use it.
type DB struct {
	dialect *dialect
	write   *pool
	read    *pool
	where   string // file or host, for people
	log     *slog.Logger
	closed  atomic.Bool

	// Shorter in tests.
	patience  time.Duration // how long a write waits while a copy runs
	freezeFor time.Duration // how long a freeze lasts that is not renewed

	// For tests: called before each statement of a transaction.
	ran func(statement)
}

var _ odb.Store = (*DB)(nil)

// pools is what an opener of a dialect returns.
type pools struct {
	write, read *sql.DB
	where       string
}

// Open opens the database of cfg.DSN and brings its tables up to date; several
// programs may do so at once. It refuses a database whose tables are newer than
// this program knows.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	dsn, err := odb.ParseDSN(cfg.DSN)
	if err != nil {
		return nil, odb.Errorf(odb.Invalid, "open ODB", "", "the DSN %w", err)
	}
	find := cfg.openerOf
	if find == nil {
		find = openerOf
	}
	d, open := find(dsn)
	p, err := open(ctx, dsn)
	if err != nil {
		return nil, d.typed(ctx, "open ODB", dsn.Where(), err)
	}
	db := &DB{patience: usualPatience, freezeFor: usualFreeze, dialect: d, where: p.where, log: cmp.Or(cfg.Log, slog.Default()).With("component", "odb")}
	m := migrator{db: p.write, dialect: d, steps: steps(), log: db.log}
	if err := m.run(ctx); err != nil {
		return nil, errors.Join(d.typed(ctx, "migrate ODB", p.where, err), p.write.Close(), p.read.Close())
	}
	if db.write, err = newPool(ctx, p.write, d); err != nil {
		return nil, errors.Join(d.typed(ctx, "open ODB", p.where, err), p.read.Close())
	}
	if db.read, err = newPool(ctx, p.read, d); err != nil {
		return nil, errors.Join(d.typed(ctx, "open ODB", p.where, err), db.write.close())
	}
	return db, nil
}

// opener opens the pools of a database.
type opener func(ctx context.Context, dsn odb.DSN) (pools, error)

// openerOf returns what speaks to the database of a DSN.
func openerOf(dsn odb.DSN) (*dialect, opener) {
	switch dsn.Kind {
	case "postgres":
		return postgresDialect(), openPostgres
	case "mysql":
		return mysqlDialect(), openMySQL
	case "oracle":
		return oracleDialect(), openOracle
	default: // ParseDSN knows no other
		return sqliteDialect(), func(ctx context.Context, dsn odb.DSN) (pools, error) { return openSQLite(ctx, dsn.File) }
	}
}

// Close ends all use of the database; later calls are Unavailable.
func (db *DB) Close() error {
	db.closed.Store(true)
	err := errors.Join(db.read.close(), db.write.close())
	return db.dialect.typed(context.Background(), "close ODB", db.where, err)
}

// Info says which database this is.
func (db *DB) Info(ctx context.Context) (odb.StoreInfo, error) {
	const op = "read ODB's version"
	info := odb.StoreInfo{Kind: db.dialect.name, Where: db.where}
	err := db.look(ctx, op, db.where, func(t *tx) error {
		if err := t.sql.QueryRowContext(ctx, db.dialect.version).Scan(&info.Version); err != nil {
			return err
		}
		return t.one(schemaVersion, nil, &info.Schema)
	})
	return info, err
}
