package odb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Encode writes a spec canonically: fields in the order of declaration, those
// at their default and those that do not apply left out, map keys sorted. Equal
// specs give equal bytes, and [Decode] reads back what was written. A secret in
// clear is an error.
func Encode(spec Spec) (json.RawMessage, error) {
	out, _, err := encodeObject(reflect.ValueOf(spec).Elem(), Fields(spec))
	if err != nil {
		return nil, fmt.Errorf("encode spec: %w", err)
	}
	return out, nil
}

func encodeObject(v reflect.Value, fields []Field) (out []byte, empty bool, err error) {
	out, empty = []byte{'{'}, true
	for i := range fields {
		f := &fields[i]
		if _, ok := f.choice(v); !ok || f.isStandard(v.Field(f.index)) {
			continue
		}
		b, skip, err := encodeField(v.Field(f.index), f)
		if err != nil {
			return nil, false, fmt.Errorf("field %s: %w", f.Name, err)
		}
		if skip {
			continue
		}
		if !empty {
			out = append(out, ',')
		}
		empty = false
		out = append(append(append(out, '"'), f.Name...), '"', ':')
		out = append(out, b...)
	}
	return append(out, '}'), empty, nil
}

// isStandard reports whether v is what an absent field stands for.
func (f *Field) isStandard(v reflect.Value) bool {
	switch {
	case f.Type == TypeObject:
		return false // its fields decide
	case f.Type == TypeList && f.Default != "":
		return reflect.DeepEqual(v.Interface(), f.standard.Interface())
	case f.Type == TypeList || f.Type == TypeMap:
		return v.Len() == 0
	case f.Default != "":
		return v.Equal(f.standard)
	}
	return v.IsZero()
}

// encodeField writes one value; skip is set for an object without anything in it.
func encodeField(v reflect.Value, f *Field) (out []byte, skip bool, err error) {
	switch {
	case f.Type == TypeObject:
		return encodeObject(v, f.Fields)
	case f.Type == TypeList && f.Item.Type == TypeObject:
		out = []byte{'['}
		for i := range v.Len() {
			b, _, err := encodeObject(v.Index(i), f.Item.Fields)
			if err != nil {
				return nil, false, err
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, b...)
		}
		return append(out, ']'), false, nil
	case f.Type == TypeList && v.IsNil():
		return []byte("[]"), false, nil
	}
	out, err = marshalPlain(v.Interface())
	return out, false, err
}

// marshalPlain is json.Marshal without the escaping of < > &, which files would show.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
