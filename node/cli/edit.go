package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/odb"
)

// edit is one change of a field as it is typed: field=value, field:=JSON,
// field+=item or field-=item.
type edit struct {
	field string // with dots between levels
	op    string // "=", ":=", "+=" or "-="
	value string
}

// parseEdit reads one argument of set.
func parseEdit(arg string) (edit, error) {
	i := strings.IndexByte(arg, '=')
	if i < 0 {
		return edit{}, usagef("%q is not a change of a field; write field=value", arg)
	}
	e := edit{field: arg[:i], op: "=", value: arg[i+1:]}
	if i > 0 && strings.IndexByte(":+-", arg[i-1]) >= 0 {
		e.field, e.op = arg[:i-1], arg[i-1:i+1]
	}
	if e.field == "" || strings.HasPrefix(e.field, ".") || strings.HasSuffix(e.field, ".") {
		return edit{}, usagef("%q names no field; write field=value, or object.field=value", arg)
	}
	return e, nil
}

// editor changes fields of a spec, guided by what the kind says about them.
type editor struct {
	fields []odb.Field
	read   func(name string) (string, error)  // content of a local file; "-" is standard input
	secret func(field string) (string, error) // a secret typed by the user or from standard input
	warn   func(text string)
}

// apply makes one change.
func (ed editor) apply(spec map[string]any, e edit) error {
	err := ed.object(spec, ed.fields, e.field, e)
	if err == nil {
		return nil
	}
	if exitCode(err) != exitFailed { // a file that is not there, say
		return fmt.Errorf("%s: %w", e.field, err)
	}
	return usagef("%s: %w", e.field, err)
}

// object changes the field that rest names in obj.
func (ed editor) object(obj map[string]any, fields []odb.Field, rest string, e edit) error {
	name, inner, nested := strings.Cut(rest, ".")
	i := slices.IndexFunc(fields, func(f odb.Field) bool { return f.Name == name })
	if i < 0 {
		return unknownField(name, fields)
	}
	f := fields[i]
	if !nested {
		return ed.assign(obj, name, f, e)
	}
	switch f.Type {
	case odb.TypeObject:
		sub, _ := obj[name].(map[string]any)
		if sub == nil {
			sub = map[string]any{}
		}
		obj[name] = sub
		return ed.object(sub, f.Fields, inner, e)
	case odb.TypeMap:
		sub, _ := obj[name].(map[string]any)
		if sub == nil {
			sub = map[string]any{}
		}
		obj[name] = sub
		return ed.assign(sub, inner, odb.Field{Name: inner, Type: odb.TypeString}, e)
	case odb.TypeList:
		items, _ := obj[name].([]any)
		changed, err := ed.element(items, *f.Item, inner, e)
		obj[name] = changed
		return err
	default:
		return fmt.Errorf("%s is a %s and has no fields inside", name, f.Type)
	}
}

// element changes one element of a list, or a field of it; the number after the
// last one appends.
func (ed editor) element(items []any, item odb.Field, rest string, e edit) ([]any, error) {
	number, inner, nested := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > len(items) {
		return items, fmt.Errorf("%q is no element of the list, which has %d; count from 0, and %d appends", number, len(items), len(items))
	}
	holder := map[string]any{}
	if n < len(items) {
		holder[number] = items[n]
	}
	if nested {
		if item.Type != odb.TypeObject {
			return items, fmt.Errorf("element %s is a %s and has no fields inside", number, item.Type)
		}
		sub, _ := holder[number].(map[string]any)
		if sub == nil {
			sub = map[string]any{}
		}
		holder[number] = sub
		err = ed.object(sub, item.Fields, inner, e)
	} else {
		err = ed.assign(holder, number, item, e)
	}
	if err != nil {
		return items, err
	}
	value, set := holder[number]
	switch {
	case !set && n < len(items):
		return slices.Delete(items, n, n+1), nil
	case !set:
		return items, nil
	case n < len(items):
		items[n] = value
		return items, nil
	}
	return append(items, value), nil
}

// assign sets, extends or takes away the field name of obj.
func (ed editor) assign(obj map[string]any, name string, f odb.Field, e edit) error {
	switch e.op {
	case ":=":
		value, err := decodeJSON(e.value)
		if err != nil {
			return fmt.Errorf("%q is not JSON: %w", e.value, err)
		}
		if value == nil {
			delete(obj, name)
			return nil
		}
		obj[name] = value
		return nil
	case "+=", "-=":
		return ed.listEdit(obj, name, f, e)
	}
	value, err := ed.convert(f, e.value)
	if err != nil {
		return err
	}
	if value == nil {
		delete(obj, name)
		return nil
	}
	obj[name] = value
	return nil
}

