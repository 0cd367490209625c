package channel

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// oracle matches one pattern against the segments of a path, by the book.
func oracle(p odb.Pattern, parts []string) bool {
	for i, s := range p.Segments {
		switch {
		case s.Rest:
			return i < len(parts)
		case i >= len(parts):
			return false
		case s.Param != "":
			if parts[i] == "" {
				return false
			}
		case s.Literal != parts[i]:
			return false
		}
	}
	return len(parts) == len(p.Segments)
}

// rank writes a pattern so that the more specific of two that match sorts first.
func rank(p odb.Pattern) string {
	var b strings.Builder
	for _, s := range p.Segments {
		switch {
		case s.Rest:
			b.WriteByte('3')
		case s.Param != "":
			b.WriteByte('2')
		default:
			b.WriteByte('1')
		}
	}
	return b.String()
}

// best finds the endpoint that should answer, by looking at all of them.
func best(list []*endpoint, parts []string, method string) *endpoint {
	if method == "HEAD" {
		method = "GET"
	}
	var found []*endpoint
	for _, e := range list {
		if oracle(e.pattern, parts) && (e.method == method || e.method == methodAny) {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return slices.MinFunc(found, func(a, b *endpoint) int {
		if c := strings.Compare(rank(a.pattern), rank(b.pattern)); c != 0 {
			return c
		}
		if a.method == methodAny {
			return 1
		}
		return -1
	})
}

// plant makes a tree of "METHOD /path" lines; those that cannot stand are left out.
func plant(lines []string) (*node, []*endpoint) {
	root := &node{}
	var list []*endpoint
	for _, line := range lines {
		method, path, ok := strings.Cut(line, " ")
		pattern, err := odb.ParsePattern(path)
		if !ok || err != nil || !slices.Contains([]string{"GET", "POST", methodAny}, method) {
			continue
		}
		e := &endpoint{name: line, method: method, pattern: pattern, spec: &odb.ChannelSpec{Path: path}}
		if root.insert(e) == nil {
			list = append(list, e)
		}
	}
	return root, list
}

func FuzzRoute(f *testing.F) {
	f.Add("GET /a/{x}/c\nGET /a/b/{y}\nPOST /a/b/c\nANY /{rest...}\nGET /", "/a/b/c", "GET")
	f.Add("GET /a/{x}\nGET /a/{x...}\nGET /a/\nGET /a", "/a/", "HEAD")
	f.Add("ANY /{a}/{b}/{c}\nGET /{a}/b/{c...}\nGET /a/{b}/d", "/a/b/d", "POST")
	f.Add("GET /x%2Fy/{a}\nGET /ż/{a...}", "/%C5%BC/a%2Fb/c", "GET")
	f.Fuzz(func(t *testing.T, table, path, method string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || strings.Count(table, "\n") > 40 {
			return
		}
		parts, ok := segments(nil, u)
		if !ok {
			return
		}
		root, list := plant(strings.Split(table, "\n"))
		got, want := root.find(parts, method), best(list, parts, method)
		if got != want {
			t.Fatalf("%s %q: found %v, want %v in\n%s", method, parts, name(got), name(want), table)
		}
		allowed := root.methods(parts)
		matches := slices.ContainsFunc(list, func(e *endpoint) bool { return oracle(e.pattern, parts) })
		if matches != (allowed != nil) {
			t.Fatalf("%q: allowed %q, some pattern matches: %t", parts, allowed, matches)
		}
		if want != nil && want.method != methodAny && !slices.Contains(allowed, want.method) {
			t.Fatalf("%q: %s is answered but not in %q", parts, want.method, allowed)
		}
	})
}

func name(e *endpoint) string {
	if e == nil {
		return "nothing"
	}
	return e.name
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"/":           {""},
		"/a":          {"a"},
		"/a/":         {"a", ""},
		"/a/b":        {"a", "b"},
		"/a%2Fb/c":    {"a/b", "c"},
		"/a%252Fb":    {"a%2Fb"},
		"/%C3%A5/x y": nil,
		"/a%20b":      {"a b"},
		"/a+b":        {"a+b"},
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			if want != nil {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		if got, ok := segments(nil, u); want != nil && (!ok || !slices.Equal(got, want)) {
			t.Errorf("segments(%s) = %q, want %q", path, got, want)
		}
	}
	if _, ok := segments(nil, &url.URL{Path: "*"}); ok {
		t.Error("a path without a slash was taken")
	}
}

func BenchmarkRoute(b *testing.B) {
	var lines []string
	for a := range strings.FieldsSeq("orders rates customers partners invoices shipments stocks prices") {
		for _, rest := range []string{"", "/{id}", "/{id}/lines", "/{id}/lines/{line}", "/new", "/{all...}"} {
			lines = append(lines, "GET /v1/"+a+rest, "POST /v1/"+a+rest)
		}
	}
	root, _ := plant(lines)
	u, err := url.ParseRequestURI("/v1/customers/4711/lines/3")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var stack [16]string
		parts, _ := segments(stack[:0], u)
		if root.find(parts, "GET") == nil {
			b.Fatal("not found")
		}
	}
}
