package odb_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// readOne parses a text that has to hold one document.
func readOne(t *testing.T, text string) odb.Document {
	t.Helper()
	docs, err := odb.ParseDocuments("f.yaml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("ParseDocuments(%q) = %+v, %v; want one document", text, docs, err)
	}
	return docs[0]
}

// What YAML makes of a value is what people mean, and no digit is lost.
func TestParseDocumentsValues(t *testing.T) {
	for value, want := range map[string]string{
		"yes":                            `"yes"`,
		"on":                             `"on"`,
		"true":                           `true`,
		"False":                          `false`,
		"null":                           `null`,
		"~":                              `null`,
		"":                               `null`,
		"5":                              `5`,
		"-5":                             `-5`,
		"1.0":                            `1.0`,
		"1.50":                           `1.50`,
		"9007199254740993":               `9007199254740993`,
		"12345678901234567890":           `12345678901234567890`,
		"123456789012345678901234567890": `123456789012345678901234567890`,
		"007":                            `"007"`,
		"0x1f":                           `"0x1f"`,
		"0o17":                           `"0o17"`,
		"1_000":                          `"1_000"`,
		"+1":                             `"+1"`,
		".5":                             `".5"`,
		".inf":                           `".inf"`,
		".nan":                           `".nan"`,
		"1e3":                            `1e3`,
		"2020-01-01":                     `"2020-01-01"`,
		"12:30:45":                       `"12:30:45"`,
		"1.2.3":                          `"1.2.3"`,
		"10.0.0.0/8":                     `"10.0.0.0/8"`,
		"'it''s'":                        `"it's"`,
		`"a\nb\u00e9\U0001F600\/"`:       `"a\nbé😀/"`,
		`"5"`:                            `"5"`,
		"a #b":                           `"a"`,
		"a: &x b":                        ``,
		"|\n    a\n\n     b\n":           `"a\n\n b\n"`,
		"|-\n    a\n    b\n":             `"a\nb"`,
		">\n    a\n    b\n":              `"a b\n"`,
		"!!str 5":                        `"5"`,
		"[a, 'b', 5, [x]]":               `["a","b",5,["x"]]`,
		"{a: 1, \"b\": {c: d}}":          `{"a":1,"b":{"c":"d"}}`,
		"\n  - a\n  - b: c\n    d: e\n":  `["a",{"b":"c","d":"e"}]`,
		"/orders/{id}/{rest...}":         `"/orders/{id}/{rest...}"`,
	} {
		text := "kind: k\nname: n\nspec:\n  v: " + value + "\n"
		docs, err := odb.ParseDocuments("f.yaml", []byte(text))
		if want == "" {
			if err == nil {
				t.Errorf("%q was read as %s", value, docs[0].Spec)
			}
			continue
		}
		if err != nil || len(docs) != 1 || string(docs[0].Spec) != `{"v":`+want+`}` {
			t.Errorf("%q was read as %+v, %v; want %s", value, docs, err, want)
		}
	}
}

