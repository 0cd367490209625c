package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strconv"
	"strings"

	"signalbox.internal/odb"
)

// Restore reads what [DB.Dump] wrote into this database, all of it or nothing:
// the database must be empty (Conflict), the dump whole and made by this program
// or an older one (Conflict), and what the database holds in the end is read back
// and compared before it counts. Faults of the dump are Invalid. No lease can be
// taken before its holder's in the dump could have ended. progress may be nil.
func (db *DB) Restore(ctx context.Context, r io.Reader, progress func(Progress)) (DumpSummary, error) {
	nothing := func(*tx) error { return nil }
	return db.restore(ctx, r, progress, framed{nothing, nothing})
}

// framed is what a restore does in its transaction besides.
type framed struct{ before, after func(*tx) error }

func (db *DB) restore(ctx context.Context, r io.Reader, progress func(Progress), frame framed) (DumpSummary, error) {
	const op = "restore ODB"
	var sum DumpSummary
	// Once: what was read cannot be read again.
	err := db.attempt(ctx, db.write, db.dialect.write, func(t *tx) error {
		if err := frame.before(t); err != nil {
			return err
		}
		if err := t.empty(); err != nil {
			return err
		}
		l := loader{tx: t, in: newDumpReader(r), progress: progress}
		var err error
		if sum, err = l.load(); err != nil {
			return err
		}
		if err := t.equals(sum.Tables); err != nil {
			return err
		}
		return frame.after(t)
	})
	if err != nil {
		return DumpSummary{}, db.dialect.typed(ctx, op, db.where, err)
	}
	db.log.InfoContext(ctx, "database restored", "from", sum.Kind, "revision", sum.Revision, "rows", sum.Rows, "made_at", sum.At)
	return sum, nil
}

// empty keeps other writers out and reports a database that has content.
func (t *tx) empty() error {
	if err := t.alone(); err != nil {
		return err
	}
	return t.onlyEmpty()
}

// onlyEmpty reports a database that has content.
func (t *tx) onlyEmpty() error {
	var found []string
	for _, tab := range tables() {
		var n int64
		if err := t.sql.QueryRowContext(t.ctx, tab.counts()).Scan(&n); err != nil {
			return fmt.Errorf("count %s: %w", tab.name, err)
		}
		if n > 0 {
			found = append(found, strings.TrimPrefix(tab.name, "odb_"))
		}
	}
	if len(found) > 0 {
		return &odb.Error{Kind: odb.Conflict, Err: fmt.Errorf(
			"there is an ODB in it already (it has rows in %s); only an empty database is filled", strings.Join(found, ", "))}
	}
	return nil
}

// equals compares what the database holds with what was read. Columns that an
// older dump does not have are null and count nothing; so do tables.
func (t *tx) equals(want []TableSum) error {
	got, err := t.checksums()
	if err != nil {
		return err
	}
	read := map[string]TableSum{}
	for _, s := range want {
		read[s.Table] = s
	}
	for _, s := range got {
		if w, ok := read[s.Table]; ok && w != s {
			return fmt.Errorf("what the database has in %s is not what was written: %d rows with the sum %.12s…, want %d with %.12s…",
				s.Table, s.Rows, s.SHA256, w.Rows, w.SHA256)
		}
	}
	return nil
}

// loader writes a dump's rows.
type loader struct {
	*tx
	in       *dumpReader
	rows     int64
	progress func(Progress)
}

func (l *loader) load() (DumpSummary, error) {
	sum, err := l.in.header()
	if err != nil {
		return sum, err
	}
	if sum.Schema > SchemaVersion() {
		return sum, &odb.Error{Kind: odb.Conflict, Err: fmt.Errorf(
			"the dump has schema %d and this program knows only %d; use a newer program", sum.Schema, SchemaVersion())}
	}
	left := tables()
	for {
		tab, there, err := l.in.table(&left)
		if err != nil {
			return sum, err
		}
		if !there {
			break
		}
		s, err := l.table(tab)
		if err != nil {
			return sum, fmt.Errorf("restore %s: %w", tab.name, err)
		}
		sum.Tables = append(sum.Tables, s)
	}
	sum.Rows = l.rows
	return sum, l.in.trailer(l.rows)
}

// table writes the rows of a table whose columns are those of the dump.
func (l *loader) table(tab table) (TableSum, error) {
	stmt, err := l.sql.PrepareContext(l.ctx, l.d.expand(tab.stores()))
	if err != nil {
		return TableSum{}, err
	}
	defer func() { _ = stmt.Close() }() // it ends with the transaction
	var sums digest
	for {
		values, there, err := l.in.row(tab)
		if err != nil {
			return TableSum{}, err
		}
		if !there {
			break
		}
		sums.add(tab.columns, values)
		if err := l.store(stmt, tab, values); err != nil {
			return TableSum{}, fmt.Errorf("row %d: %w", len(sums.rows), err)
		}
		if l.rows++; l.progress != nil && l.rows%progressEvery == 0 {
			l.progress(Progress{Table: tab.name, Rows: l.rows})
		}
	}
	if l.progress != nil {
		l.progress(Progress{Table: tab.name, Rows: l.rows})
	}
	s := sums.sum(tab.name)
	return s, l.in.end(s)
}

// store binds a row: of a seeded table, whose row is updated, the id comes last.
func (l *loader) store(stmt *sql.Stmt, tab table, values []any) error {
	args := make([]any, len(values))
	for i, v := range values {
		switch tab.columns[i].kind {
		case "DOC":
			if text, ok := v.(string); ok {
				v = l.d.long(text)
			}
		case "BLOB":
			if b, ok := v.([]byte); ok {
				v = l.d.blob(b)
			}
		}
		args[i] = v
	}
	if tab.seeded {
		args = append(args[1:], args[0])
	}
	res, err := stmt.ExecContext(l.ctx, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return badDump("the id %s is not 1 (%d rows, %v)", strconv.Quote(fmt.Sprint(values[0])), n, err)
	}
	return nil
}
