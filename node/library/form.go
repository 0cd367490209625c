package library

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
)

// maxPairs is the number of pairs that a form may have.
const maxPairs = 10_000

// ParseForm reads application/x-www-form-urlencoded text, or a query: an object of
// strings in order; a name that comes again becomes a []any of strings. A wrong
// escape or bytes that are no UTF-8 have code "form.syntax", too many pairs
// "form.limit".
func ParseForm(text string) (*Object, error) {
	form := &Object{}
	if strings.Count(text, "&") >= maxPairs {
		return nil, fault.New("form.limit", "the form has more than %d pairs", maxPairs)
	}
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		rawName, rawVal, _ := strings.Cut(part, "=")
		name, err := unescape(rawName)
		if err != nil {
			return nil, err
		}
		val, err := unescape(rawVal)
		if err != nil {
			return nil, err
		}
		switch old, there := form.Get(name); old := old.(type) {
		case []any:
			form.Set(name, append(old, val))
		default:
			if there {
				form.Set(name, []any{old, val})
			} else {
				form.Set(name, val)
			}
		}
	}
	return form, nil
}

func unescape(s string) (string, error) {
	s, err := url.QueryUnescape(s)
	if err != nil || !utf8.ValidString(s) {
		return "", fault.New("form.syntax", "the form has a wrong escape")
	}
	return s, nil
}

// FormatForm writes an object (*Object, or map[string]any by sorted key) of strings,
// numbers, booleans and arrays of these as application/x-www-form-urlencoded text.
// Null leaves the name out. Another value has code "form.value".
func FormatForm(v any) (string, error) {
	var b strings.Builder
	add := func(name string, v any) error {
		text, ok := scalarText(v)
		if !ok {
			return fault.New("form.value", "%s is not a string, number or boolean", fault.Quote(name))
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(text))
		return nil
	}
	each := func(name string, v any) error {
		list, ok := v.([]any)
		if !ok && v != nil {
			list = []any{v}
		}
		for _, item := range list {
			if err := add(name, item); err != nil {
				return err
			}
		}
		return nil
	}
	switch v := v.(type) {
	case *Object:
		for name, val := range v.All() {
			if err := each(name, val); err != nil {
				return "", err
			}
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			if err := each(name, v[name]); err != nil {
				return "", err
			}
		}
	default:
		return "", fault.New("form.value", "the values are not an object")
	}
	return b.String(), nil
}
