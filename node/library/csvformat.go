package library

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// CSVFormat says how FormatCSV writes. The zero value writes RFC 4180 with a header
// and "\n" at the end of lines.
type CSVFormat struct {
	Delimiter rune     // zero means a comma
	NoHeader  bool     // writes no header
	Columns   []string // the columns and their order; nil means every key, as they first come
	CRLF      bool     // ends lines with "\r\n"
}

// FormatCSV writes rows: all objects (*Object or map[string]any), or all arrays ([]any
// or []string). Fields are strings, numbers, booleans or null (empty). A key that is
// missing gives an empty field; keys that Columns does not name are left out; rows of
// arrays have Columns only as header. A row of another kind has code "csv.value", with
// its number in Details, a text larger than MaxResult has "csv.limit".
func FormatCSV(list []any, o CSVFormat) ([]byte, error) {
	if err := checkDelimiter(o.Delimiter); err != nil {
		return nil, err
	}
	if err := checkColumns(o.Columns); err != nil {
		return nil, err
	}
	w := csvWriter{comma: cmp.Or(o.Delimiter, ','), end: "\n"}
	if o.CRLF {
		w.end = "\r\n"
	}
	columns := o.Columns
	if columns == nil {
		columns = keysOf(list)
	}
	if !o.NoHeader && len(columns) > 0 {
		w.row(columns)
	}
	for i, row := range list {
		fields, err := fieldsOf(row, columns)
		if err != nil {
			return nil, fault.New("csv.value", "row %d: %s", i+1, err.Error()).With(ordered.Of("row", i+1))
		}
		if w.row(fields); len(w.out) > MaxResult {
			return nil, fault.New("csv.limit", "the text is larger than %d bytes", MaxResult)
		}
	}
	return w.out, nil
}

// keysOf lists the keys of all rows that are objects.
func keysOf(list []any) []string {
	all := &Object{}
	for _, row := range list {
		switch row := row.(type) {
		case *Object:
			for k := range row.All() {
				all.Set(k, nil)
			}
		case map[string]any:
			for _, k := range sortedKeys(row) {
				all.Set(k, nil)
			}
		}
	}
	var keys []string
	for k := range all.All() {
		keys = append(keys, k)
	}
	return keys
}

// wrongField says what is wrong with a row; FormatCSV adds where.
type wrongField string

func (w wrongField) Error() string { return string(w) }

func fieldsOf(row any, columns []string) ([]string, error) {
	var get func(string) any
	switch row := row.(type) {
	case []string:
		return row, nil
	case []any:
		fields := make([]string, len(row))
		for i, v := range row {
			text, ok := scalarText(v)
			if !ok {
				return nil, wrongField("field " + strconv.Itoa(i+1) + " is not a string, number, boolean or null")
			}
			fields[i] = text
		}
		return fields, nil
	case *Object:
		get = func(k string) any { v, _ := row.Get(k); return v }
	case map[string]any:
		get = func(k string) any { return row[k] }
	default:
		return nil, wrongField("it is neither an object nor an array")
	}
	if len(columns) == 0 {
		return nil, wrongField("there are no columns")
	}
	fields := make([]string, len(columns))
	for i, name := range columns {
		text, ok := scalarText(get(name))
		if !ok {
			return nil, wrongField(fault.Quote(name) + " is not a string, number, boolean or null")
		}
		fields[i] = text
	}
	return fields, nil
}

// scalarText gives a string as it is, null as "", numbers and booleans as JSON.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool, int, int64, float64:
		raw, err := json.Marshal(v)
		return string(raw), err == nil
	}
	return "", false
}

type csvWriter struct {
	out   []byte
	comma rune
	end   string
}

func (w *csvWriter) row(fields []string) {
	for i, f := range fields {
		if i > 0 {
			w.out = utf8.AppendRune(w.out, w.comma)
		}
		w.field(f, len(fields) == 1)
	}
	w.out = append(w.out, w.end...)
}

const byteOrderMark = "\uFEFF"

// field quotes what needs it; an empty field alone too, or its line would be blank.
func (w *csvWriter) field(f string, alone bool) {
	plain := f != "" || !alone
	if plain && f != "" {
		plain = !strings.ContainsAny(f, "\"\r\n") && !strings.ContainsRune(f, w.comma) &&
			strings.TrimSpace(f) == f && f[0] != '#' && !strings.HasPrefix(f, byteOrderMark)
	}
	if plain {
		w.out = append(w.out, f...)
		return
	}
	w.out = append(w.out, '"')
	w.out = append(w.out, strings.ReplaceAll(f, `"`, `""`)...)
	w.out = append(w.out, '"')
}
