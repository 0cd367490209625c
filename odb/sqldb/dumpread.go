package sqldb

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"signalbox.internal/odb"
)

// Bounds of what a dump may have.
const (
	maxDumpLine = 64 << 20             // bytes of one row without its archive
	maxHoldOff  = 366 * 24 * time.Hour // of a lease
)

// dumpReader reads a dump line by line and believes nothing in it. Memory grows
// with what is there, never with what a number in the dump promises.
type dumpReader struct {
	r    *bufio.Reader
	all  hash.Hash // of the lines that are not rows
	line []byte
	mark dumpMark // the last line that was none
	n    int      // lines read

	schema   int // of the dump
	revision int64
}

func newDumpReader(r io.Reader) *dumpReader {
	return &dumpReader{r: bufio.NewReaderSize(r, 1<<16), all: sha256.New()}
}

// badDump is a fault of the dump.
func badDump(format string, args ...any) error {
	return &odb.Error{Kind: odb.Invalid, Err: fmt.Errorf("the dump is not one: "+format, args...)}
}

var errCutShort = &odb.Error{Kind: odb.Invalid, Err: errors.New("the dump is cut short: its end is missing")}

// next reads a line without its line feed.
func (d *dumpReader) next() error {
	d.line = d.line[:0]
	d.n++
	for {
		part, err := d.r.ReadSlice('\n')
		if len(d.line)+len(part) > maxDumpLine {
			return badDump("line %d is longer than %d bytes", d.n, maxDumpLine)
		}
		d.line = append(d.line, part...)
		switch {
		case err == nil:
			d.line = d.line[:len(d.line)-1]
			if !utf8.Valid(d.line) {
				return badDump("line %d is not UTF-8", d.n)
			}
			return nil
		case errors.Is(err, io.EOF):
			return errCutShort
		case !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read dump: %w", err)
		}
	}
}

// decode reads the line at hand into v, all of it and nothing else.
func (d *dumpReader) decode(v any) error {
	dec := json.NewDecoder(bytes.NewReader(d.line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badDump("line %d: %w", d.n, err)
	}
	if dec.InputOffset() != int64(len(d.line)) {
		return badDump("line %d has more than one value", d.n)
	}
	return nil
}

func (d *dumpReader) header() (DumpSummary, error) {
	var h dumpHeader
	if err := d.next(); err != nil {
		return DumpSummary{}, err
	}
	if err := d.decode(&h); err != nil {
		return DumpSummary{}, err
	}
	switch {
	case h.Format != dumpFormat:
		return DumpSummary{}, badDump("its first line does not say %s", dumpFormat)
	case h.Version != dumpVersion:
		return DumpSummary{}, &odb.Error{Kind: odb.Conflict, Err: fmt.Errorf(
			"the dump has the format %d and this program reads only %d; use a newer program", h.Version, dumpVersion)}
	case h.Schema < 1 || h.Revision < 0:
		return DumpSummary{}, badDump("schema %d, revision %d", h.Schema, h.Revision)
	}
	_, _ = d.all.Write(d.line)
	d.schema, d.revision = h.Schema, h.Revision
	return DumpSummary{Kind: h.Kind, Schema: h.Schema, Revision: h.Revision, At: h.At}, nil
}

// marked reads the line at hand as one that is not a row.
func (d *dumpReader) marked() error {
	d.mark = dumpMark{}
	return d.decode(&d.mark)
}

// table reads the beginning of the next of the tables that are left, or finds
// the trailer. It returns the table with the dump's columns. Tables and columns
// may be missing when they are younger than the dump.
func (d *dumpReader) table(left *[]table) (table, bool, error) {
	if err := d.next(); err != nil {
		return table{}, false, err
	}
	if err := d.marked(); err != nil {
		return table{}, false, err
	}
	i := slices.IndexFunc(*left, func(t table) bool { return t.name == d.mark.Table })
	if d.mark.Complete {
		i = len(*left)
	} else if i < 0 {
		return table{}, false, badDump("line %d: there is no table %.40q, or it comes twice or too late", d.n, d.mark.Table)
	}
	for _, t := range (*left)[:i] {
		if t.since <= d.schema {
			return table{}, false, badDump("line %d: %s is missing", d.n, t.name)
		}
	}
	if d.mark.Complete {
		return table{}, false, nil
	}
	_, _ = d.all.Write(d.line)
	tab := (*left)[i]
	*left = (*left)[i+1:]
	var err error
	tab.columns, err = d.columns(tab)
	return tab, err == nil, err
}

func (d *dumpReader) columns(tab table) ([]column, error) {
	var known []column
	for _, c := range tab.columns {
		if len(known) < len(d.mark.Columns) && d.mark.Columns[len(known)] == c.name {
			known = append(known, c)
		} else if c.since <= d.schema {
			return nil, badDump("line %d: %s has no column %s in its place", d.n, tab.name, c.name)
		}
	}
	if len(known) != len(d.mark.Columns) {
		return nil, badDump("line %d: %s has the columns %.200q", d.n, tab.name, d.mark.Columns)
	}
	return known, nil
}

// row reads a row of a table, or finds its end.
func (d *dumpReader) row(tab table) ([]any, bool, error) {
	if err := d.next(); err != nil {
		return nil, false, err
	}
	if len(d.line) > 0 && d.line[0] == '{' {
		return nil, false, d.marked()
	}
	var raw []json.RawMessage
	if err := d.decode(&raw); err != nil {
		return nil, false, err
	}
	if len(raw) != len(tab.columns) {
		return nil, false, badDump("line %d has %d values for %d columns", d.n, len(raw), len(tab.columns))
	}
	values := make([]any, len(raw))
	for i, c := range tab.columns {
		var err error
		if values[i], err = d.value(c, raw[i]); err != nil {
			return nil, false, badDump("line %d, %s.%s: %w", d.n, tab.name, c.name, err)
		}
	}
	return values, true, d.check(tab, values)
}

func (d *dumpReader) value(c column, raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		if !c.nullable {
			return nil, errors.New("must not be null")
		}
		return nil, nil //nolint:nilnil // a null is a value
	}
	if c.kind == "INT" || c.kind == "FLAG" || c.kind == "BLOB" {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		switch {
		case err != nil:
			return nil, errors.New("is not a whole number of 64 bits")
		case c.kind == "FLAG" && n != 0 && n != 1:
			return nil, errors.New("is neither 0 nor 1")
		case c.loose && (n < 0 || n > maxHoldOff.Microseconds()):
			return nil, errors.New("is not a time that a lease could be held")
		case c.kind == "BLOB":
			return d.bytes(n)
		}
		return n, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, errors.New("is not a text")
	}
	return text, c.textFault(text)
}