func (ed editor) listEdit(obj map[string]any, name string, f odb.Field, e edit) error {
	if f.Type != odb.TypeList {
		return fmt.Errorf("%s works on lists, and this is a %s; write %s=value", e.op, f.Type, e.field)
	}
	items, ok := obj[name].([]any)
	if !ok && obj[name] != nil {
		items = []any{obj[name]} // one element may be written without brackets
	}
	value, err := ed.convert(*f.Item, e.value)
	if err != nil {
		return err
	}
	if value == nil || value == "" {
		return errors.New("the item is empty")
	}
	same := func(x any) bool { return sameJSON(x, value) }
	if e.op == "+=" {
		if !slices.ContainsFunc(items, same) {
			items = append(items, value)
		}
		obj[name] = items
		return nil
	}
	if !slices.ContainsFunc(items, same) {
		return fmt.Errorf("there is no item %q in the list", e.value)
	}
	obj[name] = slices.DeleteFunc(items, same)
	return nil
}

// convert turns typed text into the JSON value of a field; nil takes the field
// away, so that its default holds.
func (ed editor) convert(f odb.Field, value string) (any, error) {
	if f.Type == odb.TypeSecret {
		return ed.secretValue(f, value)
	}
	if name, ok := strings.CutPrefix(value, "@"); ok {
		content, err := ed.read(name)
		if err != nil {
			return nil, err
		}
		value = trimNewline(content)
	}
	switch {
	case f.Type == odb.TypeString:
		return value, nil
	case f.Type == odb.TypeList:
		return ed.listValue(f, value)
	case value == "":
		return nil, nil
	}
	return scalar(f, value)
}

// scalar reads a value that is neither text nor list.
func scalar(f odb.Field, value string) (any, error) {
	switch f.Type {
	case odb.TypeBoolean:
		if value != "true" && value != "false" {
			return nil, fmt.Errorf("is %q; true or false is needed", value)
		}
		return value == "true", nil
	case odb.TypeInteger:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return nil, fmt.Errorf("is %q; a whole number is needed", value)
		}
		return json.Number(strings.TrimPrefix(value, "+")), nil
	case odb.TypeNumber:
		if v, err := decodeJSON(value); err == nil {
			if n, ok := v.(json.Number); ok {
				return n, nil
			}
		}
		return nil, fmt.Errorf("is %q; a number is needed", value)
	case odb.TypeMap, odb.TypeObject:
		v, err := decodeJSON(value)
		if _, ok := v.(map[string]any); err != nil || !ok {
			return nil, fmt.Errorf("has fields inside; write %s.NAME=value, or a JSON object", f.Name)
		}
		return v, nil
	default: // duration, size: the node reads them
		return value, nil
	}
}

// listValue reads a JSON array, or items with commas between them. The items of a
// list of long texts (SQL statements, say) may have commas inside: it is one item.
func (ed editor) listValue(f odb.Field, value string) (any, error) {
	trimmed := strings.TrimSpace(value)
	if trimmed == "" {
		return []any{}, nil
	}
	if trimmed[0] == '[' {
		v, err := decodeJSON(trimmed)
		if err != nil {
			return nil, fmt.Errorf("is not a JSON array: %w", err)
		}
		return v, nil
	}
	parts := []string{value}
	if !f.Multiline && f.Item.Type != odb.TypeObject {
		parts = strings.Split(value, ",")
	}
	items := []any{}
	for _, p := range parts {
		item, err := ed.convert(*f.Item, strings.TrimSpace(p))
		if err != nil {
			return nil, err
		}
		if item != nil && item != "" {
			items = append(items, item)
		}
	}
	return items, nil
}

// secretValue keeps a reference as one and takes clear text, which the node seals.
func (ed editor) secretValue(f odb.Field, value string) (any, error) {
	for _, scheme := range []string{"env:", "file:", "cred:", "sealed:"} {
		if strings.HasPrefix(value, scheme) {
			return map[string]any{"ref": value}, nil
		}
	}
	name, fromFile := strings.CutPrefix(value, "@")
	var err error
	switch {
	case value == "":
		return nil, nil
	case value == "-":
		value, err = ed.secret(f.Name)
	case fromFile:
		value, err = ed.read(name)
		value = trimNewline(value)
	default:
		ed.warn("the secret was typed in clear: it stays in the shell's history and other users of this box may have seen it. Write " + f.Name + "=- to be asked for it, or " + f.Name + "=@FILE")
	}
	if err == nil && value == "" {
		err = errors.New("the secret is empty")
	}
	return value, err
}

func unknownField(name string, fields []odb.Field) error {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if near := odb.Nearest(name, names); near != "" {
		return fmt.Errorf("there is no field %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no field %q; the fields are %s", name, strings.Join(names, ", "))
}

func trimNewline(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// decodeJSON reads exactly one JSON value and keeps numbers as they are written.
func decodeJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the value")
	}
	return v, nil
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
