package library

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library/charset"
	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// maxCells is the number of fields that a CSV text may have.
const maxCells = 1_000_000

// CSVOptions say how ParseCSV reads. The zero value reads RFC 4180 with a header.
type CSVOptions struct {
	Delimiter  rune     // zero means a comma
	NoHeader   bool     // the first row is data
	Columns    []string // names of the columns, instead of the header's
	Comment    rune     // lines that start with it are skipped; zero means none
	LazyQuotes bool     // takes quotes in places where RFC 4180 does not
	Trim       bool     // removes white space around every field
	Charset    string   // character set of the bytes; empty means UTF-8
}

func (o CSVOptions) check() error {
	if err := checkDelimiter(o.Delimiter); err != nil {
		return err
	}
	if o.Comment != 0 && (checkDelimiter(o.Comment) != nil || o.Comment == cmp.Or(o.Delimiter, ',')) {
		return fault.New("csv.options", "%q cannot start a comment", o.Comment)
	}
	return checkColumns(o.Columns)
}

func checkDelimiter(r rune) error {
	if r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError || !utf8.ValidRune(r) {
		return fault.New("csv.options", "%q cannot be a delimiter", r)
	}
	return nil
}

func checkColumns(columns []string) error {
	seen := make(map[string]bool, len(columns))
	for i, name := range columns {
		if name == "" || seen[name] {
			return fault.New("csv.header", "column %d has no name of its own: %s", i+1, fault.Quote(name)).
				With(ordered.Of("column", i+1))
		}
		seen[name] = true
	}
	return nil
}

// ParseCSV reads rows: with a header or Columns each is an *Object of strings, and a
// row with another number of fields is an error; without both each is a []string of
// any length. Blank lines are skipped, a line break inside quotes becomes "\n". Wrong
// text has code "csv.syntax" (line and column in Details), a header without a name of
// its own for each column "csv.header", more than a million fields "csv.limit".
func ParseCSV(data []byte, o CSVOptions) ([]any, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	data, err := charset.UTF8(o.Charset, data)
	if err != nil {
		return nil, err
	}
	comma := cmp.Or(o.Delimiter, ',')
	if bytes.Count(data, []byte(string(comma)))+bytes.Count(data, []byte("\n")) > maxCells {
		return nil, fault.New("csv.limit", "the text has more than %d fields", maxCells)
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.Comment, r.LazyQuotes = comma, o.Comment, o.LazyQuotes
	r.FieldsPerRecord = -1
	columns := o.Columns
	if !o.NoHeader {
		if columns, err = header(r, o); err != nil || columns == nil {
			return []any{}, err
		}
	}
	return rows(r, columns, o.Trim)
}

// header reads the first row; it gives no columns when there is none.
func header(r *csv.Reader, o CSVOptions) ([]string, error) {
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, wrongCSV(err)
	}
	if len(o.Columns) > 0 {
		return o.Columns, nil
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names, checkColumns(names)
}

func rows(r *csv.Reader, columns []string, trim bool) ([]any, error) {
	list := []any{}
	r.ReuseRecord = columns != nil
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, wrongCSV(err)
		}
		if trim {
			for i, f := range fields {
				fields[i] = strings.TrimSpace(f)
			}
		}
		if columns == nil {
			list = append(list, fields)
			continue
		}
		if len(fields) != len(columns) {
			line, _ := r.FieldPos(0)
			return nil, fault.New("csv.syntax", "line %d has %d fields, not %d", line, len(fields), len(columns)).
				With(ordered.Of("line", line, "column", 1))
		}
		row := &Object{}
		for i, f := range fields {
			row.Set(columns[i], f)
		}
		list = append(list, row)
	}
}

func wrongCSV(err error) error {
	pe, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return fault.New("csv.syntax", "%v", err)
	}
	return fault.New("csv.syntax", "line %d, column %d: %v", pe.Line, pe.Column, pe.Err).
		With(ordered.Of("line", pe.Line, "column", pe.Column))
}
