package sqldb

import (
	"context"
	"fmt"
)

// write is a statement whose result nobody needs before the next one.
type write struct {
	s    statement
	args []any
	what string       // that it does, for errors
	none func() error // why it changed no row; nil where that does not matter
}

// later adds a statement to those that flush executes.
func (t *tx) later(w write) { t.writes = append(t.writes, w) }

// maxBatch bounds what is sent without an answer.
const maxBatch = 500

// batchText is what a batch is executed by, see batch.
const batchText = "-- batch"

// batch is the one argument of batchText, for a driver's connection that sends
// statements without waiting for the answer to each.
type batch struct {
	texts   []string
	args    [][]any
	changed []int64 // rows, by the statements that were executed
}

// flush executes what was left for later, in its order: one by one, or many in
// one round trip where the database takes that.
func (t *tx) flush() error {
	for writes := t.writes; len(writes) > 0; {
		n := min(len(writes), maxBatch)
		if err := t.send(writes[:n]); err != nil {
			return err
		}
		writes = writes[n:]
	}
	t.writes = nil
	return nil
}

func (t *tx) send(writes []write) error {
	if !t.d.batches {
		for _, w := range writes {
			n, err := t.run(w.s, w.args...)
			if err := w.done(n, err); err != nil {
				return err
			}
		}
		return nil
	}
	b := &batch{}
	for _, w := range writes {
		b.texts, b.args = append(b.texts, t.pool.texts[w.s]), append(b.args, w.args)
	}
	_, err := t.sql.ExecContext(t.ctx, batchText, b)
	for i, n := range b.changed {
		if err := writes[i].done(n, nil); err != nil {
			return err
		}
	}
	if err != nil {
		return writes[min(len(b.changed), len(writes)-1)].done(0, err)
	}
	return nil
}

// done makes an error of what became of the statement.
func (w write) done(n int64, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", w.what, err)
	case n == 0 && w.none != nil:
		return w.none()
	}
	return nil
}

// openingKey is that of a context in which a transaction begins with a statement.
type openingKey struct{}

// opening returns a context in which a transaction's first statement is s, in the
// same round trip, where the database takes that (see dialect.opens). s has no
// arguments.
func (db *DB) opening(ctx context.Context, s statement) context.Context {
	if !db.dialect.opens {
		return ctx
	}
	return context.WithValue(ctx, openingKey{}, db.write.texts[s])
}

// openingOf returns the statement that a transaction is to begin with, if any.
func openingOf(ctx context.Context) string {
	text, _ := ctx.Value(openingKey{}).(string)
	return text
}
