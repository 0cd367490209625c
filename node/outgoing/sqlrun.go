package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"signalbox.internal/node/service"
)

// Statement is one SQL statement with :name parameters.
type Statement struct {
	SQL     string
	Params  map[string]any // nil, bool, numbers, json.Number, text, []byte, time.Time
	Query   bool           // in a transaction: rows are wanted
	MaxRows int            // of a query; 0 or more than the definition's limit means that limit
}

// ExecResult says what a statement changed.
type ExecResult struct {
	Affected int64  // rows
	LastID   *int64 // the key that the database made, where it tells
}

// MarshalJSON writes {"affected": n, "last_id": n | null}.
func (r ExecResult) MarshalJSON() ([]byte, error) {
	b := appendValue([]byte(`{"affected":`), r.Affected)
	b = append(b, `,"last_id":`...)
	if r.LastID == nil {
		b = append(b, "null"...)
	} else {
		b = appendValue(b, *r.LastID)
	}
	return append(b, '}'), nil
}

// bound is a statement in the database's own words with its values.
type bound struct {
	text    string
	values  []any
	keyword string
}

// execer is what a pool and a transaction have in common.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// bind rewrites a statement for the database.
func (s *sqlSide) bind(st Statement) (bound, error) {
	parsed, err := parseSQL(st.SQL, s.dialect.lexis)
	if err != nil {
		return bound{}, s.wrong(err)
	}
	switch {
	case parsed.keyword == "":
		return bound{}, s.wrong(errors.New("the statement is empty"))
	case s.dialect.bans(parsed):
		return bound{}, s.wrong(fmt.Errorf("%s is refused, since it changes a session that others use next: transactions are made with "+
			"sql.transaction, settings with the definition's options", parsed.keyword))
	}
	text, values, err := bindSQL(parsed, st.Params, s.dialect.mark, s.dialect.once)
	if err != nil {
		return bound{}, s.wrong(err)
	}
	names := parsed.names(s.dialect.once)
	for i, v := range values {
		plain, err := plainParam(v)
		if err == nil {
			values[i], err = s.dialect.bind(plain)
		}
		if err != nil {
			return bound{}, s.wrong(fmt.Errorf("the parameter :%s %w", names[i], err))
		}
	}
	return bound{text: text, values: values, keyword: parsed.keyword}, nil
}

// wrong is the error of arguments that can never work.
func (s *sqlSide) wrong(err error) error {
	e := service.Errorf(http.StatusInternalServerError, service.CodeArguments, "%s: %v", s.name, err)
	e.Details = map[string]any{"connection": s.name}
	return e
}

// bans reports whether a statement would change its session.
func (d dialect) bans(st statement) bool {
	has := func(list []string) bool {
		return slices.Contains(list, st.keyword) || slices.Contains(list, st.keyword+" "+st.second)
	}
	return has(d.banned) && !has(d.fine)
}

// run executes b and reads how many rows it changed.
func (s *sqlSide) run(ctx context.Context, on execer, b bound) (ExecResult, error) {
	result, err := s.exec(ctx, on, b)
	if err != nil {
		return ExecResult{}, err
	}
	var r ExecResult
	if s.dialect.counts != nil && !s.dialect.counts(b.keyword) {
		return r, nil
	}
	if n, err := result.RowsAffected(); err == nil {
		r.Affected = n
	}
	if id, err := result.LastInsertId(); err == nil && id != 0 {
		r.LastID = &id
	}
	return r, nil
}

func (s *sqlSide) exec(ctx context.Context, on execer, b bound) (sql.Result, error) {
	if !s.dialect.prepare(false, len(b.values)) {
		return on.ExecContext(ctx, b.text, b.values...)
	}
	stmt, err := on.PrepareContext(ctx, b.text)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }() // what it did is known by then
	return stmt.ExecContext(ctx, b.values...)
}

// query runs b and reads all its rows.
func (s *sqlSide) query(ctx context.Context, on execer, b bound, maxRows int) (ResultSet, error) {
	if maxRows <= 0 || maxRows > s.spec.MaxRows {
		maxRows = s.spec.MaxRows
	}
	start := func() (*sql.Rows, error) { return on.QueryContext(ctx, b.text, b.values...) }
	if s.dialect.prepare(true, len(b.values)) {
		stmt, err := on.PrepareContext(ctx, b.text)
		if err != nil {
			return ResultSet{}, err
		}
		defer func() { _ = stmt.Close() }() // all rows have been read by then
		start = func() (*sql.Rows, error) { return stmt.QueryContext(ctx, b.values...) }
	}
	rows, err := start()
	if err != nil {
		return ResultSet{}, err
	}
	defer rows.Close()
	return readRows(rows, maxRows, s.dialect.value)
}

// names returns the parameters in the order of their values.
func (st statement) names(once bool) []string {
	var names []string
	for _, p := range st.parts {
		if p.name != "" && (!once || !slices.Contains(names, p.name)) {
			names = append(names, p.name)
		}
	}
	return names
}