// textFault says why a column cannot hold a text, in any database.
func (c *column) textFault(text string) error {
	limit := map[string]int{"ID": 26, "TEXT": c.limit, "DOC": maxDumpLine}[c.kind]
	if msg := textFault(text, limit); msg != "" {
		return errors.New(msg)
	}
	if text == "" {
		return errors.New("is empty")
	}
	return nil
}

// bytes reads n bytes and the line feed after them.
func (d *dumpReader) bytes(n int64) ([]byte, error) {
	if n < 0 || n > maxArchive {
		return nil, fmt.Errorf("has %d bytes; at most %d are allowed", n, maxArchive)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, d.r, n); errors.Is(err, io.EOF) {
		return nil, errCutShort
	} else if err != nil {
		return nil, err
	}
	if c, err := d.r.ReadByte(); err != nil || c != '\n' {
		return nil, errors.New("its bytes do not end where they should")
	}
	return b.Bytes(), nil
}

// check checks what concerns a row as a whole.
func (d *dumpReader) check(tab table, values []any) error {
	for i, c := range tab.columns {
		text, ok := values[i].(string)
		if ok && c.kind == "DOC" && tab.name != "odb_meta" && !json.Valid([]byte(text)) {
			return badDump("%s.%s is not JSON", tab.name, c.name)
		}
	}
	switch tab.name {
	case "odb_revision":
		if values[1] != d.revision {
			return badDump("the revision is %d on its first line and %v in its table", d.revision, values[1])
		}
	case "odb_meta":
		if name, _ := values[0].(string); slices.Contains(ownMarks(), name) {
			return badDump("it marks the database as %.20q", name)
		}
	case "odb_package":
		archive, _ := values[len(values)-1].([]byte)
		if sum := sha256.Sum256(archive); values[0] != hex.EncodeToString(sum[:]) {
			return badDump("the hash %.70q of a package is not the SHA-256 of its archive", values[0])
		}
	}
	return nil
}

// end compares what was read of a table with what its last line says.
func (d *dumpReader) end(got TableSum) error {
	_, _ = d.all.Write(d.line)
	if d.mark.End != got.Table || d.mark.Rows != got.Rows || d.mark.SHA256 != got.SHA256 {
		return badDump("line %d: %d rows with the sum %.12s… were read; %d with %.12s… were written",
			d.n, got.Rows, got.SHA256, d.mark.Rows, d.mark.SHA256)
	}
	return nil
}

// trailer checks the last line, which table found, and that nothing follows.
func (d *dumpReader) trailer(rows int64) error {
	if d.mark.Rows != rows || d.mark.SHA256 != hex.EncodeToString(d.all.Sum(nil)) {
		return badDump("its last line does not fit what is before it")
	}
	if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
		return badDump("something follows its end")
	}
	return nil
}
