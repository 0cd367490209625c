package xmlmap

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/library/fault"
)

func TestXPath(t *testing.T) {
	t.Parallel()
	const doc = `<o xmlns="urn:o" xmlns:c="urn:c" lang="pl"><c:l n="1"><c:id>7</c:id></c:l><c:l n="2"><c:id> 8 </c:id></c:l>end</o>`
	chosen := ParseOptions{Namespaces: map[string]string{"": "urn:o", "k": "urn:c"}}
	tests := map[string]struct {
		expr string
		o    ParseOptions
		want string
	}{
		"element":           {"//c:l[1]", ParseOptions{}, `[{"@n":"1","c:id":"7"}]`},
		"text elements":     {"//c:id", ParseOptions{}, `["7"," 8 "]`},
		"trimmed":           {"//c:id", ParseOptions{Trim: true}, `["7","8"]`},
		"attribute":         {"/o/c:l/@n", ParseOptions{}, `["1","2"]`},
		"no declarations":   {"/o/@*", ParseOptions{}, `["pl"]`},
		"text node":         {"/o/text()", ParseOptions{}, `["end"]`},
		"nothing":           {"//nothing", ParseOptions{}, `[]`},
		"number":            {"sum(//@n)", ParseOptions{}, `3`},
		"fraction":          {"1 div 4", ParseOptions{}, `0.25`},
		"no number":         {"number('x')", ParseOptions{}, `null`},
		"infinite":          {"1 div 0", ParseOptions{}, `null`},
		"string":            {"string(//c:l[@n='2']/c:id)", ParseOptions{}, `" 8 "`},
		"boolean":           {"count(//c:l) = 2", ParseOptions{}, `true`},
		"document":          {"/", chosen, `[{"@lang":"pl","#text":"end","k:l":[{"@n":"1","k:id":"7"},{"@n":"2","k:id":" 8 "}]}]`},
		"chosen":            {"/o/k:l[k:id=7]", chosen, `[{"@n":"1","k:id":"7"}]`},
		"chosen, name":      {"name(/o/*[1])", chosen, `"k:l"`},
		"namespace":         {"namespace-uri(/*/*)", ParseOptions{}, `"urn:c"`},
		"stripped":          {"/o/l/id", ParseOptions{Strip: true}, `["7"," 8 "]`},
		"arrays":            {"//l[@n=1]", ParseOptions{Strip: true, Arrays: []string{"/o/l/id"}}, `[{"@n":"1","id":["7"]}]`},
		"preserve":          {"/o", ParseOptions{Strip: true, Preserve: true}, `[{"@lang":"pl","#children":[{"l":{"@n":"1","#children":[{"id":"7"}]}},{"l":{"@n":"2","#children":[{"id":" 8 "}]}},"end"]}]`},
		"document order":    {"//c:id[2] | //c:id | //@n | /o/c:l[2]/preceding-sibling::*", ParseOptions{}, `[{"@n":"1","c:id":"7"},"1","7","2"," 8 "]`},
		"axes":              {"//c:id[. > 7]/ancestor::o/@lang", ParseOptions{}, `["pl"]`},
		"each node once":    {"//c:id/ancestor::o/@lang", ParseOptions{}, `["pl"]`},
		"last":              {"//c:l[last()]/@n", ParseOptions{}, `["2"]`},
		"following":         {"//c:l[1]/following-sibling::node()", ParseOptions{Trim: true}, `[{"@n":"2","c:id":"8"},"end"]`},
		"parent":            {"//@n[.='2']/../c:id", ParseOptions{Trim: true}, `["8"]`},
		"word in a literal": {"string('matches(x)')", ParseOptions{}, `"matches(x)"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := XPath(t.Context(), []byte(doc), tc.expr, tc.o)
			if err != nil {
				t.Fatal(err)
			}
			if text := jsonOf(t, got); text != tc.want {
				t.Errorf("got  %s\nwant %s", text, tc.want)
			}
		})
	}
}

func TestXPathSamples(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, expr string
		o          ParseOptions
		want       string
	}{
		"rate": {"ecb-daily.xml", "//Cube[@currency='USD']/@rate", ParseOptions{Strip: true}, `["1.0842"]`},
		"rate by prefix": {
			"ecb-daily.xml", "/g:Envelope/e:Cube/e:Cube[@time]/e:Cube[@currency='PLN']",
			ParseOptions{Namespaces: map[string]string{"e": ecbNS, "g": "http://www.gesmes.org/xml/2002-08-01"}},
			`[{"@currency":"PLN","@rate":"4.1783"}]`,
		},
		"day":   {"ecb-daily.xml", "string(//Cube/@time)", ParseOptions{Strip: true}, `"2026-03-27"`},
		"lines": {"ubl-order.xml", "count(/Order/cac:OrderLine)", ParseOptions{Namespaces: ubl()}, `2`},
		"total": {"ubl-order.xml", "sum(//cac:LineItem/cbc:LineExtensionAmount)", ParseOptions{Namespaces: ubl()}, `459.5`},
		"names": {"ubl-order.xml", "//cac:Item/cbc:Name", ParseOptions{Namespaces: ubl()}, `["Bearing","Seal kit"]`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := XPath(t.Context(), file(t, tc.file), tc.expr, tc.o)
			if err != nil || jsonOf(t, got) != tc.want {
				t.Errorf("got %v, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestXPathRefuses(t *testing.T) {
	t.Parallel()
	x := map[string]string{"x": "urn:x"}
	tests := map[string]struct {
		doc, expr string
		o         ParseOptions
		code      string
	}{
		"empty":          {`<a/>`, " ", ParseOptions{}, "xpath.syntax"},
		"long":           {`<a/>`, strings.Repeat("a/", 3000) + "a", ParseOptions{}, "xpath.syntax"},
		"deep":           {`<a/>`, strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), ParseOptions{}, "xpath.syntax"},
		"open bracket":   {`<a/>`, "//a[", ParseOptions{}, "xpath.syntax"},
		"variable":       {`<a/>`, "$x", ParseOptions{}, "xpath.syntax"},
		"function":       {`<a/>`, "document('file:///etc/passwd')", ParseOptions{}, "xpath.syntax"},
		"prefix":         {`<a/>`, "//y:a", ParseOptions{Namespaces: x}, "xpath.syntax"},
		"arguments":      {`<a/>`, "contains(1)", ParseOptions{}, "xpath.syntax"},
		"regexp":         {`<a/>`, "//a[matches(., 'x')]", ParseOptions{}, "xpath.value"},
		"regexp, spaced": {`<a/>`, "replace\n(., 'x', 'y')", ParseOptions{}, "xpath.value"},
		"string-join":    {`<a/>`, "string-join(//a, string(/))", ParseOptions{}, "xpath.value"},
		"bad document":   {`<a>`, "//a", ParseOptions{}, "xml.syntax"},
		"bad options":    {`<a/>`, "//a", ParseOptions{Strip: true, Namespaces: x}, "xml.options"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := XPath(t.Context(), []byte(tc.doc), tc.expr, tc.o)
			if fault.Code(err) != tc.code {
				t.Errorf("got %v, %v, want %s", got, err, tc.code)
			}
		})
	}
}

func TestXPathBounds(t *testing.T) {
	t.Parallel()
	flat := []byte("<a>" + strings.Repeat("<b>x</b>", 3000) + "</a>")
	deep := []byte(strings.Repeat("<a>", 190) + strings.Repeat("<b/>", 300) + strings.Repeat("</a>", 190))
	long := []byte("<a>" + strings.Repeat("<b>"+strings.Repeat("x", 1000)+"</b>", 500) + "</a>")
	tests := map[string]struct {
		doc  []byte
		expr string
	}{
		"cubic":       {flat, "//b[count(//b[count(//b) = 1]) = 1]"},
		"square":      {flat, "//b[position() = last() - count(//b)]"},
		"many unions": {flat, "//b | //b/following::b | //b/preceding::b"},
		"long texts":  {long, "//b[translate(translate(string(/), 'x', 'y'), 'y', 'x') = 'z']"},
		"ancestors":   {deep, "//b/ancestor::a/descendant::b/ancestor::a"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := evaluate(t.Context(), tc.doc, tc.expr, ParseOptions{}, 200_000); fault.Code(err) != "xml.limit" {
				t.Errorf("got %v, want xml.limit", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := XPath(ctx, tc.doc, tc.expr, ParseOptions{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("with a deadline: %v", err)
			}
		})
	}
	nested := []byte(strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100))
	if _, err := XPath(t.Context(), nested, "//a", ParseOptions{MaxNodes: 1000}); fault.Code(err) != "xml.limit" {
		t.Errorf("nodes in nodes: %v, want xml.limit", err)
	}
}

func FuzzXPath(f *testing.F) {
	for _, expr := range []string{
		"//c:l[@n='2']/c:id", "sum(//id) div count(//*)", "(//a | //b)[last()]/preceding-sibling::*[1]",
		"string-join(//a, ',')", "substring(normalize-space(//a), 2, 3)", "not(//a = //b) or true()", "reverse(//a)",
		"translate(name(//*[1]), 'a', 'b')", "-1 mod 2 >= .5", "ancestor-or-self::node()/@*", "$x", "//a[", "round(//a)",
	} {
		f.Add(expr)
	}
	doc := []byte(`<o xmlns:c="urn:c"><c:l n="1"><c:id>7</c:id></c:l>x<a>1<b n="2"/></a><a/><b><id>3</id></b></o>`)
	f.Fuzz(func(t *testing.T, expr string) {
		start := time.Now()
		for _, o := range []ParseOptions{{}, {Strip: true}, {Namespaces: map[string]string{"c": "urn:c"}}} {
			v, err := XPath(t.Context(), doc, expr, o)
			if err != nil && fault.Code(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			if err == nil {
				jsonOf(t, v)
			}
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}
