package xmlmap

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

const (
	orderNS = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
	cacNS   = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	cbcNS   = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
	ecbNS   = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"
)

func ubl() map[string]string {
	return map[string]string{"": orderNS, "cac": cacNS, "cbc": cbcNS}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	raw, err := ordered.Append(nil, v, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestParse(t *testing.T) {
	t.Parallel()
	x := map[string]string{"x": "urn:x"}
	tests := map[string]struct {
		doc  string
		o    ParseOptions
		want string
	}{
		"text":               {`<a>x</a>`, ParseOptions{}, `{"a":"x"}`},
		"empty":              {`<a/>`, ParseOptions{}, `{"a":""}`},
		"empty, two tags":    {`<a></a>`, ParseOptions{}, `{"a":""}`},
		"attribute":          {`<a n="1"/>`, ParseOptions{}, `{"a":{"@n":"1"}}`},
		"attribute and text": {`<a n='1'>x</a>`, ParseOptions{}, `{"a":{"@n":"1","#text":"x"}}`},
		"attribute, space":   {`<a n='1'> </a>`, ParseOptions{}, `{"a":{"@n":"1","#text":" "}}`},
		"children":           {`<a> <b/> <c>x</c> </a>`, ParseOptions{}, `{"a":{"b":"","c":"x"}}`},
		"order":              {`<a><z/><y/><b/></a>`, ParseOptions{}, `{"a":{"z":"","y":"","b":""}}`},
		"repeated":           {`<a><b>1</b><c/><b>2</b><b>3</b></a>`, ParseOptions{}, `{"a":{"b":["1","2","3"],"c":""}}`},
		"text and children":  {`<p>one <b>two</b> three</p>`, ParseOptions{}, `{"p":{"#text":"one  three","b":"two"}}`},
		"space kept":         {"<a> x\n</a>", ParseOptions{}, `{"a":" x\n"}`},
		"trimmed":            {"<a n=' 1 '> x\n<b> y </b></a>", ParseOptions{Trim: true}, `{"a":{"@n":"1","#text":"x","b":"y"}}`},
		"cdata":              {`<a>1 &lt; <![CDATA[<2 & 3>]]> &#x4F;</a>`, ParseOptions{}, `{"a":"1 < <2 & 3> O"}`},
		"comment, pi":        {`<?xml version="1.0"?><!-- c --><?pi x?><a>x<!-- c -->y<?pi?>z</a><!-- c -->`, ParseOptions{}, `{"a":"xyz"}`},
		"carriage return":    {"<a>x\r\ny&#xD;</a>", ParseOptions{}, `{"a":"x\ny\r"}`},
		"doctype":            {`<!DOCTYPE a PUBLIC "-//x//[" 'http://x/y.dtd'><a/>`, ParseOptions{}, `{"a":""}`},
		"byte order mark":    {"\uFEFF<a>x</a>", ParseOptions{}, `{"a":"x"}`},
		"array":              {`<a><b>1</b></a>`, ParseOptions{Arrays: []string{"b"}}, `{"a":{"b":["1"]}}`},
		"array, many":        {`<a><b>1</b><b>2</b></a>`, ParseOptions{Arrays: []string{"b"}}, `{"a":{"b":["1","2"]}}`},
		"array by end":       {`<a><b><c/></b><d><c/></d></a>`, ParseOptions{Arrays: []string{"b/c"}}, `{"a":{"b":{"c":[""]},"d":{"c":""}}}`},
		"array by root":      {`<a><b><b/></b></a>`, ParseOptions{Arrays: []string{"/a/b"}}, `{"a":{"b":[{"b":""}]}}`},
		"array, not root":    {`<a><a/></a>`, ParseOptions{Arrays: []string{"a"}}, `{"a":{"a":[""]}}`},
		"array, namespace":   {`<a xmlns="u/v"><b/></a>`, ParseOptions{Arrays: []string{"{u/v}a/{u/v}b"}, Namespaces: x}, `{"{u/v}a":{"{u/v}b":[""]}}`},
		"preserve":           {`<p n="1">one <b>two</b> three<i/><b/></p>`, ParseOptions{Preserve: true}, `{"p":{"@n":"1","#children":["one ",{"b":"two"}," three",{"i":""},{"b":""}]}}`},
		"preserve, text":     {`<p n="1">one</p>`, ParseOptions{Preserve: true}, `{"p":{"@n":"1","#text":"one"}}`},
		"preserve, space":    {`<p><b/> <b/></p>`, ParseOptions{Preserve: true}, `{"p":{"#children":[{"b":""}," ",{"b":""}]}}`},
		"preserve, trim":     {`<p> <b/> x <b/></p>`, ParseOptions{Preserve: true, Trim: true}, `{"p":{"#children":[{"b":""},"x",{"b":""}]}}`},
		"prefixes kept":      {`<p:a xmlns:p="urn:x" p:n="1" xmlns="urn:y"><b/></p:a>`, ParseOptions{}, `{"p:a":{"@xmlns:p":"urn:x","@xmlns":"urn:y","@p:n":"1","b":""}}`},
		"prefixes chosen":    {`<p:a xmlns:p="urn:x" p:n="1" n="2"><p:b/></p:a>`, ParseOptions{Namespaces: x}, `{"x:a":{"@x:n":"1","@n":"2","x:b":""}}`},
		"default chosen":     {`<a xmlns="urn:x" n="2"><b/></a>`, ParseOptions{Namespaces: x}, `{"x:a":{"@n":"2","x:b":""}}`},
		"to default":         {`<p:a xmlns:p="urn:x" p:n="1" n="2"><b/></p:a>`, ParseOptions{Namespaces: map[string]string{"": "urn:x"}}, `{"a":{"@{urn:x}n":"1","@n":"2","{}b":""}}`},
		"not listed":         {`<a xmlns="urn:o" xmlns:p="urn:p" p:n="1"><p:b/></a>`, ParseOptions{Namespaces: x}, `{"{urn:o}a":{"@{urn:p}n":"1","{urn:p}b":""}}`},
		"no namespace":       {`<a><b xmlns="urn:x"/></a>`, ParseOptions{Namespaces: x}, `{"a":{"x:b":""}}`},
		"redeclared":         {`<p:a xmlns:p="urn:x"><p:b xmlns:p="urn:y"/><p:c/></p:a>`, ParseOptions{Namespaces: x}, `{"x:a":{"{urn:y}b":"","x:c":""}}`},
		"undeclared default": {`<a xmlns="urn:x"><b xmlns=""/></a>`, ParseOptions{Namespaces: x}, `{"x:a":{"b":""}}`},
		"xml prefix":         {`<a xml:lang="pl"/>`, ParseOptions{Namespaces: x}, `{"a":{"@xml:lang":"pl"}}`},
		"stripped":           {`<p:a xmlns:p="urn:x" p:n="1" xml:lang="pl"><p:b/><b xmlns="q"/></p:a>`, ParseOptions{Strip: true}, `{"a":{"@n":"1","@lang":"pl","b":["",""]}}`},
		"unicode":            {`<?xml version="1.0" encoding="iso-8859-2"?><a>Łódź</a>`, ParseOptions{Unicode: true}, `{"a":"Łódź"}`},
		"proto":              {`<a><__proto__>x</__proto__></a>`, ParseOptions{}, `{"a":{"__proto__":"x"}}`},
		"names":              {`<żółw.1-a><名/></żółw.1-a>`, ParseOptions{}, `{"żółw.1-a":{"名":""}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(tc.doc), tc.o)
			if err != nil {
				t.Fatal(err)
			}
			if text := jsonOf(t, got); text != tc.want {
				t.Errorf("got  %s\nwant %s", text, tc.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	x := map[string]string{"x": "urn:x"}
	tests := map[string]struct {
		doc  string
		o    ParseOptions
		code string
	}{
		"nothing":              {``, ParseOptions{}, "xml.syntax"},
		"only space":           {" \n", ParseOptions{}, "xml.syntax"},
		"text":                 {`hello`, ParseOptions{}, "xml.syntax"},
		"json":                 {`{"a":1}`, ParseOptions{}, "xml.syntax"},
		"not closed":           {`<a><b></b>`, ParseOptions{}, "xml.syntax"},
		"closed wrong":         {`<a></b>`, ParseOptions{}, "xml.syntax"},
		"closed, prefix":       {`<p:a xmlns:p="u" xmlns:q="u"></q:a>`, ParseOptions{}, "xml.syntax"},
		"closed twice":         {`<a/></a>`, ParseOptions{}, "xml.syntax"},
		"two roots":            {`<a/><b/>`, ParseOptions{}, "xml.syntax"},
		"text after":           {`<a/>x`, ParseOptions{}, "xml.syntax"},
		"bare ampersand":       {`<a>R&D</a>`, ParseOptions{}, "xml.syntax"},
		"unknown entity":       {`<a>&nbsp;</a>`, ParseOptions{}, "xml.syntax"},
		"no quotes":            {`<a n=1/>`, ParseOptions{}, "xml.syntax"},
		"same attribute":       {`<a n="1" n="2"/>`, ParseOptions{}, "xml.syntax"},
		"many attributes":      {`<a a="" b="" c="" d="" e="" f="" g="" h="" i="" j="" e=""/>`, ParseOptions{}, "xml.syntax"},
		"same, chosen":         {`<a xmlns:p="urn:x" xmlns:q="urn:x" p:n="1" q:n="2"/>`, ParseOptions{Namespaces: x}, "xml.syntax"},
		"same, stripped":       {`<a xmlns:p="urn:x" p:n="1" n="2"/>`, ParseOptions{Strip: true}, "xml.syntax"},
		"xmlns, stripped":      {`<a xmlns:p="u" p:xmlns="v"/>`, ParseOptions{Strip: true}, "xml.namespace"},
		"control character":    {"<a>\x01</a>", ParseOptions{}, "xml.syntax"},
		"null reference":       {"<a>&#0;</a>", ParseOptions{}, "xml.syntax"},
		"name":                 {`<1a/>`, ParseOptions{}, "xml.syntax"},
		"two colons":           {`<a:b:c xmlns:a="u"/>`, ParseOptions{}, "xml.syntax"},
		"colon first":          {`<:a/>`, ParseOptions{}, "xml.syntax"},
		"digit after prefix":   {`<p:1 xmlns:p="u"/>`, ParseOptions{}, "xml.syntax"},
		"declaration inside":   {`<a/><?xml version="1.0"?>`, ParseOptions{}, "xml.syntax"},
		"xml 1.1":              {`<?xml version="1.1"?><a/>`, ParseOptions{}, "xml.syntax"},
		"entity definition":    {`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, ParseOptions{}, "xml.doctype"},
		"billion laughs":       {`<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><l>&b;</l>`, ParseOptions{}, "xml.doctype"},
		"external entity":      {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, ParseOptions{}, "xml.doctype"},
		"entity without type":  {`<!ENTITY x "y"><a/>`, ParseOptions{}, "xml.syntax"},
		"doctype inside":       {`<a><!DOCTYPE a></a>`, ParseOptions{}, "xml.syntax"},
		"prefix":               {`<p:a/>`, ParseOptions{}, "xml.namespace"},
		"prefix of attribute":  {`<a p:n="1"/>`, ParseOptions{Strip: true}, "xml.namespace"},
		"prefix, out of scope": {`<a><b xmlns:p="u"/><p:c/></a>`, ParseOptions{}, "xml.namespace"},
		"empty namespace":      {`<a xmlns:p=""/>`, ParseOptions{}, "xml.namespace"},
		"xmlns declared":       {`<a xmlns:xmlns="u"/>`, ParseOptions{}, "xml.namespace"},
		"xml declared":         {`<a xmlns:xml="u"/>`, ParseOptions{}, "xml.namespace"},
		"too deep":             {strings.Repeat("<a>", 201) + strings.Repeat("</a>", 201), ParseOptions{}, "xml.limit"},
		"too large":            {`<a>12345</a>`, ParseOptions{MaxBytes: 11}, "xml.limit"},
		"too many":             {`<a><b n="1"/><b>x</b></a>`, ParseOptions{MaxNodes: 4}, "xml.limit"},
		"too many attributes":  {`<a n="1" m="2"/>`, ParseOptions{MaxNodes: 2}, "xml.limit"},
		"long names":           {longNames(), ParseOptions{Namespaces: x}, "xml.limit"},
		"unknown charset":      {`<?xml version="1.0" encoding="ebcdic"?><a/>`, ParseOptions{}, "charset.unknown"},
		"not utf-8":            {"<a>\xff</a>", ParseOptions{}, "charset.invalid"},
		"strip and choose":     {`<a/>`, ParseOptions{Strip: true, Namespaces: x}, "xml.options"},
		"arrays and preserve":  {`<a/>`, ParseOptions{Preserve: true, Arrays: []string{"b"}}, "xml.options"},
		"many arrays":          {`<a/>`, ParseOptions{Arrays: make([]string, 1001)}, "xml.options"},
		"empty array":          {`<a/>`, ParseOptions{Arrays: []string{"/"}}, "xml.options"},
		"one uri, two names":   {`<a/>`, ParseOptions{Namespaces: map[string]string{"a": "u", "b": "u"}}, "xml.options"},
		"empty uri":            {`<a/>`, ParseOptions{Namespaces: map[string]string{"a": ""}}, "xml.options"},
		"bad prefix":           {`<a/>`, ParseOptions{Namespaces: map[string]string{"a b": "u"}}, "xml.options"},
		"xml prefix":           {`<a/>`, ParseOptions{Namespaces: map[string]string{"xml": "u"}}, "xml.options"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(tc.doc), tc.o)
			if fault.Code(err) != tc.code {
				t.Fatalf("got %v, %v, want %s", got, err, tc.code)
			}
			if len(err.Error()) > 400 {
				t.Errorf("message of %d bytes", len(err.Error()))
			}
		})
	}
}

