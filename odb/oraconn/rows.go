package oraconn

import (
	"context"
	"database/sql/driver"
	"reflect"
)

// guardedStmt is the text of a statement, which every use sends anew.
type guardedStmt struct {
	conn *guardedConn
	text string
}

// Close implements driver.Stmt.
func (s *guardedStmt) Close() error { return nil }

// NumInput implements driver.Stmt.
func (s *guardedStmt) NumInput() int { return -1 }

// Exec implements driver.Stmt.
func (s *guardedStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errNoContext }

// Query implements driver.Stmt.
func (s *guardedStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errNoContext }

// ExecContext implements driver.StmtExecContext.
func (s *guardedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.text, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *guardedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.text, args)
}

// guardedTx is a transaction with its faults contained.
type guardedTx struct {
	conn  *guardedConn
	inner driver.Tx
}

// Commit implements driver.Tx.
func (t guardedTx) Commit() error { return t.conn.run(t.inner.Commit) }

// Rollback implements driver.Tx.
func (t guardedTx) Rollback() error { return t.conn.run(t.inner.Rollback) }

// guardedRows are rows with their faults contained. The driver fetches them
// without a context, so that of the query ends the fetch.
type guardedRows struct {
	conn  *guardedConn
	inner driver.Rows
	ctx   context.Context
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
	return r.conn.during(r.ctx, func(context.Context) error { return r.inner.Next(dest) })
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
