package sqldb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// TableSum is what a table holds: equal sums are equal contents, whatever the
// database.
type TableSum struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // of the rows in canonical form, in an order of its own
}

// Checksums reads the whole database at one moment and returns the sum of each
// table, in the order of [DumpSummary]. The sums of a database and of what was
// restored from its dump are equal.
func (db *DB) Checksums(ctx context.Context) ([]TableSum, error) {
	var sums []TableSum
	err := db.look(ctx, "sum up ODB", db.where, func(t *tx) error {
		var err error
		sums, err = t.checksums()
		return err
	})
	return sums, err
}

func (t *tx) checksums() ([]TableSum, error) {
	var sums []TableSum
	for _, tab := range tables() {
		var d digest
		err := t.rows(tab, func(values []any) error {
			d.add(tab.columns, values)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", tab.name, err)
		}
		sums = append(sums, d.sum(tab.name))
	}
	return sums, nil
}

// rows reads every row of a table: nil, int64, string or []byte a column. A row
// is valid until the next.
func (t *tx) rows(tab table, visit func(values []any) error) error {
	rows, err := t.sql.QueryContext(t.ctx, t.d.expand(tab.selects()))
	if err != nil {
		return err
	}
	defer rows.Close()
	dest, values := destinations(tab.columns), make([]any, len(tab.columns))
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i := range dest {
			values[i] = valueOf(dest[i])
		}
		if err := visit(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

func destinations(columns []column) []any {
	dest := make([]any, len(columns))
	for i, c := range columns {
		switch c.kind {
		case "INT", "FLAG":
			dest[i] = new(sql.NullInt64)
		case "BLOB":
			dest[i] = new(sql.RawBytes)
		default:
			dest[i] = new(sql.NullString)
		}
	}
	return dest
}

func valueOf(dest any) any {
	switch v := dest.(type) {
	case *sql.NullInt64:
		if v.Valid {
			return v.Int64
		}
	case *sql.NullString:
		if v.Valid {
			return v.String
		}
	case *sql.RawBytes:
		if *v != nil {
			return []byte(*v)
		}
	}
	return nil
}

// digest sums up the rows of one table. The order of the rows does not count:
// databases sort texts differently.
type digest struct {
	rows [][sha256.Size]byte
	buf  []byte
}

// add takes a row. Its canonical form has what is not null, by name, so that a
// column that a newer schema adds changes nothing.
func (d *digest) add(columns []column, values []any) {
	b := d.buf[:0]
	for i, c := range columns {
		if values[i] == nil || c.loose {
			continue
		}
		b = append(append(b, c.name...), 0)
		switch v := values[i].(type) {
		case int64:
			b = append(strconv.AppendInt(append(b, 'n'), v, 10), 0)
		case string:
			b = append(binary.AppendUvarint(append(b, 't'), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(v))), v...)
		}
	}
	d.buf = b
	d.rows = append(d.rows, sha256.Sum256(b))
}

func (d *digest) sum(name string) TableSum {
	slices.SortFunc(d.rows, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	for i := range d.rows {
		_, _ = h.Write(d.rows[i][:]) // a hash takes everything
	}
	return TableSum{Table: name, Rows: int64(len(d.rows)), SHA256: hex.EncodeToString(h.Sum(nil))}
}
