package service

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"signalbox.internal/odb"
)

// schema is a compiled JSON Schema that checks and completes JSON texts.
type schema struct {
	compiled *jsonschema.Schema
	defaults *defaults // nil when the schema has none
}

// compileSchema compiles raw; nil for no schema. References may only lead into
// the schema itself: nothing is loaded from disk or network.
func compileSchema(raw json.RawMessage) (*schema, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return &schema{compiled: compiled, defaults: findDefaults(doc)}, nil
}

// check validates text and returns it with defaults filled in, or every fault.
func (s *schema) check(text []byte) ([]byte, odb.Faults) {
	if s == nil {
		return text, nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, odb.Faults{{Message: "is not JSON: " + err.Error()}}
	}
	if hasSuspect(text) {
		var faults odb.Faults
		if numberFaults(value, "", &faults); len(faults) > 0 {
			return nil, faults
		}
	}
	filled := s.defaults.fill(value)
	if err := s.compiled.Validate(value); err != nil {
		ve, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok {
			return nil, odb.Faults{{Message: err.Error()}}
		}
		var faults odb.Faults
		leaves(ve, &faults)
		slices.SortFunc(faults, func(a, b odb.Fault) int { // the validator walks maps
			return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
		})
		return nil, faults
	}
	if !filled {
		return text, nil
	}
	out, err := json.Marshal(value)
	if err != nil {
		return nil, odb.Faults{{Message: err.Error()}}
	}
	return out, nil
}

// leaves collects the innermost causes, each with its place in the input.
func leaves(e *jsonschema.ValidationError, faults *odb.Faults) {
	if len(e.Causes) == 0 {
		var at strings.Builder
		for _, part := range e.InstanceLocation {
			at.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
		}
		faults.Add(at.String(), "%s", e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
		return
	}
	for _, cause := range e.Causes {
		leaves(cause, faults)
	}
}

// defaults is the part of a schema that says what a missing property means.
type defaults struct {
	values map[string]any
	nested map[string]*defaults
	items  *defaults
}

// findDefaults reads the defaults of properties and of list items; those
// behind $ref, anyOf and the like are annotations only.
func findDefaults(schema any) *defaults {
	m, ok := schema.(map[string]any)
	if !ok {
		return nil
	}
	d := &defaults{values: map[string]any{}, nested: map[string]*defaults{}, items: findDefaults(m["items"])}
	props, _ := m["properties"].(map[string]any)
	for name, p := range props {
		if pm, ok := p.(map[string]any); ok {
			if v, ok := pm["default"]; ok {
				d.values[name] = v
			}
		}
		if n := findDefaults(p); n != nil {
			d.nested[name] = n
		}
	}
	if len(d.values) == 0 && len(d.nested) == 0 && d.items == nil {
		return nil
	}
	return d
}

// fill completes value in place and reports whether it changed anything.
func (d *defaults) fill(value any) bool {
	if d == nil {
		return false
	}
	changed := false
	switch v := value.(type) {
	case map[string]any:
		for name, def := range d.values {
			if _, ok := v[name]; !ok {
				v[name], changed = def, true
			}
		}
		for name, n := range d.nested {
			changed = n.fill(v[name]) || changed
		}
	case []any:
		for _, item := range v {
			changed = d.items.fill(item) || changed
		}
	}
	return changed
}

// invalid makes the error for an input or answer that does not fit its schema.
func invalid(status int, code, what string, faults odb.Faults) *Error {
	return &Error{Code: code, Status: status, Message: what + " does not fit the schema", Details: faults, Cause: causeOf(status, faults)}
}

func causeOf(status int, faults odb.Faults) error {
	if status < http.StatusInternalServerError {
		return nil
	}
	return faults
}
