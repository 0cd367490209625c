package zato

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// attributeTable writes the attributes of a type for DESIGN.md.
func attributeTable(list []attribute) string {
	var b strings.Builder
	b.WriteString("| attribute | becomes | otherwise |\n|---|---|---|\n")
	var names []string
	for i, a := range list {
		names = append(names, "`"+a.name+"`")
		if i+1 < len(list) && list[i+1].to == a.to && list[i+1].why == a.why && list[i+1].stop == a.stop {
			continue
		}
		to, why := a.to, a.why
		switch {
		case a.to != "" && a.to != "the name":
			to = "`" + strings.ReplaceAll(a.to, ", ", "`, `") + "`"
			if strings.Contains(a.to, " ") && !strings.Contains(a.to, ", ") {
				to = a.to
			}
		case a.stop:
			to = "the object is left"
		case a.lost != nil:
			to = "a note"
		case to == "":
			to = "nothing"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(names, ", "), to, why)
		names = nil
	}
	return b.String()
}

// design writes the part of DESIGN.md that follows from the tables.
func design() string {
	var b strings.Builder
	b.WriteString("<!-- common -->\n\n" + attributeTable(common()))
	for _, t := range types() {
		fmt.Fprintf(&b, "\n`%s`", strings.Join(t.names, "`, `"))
		switch t.family {
		case familyChannel, familyREST:
			b.WriteString(" (and `http_soap` of their `connection` and `transport` `plain_http`)")
		case familySecurity:
			b.WriteString(" (and sections named after a type of credential)")
		case familyGroup, familySQL, familyLeft:
		}
		if t.kind != "" {
			b.WriteString(", which become the kind " + t.kind)
		}
		b.WriteString(":\n\n" + attributeTable(t.attrs()))
	}
	b.WriteString("\nTypes of credentials: `basic_auth` becomes basic; `apikey` becomes apikey; `bearer_token` becomes apikey (with `static_token`) or jwt (with `jwks_url`). Left are:\n\n")
	for _, name := range sortedKeys(securityTypes()) {
		if why := securityTypes()[name]; why != "" {
			fmt.Fprintf(&b, "- `%s`: %s\n", name, why)
		}
	}
	return b.String()
}

// TestDesign holds DESIGN.md to the tables; SIGNALBOX_UPDATE=1 writes it anew.
func TestDesign(t *testing.T) {
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), "<!-- common -->\n")
	if !ok {
		t.Fatal("DESIGN.md has no place for the tables")
	}
	want := head + design()
	if os.Getenv("SIGNALBOX_UPDATE") != "" {
		if err := os.WriteFile("DESIGN.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("the tables in DESIGN.md are not those of the code; look, then run with SIGNALBOX_UPDATE=1")
	}
}

// TestTables holds the tables to the code: an attribute is there once, and what a
// table calls mapped is read by name somewhere.
func TestTables(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	for _, typ := range types() {
		seen := map[string]bool{}
		for _, a := range slices.Concat(common(), typ.attrs()) {
			if seen[a.name] {
				t.Errorf("%s: %s is in the table twice", typ.names[0], a.name)
			}
			seen[a.name] = true
			if a.to != "" && strings.Count(code.String(), `"`+a.name+`"`) < 2 {
				t.Errorf("%s: %s is called mapped, but nothing reads it", typ.names[0], a.name)
			}
			if a.to == "" && a.why == "" {
				t.Errorf("%s: %s has no reason", typ.names[0], a.name)
			}
		}
	}
	names := map[string]bool{}
	for _, typ := range slices.Concat(types(), leftTypes()) {
		for _, name := range typ.names {
			if names[name] {
				t.Errorf("the type %s is known twice", name)
			}
			names[name] = true
		}
	}
}
