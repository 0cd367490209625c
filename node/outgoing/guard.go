package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// errPanic marks an error that was a panic of a driver. The statement may have
// reached the database, so it must not be run again by the pool.
var errPanic = errors.New("the driver broke down")

// contain turns a panic into an error.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errPanic, p)
	}
}

// guardConnect wraps what a driver that may panic connects to, down to its rows.
func guardConnect(connect connectFunc) connectFunc {
	return func(ctx context.Context) (conn driver.Conn, err error) {
		defer contain(&err)
		inner, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		return &guardedConn{inner: inner}, nil
	}
}

// guardedConn is a driver.Conn whose panics are errors. After one, the pool
// throws the connection away.
type guardedConn struct {
	inner  driver.Conn
	broken atomic.Bool
}

// run calls f, contains its panic and remembers it.
func (c *guardedConn) run(f func() error) (err error) {
	defer func() {
		if errors.Is(err, errPanic) {
			c.broken.Store(true)
		}
	}()
	defer contain(&err)
	return f()
}

// Prepare implements driver.Conn.
func (c *guardedConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *guardedConn) PrepareContext(ctx context.Context, query string) (stmt driver.Stmt, err error) {
	err = c.run(func() error {
		var inner driver.Stmt
		var err error
		if p, ok := c.inner.(driver.ConnPrepareContext); ok {
			inner, err = p.PrepareContext(ctx, query)
		} else {
			inner, err = c.inner.Prepare(query)
		}
		stmt = &guardedStmt{conn: c, inner: inner}
		return err
	})
	if err != nil {
		return nil, err
	}
	return stmt, nil
}

// Begin implements driver.Conn.
func (c *guardedConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx.
func (c *guardedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (tx driver.Tx, err error) {
	err = c.run(func() error {
		b, ok := c.inner.(driver.ConnBeginTx)
		if !ok {
			return errors.New("the driver has no transactions")
		}
		inner, err := b.BeginTx(ctx, opts)
		tx = guardedTx{conn: c, inner: inner}
		return err
	})
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// ExecContext implements driver.ExecerContext.
func (c *guardedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.run(func() (err error) {
		e, ok := c.inner.(driver.ExecerContext)
		if !ok {
			return driver.ErrSkip
		}
		result, err = e.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.run(func() error {
		q, ok := c.inner.(driver.QueryerContext)
		if !ok {
			return driver.ErrSkip
		}
		inner, err := q.QueryContext(ctx, query, args)
		rows = &guardedRows{conn: c, inner: inner}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// CheckNamedValue implements driver.NamedValueChecker: values are plain already
// (see bind), or types of the driver.
func (c *guardedConn) CheckNamedValue(v *driver.NamedValue) error {
	return c.run(func() error {
		if n, ok := c.inner.(driver.NamedValueChecker); ok {
			return n.CheckNamedValue(v)
		}
		return driver.ErrSkip
	})
}

// Ping implements driver.Pinger.
func (c *guardedConn) Ping(ctx context.Context) error {
	return c.run(func() error {
		if p, ok := c.inner.(driver.Pinger); ok {
			return p.Ping(ctx)
		}
		return nil
	})
}

// ResetSession implements driver.SessionResetter.
func (c *guardedConn) ResetSession(ctx context.Context) error {
	if c.broken.Load() {
		return driver.ErrBadConn
	}
	return c.run(func() error {
		if r, ok := c.inner.(driver.SessionResetter); ok {
			return r.ResetSession(ctx)
		}
		return nil
	})
}

// IsValid implements driver.Validator.
func (c *guardedConn) IsValid() bool { return !c.broken.Load() }

// Close implements driver.Conn.
func (c *guardedConn) Close() error { return c.run(c.inner.Close) }

// guardedStmt is a prepared statement whose panics are errors.
type guardedStmt struct {
	conn  *guardedConn
	inner driver.Stmt
}

// Close implements driver.Stmt.
func (s *guardedStmt) Close() error { return s.conn.run(s.inner.Close) }

// NumInput implements driver.Stmt.
func (s *guardedStmt) NumInput() int { return -1 }

// Exec implements driver.Stmt.
func (s *guardedStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errNoContext }

// Query implements driver.Stmt.
func (s *guardedStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errNoContext }

var errNoContext = errors.New("statements run with a context only")

// ExecContext implements driver.StmtExecContext.
func (s *guardedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	err = s.conn.run(func() (err error) {
		e, ok := s.inner.(driver.StmtExecContext)
		if !ok {
			return errNoContext
		}
		result, err = e.ExecContext(ctx, args)
		return err
	})
	return result, err
}

// QueryContext implements driver.StmtQueryContext.
func (s *guardedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.conn.run(func() error {
		q, ok := s.inner.(driver.StmtQueryContext)
		if !ok {
			return errNoContext
		}
		inner, err := q.QueryContext(ctx, args)
		rows = &guardedRows{conn: s.conn, inner: inner}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// guardedTx is a transaction whose panics are errors.
type guardedTx struct {
	conn  *guardedConn
	inner driver.Tx
}

// Commit implements driver.Tx.
func (t guardedTx) Commit() error { return t.conn.run(t.inner.Commit) }

// Rollback implements driver.Tx.
func (t guardedTx) Rollback() error { return t.conn.run(t.inner.Rollback) }

// guardedRows are rows whose panics are errors.
type guardedRows struct {
	conn  *guardedConn
	inner driver.Rows
}

// Columns implements driver.Rows.
func (r *guardedRows) Columns() (names []string) {
	err := r.conn.run(func() error { names = r.inner.Columns(); return nil })
	if err != nil {
		return nil
	}
	return names
}

// Close implements driver.Rows.
func (r *guardedRows) Close() error { return r.conn.run(r.inner.Close) }

// Next implements driver.Rows.
func (r *guardedRows) Next(dest []driver.Value) error {
	return r.conn.run(func() error { return r.inner.Next(dest) })
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *guardedRows) ColumnTypeDatabaseTypeName(index int) (name string) {
	_ = r.conn.run(func() error {
		if t, ok := r.inner.(driver.RowsColumnTypeDatabaseTypeName); ok {
			name = t.ColumnTypeDatabaseTypeName(index)
		}
		return nil
	})
	return name
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType: values are taken as they come.
func (r *guardedRows) ColumnTypeScanType(int) reflect.Type { return reflect.TypeFor[any]() }
