package odb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

func jsonNumber(s string) json.Number { return json.Number(s) }

// Decode reads the spec of a kind: strictly (an unknown field is a fault that
// names the nearest known one), with defaults filled in, and validated. Every
// fault is reported at once, in an Invalid [Error].
func Decode(kind string, raw []byte) (Spec, error) {
	k, ok := KindNamed(kind)
	if !ok {
		return nil, UnknownKind(kind)
	}
	op := "decode " + kind
	tree, err := parseObject(raw)
	if err != nil {
		return nil, &Error{Op: op, Kind: Invalid, Faults: Faults{{Message: err.Error()}}}
	}
	spec := k.New()
	var faults Faults
	fillObject(tree, Fields(spec), "", &faults)
	if err := faults.Err(op, ""); err != nil {
		return nil, err
	}
	full, err := json.Marshal(tree)
	if err != nil {
		return nil, Errorf(Internal, op, "", "encode with defaults: %w", err)
	}
	if err := json.Unmarshal(full, spec); err != nil {
		return nil, &Error{Op: op, Kind: Invalid, Faults: Faults{{Message: err.Error()}}}
	}
	if err := spec.Validate().Err(op, ""); err != nil {
		return nil, err
	}
	return spec, nil
}

// UnknownKind is the error for a kind that does not exist.
func UnknownKind(kind string) error {
	return Errorf(NotFound, "find kind", kind, "there is no such kind; the kinds are %s", strings.Join(KindNames(), ", "))
}

func parseObject(raw []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, fmt.Errorf("a spec is an object, not a %s", te.Value)
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the end of the object")
	}
	if tree == nil {
		tree = map[string]any{}
	}
	return tree, nil
}

// fillObject checks obj against fields and fills in defaults.
func fillObject(obj map[string]any, fields []Field, at string, faults *Faults) {
	for _, key := range sortedKeys(obj) {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == key }) {
			faults.Add(at+"/"+escapePointer(key), "there is no field %q%s", key, didYouMean(key, fieldNames(fields)))
		}
	}
	for _, f := range fields {
		here := at + "/" + f.Name
		value, given := obj[f.Name]
		given = given && value != nil
		if !f.applies(obj, fields) {
			if given {
				faults.Add(here, "%s applies only while %s is %s", f.Name, f.WhenField, strings.Join(f.WhenIn, " or "))
			}
			delete(obj, f.Name)
			continue
		}
		switch {
		case given:
			obj[f.Name] = fillValue(value, f, here, faults)
		case f.Type == TypeObject:
			empty := map[string]any{}
			fillObject(empty, f.Fields, here, faults)
			obj[f.Name] = empty
		case f.Default != "":
			obj[f.Name] = f.defaultValue()
		case f.Required:
			faults.Add(here, "%s is required", f.Name)
		default:
			delete(obj, f.Name)
		}
	}
}

// fillValue checks one value and returns it, objects with their defaults.
func fillValue(value any, f Field, at string, faults *Faults) any {
	switch f.Type {
	case TypeList:
		list, ok := value.([]any)
		if !ok {
			list = []any{value} // one element may be written without brackets
		}
		for i, v := range list {
			list[i] = fillValue(v, *f.Item, at+"/"+strconv.Itoa(i), faults)
		}
		return list
	case TypeObject:
		obj, ok := value.(map[string]any)
		if !ok {
			faults.Add(at, "is %s; an object is needed", jsonType(value))
			return map[string]any{}
		}
		fillObject(obj, f.Fields, at, faults)
		return obj
	case TypeMap:
		return fillMap(value, at, faults)
	default:
		if msg := scalarFault(value, f); msg != "" {
			faults.Add(at, "%s", msg)
		}
		return value
	}
}

