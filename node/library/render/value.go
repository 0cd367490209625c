package render

import (
	"encoding/json"
	"strconv"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// number is a JSON number that is no integer. It prints without an exponent.
type number float64

func (n number) String() string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }

// native turns JSON values into what templates compare and walk: maps, slices,
// strings, bool, int64 and number.
func native(v any) any {
	switch v := v.(type) {
	case *ordered.Object:
		m := make(map[string]any, v.Len())
		for k, val := range v.All() {
			m[k] = native(val)
		}
		return m
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, val := range v {
			m[k] = native(val)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, val := range v {
			list[i] = native(val)
		}
		return list
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return number(f)
	case int:
		return int64(v)
	case float64:
		return number(v)
	case nil, string, bool, int64:
		return v
	}
	return plain(v)
}

// plain brings other Go values to JSON first, so that a template can call no method
// of theirs. A value without JSON form is nothing.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	val, err := ordered.Decode(raw)
	if err != nil {
		return nil
	}
	return native(val)
}

// text is v as print writes it: null is empty, lists and objects are JSON. It costs
// work by its length.
func (r *run) text(v any) (string, error) {
	s := ""
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case int64:
		s = strconv.FormatInt(v, 10)
	case int:
		s = strconv.Itoa(v)
	case float64:
		s = number(v).String()
	case number:
		s = v.String()
	case bool:
		s = strconv.FormatBool(v)
	default:
		raw, err := ordered.Append(nil, v, r.limit)
		if err != nil {
			return "", tooMuch("a value is larger than allowed")
		}
		s = string(raw)
	}
	return s, r.spend(1 + len(s)/64)
}

// made checks a string that a function made.
func (r *run) made(s string) (string, error) {
	if len(s) > r.limit {
		return "", tooMuch("a string of the template is larger than allowed")
	}
	return s, r.spend(len(s) / 64)
}

func wrongArg(format string, args ...any) error {
	return fault.New("template.value", format, args...)
}
