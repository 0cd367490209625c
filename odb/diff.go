package odb

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// FieldDiff is one field that differs between two specs.
type FieldDiff struct {
	Pointer string          `json:"pointer"`
	Before  json.RawMessage `json:"before,omitempty"` // absent: not set (default)
	After   json.RawMessage `json:"after,omitempty"`  // absent: not set (default)
}

// Diff compares two canonical specs field by field; either may be nil. Sealed
// secrets are shown as "•••", so a changed one shows that it changed and no more.
func Diff(before, after json.RawMessage) []FieldDiff {
	var out []FieldDiff
	diffValue(specTree(before), specTree(after), "", &out)
	return out
}

// specTree parses a canonical spec; nil when there is none.
func specTree(spec json.RawMessage) any {
	if len(spec) == 0 {
		return nil
	}
	tree, err := parseObject(spec)
	if err != nil {
		return string(spec)
	}
	return tree
}

func diffValue(a, b any, at string, out *[]FieldDiff) {
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	if (aok || a == nil) && (bok || b == nil) && (aok || bok) && !isRef(am) && !isRef(bm) {
		keys := map[string]bool{}
		for k := range am {
			keys[k] = true
		}
		for k := range bm {
			keys[k] = true
		}
		for _, k := range sortedKeys(keys) {
			diffValue(am[k], bm[k], at+"/"+escapePointer(k), out)
		}
		return
	}
	al, aok := a.([]any)
	bl, bok := b.([]any)
	if aok && bok && len(al) == len(bl) {
		for i := range al {
			diffValue(al[i], bl[i], at+"/"+strconv.Itoa(i), out)
		}
		return
	}
	if !bytes.Equal(plainJSON(a), plainJSON(b)) {
		*out = append(*out, FieldDiff{Pointer: at, Before: plainJSON(hidden(a)), After: plainJSON(hidden(b))})
	}
}

// isRef reports whether m is a secret's reference object.
func isRef(m map[string]any) bool {
	_, ok := m["ref"].(string)
	return ok && len(m) == 1
}

func plainJSON(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := marshalPlain(v)
	if err != nil {
		return nil
	}
	return b
}

// hidden returns v with "•••" for every sealed secret in it.
func hidden(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if ref, _ := v["ref"].(string); isRef(v) && strings.HasPrefix(ref, "sealed:") {
			return "•••"
		}
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = hidden(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = hidden(x)
		}
		return out
	}
	return v
}