func TestParseDocumentsStreams(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         nil,
		"\n# only a comment\n":     nil,
		"---\n...\n---\n":          nil,
		"kind: a\nname: b":         {"a/b {}"},
		"\ufeffkind: a\nname: b\n": {"a/b {}"},
		"kind: a\r\nname: b\r\nspec:\r\n  x: |\r\n    1\r\n    2\r\n":                  {`a/b {"x":"1\n2\n"}`},
		"%YAML 1.2\n---\nkind: a\nname: b\n":                                           {"a/b {}"},
		"kind: a\nname: b\n---\n# nothing\n---\nkind: a\nname: c\nspec: {x: 1}\n...\n": {"a/b {}", `a/c {"x":1}`},
		"--- # first\nkind: a\nname: b\n--- {kind: a, name: c}\n":                      {"a/b {}", "a/c {}"},
		"kind: a\nname: b\nspec:\n  x: |\n    a\n    ---\n    b\n":                     {`a/b {"x":"a\n---\nb\n"}`},
		"kind: a\nname: 5\n":                           {"a/5 {}"},
		"kind: a\nname: 007\n":                         {"a/007 {}"},
		"kind: a\nname: true\n":                        {"a/true {}"},
		"kind: a\nname: 2020-01-01\n":                  {"a/2020-01-01 {}"},
		"kind: a\nname: b\nspec:\n":                    {"a/b {}"},
		"- kind: a\n  name: b\n- {kind: a, name: c}\n": {"a/b {}", "a/c {}"},
		`{"kind":"a","name":"b","spec":{"x":"\u0041\/","n":12345678901234567890}}`: {`a/b {"n":12345678901234567890,"x":"A/"}`},
		`[{"kind":"a","name":"b"},{"kind":"a","name":5}]`:                          {"a/b {}", "a/5 {}"},
		"{kind: a, name: b, spec: {x: y}}":                                         {`a/b {"x":"y"}`},
		"kind: a\nname: b\nspec:\n  x: &p {q: 1}\n  y: *p\n  z: [*p, *p]\n":        {`a/b {"x":{"q":1},"y":{"q":1},"z":[{"q":1},{"q":1}]}`},
	} {
		docs, err := odb.ParseDocuments("f.yaml", []byte(text))
		if err != nil {
			t.Errorf("ParseDocuments(%q): %v", text, err)
		}
		var got []string
		for i, d := range docs {
			got = append(got, d.Kind+"/"+d.Name+" "+string(d.Spec))
			if d.From != fmt.Sprintf("f.yaml, document %d", i+1) {
				t.Errorf("document %d of %q is from %q", i+1, text, d.From)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("ParseDocuments(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestParseDocumentsFaults(t *testing.T) {
	const good = "kind: a\nname: b\n---\n"
	for name, tc := range map[string]struct{ text, want string }{
		"unknown field":      {"kind: a\nnam: b\n", `document 1: there is no field "nam" in a document; did you mean "name"?`},
		"in the second":      {good + "kind: a\n", "document 2: kind and name are needed"},
		"no kind":            {"name: b\n", "kind and name are needed"},
		"null name":          {"kind: a\nname: null\n", "kind and name are needed"},
		"kind is a list":     {"kind: [a]\nname: b\n", "kind is a list; a text is needed"},
		"spec is a list":     {"kind: a\nname: b\nspec: [1]\n", "spec is a list; an object is needed"},
		"spec is a text":     {"kind: a\nname: b\nspec: hunter2\n", "spec is a text; an object is needed"},
		"a text":             {"hunter2\n", "a document is an object of kind, name and spec, not a text"},
		"duplicate key":      {good + "kind: a\nname: b\nspec:\n  x: 1\n  x: 2\n", `line 8, column 3: mapping key "x" already defined at line 7, column 3`},
		"duplicate in flow":  {"kind: a\nname: b\nspec: {x: 1, x: 2}\n", `line 3`},
		"duplicate document": {"kind: a\nkind: c\nname: b\n", `line 2, column 1: mapping key "kind" already defined`},
		"same key, quoted":   {"kind: a\nname: b\nspec:\n  1: a\n  \"1\": b\n", `line 5, column 3: `},
		"bad syntax":         {good + "kind: a\nname: b: hunter2\n", "line 5, column 7: "},
		"bad indent":         {good + good + "kind: a\nname: b\nspec:\n  x: 1\n bad: 2\n", "line 11, column 2: "},
		"tab":                {"kind: a\nname: b\nspec:\n\tx: hunter2\n", "line 4"},
		"not closed":         {"kind: a\nname: b\nspec: {x: [1, 2\n", "line 3"},
		"tag":                {"kind: a\nname: b\nspec:\n  x: !!binary aGVsbG8=\n", "line 4, column 6: the tag !!binary is not supported"},
		"own tag":            {"kind: a\nname: b\nspec: !thing {}\n", "the tag !thing is not supported"},
		"merge key":          {"kind: a\nname: b\nspec:\n  x: &p {q: 1}\n  y:\n    <<: *p\n", "line 6, column 5: merge keys (<<) are not supported"},
		"unknown alias":      {"kind: a\nname: b\nspec:\n  x: *p\n", "line 4"},
		"alias of another":   {"kind: a\nname: &n b\n---\nkind: a\nname: *n\n", "line 5"},
		"alias in itself":    {"kind: a\nname: b\nspec:\n  x: &p [*p]\n", `line 4, column 10: the alias "p" is inside`},
		"not UTF-8":          {"kind: a\nname: \xff\n", "not in UTF-8"},
		"JSON, twice":        {"{\"kind\":\"a\",\n\"name\":\"b\",\"name\":\"c\"}", `line 2: the key "name" is there twice`},
		"JSON array of text": {`["hunter2"]`, "not a text"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := odb.ParseDocuments("f.yaml", []byte(tc.text))
			if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "f.yaml") {
				t.Errorf("ParseDocuments(%q) = %+v, %v; want an error with %q", tc.text, docs, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells what is in the file: %v", err)
			}
		})
	}
	for text, want := range map[string]string{
		"{\"kind\":\n\"a\",}":   "line 2",
		"{\"kind\":\"a\"":       "unexpected EOF",
		"{} x":                  "line 1",
		"kind: a":               "line 1",
		strings.Repeat("[", 99): "more than 50 levels",
	} {
		docs, err := odb.ParseDocuments("f.json", []byte(text))
		if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDocuments(%q) of JSON = %+v, %v; want an error with %q", text, docs, err, want)
		}
	}
}

// Whatever somebody hands in, reading it ends soon and with little memory.
func TestParseDocumentsIsBounded(t *testing.T) {
	head := "kind: a\nname: b\nspec:\n  x: "
	laughs := "kind: a\nname: b\nspec:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("  a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	long := "kind: a\nname: b\nspec:\n  a: &a " + strings.Repeat("x", 100_000) + "\n  b: [" + strings.Repeat("*a,", 100) + "]\n"
	for name, text := range map[string]string{
		"billion laughs":      laughs,
		"long text, often":    long,
		"lists in lists":      head + strings.Repeat("[", 1_000_000),
		"closed lists":        head + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"objects in objects":  head + strings.Repeat("{a: ", 5000),
		"dashes":              head + "\n    " + strings.Repeat("- ", 5000) + "x",
		"question marks":      head + "\n    " + strings.Repeat("? ", 5000) + "x",
		"indents":             deepIndent(2000),
		"many keys":           manyLines("  k%d: x\n", 100_000),
		"a large document":    head + strings.Repeat("x", 5_000_000),
		"too many documents":  strings.Repeat("---\nkind: a\nname: b\n", 100_001),
		"a large file":        strings.Repeat("#", 65<<20),
		"JSON lists in lists": strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000),
		"anchors":             head + strings.Repeat("&a ", 5000) + "x",
		"tags":                head + strings.Repeat("!a ", 5000) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := odb.ParseDocuments("f.yaml", []byte(text))
			if odb.KindOf(err) != odb.Invalid {
				t.Errorf("ParseDocuments() = %.200v, want an error of kind invalid", err)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the error has %d characters: %.500v", len(err.Error()), err)
			}
			if d := time.Since(began); d > time.Minute { // what grows with the square takes hours
				t.Errorf("it took %v", d)
			}
		})
	}
}

