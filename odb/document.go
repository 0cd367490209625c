package odb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

// Document is a definition as a file shows it.
type Document struct {
	Kind string          `json:"kind"`
	Name string          `json:"name"`
	Spec json.RawMessage `json:"spec"`
	From string          `json:"-"` // file and number of the document, for messages
}

// maxDocuments bounds what one file may hold.
const maxDocuments = 100_000

// ParseDocuments reads the YAML or JSON documents of one file. It checks their
// form, not their specs ([NewPlan] does).
func ParseDocuments(file string, text []byte) ([]Document, error) {
	d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict(), yaml.UseJSONUnmarshaler())
	var docs []Document
	for n := 1; ; n++ {
		var raw struct {
			Kind string         `yaml:"kind"`
			Name string         `yaml:"name"`
			Spec map[string]any `yaml:"spec"`
		}
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		from := fmt.Sprintf("%s, document %d", file, n)
		switch {
		case err != nil:
			return nil, Errorf(Invalid, "read", from, "%s", yaml.FormatError(err, false, true))
		case raw.Kind == "" && raw.Name == "" && raw.Spec == nil:
			continue // only comments
		case raw.Kind == "" || raw.Name == "":
			return nil, Errorf(Invalid, "read", from, "kind and name are needed")
		case len(docs) == maxDocuments:
			return nil, Errorf(Invalid, "read", from, "there are more than %d documents", maxDocuments)
		}
		if raw.Spec == nil {
			raw.Spec = map[string]any{}
		}
		spec, err := json.Marshal(raw.Spec)
		if err != nil {
			return nil, Errorf(Invalid, "read", from, "%w", err)
		}
		docs = append(docs, Document{Kind: raw.Kind, Name: raw.Name, Spec: spec, From: from})
	}
}

// FormatDocuments writes definitions as YAML documents. The same definitions
// give the same bytes.
func FormatDocuments(defs []Definition) ([]byte, error) {
	var b bytes.Buffer
	for i, d := range defs {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := yamlOf(d)
		if err != nil {
			return nil, Errorf(Internal, "export", d.Key(), "%w", err)
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

func yamlOf(d Definition) ([]byte, error) {
	var spec yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(d.Spec, &spec, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	doc := yaml.MapSlice{{Key: "kind", Value: d.Kind}, {Key: "name", Value: d.Name}, {Key: "spec", Value: spec}}
	return yaml.MarshalWithOptions(doc, yaml.IndentSequence(false), yaml.UseLiteralStyleIfMultiline(true))
}
