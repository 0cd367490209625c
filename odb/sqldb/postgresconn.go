package sqldb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConns gives each connection of the driver what database/sql has no
// words for: a first statement with BEGIN, and many statements in one round trip.
type postgresConns struct{ sqldriver.Connector }

// Connect implements driver.Connector.
func (c postgresConns) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	pg, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("the driver's connection is a %T", conn)
	}
	return postgresConn{pg}, nil
}

// unasked says that a session that was idle is not to be asked whether it lives,
// which would double what a poll costs: see DB.fresh.
func unasked(context.Context, stdlib.ShouldPingParams) bool { return false }

type postgresConn struct{ *stdlib.Conn }

// BeginTx implements driver.ConnBeginTx.
func (c postgresConn) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	first := openingOf(ctx)
	if first == "" || sql.IsolationLevel(opts.Isolation) != sql.LevelReadCommitted || opts.ReadOnly {
		return c.Conn.BeginTx(ctx, opts)
	}
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, sqldriver.ErrBadConn
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "begin isolation level read committed; " + first})
	if err != nil {
		if !conn.IsClosed() { // it began, and the first statement failed
			_, _ = conn.Exec(ctx, "rollback") // a session that stays in a transaction is not used again
		}
		return nil, err
	}
	return postgresTx{ctx, tx}, nil
}

// postgresTx is a transaction of a postgresConn.
type postgresTx struct {
	ctx context.Context //nolint:containedctx // database/sql gives none at the end
	tx  pgx.Tx
}

// Commit implements driver.Tx.
func (t postgresTx) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback implements driver.Tx.
func (t postgresTx) Rollback() error { return t.tx.Rollback(t.ctx) }

// ExecContext implements driver.ExecerContext; batchText is executed here.
func (c postgresConn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if query != batchText || len(args) != 1 {
		return c.Conn.ExecContext(ctx, query, args)
	}
	b, ok := args[0].Value.(*batch)
	if !ok {
		return nil, fmt.Errorf("a batch is a %T", args[0].Value)
	}
	var queue pgx.Batch
	for i, text := range b.texts {
		queue.Queue(text, b.args[i]...)
	}
	results := c.Conn.Conn().SendBatch(ctx, &queue)
	defer results.Close() //nolint:errcheck // the error of the first statement that failed counts
	for range b.texts {
		tag, err := results.Exec()
		if err != nil {
			return nil, err
		}
		b.changed = append(b.changed, tag.RowsAffected())
	}
	return sqldriver.ResultNoRows, results.Close()
}