func deepIndent(n int) string {
	var b strings.Builder
	b.WriteString("kind: a\nname: b\nspec:\n")
	for i := range n {
		b.WriteString(strings.Repeat(" ", i+1) + "a:\n")
	}
	return b.String()
}

func manyLines(format string, n int) string {
	var b strings.Builder
	b.WriteString("kind: a\nname: b\nspec:\n")
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// texts are those that a YAML reader or writer is likely to get wrong.
var texts = []string{
	"yes", "no", "on", "off", "y", "n", "Yes", "NULL", "null", "Null", "~", "true", "TRUE", "false", "", " ", "  ", "\t", "\n", "\n\n", " \n ",
	"1e3", "1E3", "1.0", "1", "-1", "+1", "0", "-0", "007", "0x1f", "0o17", "0b1", "1_000", ".5", "5.", ".inf", "-.inf", ".nan", ".NaN",
	"2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01 00:00:00", "12:30:45", "12:30", "190:20:30", "1.2.3", "10.0.0.5", "10.0.0.0/8",
	"30s", "1h30m", "5d", "1MiB", "64KiB", "abc", "a b", " a", "a ", "a: b", "a:b", "a:", ":a", "a #b", "a#b", "#a", "- a", "-", "--", "---", "--- a", "...", "... a", "....",
	"? a", "?a", "?", "!a", "!", "&a", "*a", "@a", "`a`", "%a", "|", "|-", ">", "> a", "<<", "=", "{a}", "{", "}", "[a]", "[", "]", "a, b", ",a",
	"/orders/{id}", "/a/{rest...}", "https://h/{x}?a=b&c=d#e", "sealed:o1.k1.aGVsbG8gd29ybGQ+/w==", "env:NAME", `"`, `'`, `"a"`, `'a'`, `a"b`, `a'b`, `a\b`, `\`, `\n`, `a\`,
	"a\nb", "a\nb\n", "a\n\nb", "a\n\n", "\na", " a\nb", "a\n b\n  c\n", "a \nb", "a\t\nb", "a\n\tb", "\ta\nb", "a\r\nb", "a\rb", "a\n---\nb\n", "a\n...\nb", "a\n#b\n", "a: b\nc: d\n", "- a\n- b\n",
	"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "é", "漢字", "\U0001F600", "\u00a0", "a\u00a0b", "\u2028", "a\u2028b", "\u0085", "\ufeff", "\u0000", "\x1b", "\x7f", "\u0080", "\ufffd", "\U0010ffff", "e\u0301",
	"key: |\n  text\n", "%YAML 1.2", "a\n%b", "\"a\nb\"", "'a\nb'", "a: |", "!!str a", "x" + strings.Repeat(" y", 500), strings.Repeat("z", 5000), strings.Repeat("line\n", 500), "a\n   \nb", "trailing \n", "a\n\n\nb\n",
}

// randomText glues awkward pieces together.
func randomText(rnd *rand.Rand) string {
	if rnd.IntN(3) == 0 {
		return texts[rnd.IntN(len(texts))]
	}
	const pieces = "ab01 \n\t:-#'\"\\{}[],&*!|>%@`?~=.+/\u00e9\u2028\U0001F600\x00\r"
	var b strings.Builder
	runes := []rune(pieces)
	for range rnd.IntN(12) {
		b.WriteRune(runes[rnd.IntN(len(runes))])
	}
	return b.String()
}

// Whatever is exported is read back as it was.
func TestFormatDocumentsRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	check := func(tree map[string]any) {
		t.Helper()
		spec, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		text, err := odb.FormatDocuments([]odb.Definition{{Kind: "k", Name: "n", Spec: spec}, {Kind: "k", Name: "m", Spec: []byte("{}")}})
		if err != nil {
			t.Fatal(err)
		}
		docs, err := odb.ParseDocuments("f.yaml", text)
		if err != nil || len(docs) != 2 {
			t.Fatalf("%q was written as\n%s\nwhich reads as %v, %v", spec, text, docs, err)
		}
		var got, want any
		if json.Unmarshal(docs[0].Spec, &got) != nil || json.Unmarshal(spec, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s was written as\n%s\nwhich reads as %s", spec, text, docs[0].Spec)
		}
	}
	for _, s := range texts {
		check(map[string]any{"v": s, "z": "end"})
		check(map[string]any{"v": []any{s, s}, "w": map[string]any{"x": s, s + "k": "v"}})
		if s != "" {
			check(map[string]any{s: s})
		}
	}
	for range 3000 {
		s := randomText(rnd)
		check(map[string]any{
			"v": s, "list": []any{randomText(rnd), randomText(rnd), []any{randomText(rnd)}, map[string]any{"a": randomText(rnd), "b": []any{}}},
			"map": map[string]any{randomText(rnd): randomText(rnd)}, "e": map[string]any{}, "f": []any{}, "t": true, "n": 5, "z": "end",
		})
	}
}

