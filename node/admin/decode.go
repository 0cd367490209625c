package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// decode reads the body of a call as a T: strictly, with every fault at once.
func decode[T any](c *call) (T, error) {
	var in T
	text, err := c.body()
	if err != nil {
		return in, err
	}
	err = decodeStrict(text, &in)
	return in, err
}

// decodeStrict reads JSON into a struct. What is not JSON is a bad request; an
// unknown field, a missing one and one of another type are faults with pointers.
func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return notJSON(text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, client.CodeBadRequest, "the body has text after its JSON")
	}
	var faults odb.Faults
	fit(tree, reflect.TypeOf(into).Elem(), "", &faults)
	if err := faults.Err("read", "the body"); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		faults.Add("", "%v", err)
	}
	return faults.Err("read", "the body")
}

func notJSON(text []byte, err error) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return refuse(http.StatusBadRequest, client.CodeBadRequest, "the body is empty; JSON is needed")
	}
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(int64(len(text)), se.Offset)]
		line := bytes.Count(before, []byte("\n")) + 1
		column := len(before) - bytes.LastIndexByte(before, '\n') - 1
		return refuse(http.StatusBadRequest, client.CodeBadRequest, "the body is not JSON: line %d, column %d: %v", line, column, err)
	}
	return refuse(http.StatusBadRequest, client.CodeBadRequest, "the body is not JSON: it ends too early")
}

// fit compares decoded JSON with the type that it shall become.
func fit(value any, t reflect.Type, at string, faults *odb.Faults) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case value == nil || t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface:
	case t == reflect.TypeFor[[]byte](), t.Kind() == reflect.String:
		expect[string](value, "a text", at, faults)
	case t.Kind() == reflect.Bool:
		expect[bool](value, "true or false", at, faults)
	case t.Kind() == reflect.Slice:
		if list, ok := expect[[]any](value, "a list", at, faults); ok {
			for i, v := range list {
				fit(v, t.Elem(), at+"/"+strconv.Itoa(i), faults)
			}
		}
	case t.Kind() == reflect.Map:
		if obj, ok := expect[map[string]any](value, "an object", at, faults); ok {
			for _, key := range keys(obj) {
				fit(obj[key], t.Elem(), at+"/"+escape(key), faults)
			}
		}
	case t.Kind() == reflect.Struct:
		if obj, ok := expect[map[string]any](value, "an object", at, faults); ok {
			fitStruct(obj, t, at, faults)
		}
	default:
		fitNumber(value, at, faults)
	}
}

func fitStruct(obj map[string]any, t reflect.Type, at string, faults *odb.Faults) {
	var known []string
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		known = append(known, name)
		value, given := obj[name]
		if value == nil && f.Type.Kind() != reflect.Slice { // null is an empty list, else nothing
			given = false
		}
		if !given && !strings.Contains(options, "omitempty") {
			faults.Add(at+"/"+name, "%s is required", name)
		}
		fit(value, f.Type, at+"/"+name, faults)
	}
	for _, key := range keys(obj) {
		if !slices.Contains(known, key) {
			faults.Add(at+"/"+escape(key), "there is no field %.50q%s", key, hint(key, known))
		}
	}
}

func fitNumber(value any, at string, faults *odb.Faults) {
	n, ok := expect[json.Number](value, "a number", at, faults)
	if !ok {
		return
	}
	if _, err := n.Int64(); err != nil {
		faults.Add(at, "is %.40s; a whole number is needed", n)
	}
}

func expect[T any](value any, what, at string, faults *odb.Faults) (T, bool) {
	v, ok := value.(T)
	if !ok {
		faults.Add(at, "is %s; %s is needed", typeName(value), what)
	}
	return v, ok
}

// typeName names the type of decoded JSON without its value, which may be a secret.
func typeName(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

func keys(obj map[string]any) []string {
	out := make([]string, 0, len(obj))
	for k := range obj {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// faultsAt moves the faults of an invalid spec to its place in the body.
func faultsAt(err error, prefix string) error {
	e, ok := errors.AsType[*odb.Error](err)
	if !ok || e.Kind != odb.Invalid || len(e.Faults) == 0 {
		return err
	}
	moved := *e
	moved.Faults = e.Faults.In(prefix)
	return &moved
}