// longNames is a document whose names in "{uri}local" form would take 100 times its size.
func longNames() string {
	var b strings.Builder
	b.WriteString(`<a xmlns="` + strings.Repeat("u", 100_000) + `">`)
	for i := range 1000 {
		b.WriteString("<" + strings.Repeat("b", i%30+1) + strings.Repeat("c", i/30) + "/>")
	}
	return b.String() + "</a>"
}

func TestPlaceOfFault(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte("<a>\n  <b>\n  </c>\n</a>"), ParseOptions{})
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if got := jsonOf(t, e.Details); got != `{"line":3,"column":7}` || !strings.Contains(e.Message, "line 3, column 7") {
		t.Errorf("details %s, message %s", got, e.Message)
	}
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	utf16Doc := func(text string, big, mark bool) string {
		var b strings.Builder
		if mark {
			text = "\uFEFF" + text
		}
		for _, u := range utf16.Encode([]rune(text)) {
			if big {
				b.Write([]byte{byte(u >> 8), byte(u)})
			} else {
				b.Write([]byte{byte(u), byte(u >> 8)})
			}
		}
		return b.String()
	}
	decl := func(enc string) string { return `<?xml version="1.0" encoding="` + enc + `"?><a>` }
	tests := map[string]string{
		"utf-8":               decl("utf-8") + "Łódź</a>",
		"iso-8859-2":          decl("ISO-8859-2") + "\xa3\xf3d\xbc</a>",
		"windows-1250":        decl("windows-1250") + "\xa3\xf3d\x9f</a>",
		"utf-16 little":       utf16Doc(decl("UTF-16")+"Łódź</a>", false, true),
		"utf-16 big":          utf16Doc(decl("UTF-16")+"Łódź</a>", true, true),
		"utf-16, no mark":     utf16Doc(decl("UTF-16LE")+"Łódź</a>", false, false),
		"utf-16, no mark big": utf16Doc(decl("UTF-16BE")+"Łódź</a>", true, false),
		"declared utf-16":     decl("utf-16") + "Łódź</a>",
		"mark wins":           "\uFEFF" + decl("iso-8859-2") + "Łódź</a>",
	}
	for name, doc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(doc), ParseOptions{})
			if err != nil || jsonOf(t, got) != `{"a":"Łódź"}` {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if got, err := Parse([]byte(decl("windows-1252")+"\x80 \xe9</a>"), ParseOptions{}); err != nil || jsonOf(t, got) != `{"a":"€ é"}` {
		t.Errorf("windows-1252: %v, %v", got, err)
	}
	if got, err := Parse([]byte(decl("iso-8859-1")+"\xe9</a>"), ParseOptions{}); err != nil || jsonOf(t, got) != `{"a":"é"}` {
		t.Errorf("iso-8859-1: %v, %v", got, err)
	}
}

