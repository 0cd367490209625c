package odb

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Document is a definition as a file shows it.
type Document struct {
	Kind string          `json:"kind"`
	Name string          `json:"name"`
	Spec json.RawMessage `json:"spec"`
	From string          `json:"-"` // file and number of the document, for messages
}

// What one file may hold.
const (
	maxDocuments    = 100_000
	maxFile         = 64 << 20 // bytes
	maxDocument     = 4 << 20  // bytes, of the YAML and of what its aliases make of it
	maxDocumentDeep = 50       // levels
)

// ParseDocuments reads the YAML or JSON documents of one file. It checks their
// form, not their specs ([NewPlan] does). An error tells the line, and never
// quotes the file: there may be secrets in it.
func ParseDocuments(file string, text []byte) ([]Document, error) {
	s, err := documentText(text)
	if err != nil {
		return nil, Errorf(Invalid, "read", file, "%w", err)
	}
	if strings.HasSuffix(file, ".json") || json.Valid([]byte(s)) {
		trees, err := readJSON(s)
		if err != nil {
			return nil, Errorf(Invalid, "read", file, "%w", err)
		}
		return documentsOf(file, trees)
	}
	var trees []any
	for _, part := range splitDocuments(s) {
		tree, err := part.read()
		if err != nil {
			return nil, Errorf(Invalid, "read", file, "%w", err)
		}
		if tree != nil {
			trees = append(trees, tree)
		}
	}
	return documentsOf(file, trees)
}

func documentText(text []byte) (string, error) {
	switch {
	case len(text) > maxFile:
		return "", fmt.Errorf("the file has %d bytes; at most %d are allowed", len(text), maxFile)
	case !utf8.Valid(text):
		return "", fmt.Errorf("the file is not in UTF-8")
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}

// documentsOf makes documents of what was read; a list holds several.
func documentsOf(file string, trees []any) ([]Document, error) {
	var docs []Document
	add := func(tree any) error {
		from := fmt.Sprintf("%s, document %d", file, len(docs)+1)
		if len(docs) == maxDocuments {
			return Errorf(Invalid, "read", from, "there are more than %d documents", maxDocuments)
		}
		doc, err := documentOf(tree)
		if err != nil {
			return Errorf(Invalid, "read", from, "%w", err)
		}
		doc.From = from
		docs = append(docs, doc)
		return nil
	}
	for _, tree := range trees {
		list, ok := tree.([]any)
		if !ok {
			list = []any{tree}
		}
		for _, t := range list {
			if err := add(t); err != nil {
				return nil, err
			}
		}
	}
	return docs, nil
}

// documentOf reads kind, name and spec, and nothing else.
func documentOf(tree any) (Document, error) {
	obj, ok := tree.(map[string]any)
	if !ok {
		return Document{}, fmt.Errorf("a document is an object of kind, name and spec, not %s", typeName(tree))
	}
	var doc Document
	for _, key := range sortedKeys(obj) {
		var err error
		switch key {
		case "kind":
			doc.Kind, err = nameText(key, obj[key])
		case "name":
			doc.Name, err = nameText(key, obj[key])
		case "spec":
			doc.Spec, err = specText(obj[key])
		default:
			err = fmt.Errorf("there is no field %q in a document%s", key, didYouMean(key, []string{"kind", "name", "spec"}))
		}
		if err != nil {
			return Document{}, err
		}
	}
	if doc.Kind == "" || doc.Name == "" {
		return Document{}, fmt.Errorf("kind and name are needed")
	}
	if doc.Spec == nil {
		doc.Spec = json.RawMessage("{}")
	}
	return doc, nil
}

// nameText takes what YAML holds to be a number or a boolean as a text too: a
// service may be called 5.
func nameText(key string, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("%s is %s; a text is needed", key, typeName(value))
}

func specText(value any) (json.RawMessage, error) {
	switch value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return marshalPlain(value)
	}
	return nil, fmt.Errorf("spec is %s; an object is needed", typeName(value))
}

// typeName names the type of a value without showing it.
func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	}
	return jsonType(v)
}
