package odb_test

import (
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func TestDiff(t *testing.T) {
	for name, tc := range map[string]struct{ before, after, want string }{
		"same":            {`{"a":1,"b":[1,2]}`, `{"a":1,"b":[1,2]}`, ""},
		"created":         {"", `{"path":"/a","cors":{"max_age":"1m"}}`, `/cors/max_age: "" → "1m"; /path: "" → "/a"`},
		"deleted":         {`{"path":"/a"}`, "", `/path: "/a" → ""`},
		"nothing in it":   {"", `{}`, ""},
		"set":             {`{}`, `{"enabled":false}`, `/enabled: "" → false`},
		"nested":          {`{"cors":{"origins":["a"],"max_age":"1m"}}`, `{"cors":{"origins":["b"],"max_age":"1m"}}`, `/cors/origins/0: "a" → "b"`},
		"list grows":      {`{"l":["a"]}`, `{"l":["a","b"]}`, `/l: ["a"] → ["a","b"]`},
		"key to escape":   {`{"headers":{"a/b~":"1"}}`, `{"headers":{"a/b~":"2"}}`, `/headers/a~1b~0: "1" → "2"`},
		"large number":    {`{"n":9007199254740993}`, `{"n":9007199254740992}`, `/n: 9007199254740993 → 9007199254740992`},
		"not escaped":     {`{"p":"<a>"}`, `{"p":"&"}`, `/p: "<a>" → "&"`},
		"sealed":          {`{"k":{"ref":"sealed:o1.a.AAA"}}`, `{"k":{"ref":"sealed:o1.a.BBB"}}`, `/k: "•••" → "•••"`},
		"sealed to env":   {`{"k":{"ref":"sealed:o1.a.AAA"}}`, `{"k":{"ref":"env:K"}}`, `/k: "•••" → {"ref":"env:K"}`},
		"sealed, same":    {`{"k":{"ref":"sealed:o1.a.AAA"}}`, `{"k":{"ref":"sealed:o1.a.AAA"}}`, ``},
		"sealed, new":     {``, `{"tls":{"key":{"ref":"sealed:o1.a.AAA"}}}`, `/tls/key: "" → "•••"`},
		"sealed in lists": {`{"l":[]}`, `{"l":[{"k":{"ref":"sealed:o1.a.AAA"}}]}`, `/l: [] → [{"k":"•••"}]`},
		"sealed removed":  {`{"k":{"ref":"sealed:o1.a.AAA"},"x":1}`, `{"x":1}`, `/k: "•••" → ""`},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []string
			for _, d := range odb.Diff([]byte(tc.before), []byte(tc.after)) {
				show := func(b []byte) string {
					if b == nil {
						return `""`
					}
					return string(b)
				}
				parts = append(parts, d.Pointer+": "+show(d.Before)+" → "+show(d.After))
			}
			if got := strings.Join(parts, "; "); got != tc.want {
				t.Errorf("Diff() = %s, want %s", got, tc.want)
			}
		})
	}
}
