package library

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// CanonicalJSON writes a value of ordered.Decode as RFC 8785 says: keys sorted by
// UTF-16 code units, numbers as ECMAScript prints them, the fewest escapes. A number
// that no 64-bit float holds has code "json.number".
func CanonicalJSON(v any) ([]byte, error) { return canonical(nil, v) }

func canonical(dst []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case *Object:
		keys := make([]string, 0, v.Len())
		for k := range v.All() {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, compareUTF16)
		dst = append(dst, '{')
		for i, k := range keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(ordered.AppendText(dst, k), ':')
			val, _ := v.Get(k)
			if dst, err = canonical(dst, val); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	case []any:
		dst = append(dst, '[')
		for i, val := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = canonical(dst, val); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case json.Number:
		return ecmaNumber(dst, v)
	case string:
		return ordered.AppendText(dst, v), nil
	}
	return ordered.Append(dst, v, 0)
}

// compareUTF16 compares by UTF-16 code units, which differs from UTF-8 only where one
// side is beyond the basic plane.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			return cmp.Or(cmp.Compare(firstUnit(x), firstUnit(y)), cmp.Compare(x, y))
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Compare(len(a), len(b))
}

func firstUnit(r rune) rune {
	if high, _ := utf16.EncodeRune(r); high != utf8.RuneError {
		return high
	}
	return r
}

func ecmaNumber(dst []byte, n json.Number) ([]byte, error) {
	f, err := n.Float64()
	if err != nil {
		return nil, fault.New("json.number", "%s is too large for a number", fault.Quote(n.String()))
	}
	if f == 0 {
		return append(dst, '0'), nil
	}
	const least, most = 1e-6, 1e21 // outside of these an exponent is written
	if size := math.Abs(f); size >= least && size < most {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	text = strings.Replace(strings.Replace(text, "e-0", "e-", 1), "e+0", "e+", 1)
	return append(dst, text...), nil
}

// PointJSON gives the value at an RFC 6901 pointer and whether there is one. A wrong
// pointer has code "json.pointer".
func PointJSON(v any, pointer string) (any, bool, error) {
	if pointer == "" {
		return v, true, nil
	}
	if pointer[0] != '/' {
		return nil, false, fault.New("json.pointer", "%s is no pointer: it does not start with /", fault.Quote(pointer))
	}
	for part := range strings.SplitSeq(pointer[1:], "/") {
		key, ok := unescapePointer(part)
		if !ok {
			return nil, false, fault.New("json.pointer", "%s is no pointer: ~ stands without 0 or 1", fault.Quote(pointer))
		}
		switch parent := v.(type) {
		case *Object:
			v, ok = parent.Get(key)
		case []any:
			v, ok = item(parent, key)
		default:
			ok = false
		}
		if !ok {
			return nil, false, nil
		}
	}
	return v, true, nil
}

func unescapePointer(part string) (string, bool) {
	if strings.Count(part, "~") != strings.Count(part, "~0")+strings.Count(part, "~1") {
		return "", false
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(part), true
}

func item(list []any, key string) (any, bool) {
	i, err := strconv.Atoi(key)
	if err != nil || strconv.Itoa(i) != key || i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// MergeJSON applies an RFC 7386 merge patch: objects merge, null removes, anything
// else replaces. Both values are as ordered.Decode gives them; target is used up.
func MergeJSON(target, patch any) any {
	from, ok := patch.(*Object)
	if !ok {
		return patch
	}
	into, ok := target.(*Object)
	if !ok {
		into = &Object{}
	}
	for k, v := range from.All() {
		if v == nil {
			into.Delete(k)
			continue
		}
		old, _ := into.Get(k)
		into.Set(k, MergeJSON(old, v))
	}
	return into
}
