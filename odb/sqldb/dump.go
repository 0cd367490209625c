package sqldb

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"
)

// What a dump says of itself.
const (
	dumpFormat  = "signalbox-odb"
	dumpVersion = 1
)

// DumpSummary says what a dump holds.
type DumpSummary struct {
	Kind     string     `json:"kind"`     // of the database that it was made from
	Schema   int        `json:"schema"`   // newest migration of that database
	Revision int64      `json:"revision"` // the newest
	At       time.Time  `json:"at"`       // that database's clock
	Rows     int64      `json:"rows"`     // of all tables
	Tables   []TableSum `json:"tables"`
}

// Progress is told how far a dump, a restore or a copy is.
type Progress struct {
	Table string `json:"table"` // the one at hand
	Rows  int64  `json:"rows"`  // of all tables so far
}

// progressEvery is after how many rows progress is told.
const progressEvery = 1000

// dumpHeader is the first line of a dump.
type dumpHeader struct {
	Format   string    `json:"format"`
	Version  int       `json:"version"`
	Schema   int       `json:"schema"`
	Kind     string    `json:"kind"`
	Revision int64     `json:"revision"`
	At       time.Time `json:"at"`
}

// dumpMark is every other line of a dump that is not a row.
type dumpMark struct {
	Table   string   `json:"table,omitempty"` // a table begins
	Columns []string `json:"columns,omitempty"`

	End    string `json:"end,omitempty"` // it ends
	Rows   int64  `json:"rows,omitempty"`
	SHA256 string `json:"sha256,omitempty"`

	Complete bool `json:"complete,omitempty"` // the dump ends; rows and sum are those of all before
}

// Dump writes the whole content of the database, as it is at one moment, as a
// stream that [DB.Restore] reads into a database of any kind; DESIGN.md has its
// format. Changes go on meanwhile. It holds definitions with their references to
// sealed secrets, password hashes and the hashes of tokens: keep it like the
// database itself. Leases are written without a holder. progress may be nil.
func (db *DB) Dump(ctx context.Context, w io.Writer, progress func(Progress)) (DumpSummary, error) {
	var sum DumpSummary
	err := db.look(ctx, "dump ODB", db.where, func(t *tx) error {
		d := newDumpWriter(w, progress)
		var err error
		if sum, err = d.dump(t); err != nil {
			return err
		}
		return d.w.Flush()
	})
	return sum, err
}

// dumpWriter writes lines and sums them up.
type dumpWriter struct {
	w        *bufio.Writer
	enc      *json.Encoder
	all      hash.Hash // of the lines that are not rows
	rows     int64
	progress func(Progress)
}

func newDumpWriter(w io.Writer, progress func(Progress)) *dumpWriter {
	d := &dumpWriter{w: bufio.NewWriterSize(w, 1<<16), all: sha256.New(), progress: progress}
	d.enc = json.NewEncoder(d.w)
	d.enc.SetEscapeHTML(false)
	return d
}

func (d *dumpWriter) dump(t *tx) (DumpSummary, error) {
	sum := DumpSummary{Kind: t.d.name}
	var now int64
	err := t.one(dumpMoment, nil, &sum.Revision, &now)
	if err == nil {
		err = t.one(schemaVersion, nil, &sum.Schema)
	}
	if err != nil {
		return sum, err
	}
	sum.At = instant(now)
	if err := d.mark(dumpHeader{dumpFormat, dumpVersion, sum.Schema, sum.Kind, sum.Revision, sum.At}); err != nil {
		return sum, err
	}
	for _, tab := range tables() {
		s, err := d.table(t, tab)
		if err != nil {
			return sum, fmt.Errorf("dump %s: %w", tab.name, err)
		}
		sum.Tables = append(sum.Tables, s)
	}
	sum.Rows = d.rows
	return sum, d.mark(dumpMark{Complete: true, Rows: d.rows, SHA256: hex.EncodeToString(d.all.Sum(nil))})
}

// mark writes a line that is not a row and takes it into the sum of the dump.
func (d *dumpWriter) mark(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, _ = d.all.Write(text) // a hash takes everything
	_, err = d.w.Write(append(text, '\n'))
	return err
}

func (d *dumpWriter) table(t *tx, tab table) (TableSum, error) {
	head := dumpMark{Table: tab.name}
	for _, c := range tab.columns {
		head.Columns = append(head.Columns, c.name)
	}
	if err := d.mark(head); err != nil {
		return TableSum{}, err
	}
	var sums digest
	err := t.rows(tab, func(values []any) error {
		sums.add(tab.columns, values)
		if d.rows++; d.progress != nil && d.rows%progressEvery == 0 {
			d.progress(Progress{Table: tab.name, Rows: d.rows})
		}
		return d.row(values)
	})
	if err != nil {
		return TableSum{}, err
	}
	if d.progress != nil {
		d.progress(Progress{Table: tab.name, Rows: d.rows})
	}
	s := sums.sum(tab.name)
	return s, d.mark(dumpMark{End: s.Table, Rows: s.Rows, SHA256: s.SHA256})
}

// row writes a list of values as one line. In the place of bytes is their number;
// they follow the line as they are, with a line feed.
func (d *dumpWriter) row(values []any) error {
	line, blobs := make([]any, len(values)), [][]byte(nil)
	for i, v := range values {
		if b, ok := v.([]byte); ok {
			blobs = append(blobs, b)
			v = len(b)
		}
		line[i] = v
	}
	if err := d.enc.Encode(line); err != nil {
		return err
	}
	for _, b := range blobs {
		if _, err := d.w.Write(b); err != nil {
			return err
		}
		if err := d.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}
