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

// Decode reads the spec of a kind: strictly (an unknown field is a fault that
// names the nearest known one), with defaults filled in, and validated. Every
// fault is reported at once, in an Invalid [Error]. Forgiven is what people
// write by hand: one element of a list without brackets, and a number or a
// boolean as a value of a map of texts.
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
	var d decoder
	d.object(tree, Fields(spec), reflect.ValueOf(spec).Elem(), "")
	if !d.unsure {
		d.merge(spec.Validate())
	}
	if err := d.faults.Err(op, ""); err != nil {
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
			what, _, _ := strings.Cut(te.Value, " ") // "number 5"
			return nil, fmt.Errorf("a spec is an object, not of type %s", what)
		}
		return nil, fmt.Errorf("the spec is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the end of the object")
	}
	return tree, nil
}

// decoder moves a parsed object into a spec and collects what is wrong with it.
type decoder struct {
	faults Faults
	// unsure is set when a choice is wrong: what the other fields should be
	// depends on it, so nothing more can be said about them.
	unsure bool
}

// merge adds the faults that Validate found, but for those about fields that
// are known to be wrong.
func (d *decoder) merge(found Faults) {
	wrong := d.faults
	for _, f := range found {
		if !slices.ContainsFunc(wrong, func(w Fault) bool { return within(f.Pointer, w.Pointer) || within(w.Pointer, f.Pointer) }) {
			d.faults = append(d.faults, f)
		}
	}
}

// within reports whether pointer p is q or below it.
func within(p, q string) bool { return p == q || strings.HasPrefix(p, q+"/") }

// object fills v from obj and checks it against fields.
func (d *decoder) object(obj map[string]any, fields []Field, v reflect.Value, at string) {
	known := 0
	for i := range fields {
		f := &fields[i]
		value, given := obj[f.Name]
		if given {
			known++
		}
		d.field(value, f, v, at)
	}
	if known == len(obj) {
		return
	}
	for _, key := range sortedKeys(obj) {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == key }) {
			d.faults.Add(at+"/"+escapePointer(key), "there is no field %q%s", key, didYouMean(key, fieldNames(fields)))
		}
	}
}

// field fills one field of the object v; a nil value is one that is not given.
func (d *decoder) field(value any, f *Field, v reflect.Value, at string) {
	if choice, ok := f.choice(v); !ok {
		if value != nil && choice != "" {
			d.faults.Add(at+"/"+f.Name, "%s applies only while %s is %s", f.Name, f.WhenField, strings.Join(f.WhenIn, " or "))
		}
		return
	}
	to := v.Field(f.index)
	switch {
	case value != nil:
		d.value(value, f, to, at+"/"+f.Name)
	case f.Type == TypeObject:
		d.object(nil, f.Fields, to, at+"/"+f.Name)
	case f.Default != "":
		setDefault(f, to)
	case f.Required:
		d.faults.Add(at+"/"+f.Name, "%s is required", f.Name)
	}
}

func setDefault(f *Field, to reflect.Value) {
	if f.Type == TypeList {
		to.Set(reflect.AppendSlice(reflect.MakeSlice(to.Type(), 0, f.standard.Len()), f.standard))
		return
	}
	to.Set(f.standard)
}

// value checks one value and puts it into to, objects with their defaults.
func (d *decoder) value(value any, f *Field, to reflect.Value, at string) {
	switch f.Type {
	case TypeList:
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
		for i, v := range list {
			d.value(v, f.Item, to.Index(i), at+"/"+strconv.Itoa(i))
		}
	case TypeObject:
		obj, ok := value.(map[string]any)
		if !ok {
			d.faults.Add(at, "is %s; an object is needed", jsonType(value))
			return
		}
		d.object(obj, f.Fields, to, at)
	case TypeMap:
		d.texts(value, to, at)
	default:
		if msg := scalar(value, f, to); msg != "" {
			d.faults.Add(at, "%s", msg)
			d.unsure = d.unsure || len(f.Enum) > 0
		}
	}
}

// texts fills a map of text to text.
func (d *decoder) texts(value any, to reflect.Value, at string) {
	obj, ok := value.(map[string]any)
	if !ok {
		d.faults.Add(at, "is %s; an object of texts is needed", jsonType(value))
		return
	}
	out := make(map[string]string, len(obj))
	for _, key := range sortedKeys(obj) {
		switch v := obj[key].(type) {
		case string:
			out[key] = v
		case json.Number:
			out[key] = v.String()
		case bool:
			out[key] = strconv.FormatBool(v)
		default:
			d.faults.Add(at+"/"+escapePointer(key), "is %s; a text is needed", jsonType(v))
		}
	}
	to.Set(reflect.ValueOf(out))
}