func TestFormatDocuments(t *testing.T) {
	defs := []odb.Definition{
		{Kind: "channel", Name: "orders.create", Spec: []byte(`{"method":"POST","path":"/orders/{id}","service":"orders","security":["a","b"],"headers":{"X-Version":"1.0","X-A":"b c"},"timeout":"30s","enabled":false,"description":"takes\norders\n"}`)},
		{Kind: "balancer", Name: "007", Spec: []byte(`{}`)},
		{Kind: "security", Name: "partners", Spec: []byte(`{"username":"u","password":{"ref":"env:P"}}`)},
	}
	want := `kind: channel
name: orders.create
spec:
  method: POST
  path: /orders/{id}
  service: orders
  security:
  - a
  - b
  headers:
    X-Version: "1.0"
    X-A: b c
  timeout: 30s
  enabled: false
  description: |
    takes
    orders
---
kind: balancer
name: "007"
spec: {}
---
kind: security
name: partners
spec:
  username: u
  password:
    ref: env:P
`
	got, err := odb.FormatDocuments(defs)
	if err != nil || string(got) != want {
		t.Errorf("FormatDocuments() = %v\n%s\nwant\n%s", err, got, want)
	}
	if text, err := odb.FormatDocuments(nil); err != nil || len(text) != 0 {
		t.Errorf("FormatDocuments of nothing = %q, %v", text, err)
	}
	if _, err := odb.FormatDocuments([]odb.Definition{{Kind: "k", Name: "n", Spec: []byte(`{"a":`)}}); odb.KindOf(err) != odb.Internal || err == nil {
		t.Errorf("FormatDocuments of a broken spec: %v", err)
	}
}

func FuzzParseDocuments(f *testing.F) {
	for _, s := range []string{
		"kind: a\nname: b\nspec:\n  x: [1, {y: z}]\n---\nkind: a\nname: c\n", `{"kind":"a","name":"b","spec":{"x":[1,2.5,null]}}`,
		"kind: &a b\nname: *a\n", "kind: a\nname: |\n  b\nspec: !!str 5\n", "- kind: a\n  name: b", "%YAML 1.2\n--- {kind: a, ? b : c}\n...\n", "<<: *a\n\"\\x41\": 'b'\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		docs, err := odb.ParseDocuments("f", text)
		if err != nil {
			if odb.KindOf(err) != odb.Invalid {
				t.Fatalf("the error %v is of kind %v", err, odb.KindOf(err))
			}
			return
		}
		for _, d := range docs {
			written, err := odb.FormatDocuments([]odb.Definition{{Kind: d.Kind, Name: d.Name, Spec: d.Spec}})
			if err != nil {
				t.Fatal(err)
			}
			if again := readOne(t, string(written)); again.Kind != d.Kind || again.Name != d.Name || string(again.Spec) != string(d.Spec) {
				t.Fatalf("%+v was written as\n%s\nwhich reads as %+v", d, written, again)
			}
		}
	})
}