func fillMap(value any, at string, faults *Faults) any {
	obj, ok := value.(map[string]any)
	if !ok {
		faults.Add(at, "is %s; an object of texts is needed", jsonType(value))
		return map[string]any{}
	}
	for _, key := range sortedKeys(obj) {
		switch v := obj[key].(type) {
		case string:
		case json.Number:
			obj[key] = v.String()
		case bool:
			obj[key] = strconv.FormatBool(v)
		default:
			faults.Add(at+"/"+escapePointer(key), "is %s; a text is needed", jsonType(v))
		}
	}
	return obj
}

// scalarFault says what is wrong with a value that is not a container; empty when nothing is.
func scalarFault(value any, f Field) string {
	target := map[FieldType]func() json.Unmarshaler{
		TypeDuration: func() json.Unmarshaler { return new(Duration) },
		TypeSize:     func() json.Unmarshaler { return new(Size) },
		TypeSecret:   func() json.Unmarshaler { return new(Secret) },
	}[f.Type]
	if target != nil {
		raw, err := json.Marshal(value)
		if err == nil {
			err = target().UnmarshalJSON(raw)
		}
		if err != nil {
			return err.Error()
		}
		if f.Type == TypeSecret && value == "" {
			return "the secret is empty"
		}
		return ""
	}
	switch f.Type {
	case TypeString:
		return stringFault(value, f)
	case TypeInteger, TypeNumber:
		return numberFault(value, f)
	case TypeBoolean:
		if _, ok := value.(bool); !ok {
			return fmt.Sprintf("is %s; true or false is needed", jsonType(value))
		}
	}
	return ""
}

func stringFault(value any, f Field) string {
	s, ok := value.(string)
	if !ok {
		return fmt.Sprintf("is %s; a text is needed", jsonType(value))
	}
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, s) {
		return fmt.Sprintf("is %q; one of %s is needed", s, strings.Join(f.Enum, ", "))
	}
	if f.Required && s == "" {
		return f.Name + " is required"
	}
	return ""
}

func numberFault(value any, f Field) string {
	n, ok := value.(json.Number)
	if !ok {
		return fmt.Sprintf("is %s; a number is needed", jsonType(value))
	}
	if f.Type == TypeNumber {
		if _, err := n.Float64(); err != nil {
			return fmt.Sprintf("%s is out of range", n)
		}
		return ""
	}
	v, err := n.Int64()
	switch {
	case err != nil:
		return fmt.Sprintf("is %s; a whole number is needed", n)
	case f.Min != nil && v < *f.Min:
		return fmt.Sprintf("is %d; at least %d is needed", v, *f.Min)
	case f.Max != nil && v > *f.Max:
		return fmt.Sprintf("is %d; at most %d is allowed", v, *f.Max)
	}
	return ""
}

// Encode writes a spec canonically: fields in the order of declaration, those
// at their default left out, map keys sorted. Equal specs give equal bytes. A
// secret in clear is an error.
func Encode(spec Spec) (json.RawMessage, error) {
	v := reflect.ValueOf(spec).Elem()
	b, _, err := encodeObject(v, Fields(spec))
	if err != nil {
		return nil, fmt.Errorf("encode spec: %w", err)
	}
	return b, nil
}

func encodeObject(v reflect.Value, fields []Field) (out []byte, empty bool, err error) {
	out, empty = []byte{'{'}, true
	texts := textFields(v, fields)
	for _, f := range fields {
		if !f.applies(texts, fields) {
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

// textFields returns the text fields of an object, on which other fields may depend.
func textFields(v reflect.Value, fields []Field) map[string]any {
	texts := map[string]any{}
	for _, f := range fields {
		if f.Type == TypeString {
			texts[f.Name] = v.Field(f.index).String()
		}
	}
	return texts
}

func encodeField(v reflect.Value, f Field) (out []byte, skip bool, err error) {
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
		return append(out, ']'), v.Len() == 0, nil
	}
	out, err = marshalPlain(v.Interface())
	if err != nil {
		return nil, false, err
	}
	if f.Default == "" {
		return out, v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0, nil
	}
	def, err := marshalPlain(f.defaultValue())
	return out, bytes.Equal(out, def), err
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
