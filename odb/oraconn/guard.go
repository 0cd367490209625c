package oraconn

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// ErrPanic marks an error that was a panic of the driver. The statement may have
// reached the database, so it must not be run again by the pool.
var ErrPanic = errors.New("the driver broke down")

// contain turns a panic into an error.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrPanic, p)
	}
}

// Guard wraps what a driver connects to, down to its rows: a panic is an error,
// and after one, as after any error that the database itself did not give, the
// pool throws the connection away. A context that ends closes the connection.
func Guard(connect func(context.Context) (driver.Conn, error)) func(context.Context) (driver.Conn, error) {
	return func(ctx context.Context) (conn driver.Conn, err error) {
		defer contain(&err)
		inner, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		if c, ok := inner.(*cutConn); ok {
			return &guardedConn{inner: c.Conn, cut: c.cut}, nil
		}
		return &guardedConn{inner: inner, cut: func() {}}, nil
	}
}

// guardedConn is a connection of the driver with its faults contained.
type guardedConn struct {
	inner  driver.Conn
	cut    func() // closes the sockets
	broken atomic.Bool
}

// run calls f, contains its panic and remembers what makes the connection useless.
func (c *guardedConn) run(f func() error) (err error) {
	defer func() {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, driver.ErrSkip) && Code(err) == 0 {
			c.broken.Store(true)
		}
	}()
	defer contain(&err)
	return f()
}

// during is run that ends with ctx, by closing the connection.
func (c *guardedConn) during(ctx context.Context, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, c.end)
	err := c.run(func() error { return f(context.WithoutCancel(ctx)) })
	if !stop() && err != nil {
		return ctx.Err()
	}
	return err
}

// end makes the connection useless, whatever uses it.
func (c *guardedConn) end() {
	c.broken.Store(true)
	c.cut()
}

// Prepare implements driver.Conn.
func (c *guardedConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext. Nothing is sent: the
// driver's own statements cannot be relied upon when they are used twice (LOB
// columns, values that were NULL before), so every use is a statement of its own.
func (c *guardedConn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &guardedStmt{conn: c, text: query}, nil
}

// Begin implements driver.Conn.
func (c *guardedConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx.
func (c *guardedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (tx driver.Tx, err error) {
	err = c.during(ctx, func(ctx context.Context) error {
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
	err = c.during(ctx, func(ctx context.Context) (err error) {
		e, ok := c.inner.(driver.ExecerContext)
		if !ok {
			return errNoContext
		}
		result, err = e.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.during(ctx, func(inner context.Context) error {
		q, ok := c.inner.(driver.QueryerContext)
		if !ok {
			return errNoContext
		}
		r, err := q.QueryContext(inner, query, args)
		rows = &guardedRows{conn: c, inner: r, ctx: ctx}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

var errNoContext = errors.New("statements run with a context only")

// CheckNamedValue implements driver.NamedValueChecker. A bool is bound as a
// number, since the driver's own binding is for Oracle 23ai and newer only.
func (c *guardedConn) CheckNamedValue(v *driver.NamedValue) error {
	if b, ok := v.Value.(bool); ok {
		v.Value = int64(0)
		if b {
			v.Value = int64(1)
		}
		return nil
	}
	return c.run(func() error {
		if n, ok := c.inner.(driver.NamedValueChecker); ok {
			return n.CheckNamedValue(v)
		}
		return driver.ErrSkip
	})
}

// Ping implements driver.Pinger.
func (c *guardedConn) Ping(ctx context.Context) error {
	return c.during(ctx, func(ctx context.Context) error {
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

// Close implements driver.Conn. A broken connection is not told good-bye.
func (c *guardedConn) Close() error {
	if c.broken.Load() {
		c.cut()
	}
	err := c.run(c.inner.Close)
	c.cut()
	return err
}
