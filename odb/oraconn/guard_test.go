package oraconn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
)

// shaky is a driver that breaks down where at says, as go-ora does.
type shaky struct {
	at    string
	conns *int
}

func (s shaky) trip(at string) {
	if s.at == at {
		var nothing *shaky
		nothing.at = "" // the panic that such drivers have
	}
}

func (s shaky) Prepare(string) (driver.Stmt, error)      { return nil, errors.New("not used") }
func (s shaky) Begin() (driver.Tx, error)                { return nil, errors.New("not used") }
func (s shaky) Close() error                             { s.trip("close"); return nil }
func (s shaky) Ping(context.Context) error               { s.trip("ping"); return nil }
func (s shaky) ResetSession(context.Context) error       { s.trip("reset"); return nil }
func (s shaky) CheckNamedValue(*driver.NamedValue) error { s.trip("check"); return nil }
func (s shaky) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	s.trip("begin")
	return shakyTx{s}, nil
}

func (s shaky) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	s.trip("exec")
	return driver.RowsAffected(1), nil
}

func (s shaky) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	s.trip("query")
	return &shakyRows{s: s}, nil
}

type shakyTx struct{ s shaky }

func (t shakyTx) Commit() error   { t.s.trip("commit"); return nil }
func (t shakyTx) Rollback() error { t.s.trip("rollback"); return nil }

type shakyRows struct {
	s    shaky
	done bool
}

func (r *shakyRows) Columns() []string                     { r.s.trip("columns"); return []string{"a"} }
func (r *shakyRows) Close() error                          { r.s.trip("rows close"); return nil }
func (r *shakyRows) ColumnTypeDatabaseTypeName(int) string { r.s.trip("type"); return "NUMBER" }
func (r *shakyRows) Next(dest []driver.Value) error {
	r.s.trip("next")
	if r.done {
		return io.EOF
	}
	r.done, dest[0] = true, "1"
	return nil
}

// useAll drives every method of a connection; it returns what failed.
func useAll(ctx context.Context, db *sql.DB) error {
	errs := []error{db.PingContext(ctx)}
	_, err := db.ExecContext(ctx, "x", 1)
	errs = append(errs, err, readAll(db.QueryContext(ctx, "x")))
	stmt, err := db.PrepareContext(ctx, "x")
	if errs = append(errs, err); err == nil {
		_, err = stmt.ExecContext(ctx, 1)
		errs = append(errs, err, readAll(stmt.QueryContext(ctx)), stmt.Close()) //nolint:sqlclosecheck // its error counts
	}
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(ctx, nil)
		if errs = append(errs, err); err == nil {
			errs = append(errs, end(tx))
		}
	}
	return errors.Join(append(errs, db.PingContext(ctx))...)
}

func readAll(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	types, typeErr := rows.ColumnTypes()
	if typeErr == nil {
		for _, t := range types {
			_ = t.DatabaseTypeName()
		}
	}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(typeErr, rows.Err(), rows.Close())
}

func TestPanicsOfDriversAreErrors(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"", "connect", "ping", "exec", "query", "check", "begin", "commit", "rollback",
		"columns", "next", "rows close", "type", "reset", "close",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			conns := 0
			db := sql.OpenDB(connectorFunc(Guard(func(context.Context) (driver.Conn, error) {
				s := shaky{at: at, conns: &conns}
				s.trip("connect")
				conns++
				return s, nil
			})))
			db.SetMaxOpenConns(1)
			err := errors.Join(useAll(context.Background(), db), db.Close())
			switch at {
			case "":
				if err != nil || conns != 1 {
					t.Errorf("a driver that works: %v on %d connections", err, conns)
				}
			case "rows close", "columns", "type", "reset", "close":
				if conns < 1 { // database/sql keeps these to itself; it is enough that we live
					t.Error("nothing was tried")
				}
			default:
				if !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "nil pointer") {
					t.Errorf("error = %v, want the panic", err)
				}
			}
			if at != "" && at != "connect" && at != "close" && conns < 2 {
				t.Errorf("the broken connection was used again")
			}
		})
	}
}

// connectorFunc is a driver.Connector.
type connectorFunc func(context.Context) (driver.Conn, error)

func (c connectorFunc) Connect(ctx context.Context) (driver.Conn, error) { return c(ctx) }
func (c connectorFunc) Driver() driver.Driver                            { return nil }
