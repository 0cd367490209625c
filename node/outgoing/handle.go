package outgoing

import (
	"context"
	"errors"
	"time"

	"signalbox.internal/node/service"
)

// HTTPConn is an HTTP connection by its name. It stays valid when the definition changes.
type HTTPConn struct {
	m    *Manager
	name string
}

// HTTP names an HTTP connection; whether there is one shows when it is used.
func (m *Manager) HTTP(name string) HTTPConn { return HTTPConn{m, name} }

// Do sends a request and returns the answer, whatever its status. Its errors
// are [*service.Error], with the codes that DESIGN.md lists.
func (h HTTPConn) Do(ctx context.Context, r Request) (Response, error) {
	var answer Response
	err := use(ctx, h.m, h.name, "http", func(ctx context.Context, s *httpSide) (err error) {
		if answer, err = s.do(ctx, r); err == nil && unavailable(answer.Status) {
			return s.answeredDown(answer.Status)
		}
		return err
	})
	return answer, err
}

// SQLConn is an SQL connection by its name. It stays valid when the definition changes.
type SQLConn struct {
	m    *Manager
	name string
}

// SQL names an SQL connection; whether there is one shows when it is used.
func (m *Manager) SQL(name string) SQLConn { return SQLConn{m, name} }

// Query runs one statement and returns all its rows. The errors of this and the
// other methods are [*service.Error], with the codes that DESIGN.md lists.
func (q SQLConn) Query(ctx context.Context, st Statement) (ResultSet, error) {
	var r ResultSet
	err := use(ctx, q.m, q.name, "sql", func(ctx context.Context, s *sqlSide) (err error) {
		r, err = s.Query(ctx, st)
		return err
	})
	return r, err
}

// Exec runs one statement and returns what it changed.
func (q SQLConn) Exec(ctx context.Context, st Statement) (ExecResult, error) {
	var r ExecResult
	err := use(ctx, q.m, q.name, "sql", func(ctx context.Context, s *sqlSide) (err error) {
		r, err = s.Exec(ctx, st)
		return err
	})
	return r, err
}

// Transaction runs statements in one transaction, all of them or none. Each
// result is an [ExecResult], or a [ResultSet] for a statement with Query set.
func (q SQLConn) Transaction(ctx context.Context, statements []Statement) ([]any, error) {
	var r []any
	err := use(ctx, q.m, q.name, "sql", func(ctx context.Context, s *sqlSide) (err error) {
		r, err = s.Transaction(ctx, statements)
		return err
	})
	return r, err
}

// use runs one call on the connection in force, counts it, and learns from it.
func use[S side](ctx context.Context, m *Manager, name, typ string, call func(context.Context, S) error) error {
	c, err := m.acquire(name, typ)
	if err != nil {
		return err
	}
	defer c.release()
	far, ok := c.side.(S)
	if !ok {
		return unusable(name, "changes its type at this moment", nil)
	}
	ctx, done := m.bind(ctx)
	defer done()
	c.tracker.begin()
	defer c.tracker.end()
	start := time.Now()
	err = call(ctx, far)
	c.note(err)
	if err == nil {
		m.metrics.observe(name, time.Since(start), "")
		return nil
	}
	e := service.AsError(err)
	m.metrics.observe(name, time.Since(start), e.Code)
	if d, ok := errors.AsType[*downError](err); ok && d.answered {
		return nil
	}
	return e
}
