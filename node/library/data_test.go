package library

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

func text(t testing.TB, v any) string {
	t.Helper()
	raw, err := ordered.Append(nil, v, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func decoded(t testing.TB, s string) any {
	t.Helper()
	v, err := DecodeJSON([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in         string
		o          CSVOptions
		want, code string
	}{
		"header":           {"id,name\n1,Ala\n2,\"Bob \"\"B\"\"\"\n", CSVOptions{}, `[{"id":"1","name":"Ala"},{"id":"2","name":"Bob \"B\""}]`, ""},
		"order of columns": {"z,a\n1,2", CSVOptions{}, `[{"z":"1","a":"2"}]`, ""},
		"mark, crlf":       {"\xef\xbb\xbfid\r\n1\r\n", CSVOptions{}, `[{"id":"1"}]`, ""},
		"header only":      {"id,name\n", CSVOptions{}, `[]`, ""},
		"nothing":          {"", CSVOptions{}, `[]`, ""},
		"nothing, rows":    {"", CSVOptions{NoHeader: true}, `[]`, ""},
		"rows":             {"1,2\n3", CSVOptions{NoHeader: true}, `[["1","2"],["3"]]`, ""},
		"own columns":      {"1,2\n", CSVOptions{NoHeader: true, Columns: []string{"a", "b"}}, `[{"a":"1","b":"2"}]`, ""},
		"renamed":          {"x,y\n1,2\n", CSVOptions{Columns: []string{"a", "b"}}, `[{"a":"1","b":"2"}]`, ""},
		"tab":              {"a\tb\n1\t2", CSVOptions{Delimiter: '\t'}, `[{"a":"1","b":"2"}]`, ""},
		"comment":          {"a\n#no\n1", CSVOptions{Comment: '#'}, `[{"a":"1"}]`, ""},
		"blank lines":      {"a\n\n1\n\n", CSVOptions{}, `[{"a":"1"}]`, ""},
		"trim":             {" a , b \n 1 , \" 2 \" \n", CSVOptions{Trim: true, LazyQuotes: true}, `[{"a":"1","b":"\" 2 \""}]`, ""},
		"line in quotes":   {"a\n\"x\r\ny\"", CSVOptions{}, `[{"a":"x\ny"}]`, ""},
		"lazy":             {"a\nx\"y", CSVOptions{LazyQuotes: true}, `[{"a":"x\"y"}]`, ""},
		"latin":            {"a\n\xb3", CSVOptions{Charset: "ISO-8859-2"}, `[{"a":"ł"}]`, ""},
		"short row":        {"a,b\n1,2\n3\n", CSVOptions{}, "", "csv.syntax"},
		"long row":         {"a\n1,2\n", CSVOptions{}, "", "csv.syntax"},
		"bare quote":       {"a\nx\"y", CSVOptions{}, "", "csv.syntax"},
		"open quote":       {"a\n\"xy", CSVOptions{}, "", "csv.syntax"},
		"bad header":       {"a\"b\n", CSVOptions{}, "", "csv.syntax"},
		"same names":       {"a,a\n1,2", CSVOptions{}, "", "csv.header"},
		"no name":          {"a,\n1,2", CSVOptions{}, "", "csv.header"},
		"own same names":   {"a,b\n1,2", CSVOptions{Columns: []string{"a", "a"}}, "", "csv.header"},
		"quote delimiter":  {"a", CSVOptions{Delimiter: '"'}, "", "csv.options"},
		"comment is comma": {"a", CSVOptions{Comment: ','}, "", "csv.options"},
		"unknown charset":  {"a", CSVOptions{Charset: "klingon"}, "", "charset.unknown"},
		"wrong charset":    {"a\n\xff", CSVOptions{}, "", "charset.invalid"},
		"undefined byte":   {"a\n\x81", CSVOptions{Charset: "windows-1250"}, "", "charset.invalid"},
		"not ascii":        {"a\n\x81", CSVOptions{Charset: "us-ascii"}, "", "charset.invalid"},
		"too many":         {strings.Repeat(",", maxCells+1), CSVOptions{}, "", "csv.limit"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseCSV([]byte(tc.in), tc.o)
			if fault.Code(err) != tc.code || err == nil && text(t, got) != tc.want {
				t.Errorf("got %v, %v\nwant %s %s", got, err, tc.want, tc.code)
			}
		})
	}
}

func TestCSVSaysWhere(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a,b\n1,2\n\n3\n":    `{"line":4,"column":1}`,
		"a,b\n1,\"x\"y\"\n2": `{"line":2,"column":5}`,
	} {
		_, err := ParseCSV([]byte(in), CSVOptions{})
		e, ok := errors.AsType[*Error](err)
		if !ok || text(t, e.Details) != want {
			t.Errorf("%q: %v, want details %s", in, err, want)
		}
	}
}

func TestFormatCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in         string
		o          CSVFormat
		want, code string
	}{
		"objects":         {`[{"b":1.50,"a":"x"},{"a":null,"c":true}]`, CSVFormat{}, "b,a,c\n1.50,x,\n,,true\n", ""},
		"quotes":          {`[{"a":"x,y"},{"a":"x\"y"},{"a":"x\ny"},{"a":" x"},{"a":"#x"}]`, CSVFormat{}, "a\n\"x,y\"\n\"x\"\"y\"\n\"x\ny\"\n\" x\"\n\"#x\"\n", ""},
		"mark":            {"[[\"\uFEFFx\"]]", CSVFormat{}, "\"\uFEFFx\"\n", ""},
		"empty alone":     {`[{"a":""}]`, CSVFormat{}, "a\n\"\"\n", ""},
		"delimiter":       {`[{"a":"x;y","b":"x,y"}]`, CSVFormat{Delimiter: ';', CRLF: true}, "a;b\r\n\"x;y\";x,y\r\n", ""},
		"columns":         {`[{"a":1,"b":2}]`, CSVFormat{Columns: []string{"b", "c"}}, "b,c\n2,\n", ""},
		"no header":       {`[{"a":1}]`, CSVFormat{NoHeader: true}, "1\n", ""},
		"arrays":          {`[[1,"x"],[null]]`, CSVFormat{}, "1,x\n\"\"\n", ""},
		"arrays, header":  {`[[1,"x"]]`, CSVFormat{Columns: []string{"a", "b"}}, "a,b\n1,x\n", ""},
		"none":            {`[]`, CSVFormat{}, "", ""},
		"none, header":    {`[]`, CSVFormat{Columns: []string{"a"}}, "a\n", ""},
		"empty object":    {`[{}]`, CSVFormat{}, "", "csv.value"},
		"nested":          {`[{"a":{"b":1}}]`, CSVFormat{}, "", "csv.value"},
		"nested in array": {`[[[1]]]`, CSVFormat{}, "", "csv.value"},
		"scalar row":      {`[{"a":1},2]`, CSVFormat{}, "", "csv.value"},
		"delimiter bad":   {`[]`, CSVFormat{Delimiter: '\n'}, "", "csv.options"},
		"columns twice":   {`[]`, CSVFormat{Columns: []string{"a", "a"}}, "", "csv.header"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := FormatCSV(decoded(t, tc.in).([]any), tc.o)
			if fault.Code(err) != tc.code || string(got) != tc.want {
				t.Errorf("got %q, %v\nwant %q %s", got, err, tc.want, tc.code)
			}
		})
	}
	rows := []any{map[string]any{"b": 1, "a": int64(2)}, map[string]any{"a": 1.5}, &Object{}}
	if got, err := FormatCSV(rows, CSVFormat{}); string(got) != "a,b\n2,1\n1.5,\n,\n" || err != nil {
		t.Errorf("Go maps give %q, %v", got, err)
	}
	large := []any{[]string{strings.Repeat("x", MaxResult)}}
	if _, err := FormatCSV(large, CSVFormat{}); fault.Code(err) != "csv.limit" {
		t.Errorf("large text: %v", err)
	}
}

