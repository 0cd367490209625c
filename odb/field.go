package odb

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// FieldType says what a field of a spec holds.
type FieldType string

// The types of fields.
const (
	TypeString   FieldType = "string"
	TypeInteger  FieldType = "integer"
	TypeNumber   FieldType = "number"
	TypeBoolean  FieldType = "boolean"
	TypeDuration FieldType = "duration" // written as "2s"
	TypeSize     FieldType = "size"     // written as "1MiB"
	TypeSecret   FieldType = "secret"   // write-only
	TypeList     FieldType = "list"     // Item says of what
	TypeMap      FieldType = "map"      // text to text
	TypeObject   FieldType = "object"   // Fields says with what
)

// Field describes one field of a spec, read off its struct tags: `json` (name),
// `title`, `help`, `default`, `enum` (comma-separated), `ref` (a kind),
// `required`, `when` ("type=http,sql": only with that value of that field),
// `min`, `max`, `multiline`, `example`.
type Field struct {
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Help      string    `json:"help,omitempty"`
	Type      FieldType `json:"type"`
	Default   string    `json:"default,omitempty"`
	Example   string    `json:"example,omitempty"`
	Enum      []string  `json:"enum,omitempty"`
	Ref       string    `json:"ref,omitempty"` // the kind that the text names
	Required  bool      `json:"required,omitempty"`
	Multiline bool      `json:"multiline,omitempty"`
	WhenField string    `json:"when_field,omitempty"` // applies only while that field …
	WhenIn    []string  `json:"when_in,omitempty"`    // … has one of these values
	Min       *int64    `json:"min,omitempty"`
	Max       *int64    `json:"max,omitempty"`
	Item      *Field    `json:"item,omitempty"`
	Fields    []Field   `json:"fields,omitempty"`
	index     int
}

// Fields describes the fields of a spec, in the order of its declaration.
func Fields(spec Spec) []Field { return structFields(reflect.TypeOf(spec).Elem()) }

func structFields(t reflect.Type) []Field {
	var fields []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		f := typed(sf.Type)
		f.index, f.Name = i, name
		f.Title, f.Help = sf.Tag.Get("title"), sf.Tag.Get("help")
		f.Default, f.Example = sf.Tag.Get("default"), sf.Tag.Get("example")
		f.Ref = sf.Tag.Get("ref")
		f.Required = sf.Tag.Get("required") == "true"
		f.Multiline = sf.Tag.Get("multiline") == "true"
		f.Min, f.Max = bound(sf.Tag.Get("min")), bound(sf.Tag.Get("max"))
		if enum := sf.Tag.Get("enum"); enum != "" {
			f.Enum = strings.Split(enum, ",")
		}
		if field, values, ok := strings.Cut(sf.Tag.Get("when"), "="); ok {
			f.WhenField, f.WhenIn = field, strings.Split(values, ",")
		}
		if f.Item != nil {
			f.Item.Ref, f.Item.Enum = f.Ref, f.Enum
		}
		fields = append(fields, f)
	}
	return fields
}

func bound(tag string) *int64 {
	n, err := strconv.ParseInt(tag, 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func typed(t reflect.Type) Field {
	switch t {
	case reflect.TypeFor[Duration]():
		return Field{Type: TypeDuration}
	case reflect.TypeFor[Size]():
		return Field{Type: TypeSize}
	case reflect.TypeFor[Secret]():
		return Field{Type: TypeSecret}
	}
	switch t.Kind() {
	case reflect.Bool:
		return Field{Type: TypeBoolean}
	case reflect.Int, reflect.Int64:
		return Field{Type: TypeInteger}
	case reflect.Float64:
		return Field{Type: TypeNumber}
	case reflect.Slice:
		item := typed(t.Elem())
		return Field{Type: TypeList, Item: &item}
	case reflect.Map:
		return Field{Type: TypeMap}
	case reflect.Struct:
		return Field{Type: TypeObject, Fields: structFields(t)}
	default:
		return Field{Type: TypeString}
	}
}

// applies reports whether f has a meaning in obj, whose fields are siblings.
func (f Field) applies(obj map[string]any, siblings []Field) bool {
	if f.WhenField == "" {
		return true
	}
	value, ok := obj[f.WhenField].(string)
	if !ok {
		if i := slices.IndexFunc(siblings, func(s Field) bool { return s.Name == f.WhenField }); i >= 0 {
			value = siblings[i].Default
		}
	}
	return slices.Contains(f.WhenIn, value)
}

// defaultValue returns the default as decoded JSON; nil when there is none.
func (f Field) defaultValue() any {
	if f.Default == "" {
		return nil
	}
	switch f.Type {
	case TypeBoolean:
		return f.Default == "true"
	case TypeInteger, TypeNumber:
		return jsonNumber(f.Default)
	case TypeList:
		var list []any
		for _, s := range strings.Split(f.Default, ",") {
			list = append(list, s)
		}
		return list
	default:
		return f.Default
	}
}
