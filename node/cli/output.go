package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
)

// The forms of output.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputYAML  = "yaml"
)

// show writes a result: v as JSON or YAML, or what human writes as a table.
func (a *app) show(v any, human func(*screen)) error {
	switch a.flags.output {
	case outputJSON:
		text, err := toJSON(v)
		if err != nil {
			return err
		}
		a.out.write(string(text))
	case outputYAML:
		text, err := toYAML(v)
		if err != nil {
			return err
		}
		a.out.write(string(text))
	default:
		human(a.out)
	}
	return a.out.err
}

// note tells people how it went, on stderr, unless a program reads the output.
func (a *app) note(format string, args ...any) {
	if a.flags.output == outputTable {
		a.err.line(format, args...)
	}
}

// list makes sure that an empty list is written as [] and not as null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func toJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b.Bytes(), nil
}

// toYAML writes v with the names and the order that its JSON has.
func toYAML(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return jsonToYAML(text)
}

// jsonToYAML keeps the order of the fields.
func jsonToYAML(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	tree, err := ordered(d)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	out, err := yaml.MarshalWithOptions(tree, yaml.IndentSequence(false), yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out, nil
}

// ordered decodes one JSON value with its objects as ordered lists.
func ordered(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		obj := yaml.MapSlice{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			obj = append(obj, yaml.MapItem{Key: key, Value: value})
		}
		_, err := d.Token()
		return obj, err
	case json.Delim('['):
		items := []any{}
		for d.More() {
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			items = append(items, value)
		}
		_, err := d.Token()
		return items, err
	}
	if n, ok := t.(json.Number); ok {
		return yamlNumber(n), nil
	}
	return t, nil
}

// yamlNumber keeps whole numbers whole.
func yamlNumber(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n.String()
}

// readAll reads an input that a user named, at most limit bytes of it.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, errors.New("it is larger than " + formatBytes(limit))
	}
	return text, nil
}

// yamlToJSON reads one YAML or JSON object.
func yamlToJSON(text string) (json.RawMessage, error) {
	var obj map[string]any
	if err := yaml.UnmarshalWithOptions([]byte(text), &obj, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, true))
	}
	if obj == nil {
		return nil, errors.New("there is no object in it")
	}
	raw, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	return raw, nil
}
