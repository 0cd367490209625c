package library

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	opRow    = regexp.MustCompile("(?m)^\\| `([a-zA-Z0-9.]+)` \\| (.*?) \\| .* \\|$")
	argument = regexp.MustCompile("`([a-zA-Z0-9]+)(\\??)(?:=[^`]*)?`")
)

// The table in DESIGN.md is what SDK authors write types from: it must name every
// operation and exactly the arguments that the operation knows and needs.
func TestDesignListsOperations(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	ops, listed := Ops(), map[string]bool{}
	for _, row := range opRow.FindAllStringSubmatch(string(text), -1) {
		name := row[1]
		if ops[name] == nil {
			t.Errorf("%s is listed, but there is no such operation", name)
			continue
		}
		listed[name] = true
		var all, needed []string
		for _, m := range argument.FindAllStringSubmatch(row[2], -1) {
			if all = append(all, m[1]); m[2] == "" {
				needed = append(needed, m[1])
			}
		}
		if strings.HasPrefix(row[2], "data") {
			all, needed = append(all, "text", "base64"), append(needed, "text")
		}
		if strings.Contains(row[2], "`keyBase64?`") {
			needed = append(needed, "key")
		}
		known, missing := probe(t, ops[name])
		compare(t, name+" knows", known, all)
		compare(t, name+" needs", missing, needed)
	}
	for name := range ops {
		if !listed[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s %v, DESIGN.md says %v", what, got, want)
	}
}

// probe asks an operation which arguments it knows and which it misses.
func probe(t *testing.T, op Op) (known, missing []string) {
	t.Helper()
	_, err := op(t.Context(), json.RawMessage(`{"nobodyHasThis":1}`))
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != "library.arguments" {
		t.Fatalf("unknown argument: %v", err)
	}
	faults, _ := e.Details.([]argumentFault)
	for _, f := range faults {
		if list, ok := strings.CutPrefix(f.Problem, "is unknown; known are "); ok {
			known = strings.Split(list, ", ")
		} else {
			missing = append(missing, f.Argument)
		}
	}
	return known, missing
}
