package outgoing

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxResult is the largest result of a query, in bytes of values.
const maxResult = 32 << 20

// maxExact is the largest integer that JSON readers hold exactly.
const maxExact = 1<<53 - 1

// ResultSet is the answer to a query: names of columns and values of rows, each
// nil, bool, int64, uint64, float64, string, []byte or json.RawMessage.
type ResultSet struct {
	Columns []string
	Rows    [][]any
}

// MarshalJSON writes {"columns": […], "rows": [{…}]} as DESIGN.md says.
func (r ResultSet) MarshalJSON() ([]byte, error) {
	keys := r.keys()
	b := append([]byte(nil), `{"columns":[`...)
	for i, name := range r.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
	}
	b = append(b, `],"rows":[`...)
	for i, row := range r.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRow(b, keys, row)
	}
	return append(b, "]}"...), nil
}

// keys returns the names of the columns as JSON, each with its colon.
func (r ResultSet) keys() [][]byte {
	keys := make([][]byte, len(r.Columns))
	for i, name := range r.Columns {
		keys[i] = append(appendString(nil, name), ':')
	}
	return keys
}

func appendRow(b []byte, keys [][]byte, row []any) []byte {
	b = append(b, '{')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(append(b, keys[i]...), v)
	}
	return append(b, '}')
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		if v > maxExact || v < -maxExact {
			return append(strconv.AppendInt(append(b, '"'), v, 10), '"')
		}
		return strconv.AppendInt(b, v, 10)
	case uint64:
		if v > maxExact {
			return append(strconv.AppendUint(append(b, '"'), v, 10), '"')
		}
		return strconv.AppendUint(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case string:
		if !utf8.ValidString(v) {
			return appendBytes(b, []byte(v))
		}
		return appendString(b, v)
	case []byte:
		return appendBytes(b, v)
	case json.RawMessage:
		return append(b, v...)
	}
	return append(b, "null"...)
}

func appendFloat(b []byte, f float64) []byte {
	text, err := json.Marshal(f)
	if err != nil { // NaN and infinities
		return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, 64), '"')
	}
	return append(b, text...)
}

func appendBytes(b, v []byte) []byte {
	b = append(b, `{"base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, v)
	return append(b, `"}`...)
}

// readRows reads a result whole; more than limit rows or maxResult bytes is an error.
func readRows(rows *sql.Rows, limit int, convert func(v any, typeName string) (any, error)) (ResultSet, error) {
	names, err := rows.Columns()
	if err != nil {
		return ResultSet{}, err
	}
	if name, twice := duplicate(names); twice {
		return ResultSet{}, &resultError{fmt.Sprintf("the query has two columns named %q; give one an alias", name), false}
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return ResultSet{}, err
	}
	r, size := ResultSet{Columns: names, Rows: [][]any{}}, 0
	into := make([]any, len(names))
	for rows.Next() {
		if len(r.Rows) == limit {
			return ResultSet{}, &tooManyRows{limit}
		}
		row := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return ResultSet{}, err
		}
		for i, v := range row {
			if row[i], err = convert(v, types[i].DatabaseTypeName()); err != nil {
				return ResultSet{}, &resultError{fmt.Sprintf("the column %q %v", names[i], err), false}
			}
			size += sizeOf(row[i])
		}
		if size > maxResult {
			return ResultSet{}, &resultError{fmt.Sprintf("the query yields more than %d MiB", maxResult>>20), true}
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// resultError says why the rows of a query cannot be given to the service.
type resultError struct {
	message  string
	tooLarge bool
}

func (e *resultError) Error() string { return e.message }

// tooManyRows says that a query passes the limit of rows.
type tooManyRows struct{ limit int }

func (e *tooManyRows) Error() string {
	return fmt.Sprintf("the query yields more than %d rows", e.limit)
}

func duplicate(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return n, true
		}
		seen[n] = true
	}
	return "", false
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + 16
	case []byte:
		return len(v) + 16
	case json.RawMessage:
		return len(v) + 16
	}
	return 16
}

// jsonOrText gives a JSON column as the value, or as text when it is nested too deep.
func jsonOrText(text []byte) any {
	text = bytes.TrimSpace(text)
	if goodJSON(text) {
		return json.RawMessage(text)
	}
	return string(text)
}

// instant writes a point in time; wall clocks count as UTC.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// wallClock writes the fields of t as if they were UTC.
func wallClock(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999999Z") }

// dateOnly writes a day.
func dateOnly(t time.Time) string { return t.Format(time.DateOnly) }

// decimalText writes a number that the database calls a decimal but hands over as a float.
func decimalText(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