func TestFormBounds(t *testing.T) {
	t.Parallel()
	if _, err := ParseForm(strings.Repeat("a&", maxPairs)); fault.Code(err) != "form.limit" {
		t.Errorf("many pairs: %v", err)
	}
	form, err := ParseForm(strings.Repeat("a&", maxPairs-1))
	if err != nil || form.Len() != 1 {
		t.Errorf("as many as allowed: %v, %v", form, err)
	}
	got, err := FormatForm(map[string]any{"b": []any{1, true}, "a": "x"})
	if got != "a=x&b=1&b=true" || err != nil {
		t.Errorf("Go map gives %s, %v", got, err)
	}
	if _, err := FormatForm(map[string]any{"b": struct{}{}}); fault.Code(err) != "form.value" {
		t.Errorf("struct: %v", err)
	}
}

// The examples of RFC 6901 and RFC 7386, and the numbers of RFC 8785.
func TestJSONByTheRFCs(t *testing.T) {
	t.Parallel()
	const doc = `{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`
	for pointer, want := range map[string]string{
		"": "", "/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3",
		"/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8",
	} {
		v, ok, err := PointJSON(decoded(t, doc), pointer)
		if got := text(t, v); !ok || err != nil || got != want && pointer != "" {
			t.Errorf("%q gives %s, %v, %v, want %s", pointer, got, ok, err, want)
		}
	}
	for _, pointer := range []string{"/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/-1", "/x", "/foo/0/x", "/foo/99999999999999999999"} {
		if v, ok, err := PointJSON(decoded(t, doc), pointer); ok || err != nil {
			t.Errorf("%q gives %v, %v, %v, want nothing", pointer, v, ok, err)
		}
	}
	for _, pointer := range []string{"foo", "/~", "/~2", "/a~~1"} {
		if _, _, err := PointJSON(decoded(t, doc), pointer); fault.Code(err) != "json.pointer" {
			t.Errorf("%q: %v, want json.pointer", pointer, err)
		}
	}
	for _, m := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		if got := text(t, MergeJSON(decoded(t, m[0]), decoded(t, m[1]))); got != m[2] {
			t.Errorf("%s and %s give %s, want %s", m[0], m[1], got, m[2])
		}
	}
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "5e-324": "5e-324", "-1.7976931348623157e308": "-1.7976931348623157e+308", "9007199254740993": "9007199254740992",
		"295147905179352830000": "295147905179352830000", "9.999999999999997e22": "9.999999999999997e+22", "1e21": "1e+21", "999999999999999900000": "999999999999999900000",
		"0.000001": "0.000001", "1e-7": "1e-7", "333333333.33333329": "333333333.3333333", "4.50": "4.5", "2e-3": "0.002", "1e-27": "1e-27",
	} {
		if got, err := CanonicalJSON(json.Number(in)); string(got) != want || err != nil {
			t.Errorf("%s gives %s, %v, want %s", in, got, err, want)
		}
	}
	keys := decoded(t, `{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7,"a":8,"ab":9}`)
	const want = "{\"\\r\":2,\"1\":4,\"a\":8,\"ab\":9,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001f600\":5,\"\ufb33\":3}"
	if got, err := CanonicalJSON(keys); string(got) != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"x\"\"y\"\n", ";", true)
	f.Add("\xef\xbb\xbfa\r\n#c\r\n\"\r\n\"", ",", false)
	f.Fuzz(func(t *testing.T, in, delimiter string, header bool) {
		comma := ','
		for _, comma = range delimiter {
			break
		}
		rows, err := ParseCSV([]byte(in), CSVOptions{Delimiter: comma, NoHeader: !header})
		if err != nil {
			if fault.Code(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if len(rows) == 0 || strings.Contains(text(t, rows), `\r\n`) {
			return // a reader takes "\r\n" for a line break
		}
		out, err := FormatCSV(rows, CSVFormat{Delimiter: comma, NoHeader: !header})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseCSV(out, CSVOptions{Delimiter: comma, NoHeader: !header})
		if err != nil || text(t, again) != text(t, rows) {
			t.Fatalf("%q is %s, written %q is %v, %v", in, text(t, rows), out, again, err)
		}
		std := csv.NewReader(strings.NewReader(string(out)))
		if std.FieldsPerRecord = -1; comma != 0 {
			std.Comma = comma
		}
		if _, err := std.ReadAll(); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
	})
}

func FuzzPointer(f *testing.F) {
	f.Add(`{"a/b":[{"~":1}]}`, "/a~1b/0/~0")
	f.Add(`[]`, "/-")
	f.Fuzz(func(t *testing.T, doc, pointer string) {
		v, err := DecodeJSON([]byte(doc))
		if err != nil {
			return
		}
		if _, _, err := PointJSON(v, pointer); err != nil && fault.Code(err) != "json.pointer" {
			t.Fatalf("untyped error %v", err)
		}
		if o, ok := v.(*Object); ok {
			for k, val := range o.All() {
				escaped := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k)
				if got, ok, err := PointJSON(v, escaped); !ok || err != nil || text(t, got) != text(t, val) {
					t.Fatalf("%q gives %v, %v, %v", escaped, got, ok, err)
				}
			}
		}
		if out, err := CanonicalJSON(v); err == nil {
			again, err := DecodeJSON(out)
			if err != nil {
				t.Fatal(err)
			}
			if twice, err := CanonicalJSON(again); err != nil || string(twice) != string(out) {
				t.Fatalf("%s becomes %s, %v", out, twice, err)
			}
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%20x&a=+")
	f.Fuzz(func(t *testing.T, in string) {
		form, err := ParseForm(in)
		if err != nil {
			return
		}
		out, err := FormatForm(form)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseForm(out)
		if err != nil || text(t, again) != text(t, form) {
			t.Fatalf("%q is %s, written %q is %v, %v", in, text(t, form), out, again, err)
		}
	})
}
