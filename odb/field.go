package odb

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
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

	index    int           // in the struct
	chooser  int           // index of WhenField in the struct; -1 when the field always applies
	standard reflect.Value // Default in the field's own type
}

// Fields describes the fields of a spec, in the order of its declaration. They
// are shared: read only.
func Fields(spec Spec) []Field {
	t := reflect.TypeOf(spec).Elem()
	if fields, ok := fieldTable()[t]; ok {
		return fields
	}
	return structFields(t)
}

// fieldTable holds the fields of every kind. Reading tags takes longer than
// decoding a spec, so it is done once.
var fieldTable = sync.OnceValue(func() map[reflect.Type][]Field {
	table := map[reflect.Type][]Field{}
	for _, k := range Kinds() {
		t := reflect.TypeOf(k.New()).Elem()
		table[t] = structFields(t)
	}
	return table
})

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
		f.readTags(sf.Tag)
		f.chooser = -1
		if j := slices.IndexFunc(fields, func(other Field) bool { return other.Name == f.WhenField }); j >= 0 {
			f.chooser = fields[j].index
		}
		f.standard = f.defaultIn(sf.Type)
		fields = append(fields, f)
	}
	return fields
}

func (f *Field) readTags(tag reflect.StructTag) {
	f.Title, f.Help = tag.Get("title"), tag.Get("help")
	f.Default, f.Example = tag.Get("default"), tag.Get("example")
	f.Ref = tag.Get("ref")
	f.Required = tag.Get("required") == "true"
	f.Multiline = tag.Get("multiline") == "true"
	f.Min, f.Max = bound(tag.Get("min")), bound(tag.Get("max"))
	if enum := tag.Get("enum"); enum != "" {
		f.Enum = strings.Split(enum, ",")
	}
	if field, values, ok := strings.Cut(tag.Get("when"), "="); ok {
		f.WhenField, f.WhenIn = field, strings.Split(values, ",")
	}
	if f.Item != nil {
		f.Item.Ref, f.Item.Enum = f.Ref, f.Enum
	}
}

// defaultIn returns the default as a value of the field's own type, which is the
// zero value when there is none. A test holds every default of every kind to be
// a good value.
func (f *Field) defaultIn(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	if f.Default == "" {
		return v
	}
	var d decoder
	switch def := f.defaultValue().(type) {
	case []any:
		v.Set(reflect.MakeSlice(t, len(def), len(def)))
		for i, item := range def {
			d.value(item, f.Item, v.Index(i), "")
		}
	default:
		d.value(def, f, v, "")
	}
	return v
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

// choice returns what the object chose for the field on which f depends, and
// whether f applies with it. The choice is empty when it is not a good one.
func (f *Field) choice(object reflect.Value) (value string, applies bool) {
	if f.chooser < 0 {
		return "", true
	}
	value = object.Field(f.chooser).String()
	return value, slices.Contains(f.WhenIn, value)
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
		return json.Number(f.Default)
	case TypeList:
		var list []any
		for s := range strings.SplitSeq(f.Default, ",") {
			list = append(list, s)
		}
		return list
	default:
		return f.Default
	}
}
