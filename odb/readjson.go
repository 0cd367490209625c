package odb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readJSON reads the JSON values of a text. Unlike encoding/json alone it
// refuses an object that has a key twice.
func readJSON(text string) ([]any, error) {
	r := jsonReader{text: text, d: json.NewDecoder(strings.NewReader(text))}
	r.d.UseNumber()
	var out []any
	for {
		v, err := r.value(0)
		if errors.Is(err, io.EOF) && strings.TrimSpace(text[r.d.InputOffset():]) == "" {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", r.line(err), err)
		}
		out = append(out, v)
	}
}

type jsonReader struct {
	text string
	d    *json.Decoder
}

// line tells where reading stands, or where a syntax error is.
func (r *jsonReader) line(err error) int {
	at := r.d.InputOffset()
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
	}
	return 1 + strings.Count(r.text[:min(int(at), len(r.text))], "\n")
}

func (r *jsonReader) value(depth int) (any, error) {
	t, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == maxDocumentDeep {
		return nil, errTooDeep
	}
	if delim == '[' {
		return r.list(depth + 1)
	}
	return r.object(depth + 1)
}

var errTooDeep = fmt.Errorf("there are more than %d levels", maxDocumentDeep)

func (r *jsonReader) list(depth int) (any, error) {
	out := []any{}
	for r.d.More() {
		v, err := r.value(depth)
		if err != nil {
			return nil, unfinished(err)
		}
		out = append(out, v)
	}
	_, err := r.d.Token()
	return out, unfinished(err)
}

func (r *jsonReader) object(depth int) (any, error) {
	out := map[string]any{}
	for r.d.More() {
		t, err := r.d.Token()
		if err != nil {
			return nil, unfinished(err)
		}
		key, _ := t.(string) // the decoder lets nothing else be a key
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("the key %q is there twice", key)
		}
		if out[key], err = r.value(depth); err != nil {
			return nil, unfinished(err)
		}
	}
	_, err := r.d.Token()
	return out, unfinished(err)
}

// unfinished makes an end inside a value an error of its own.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
