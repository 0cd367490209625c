package ordered

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
)

// Append writes v as JSON to dst: objects in their order, Go maps by sorted keys,
// other Go values as encoding/json does. When the text written grows beyond limit
// bytes (0 means none) it stops with code "library.limit"; it never holds much more
// than limit. Nesting deeper than ten times MaxDepth is refused, so that a value
// that holds itself ends.
func Append(dst []byte, v any, limit int) ([]byte, error) {
	e := encoder{out: dst, start: len(dst), limit: limit}
	if err := e.value(v, 0); err != nil {
		return dst, err
	}
	return e.out, nil
}

type encoder struct {
	out   []byte
	start int
	limit int
}

func (e *encoder) value(v any, depth int) error {
	if depth > 10*MaxDepth {
		return fault.New("json.depth", "the value is nested deeper than %d levels", 10*MaxDepth)
	}
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case string:
		return e.text(v)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int:
		e.out = strconv.AppendInt(e.out, int64(v), 10)
	case int64:
		e.out = strconv.AppendInt(e.out, v, 10)
	case json.Number:
		return e.number(v)
	case *Object:
		return e.object(v, depth)
	case map[string]any:
		return e.sorted(v, depth)
	case []any:
		return list(e, v, func(item any) error { return e.value(item, depth+1) })
	case []string:
		return list(e, v, e.text)
	default:
		return e.other(v)
	}
	return e.check()
}

func (e *encoder) check() error {
	if e.limit > 0 && len(e.out)-e.start > e.limit {
		return e.tooLarge()
	}
	return nil
}

func (e *encoder) tooLarge() error {
	return fault.New(fault.Limit, "the result is larger than %d bytes of JSON", e.limit).With(Of("limit", e.limit))
}

func (e *encoder) object(o *Object, depth int) error {
	if o == nil {
		e.out = append(e.out, "null"...)
		return nil
	}
	e.out = append(e.out, '{')
	first := true
	for k, v := range o.All() {
		if err := e.member(k, v, first, depth); err != nil {
			return err
		}
		first = false
	}
	e.out = append(e.out, '}')
	return e.check()
}

func (e *encoder) sorted(m map[string]any, depth int) error {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	e.out = append(e.out, '{')
	for i, k := range keys {
		if err := e.member(k, m[k], i == 0, depth); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return e.check()
}

func (e *encoder) member(key string, v any, first bool, depth int) error {
	if !first {
		e.out = append(e.out, ',')
	}
	if err := e.text(key); err != nil {
		return err
	}
	e.out = append(e.out, ':')
	return e.value(v, depth+1)
}

func list[T any](e *encoder, items []T, write func(T) error) error {
	e.out = append(e.out, '[')
	for i, item := range items {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := write(item); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return e.check()
}

func (e *encoder) number(n json.Number) error {
	if raw := []byte(n); len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') || !json.Valid(raw) {
		return fault.New("json.syntax", "%s is not a number", fault.Quote(string(n)))
	}
	e.out = append(e.out, n...)
	return e.check()
}

func (e *encoder) other(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fault.New("json.syntax", "the value has no JSON form: %v", err)
	}
	e.out = append(e.out, raw...)
	return e.check()
}

const hexDigits = "0123456789abcdef"

// text checks the length before it copies, so that one huge string costs nothing.
func (e *encoder) text(s string) error {
	if e.limit > 0 && len(s) > e.limit {
		return e.tooLarge()
	}
	e.out = AppendText(e.out, s)
	return e.check()
}

// AppendText writes s as a JSON string with the fewest escapes that JSON allows, as
// RFC 8785 wants them; a byte that is no UTF-8 becomes U+FFFD.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' && b < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if b >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		dst = appendEscape(dst, b)
		i += size
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if b >= utf8.RuneSelf {
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
}
