package sqldb

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
)

// mysqlConns gives each session the isolation of all its transactions, which no
// variable does on MariaDB and MySQL alike, and its transactions a first
// statement with their beginning: to say either when they begin costs a round trip.
type mysqlConns struct {
	sqldriver.Connector
	isolation string
}

// Connect implements driver.Connector.
func (c mysqlConns) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(mysqlDriverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection is a %T", conn), conn.Close())
	}
	if _, err := whole.ExecContext(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL "+c.isolation, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set isolation: %w", err), conn.Close())
	}
	return mysqlConn{whole}, nil
}

// mysqlDriverConn is all that database/sql may ask of the driver's connection.
type mysqlDriverConn interface {
	sqldriver.Conn
	sqldriver.ConnPrepareContext
	sqldriver.ConnBeginTx
	sqldriver.ExecerContext
	sqldriver.QueryerContext
	sqldriver.Pinger
	sqldriver.SessionResetter
	sqldriver.Validator
	sqldriver.NamedValueChecker
}

type mysqlConn struct{ mysqlDriverConn }

// BeginTx implements driver.ConnBeginTx.
func (c mysqlConn) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	first := openingOf(ctx)
	if first == "" || opts != (sqldriver.TxOptions{}) {
		return c.mysqlDriverConn.BeginTx(ctx, opts)
	}
	if _, err := c.ExecContext(ctx, "START TRANSACTION; "+first, nil); err != nil {
		if _, back := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK", nil); back != nil { // it may have begun
			_ = c.Close() // the error counts
		}
		return nil, err
	}
	return mysqlTx{c}, nil
}

// mysqlTx is a transaction of a mysqlConn.
type mysqlTx struct{ c mysqlConn }

// Commit implements driver.Tx.
func (t mysqlTx) Commit() error { return t.end("COMMIT") }

// Rollback implements driver.Tx.
func (t mysqlTx) Rollback() error { return t.end("ROLLBACK") }

func (t mysqlTx) end(text string) error {
	_, err := t.c.ExecContext(context.Background(), text, nil)
	return err
}
