package ordered

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
)

// Decode reads one JSON value: *Object, []any, string, json.Number (its literal
// text), bool or nil. A repeated key keeps its first place and its last value. It
// refuses wrong syntax ("json.syntax" with the offset), nesting deeper than MaxDepth
// ("json.depth") and more than MaxValues values ("library.limit").
func Decode(data []byte) (any, error) {
	if err := CheckDepth(data, MaxDepth); err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, syntaxOf(data)
	}
	if count(data) > MaxValues {
		return nil, fault.New(fault.Limit, "JSON has more than %d values", MaxValues).With(Of("limit", MaxValues))
	}
	d := decoder{data: data}
	return d.value(), nil
}

func syntaxOf(data []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault.New("json.syntax", "this is not JSON, at byte %d: %s", se.Offset, se.Error()).
			With(Of("offset", se.Offset))
	}
	return syntax(data, "this is not JSON")
}

func syntax(data []byte, msg string) error {
	return fault.New("json.syntax", "%s: %s", msg, fault.Quote(string(data[:min(len(data), 100)])))
}

// decoder reads JSON that is known to be valid.
type decoder struct {
	data []byte
	at   int
}

func (d *decoder) value() any {
	switch d.space(); d.data[d.at] {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return d.text()
	case 't':
		d.at += len("true")
		return true
	case 'f':
		d.at += len("false")
		return false
	case 'n':
		d.at += len("null")
		return nil
	default:
		return d.number()
	}
}

func (d *decoder) object() *Object {
	o := &Object{}
	for d.more('}') {
		d.space()
		key := d.text()
		d.space()
		d.at++ // the colon
		o.Set(key, d.value())
	}
	return o
}

func (d *decoder) array() []any {
	list := []any{}
	for d.more(']') {
		list = append(list, d.value())
	}
	return list
}

// more steps over the bracket or comma before the next element; at the end it steps
// over the closing bracket and says false.
func (d *decoder) more(end byte) bool {
	if d.space(); d.data[d.at] == end {
		d.at++
		return false
	}
	d.at++ // the opening bracket or a comma
	if d.space(); d.data[d.at] == end {
		d.at++
		return false
	}
	return true
}

func (d *decoder) text() string {
	end := stringEnd(d.data, d.at+1)
	raw := d.data[d.at+1 : end]
	whole := d.data[d.at : end+1]
	d.at = end + 1
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	var s string
	if err := json.Unmarshal(whole, &s); err != nil {
		return string(raw) // cannot happen: the text is valid JSON
	}
	return s
}

func (d *decoder) number() json.Number {
	from := d.at
	for d.at < len(d.data) && strings.IndexByte("+-0123456789.eE", d.data[d.at]) >= 0 {
		d.at++
	}
	return json.Number(d.data[from:d.at])
}

func (d *decoder) space() {
	for d.at < len(d.data) {
		switch d.data[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}
