package odb

import (
	"bytes"
	"encoding/json"
	"strconv"
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
	var a, b any
	if len(before) > 0 {
		_ = json.Unmarshal(before, &a)
	}
	if len(after) > 0 {
		_ = json.Unmarshal(after, &b)
	}
	var out []FieldDiff
	diffValue(a, b, "", &out)
	return out
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
	x, y := plainJSON(a), plainJSON(b)
	if !bytes.Equal(x, y) {
		*out = append(*out, FieldDiff{Pointer: at, Before: hideSealed(a, x), After: hideSealed(b, y)})
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

func hideSealed(v any, raw json.RawMessage) json.RawMessage {
	m, ok := v.(map[string]any)
	if !ok || !isRef(m) {
		return raw
	}
	if ref, _ := m["ref"].(string); len(ref) > 7 && ref[:7] == "sealed:" {
		return json.RawMessage(`"•••"`)
	}
	return raw
}
