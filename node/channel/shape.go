package channel

import (
	"encoding/json"
	"strings"
)

// shapes are the shapes of a schema's top properties.
type shapes struct {
	schema json.RawMessage
	of     map[string]shape
}

// shape says what a parameter may become. The zero value leaves it a text.
type shape struct {
	kinds kinds
	items kinds // of a list
}

// kinds is a set of JSON types.
type kinds uint8

const (
	isString kinds = 1 << iota
	isInteger
	isNumber
	isBoolean
	isNull
	isList
	isObject
)

var kindOfType = map[string]kinds{
	"string": isString, "integer": isInteger, "number": isNumber, "boolean": isBoolean, "null": isNull, "array": isList, "object": isObject,
}

// value makes a JSON value of the values that a name has in a query.
func (s shape) value(values []string) any {
	if len(values) == 1 && s.kinds&isList == 0 {
		return scalar(values[0], s.kinds)
	}
	if len(values) == 1 && s.kinds&(isString|isInteger|isNumber|isBoolean) != 0 {
		return scalar(values[0], s.kinds) // a list or one of it
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = scalar(v, s.items)
	}
	return list
}

// one makes a JSON value of a path parameter.
func (s shape) one(value string) any { return scalar(value, s.kinds) }

// scalar makes a number or boolean of a text that is written as one, when the
// schema takes that and no text.
func scalar(text string, want kinds) any {
	switch {
	case want&isString != 0:
	case want&isBoolean != 0 && (text == "true" || text == "false"):
		return text == "true"
	case want&(isInteger|isNumber) != 0 && isJSONNumber(text):
		return json.Number(text)
	}
	return text
}

// isJSONNumber reports whether text is a number as JSON writes it.
func isJSONNumber(text string) bool {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') || text[len(text)-1] <= ' ' {
		return false
	}
	return json.Valid([]byte(text))
}

// schemaNode is what is looked at of a JSON Schema.
type schemaNode struct {
	Ref        string                     `json:"$ref"`
	Type       json.RawMessage            `json:"type"`
	Const      json.RawMessage            `json:"const"`
	Enum       []json.RawMessage          `json:"enum"`
	Properties map[string]json.RawMessage `json:"properties"`
	Items      json.RawMessage            `json:"items"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
	OneOf      []json.RawMessage          `json:"oneOf"`
	Defs       map[string]json.RawMessage `json:"$defs"`
}

// maxRefs bounds how many references and alternatives are followed into each other.
const maxRefs = 8

// shapesOf reads the shapes of the properties of an input schema.
func shapesOf(schema json.RawMessage) map[string]shape {
	var root schemaNode
	if json.Unmarshal(schema, &root) != nil {
		return nil
	}
	top := root.resolve(schema, 0)
	out := make(map[string]shape, len(top.Properties))
	for name, raw := range top.Properties {
		s := shape{kinds: root.kindsOf(raw, 0)}
		if s.kinds&isList != 0 {
			s.items = root.kindsOf(root.resolve(raw, 0).Items, 0)
		}
		out[name] = s
	}
	return out
}

// resolve decodes a schema and follows its references into the root's $defs.
func (root *schemaNode) resolve(raw json.RawMessage, depth int) schemaNode {
	var n schemaNode
	if json.Unmarshal(raw, &n) != nil { // true, false or not a schema
		return schemaNode{}
	}
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok && depth < maxRefs {
		return root.resolve(root.Defs[name], depth+1)
	}
	return n
}

// kindsOf returns the types that a schema takes; 0 when it does not say.
func (root *schemaNode) kindsOf(raw json.RawMessage, depth int) kinds {
	if depth > maxRefs || len(raw) == 0 {
		return 0
	}
	n := root.resolve(raw, 0)
	var name string
	var names []string
	var out kinds
	switch {
	case json.Unmarshal(n.Type, &name) == nil:
		return kindOfType[name]
	case json.Unmarshal(n.Type, &names) == nil:
		for _, name := range names {
			out |= kindOfType[name]
		}
		return out
	}
	for _, alternative := range append(n.AnyOf, n.OneOf...) {
		k := root.kindsOf(alternative, depth+1)
		if k == 0 {
			return 0
		}
		out |= k
	}
	values := n.Enum
	if n.Const != nil {
		values = append(values, n.Const)
	}
	for _, v := range values {
		out |= kindOfValue(v)
	}
	return out
}

// kindOfValue returns the type of a JSON value.
func kindOfValue(raw json.RawMessage) kinds {
	if len(raw) == 0 {
		return 0
	}
	switch raw[0] {
	case '"':
		return isString
	case 't', 'f':
		return isBoolean
	case 'n':
		return isNull
	case '[':
		return isList
	case '{':
		return isObject
	}
	return isNumber
}