func TestParseECB(t *testing.T) {
	t.Parallel()
	got, err := Parse(file(t, "ecb-daily.xml"), ParseOptions{Namespaces: map[string]string{"": ecbNS, "g": "http://www.gesmes.org/xml/2002-08-01"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"g:Envelope":{"g:subject":"Reference rates","g:Sender":{"g:name":"European Central Bank"},` +
		`"Cube":{"Cube":{"@time":"2026-03-27","Cube":[{"@currency":"USD","@rate":"1.0842"},{"@currency":"JPY","@rate":"162.31"},` +
		`{"@currency":"CZK","@rate":"24.918"},{"@currency":"DKK","@rate":"7.4605"},{"@currency":"GBP","@rate":"0.83690"},` +
		`{"@currency":"PLN","@rate":"4.1783"},{"@currency":"SEK","@rate":"10.8325"},{"@currency":"CHF","@rate":"0.9531"}]}}}}`
	if text := jsonOf(t, got); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestParseUBL(t *testing.T) {
	t.Parallel()
	doc := file(t, "ubl-order.xml")
	got, err := Parse(doc, ParseOptions{Namespaces: ubl(), Arrays: []string{"cac:OrderLine"}})
	if err != nil {
		t.Fatal(err)
	}
	// The same order from a sender with other prefixes is the same value.
	other := strings.NewReplacer("xmlns:cbc", "xmlns:b", "xmlns:cac", "xmlns:a", "cbc:", "b:", "cac:", "a:",
		"<Order xmlns=", "<o:Order xmlns:o=", "</Order>", "</o:Order>").Replace(string(doc))
	same, err := Parse([]byte(other), ParseOptions{Namespaces: ubl(), Arrays: []string{"cac:OrderLine"}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := jsonOf(t, got), jsonOf(t, same); a != b {
		t.Errorf("prefixes of the sender show:\n%s\n%s", a, b)
	}
	order, _ := got.Get("Order")
	lines, _ := order.(*ordered.Object).Get("cac:OrderLine")
	want := `{"cac:LineItem":{"cbc:ID":"2","cbc:Quantity":{"@unitCode":"EA","#text":"4"},"cbc:LineExtensionAmount":{"@currencyID":"USD","#text":"100.00"},` +
		`"cac:Price":{"cbc:PriceAmount":{"@currencyID":"USD","#text":"25.00"}},"cac:Item":{"cbc:Name":"Seal kit","cac:SellersItemIdentification":{"cbc:ID":"SK-12"}}}}`
	if list, ok := lines.([]any); !ok || len(list) != 2 || jsonOf(t, list[1]) != want {
		t.Errorf("lines are %s", jsonOf(t, lines))
	}
}
