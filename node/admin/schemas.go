package admin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// schemas makes the components of the OpenAPI document: one for each struct that
// travels, made by reflection, and one for the spec of each kind.
type schemas struct {
	components object
	names      map[reflect.Type]string
	strict     map[reflect.Type]bool // request bodies: unknown fields are refused
}

// again stands for a type inside its own schema, where reflection would not end.
type again struct{}

func newSchemas(routes []route) (*schemas, error) {
	s := &schemas{components: object{}, names: map[reflect.Type]string{}, strict: map[reflect.Type]bool{}}
	for _, rt := range routes {
		s.collect(reflect.TypeOf(rt.body), true)
		s.collect(reflect.TypeOf(rt.answer), false)
	}
	s.collect(reflect.TypeFor[client.Problem](), false)
	for t, name := range s.names {
		schema, err := s.reflect(t)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", t, err)
		}
		if _, twice := s.components[name]; twice {
			return nil, fmt.Errorf("describe %s: the name %s is taken", t, name)
		}
		s.components[name] = schema
	}
	var specs []object
	for _, k := range odb.Kinds() {
		schema := odb.Schema(k)
		delete(schema, "$schema") // the document says it once
		s.components["spec."+k.Name] = schema
		specs = append(specs, object{"$ref": refTo("spec." + k.Name)})
	}
	s.components["Spec"] = object{"description": "the spec of the kind in question", "anyOf": specs}
	return s, nil
}

func refTo(name string) string { return "#/components/schemas/" + name }

// ref returns the reference to the schema of a value's type.
func (s *schemas) ref(value any) object {
	if name, ok := s.names[reflect.TypeOf(value)]; ok {
		return object{"$ref": refTo(name)}
	}
	return object{}
}

// collect finds every struct that t is made of.
func (s *schemas) collect(t reflect.Type, strict bool) {
	if t == nil || t == reflect.TypeFor[time.Time]() {
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		s.collect(t.Elem(), strict)
	case reflect.Struct:
		_, known := s.names[t]
		if known && (s.strict[t] || !strict) {
			return
		}
		s.names[t], s.strict[t] = nameOf(t), strict
		for _, f := range reflect.VisibleFields(t) {
			if f.IsExported() && !f.Anonymous {
				s.collect(f.Type, strict)
			}
		}
	default:
	}
}

// nameOf names a schema: Definition, or DefinitionList for client.List of it.
// The answer to a refusal is not an odb.Problem and has a name of its own.
func nameOf(t reflect.Type) string {
	if t == reflect.TypeFor[client.Problem]() {
		return "ProblemDocument"
	}
	name, element, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return name
	}
	element = strings.TrimSuffix(element[strings.LastIndexByte(element, '.')+1:], "]")
	return element + name
}

// reflect makes the schema of one struct; other structs in it are references.
func (s *schemas) reflect(t reflect.Type) (object, error) {
	known := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
		reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
		reflect.TypeFor[odb.Role]():        {Type: "string", Enum: []any{odb.Viewer, odb.Operator, odb.Developer, odb.Admin}},
		reflect.TypeFor[odb.Op]():          {Type: "string", Enum: []any{odb.Create, odb.Update, odb.Rename, odb.Delete}},
		reflect.TypeFor[again]():           {Ref: refTo(s.names[t])},
	}
	embedded := map[reflect.Type]bool{}
	for _, f := range reflect.VisibleFields(t) {
		embedded[f.Type] = embedded[f.Type] || f.Anonymous
	}
	for other, name := range s.names {
		if other != t && !embedded[other] {
			known[other] = &jsonschema.Schema{Ref: refTo(name)}
		}
	}
	made, err := jsonschema.ForType(unrolled(t), &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	var out object
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, err
	}
	tidy(out)
	if !s.strict[t] {
		delete(out, "additionalProperties")
	}
	if props, ok := out["properties"].(object); ok && props["spec"] != nil && t != reflect.TypeFor[client.State]() {
		props["spec"] = object{"$ref": refTo("Spec")}
	}
	return out, nil
}

// unrolled returns t with every mention of t inside it replaced by [again].
func unrolled(t reflect.Type) reflect.Type {
	var fields []reflect.StructField
	rolled := false
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() {
			continue
		}
		switch f.Type {
		case reflect.PointerTo(t):
			f.Type, rolled = reflect.TypeFor[*again](), true
		case reflect.SliceOf(t):
			f.Type, rolled = reflect.TypeFor[[]again](), true
		default:
		}
		f.Index, f.Offset = nil, 0
		fields = append(fields, f)
	}
	if !rolled {
		return t
	}
	return reflect.StructOf(fields)
}

// tidy takes null out of types: an absent field is left out of our JSON, and a
// list is never null.
func tidy(node any) {
	switch n := node.(type) {
	case []any:
		for _, x := range n {
			tidy(x)
		}
	case object:
		if types, ok := n["type"].([]any); ok {
			types = slices.DeleteFunc(types, func(x any) bool { return x == "null" })
			switch {
			case n["$ref"] != nil || len(types) == 0:
				delete(n, "type")
			case len(types) == 1:
				n["type"] = types[0]
			}
		}
		for _, x := range n {
			tidy(x)
		}
	}
}
