package xmlmap

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

func value(t testing.TB, text string) any {
	t.Helper()
	v, err := ordered.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFormat(t *testing.T) {
	t.Parallel()
	x := map[string]string{"x": "urn:x"}
	def := map[string]string{"": "urn:d", "x": "urn:x"}
	tests := map[string]struct {
		in   string
		o    FormatOptions
		want string
	}{
		"text":               {`{"a":"x < y & z > \"q\""}`, FormatOptions{}, `<a>x &lt; y &amp; z &gt; "q"</a>`},
		"empty":              {`{"a":""}`, FormatOptions{}, `<a/>`},
		"null":               {`{"a":null}`, FormatOptions{}, `<a/>`},
		"empty object":       {`{"a":{}}`, FormatOptions{}, `<a/>`},
		"scalars":            {`{"a":{"b":1.50,"c":true,"d":-1e3}}`, FormatOptions{}, `<a><b>1.50</b><c>true</c><d>-1e3</d></a>`},
		"attributes":         {`{"a":{"@n":1,"@m":"x \"< >\n\t\r","@null":null,"@e":""}}`, FormatOptions{}, "<a n=\"1\" m=\"x &quot;&lt; &gt;&#xA;&#x9;&#xD;\" e=\"\"/>"},
		"attribute and text": {`{"a":{"#text":"x\r","@n":"1"}}`, FormatOptions{}, `<a n="1">x&#xD;</a>`},
		"array":              {`{"a":{"b":[1,null,{"@n":"2"}],"c":[]}}`, FormatOptions{}, `<a><b>1</b><b/><b n="2"/></a>`},
		"empty array":        {`{"a":{"c":[]}}`, FormatOptions{}, `<a/>`},
		"array of one root":  {`{"a":["x"]}`, FormatOptions{}, `<a>x</a>`},
		"order":              {`{"a":{"z":1,"y":2,"b":3}}`, FormatOptions{}, `<a><z>1</z><y>2</y><b>3</b></a>`},
		"root":               {`{"z":1,"y":2}`, FormatOptions{Root: "r"}, `<r><z>1</z><y>2</y></r>`},
		"root of text":       {`"x"`, FormatOptions{Root: "r"}, `<r>x</r>`},
		"root of null":       {`null`, FormatOptions{Root: "r"}, `<r/>`},
		"root of array":      {`[1,2]`, FormatOptions{Root: "r"}, `<r><item>1</item><item>2</item></r>`},
		"item":               {`[1,2]`, FormatOptions{Root: "r", Item: "i"}, `<r><i>1</i><i>2</i></r>`},
		"declaration":        {`{"a":1}`, FormatOptions{Declaration: true}, `<?xml version="1.0" encoding="UTF-8"?><a>1</a>`},
		"indent":             {`{"a":{"b":{"c":"x"},"d":["1","2"],"e":{}}}`, FormatOptions{Indent: 2, Declaration: true}, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\n  <b>\n    <c>x</c>\n  </b>\n  <d>1</d>\n  <d>2</d>\n  <e/>\n</a>"},
		"indent, text":       {`{"a":{"b":{"#text":"x","c":{"d":1}},"e":1}}`, FormatOptions{Indent: 1}, "<a>\n <b>x<c><d>1</d></c></b>\n <e>1</e>\n</a>"},
		"children":           {`{"p":{"@n":"1","#children":["one ",{"b":"two"}," three",{"i":{"@m":1}}]}}`, FormatOptions{Indent: 2}, `<p n="1">one <b>two</b> three<i m="1"/></p>`},
		"children indented":  {`{"p":{"#children":[{"b":"two"},{"i":""},{"b":""}]}}`, FormatOptions{Indent: 2}, "<p>\n  <b>two</b>\n  <i/>\n  <b/>\n</p>"},
		"no children":        {`{"p":{"#children":[]}}`, FormatOptions{}, `<p/>`},
		"declared in value":  {`{"p:a":{"@xmlns:p":"urn:x","@xmlns":"urn:y","b":{"@p:n":"1"}}}`, FormatOptions{}, `<p:a xmlns:p="urn:x" xmlns="urn:y"><b p:n="1"/></p:a>`},
		"declared inside":    {`{"a":{"p:b":{"@xmlns:p":"urn:x"}}}`, FormatOptions{}, `<a><p:b xmlns:p="urn:x"/></a>`},
		"declared by option": {`{"x:a":{"b":1}}`, FormatOptions{Namespaces: x}, `<x:a xmlns:x="urn:x"><b>1</b></x:a>`},
		"default by option":  {`{"a":{"x:b":1,"@x:n":"2"}}`, FormatOptions{Namespaces: def}, `<a xmlns="urn:d" xmlns:x="urn:x" x:n="2"><x:b>1</x:b></a>`},
		"declared by both":   {`{"x:a":{"@xmlns:x":"urn:x"}}`, FormatOptions{Namespaces: x}, `<x:a xmlns:x="urn:x"/>`},
		"no namespace":       {`{"a":{"{}b":{"c":1,"{}d":2}}}`, FormatOptions{Namespaces: def}, `<a xmlns="urn:d" xmlns:x="urn:x"><b xmlns=""><c xmlns="urn:d">1</c><d>2</d></b></a>`},
		"own namespace":      {`{"{urn:o}a":{"@{urn:p}n":"1","{urn:o}b":1,"{urn:x}c":2}}`, FormatOptions{Namespaces: x}, `<ns1:a xmlns:x="urn:x" xmlns:ns1="urn:o" xmlns:ns2="urn:p" ns2:n="1"><ns3:b xmlns:ns3="urn:o">1</ns3:b><x:c>2</x:c></ns1:a>`},
		"own, prefix taken":  {`{"{urn:o}a":""}`, FormatOptions{Namespaces: map[string]string{"ns1": "urn:x"}}, `<ns2:a xmlns:ns1="urn:x" xmlns:ns2="urn:o"/>`},
		"xml prefix":         {`{"a":{"@xml:lang":"pl"}}`, FormatOptions{}, `<a xml:lang="pl"/>`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Format(value(t, tc.in), tc.o)
			if err != nil || string(got) != tc.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tc.want)
			}
			if _, err := Parse(got, ParseOptions{}); err != nil {
				t.Errorf("it does not parse: %v", err)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	x := map[string]string{"x": "urn:x"}
	tests := map[string]struct {
		in   string
		o    FormatOptions
		code string
	}{
		"two roots":          {`{"a":1,"b":2}`, FormatOptions{}, "xml.value"},
		"no root":            {`{}`, FormatOptions{}, "xml.value"},
		"text":               {`"x"`, FormatOptions{}, "xml.value"},
		"array":              {`[1]`, FormatOptions{}, "xml.value"},
		"attribute as root":  {`{"@a":1}`, FormatOptions{}, "xml.value"},
		"many roots":         {`{"a":[1,2]}`, FormatOptions{}, "xml.value"},
		"array in array":     {`{"a":{"b":[[1]]}}`, FormatOptions{}, "xml.value"},
		"name with space":    {`{"a b":1}`, FormatOptions{}, "xml.value"},
		"empty name":         {`{"":1}`, FormatOptions{}, "xml.value"},
		"name injection":     {`{"a><b":1}`, FormatOptions{}, "xml.value"},
		"attribute name":     {`{"a":{"@b c":1}}`, FormatOptions{}, "xml.value"},
		"attribute object":   {`{"a":{"@b":{}}}`, FormatOptions{}, "xml.value"},
		"text object":        {`{"a":{"#text":{}}}`, FormatOptions{}, "xml.value"},
		"unknown #":          {`{"a":{"#other":1}}`, FormatOptions{}, "xml.value"},
		"children and text":  {`{"a":{"#children":["x"],"#text":"y"}}`, FormatOptions{}, "xml.value"},
		"children, elements": {`{"a":{"#children":["x"],"b":"y"}}`, FormatOptions{}, "xml.value"},
		"children, no array": {`{"a":{"#children":"x"}}`, FormatOptions{}, "xml.value"},
		"children, number":   {`{"a":{"#children":[1]}}`, FormatOptions{}, "xml.value"},
		"children, two":      {`{"a":{"#children":[{"b":1,"c":2}]}}`, FormatOptions{}, "xml.value"},
		"control character":  {`{"a":"\u0000"}`, FormatOptions{}, "xml.value"},
		"control in attr":    {`{"a":{"@b":"\u000b"}}`, FormatOptions{}, "xml.value"},
		"prefix":             {`{"p:a":1}`, FormatOptions{}, "xml.namespace"},
		"prefix of attr":     {`{"a":{"@p:n":1}}`, FormatOptions{}, "xml.namespace"},
		"other uri":          {`{"x:a":{"@xmlns:x":"urn:y"}}`, FormatOptions{Namespaces: x}, "xml.namespace"},
		"declares xmlns":     {`{"a":{"@xmlns:xmlns":"u"}}`, FormatOptions{}, "xml.namespace"},
		"declares nothing":   {`{"a":{"@xmlns:":"u"}}`, FormatOptions{}, "xml.value"},
		"declares number":    {`{"a":{"@xmlns:p":1}}`, FormatOptions{}, "xml.value"},
		"default twice":      {`{"a":{"{}b":{"@xmlns":"urn:q"}}}`, FormatOptions{}, "xml.syntax"},
		"attribute twice":    {`{"a":{"@{urn:x}n":1,"@x:n":2}}`, FormatOptions{Namespaces: x}, "xml.syntax"},
		"own without name":   {`{"{urn:x}":1}`, FormatOptions{}, "xml.value"},
		"reserved own":       {`{"{` + xmlURI + `}a":1}`, FormatOptions{}, "xml.namespace"},
		"too large":          {`{"a":"12345678"}`, FormatOptions{MaxBytes: 8}, "xml.limit"},
		"too large text":     {`{"a":"123456789"}`, FormatOptions{MaxBytes: 8}, "xml.limit"},
		"indent":             {`{"a":1}`, FormatOptions{Indent: 17}, "xml.options"},
		"namespace":          {`{"a":1}`, FormatOptions{Namespaces: map[string]string{"1": "u"}}, "xml.options"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Format(value(t, tc.in), tc.o)
			if fault.Code(err) != tc.code {
				t.Errorf("got %s, %v, want %s", got, err, tc.code)
			}
		})
	}
}

func TestFormatSaysWhere(t *testing.T) {
	t.Parallel()
	_, err := Format(value(t, `{"a":{"b":[{"c":"ok"},{"c d":"x"}]}}`), FormatOptions{})
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || jsonOf(t, e.Details) != `{"path":"/a/b/c d"}` {
		t.Errorf("got %v with %v", err, e.Details)
	}
}

// Go values of services come as maps and structs.
func TestFormatGoValues(t *testing.T) {
	t.Parallel()
	type line struct {
		Qty int `json:"qty"`
	}
	type order struct {
		ID    string  `json:"@id"`
		Lines []line  `json:"line"`
		Total float64 `json:"total"`
	}
	const want = `<order id="7"><line><qty>2</qty></line><total>1.5</total></order>`
	in := order{"7", []line{{2}}, 1.5}
	for name, v := range map[string]any{
		"struct": in,
		"map":    map[string]any{"@id": "7", "line": []any{map[string]any{"qty": 2}}, "total": 1.5},
		"mixed":  map[string]any{"@id": "7", "line": in.Lines, "total": 1.5},
		"raw":    json.RawMessage(`{"@id":"7","line":{"qty":2},"total":1.5}`),
	} {
		if got, err := Format(v, FormatOptions{Root: "order"}); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	var none *ordered.Object
	if got, err := Format(none, FormatOptions{Root: "a"}); err != nil || string(got) != `<a/>` {
		t.Errorf("nil object: %s, %v", got, err)
	}
	if _, err := Format(json.RawMessage(`{`), FormatOptions{}); fault.Code(err) != "json.syntax" {
		t.Errorf("bad JSON: %v", err)
	}
	deep := any("x")
	for range 300 {
		deep = map[string]any{"a": deep}
	}
	if _, err := Format(deep, FormatOptions{}); fault.Code(err) != "xml.limit" {
		t.Errorf("deep value: %v", err)
	}
	loop := map[string]any{}
	loop["a"] = loop
	if _, err := Format(loop, FormatOptions{}); fault.Code(err) != "xml.limit" {
		t.Errorf("loop: %v", err)
	}
}

// Each way to map a document must come back as the same value.
func roundTrip(t *testing.T, doc []byte) {
	t.Helper()
	ns := map[string]string{"": "urn:d", "x": "urn:x"}
	for name, way := range map[string]struct {
		parse  ParseOptions
		format FormatOptions
	}{
		"keep":     {ParseOptions{}, FormatOptions{}},
		"indent":   {ParseOptions{Trim: true}, FormatOptions{Indent: 2, Declaration: true}},
		"strip":    {ParseOptions{Strip: true}, FormatOptions{}},
		"chosen":   {ParseOptions{Namespaces: ns}, FormatOptions{Namespaces: ns}},
		"ubl":      {ParseOptions{Namespaces: ubl()}, FormatOptions{Namespaces: ubl(), Indent: 1}},
		"preserve": {ParseOptions{Preserve: true}, FormatOptions{}},
	} {
		first, err := Parse(doc, way.parse)
		if err != nil {
			if fault.Code(err) == "" {
				t.Fatalf("%s: untyped error %v", name, err)
			}
			continue
		}
		out, err := Format(first, way.format)
		if err != nil {
			t.Fatalf("%s: %s does not format: %v", name, jsonOf(t, first), err)
		}
		second, err := Parse(out, way.parse)
		if err != nil {
			t.Fatalf("%s: %s does not parse: %v", name, out, err)
		}
		if a, b := jsonOf(t, first), jsonOf(t, second); a != b {
			t.Fatalf("%s: %s\nbecomes %s\nbecomes %s", name, a, out, b)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ecb-daily.xml", "ubl-order.xml"} {
		roundTrip(t, file(t, name))
	}
	roundTrip(t, []byte(`<a xmlns="urn:d" xmlns:q="urn:q" q:n="1"><q:b/>text<c xmlns=""><d xmlns="urn:d"/></c> </a>`))
	out, err := Format(must(Parse(file(t, "ubl-order.xml"), ParseOptions{Namespaces: ubl()})), FormatOptions{Namespaces: ubl(), Indent: 2, Declaration: true})
	if err != nil {
		t.Fatal(err)
	}
	// The sample itself is indented by two, so only the start of the root differs.
	_, got, _ := strings.Cut(string(out), "\n  <cbc:UBL")
	_, want, _ := strings.Cut(strings.TrimSpace(string(file(t, "ubl-order.xml"))), "\n  <cbc:UBL")
	if got != want {
		t.Errorf("the order changed:\n%s", out)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func FuzzXML(f *testing.F) {
	f.Add(file(f, "ecb-daily.xml"))
	f.Add(file(f, "ubl-order.xml"))
	for _, s := range []string{
		`<a xmlns="urn:d" xmlns:p="urn:x" p:n="1" n="&lt;">x<p:b/>y<b xmlns=""/></a>`,
		"<?xml version='1.0' encoding='iso-8859-2'?><!DOCTYPE a><a>\xa3<![CDATA[ ]]>\r\n&#xD;</a>",
		`<p:a xmlns:p="urn:q"><p:a xmlns:p="urn:d"/><?x?><!-- --></p:a>`,
		"\xff\xfe<\x00a\x00/\x00>\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(roundTrip)
}

// FuzzFormat checks that whatever JSON formats also parses.
func FuzzFormat(f *testing.F) {
	f.Add(`{"a":{"@n":1,"#text":"x","b":[1,{"c":null}],"{urn:x}d":true}}`, 0)
	f.Add(`{"a":{"#children":["x",{"b":""}],"@xmlns:p":"u"}}`, 2)
	f.Fuzz(func(t *testing.T, text string, indent int) {
		v, err := ordered.Decode([]byte(text))
		if err != nil {
			return
		}
		for _, o := range []FormatOptions{{Indent: indent}, {Root: "r"}, {Namespaces: map[string]string{"": "urn:d", "x": "urn:x"}}} {
			out, err := Format(v, o)
			if err != nil {
				if fault.Code(err) == "" {
					t.Fatalf("untyped error %v", err)
				}
				continue
			}
			if _, err := Parse(out, ParseOptions{}); err != nil {
				t.Fatalf("%s gives %s: %v", text, out, err)
			}
		}
	})
}

func BenchmarkParseOrder(b *testing.B) {
	doc := file(b, "ubl-order.xml")
	o := ParseOptions{Namespaces: ubl(), Arrays: []string{"cac:OrderLine"}}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(doc, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormatOrder(b *testing.B) {
	v := must(Parse(file(b, "ubl-order.xml"), ParseOptions{Namespaces: ubl()}))
	o := FormatOptions{Namespaces: ubl()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Format(v, o); err != nil {
			b.Fatal(err)
		}
	}
}
