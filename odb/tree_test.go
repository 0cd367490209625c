package odb_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func TestParseTrees(t *testing.T) {
	t.Parallel()
	want := map[string]any{"a": json.Number("1"), "b": []any{"x", true, nil}}
	got, err := odb.ParseYAML("a: 1\nb: [x, true, null]\n", 0)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseYAML: %v, %v", got, err)
	}
	trees, err := odb.ParseJSON(`{"a": 1, "b": ["x", true, null]}`)
	if err != nil || len(trees) != 1 || !reflect.DeepEqual(trees[0], want) {
		t.Errorf("ParseJSON: %v, %v", trees, err)
	}
	if _, err := odb.ParseYAML("a: 1\na: planted\n", 40); err == nil || !strings.Contains(err.Error(), "line 42") || strings.Contains(err.Error(), "planted") {
		t.Errorf("ParseYAML of a key twice: %v, want its line and not its value", err)
	}
	if _, err := odb.ParseJSON(`{"a": 1, "a": "planted"}`); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("ParseJSON of a key twice: %v", err)
	}
}
