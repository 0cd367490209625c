package outgoing

import (
	"context"
	"errors"
	"fmt"

	"signalbox.internal/node/service"
)

// Query runs one statement and returns its rows.
func (s *sqlSide) Query(ctx context.Context, st Statement) (ResultSet, error) {
	var r ResultSet
	err := s.one(ctx, st, func(ctx context.Context, b bound) (err error) {
		r, err = s.query(ctx, s.db, b, st.MaxRows)
		return err
	})
	return r, err
}

// Exec runs one statement and returns what it changed.
func (s *sqlSide) Exec(ctx context.Context, st Statement) (ExecResult, error) {
	var r ExecResult
	err := s.one(ctx, st, func(ctx context.Context, b bound) (err error) {
		r, err = s.run(ctx, s.db, b)
		return err
	})
	return r, err
}

// one prepares the pool, binds st, and runs do with the statement's time limit.
func (s *sqlSide) one(ctx context.Context, st Statement, do func(context.Context, bound) error) error {
	b, err := s.bind(st)
	if err != nil {
		return err
	}
	if err := s.ensureReady(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.spec.QueryTimeout.Std())
	defer cancel()
	if err := do(ctx, b); err != nil {
		return s.report(ctx, err)
	}
	return nil
}

// report makes err one that services see.
func (s *sqlSide) report(ctx context.Context, err error) error {
	e, down := s.failure(ctx, err)
	if down {
		return &downError{seen: e}
	}
	return e
}

// Transaction runs statements in one transaction: all of them or none. Each
// result is an [ExecResult], or a [ResultSet] where rows were wanted.
func (s *sqlSide) Transaction(ctx context.Context, statements []Statement) ([]any, error) {
	bounds := make([]bound, len(statements))
	for i, st := range statements {
		b, err := s.bind(st)
		if err != nil {
			return nil, inStatement(err, i)
		}
		bounds[i] = b
	}
	if len(bounds) == 0 {
		return nil, s.wrong(errors.New("the transaction has no statements"))
	}
	if err := s.ensureReady(ctx); err != nil {
		return nil, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.report(ctx, err)
	}
	results := make([]any, len(bounds))
	for i, b := range bounds {
		if results[i], err = s.inTx(ctx, tx, b, statements[i]); err != nil {
			err = inStatement(err, i)
			if undo := tx.Rollback(); undo != nil && !errors.Is(err, undo) {
				return nil, err // the server rolls back by itself when the session ends
			}
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, s.commitFailure(ctx, err)
	}
	return results, nil
}

func (s *sqlSide) inTx(ctx context.Context, tx execer, b bound, st Statement) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, s.spec.QueryTimeout.Std())
	defer cancel()
	var result any
	var err error
	if st.Query {
		result, err = s.query(ctx, tx, b, st.MaxRows)
	} else {
		result, err = s.run(ctx, tx, b)
	}
	if err != nil {
		return nil, s.report(ctx, err)
	}
	return result, nil
}

// inStatement says in which statement of a transaction err happened.
func inStatement(err error, i int) error {
	if e, ok := errors.AsType[*service.Error](err); ok {
		if details, ok := e.Details.(map[string]any); ok {
			details["statement"] = i
		}
		e.Message = fmt.Sprintf("%s (statement %d)", e.Message, i+1)
	}
	return err
}

// commitFailure tells an error of the database, after which nothing is stored,
// from a break, after which nobody knows.
func (s *sqlSide) commitFailure(ctx context.Context, err error) error {
	report := s.report(ctx, err)
	if f, ok := s.dialect.fault(err); ok && !f.lost {
		return report
	}
	if e, ok := errors.AsType[*service.Error](report); ok {
		if details, ok := e.Details.(map[string]any); ok {
			details["outcome"] = "unknown"
		}
		e.Message += "; whether the transaction was committed is not known"
	}
	return report
}
