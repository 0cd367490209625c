package channel_test

import (
	"strings"
	"testing"

	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

func TestRouting(t *testing.T) {
	t.Parallel()
	var services []service.Service
	var defs []odb.Definition
	for name, at := range map[string][2]string{
		"root": {"GET", "/"}, "list": {"GET", "/orders"}, "create": {"POST", "/orders"}, "one": {"GET", "/orders/{id}"},
		"new": {"POST", "/orders/new"}, "drop": {"DELETE", "/orders/{id}"}, "lines": {"GET", "/orders/{id}/lines"}, "today": {"GET", "/orders/today/{x}"},
		"slash": {"GET", "/orders/"}, "files": {"ANY", "/files/{path...}"}, "file": {"GET", "/files/a/{name}"}, "all": {"PUT", "/{any...}"},
		"accent": {"GET", "/żółw/{a}"}, "off": {"GET", "/off"},
	} {
		services = append(services, give(name, `"`+name+`"`))
		enabled := `true`
		if name == "off" {
			enabled = `false`
		}
		defs = append(defs, ch(name, `"method":"`+at[0]+`","path":"`+at[1]+`","service":"`+name+`","enabled":`+enabled))
	}
	r := newRig(t, services, defs...)
	tests := map[string]struct {
		method, path string
		want         string // the channel, or status and Allow
	}{
		"root":                             {"GET", "/", "root"},
		"literal":                          {"GET", "/orders", "list"},
		"by method":                        {"POST", "/orders", "create"},
		"parameter":                        {"GET", "/orders/7", "one"},
		"literal beats parameter":          {"POST", "/orders/new", "new"},
		"literal lacks the method":         {"GET", "/orders/new", "one"},
		"literal lacks it, other method":   {"DELETE", "/orders/new", "drop"},
		"deeper":                           {"GET", "/orders/7/lines", "lines"},
		"literal first":                    {"GET", "/orders/today/x", "today"},
		"both match, literal first":        {"GET", "/orders/today/lines", "today"},
		"slash at the end":                 {"GET", "/orders/", "slash"},
		"rest":                             {"GET", "/files/x/y/z", "files"},
		"rest of one":                      {"GET", "/files/x", "files"},
		"empty rest":                       {"GET", "/files/", "files"},
		"specific beats rest":              {"GET", "/files/a/b", "file"},
		"specific is too short":            {"GET", "/files/a/b/c", "files"},
		"specific lacks the method":        {"POST", "/files/a/b", "files"},
		"ANY takes what nobody knows":      {"PURGE", "/files/x", "files"},
		"rest at the root":                 {"PUT", "/what/ever", "all"},
		"escaped letters":                  {"GET", "/%C5%BC%C3%B3%C5%82w/x", "accent"},
		"escaped slash is no slash":        {"GET", "/orders/7%2Flines", "one"},
		"escaped letter in a literal":      {"GET", "/%6frders", "list"},
		"nothing":                          {"GET", "/nothing", "405 OPTIONS, PUT"},
		"no rest without a slash":          {"GET", "/files", "405 OPTIONS, PUT"},
		"other method":                     {"PATCH", "/orders", "405 GET, HEAD, OPTIONS, POST, PUT"},
		"methods of all that match":        {"PATCH", "/orders/new", "405 DELETE, GET, HEAD, OPTIONS, POST, PUT"},
		"switched off":                     {"GET", "/off", "405 OPTIONS, PUT"},
		"case counts":                      {"GET", "/Orders", "405 OPTIONS, PUT"},
		"of the product":                   {"GET", "/signalbox/x", "405 OPTIONS, PUT"},
		"OPTIONS":                          {"OPTIONS", "/orders", "204 GET, HEAD, OPTIONS, POST, PUT"},
		"OPTIONS of ANY":                   {"OPTIONS", "/files/x", "204 DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"},
		"rest takes what parameters leave": {"PUT", "/orders/7", "all"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := r.do(tc.method, tc.path, "")
			got := strings.Trim(a.body, `"`)
			if a.status != 200 {
				got = strings.TrimSpace(strings.Join([]string{statusText(a.status), a.header.Get("Allow")}, " "))
			}
			if got != tc.want {
				t.Errorf("%s %s = %s, want %s", tc.method, tc.path, got, tc.want)
			}
			if a.status == 405 && (a.code() != "method_not_allowed" || a.header.Get("X-Correlation-ID") == "") {
				t.Errorf("a refusal without code or id: %s", a.body)
			}
		})
	}
	if a := r.do("HEAD", "/orders", ""); a.status != 200 || a.body != "" || a.header.Get("Content-Length") != "6" {
		t.Errorf("HEAD = %d %v", a.status, a.header)
	}
}

func statusText(status int) string {
	return map[int]string{204: "204", 404: "404", 405: "405"}[status]
}

func TestNotFoundDoesNotEcho(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{show}, ch("a", `"path":"/a","service":"show"`))
	for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD"} {
		a := r.do(method, "/s3cret-path", "", "X-Correlation-ID", "my-id-4711")
		if a.status != 404 || a.header.Get("Content-Type") != "application/problem+json" || a.header.Get("X-Correlation-ID") != "my-id-4711" {
			t.Errorf("%s = %d %v", method, a.status, a.header)
		}
		if strings.Contains(a.body, "s3cret") || method != "HEAD" && (a.code() != "not_found" || !strings.Contains(a.body, `"cid":"my-id-4711"`)) {
			t.Errorf("%s: %s", method, a.body)
		}
	}
	if n := r.channels.Refused()["not_found"]; n != 4 {
		t.Errorf("counted %d refusals, want 4", n)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{give("one", "1"), give("two", "2")}, ch("a", `"path":"/a","service":"one"`))
	apply := func(want int, defs ...odb.Definition) []odb.Problem {
		t.Helper()
		snap, err := odb.NewSnapshot(2, defs)
		if err != nil {
			t.Fatal(err)
		}
		problems := r.channels.Apply(t.Context(), snap)
		if len(problems) != want {
			t.Fatalf("problems = %+v, want %d", problems, want)
		}
		return problems
	}
	expect := func(path, want string) {
		t.Helper()
		a := r.do("GET", path, "")
		if got := strings.TrimSpace(statusText(a.status) + " " + a.body); a.status == 200 && got != want || a.status != 200 && !strings.HasPrefix(got, want) {
			t.Errorf("GET %s = %d %s, want %s", path, a.status, a.body, want)
		}
	}
	expect("/a", "1")
	apply(0, ch("a", `"path":"/a","service":"two"`))
	expect("/a", "2")
	apply(0, ch("a", `"path":"/b","service":"two"`))
	expect("/a", "404")
	expect("/b", "2")
	bad := ch("a", `"path":"/c","service":"one","xml":{"root":"1 bad"}`)
	for range 2 {
		if p := apply(1, bad, ch("d", `"path":"/d","service":"one"`)); p[0].Name != "a" || !strings.Contains(p[0].Reason, "last working state") {
			t.Errorf("problem = %+v", p)
		}
		expect("/b", "2")
		expect("/c", "404")
		expect("/d", "1")
	}
	clash := apply(1, ch("a", `"path":"/x/{p}","service":"one"`), ch("b", `"path":"/x/{q}","service":"two"`))
	if clash[0].Name != "b" || !strings.Contains(clash[0].Reason, "a answers GET") {
		t.Errorf("problem = %+v", clash)
	}
	expect("/x/1", "1")
	off := ch("a", `"path":"/x/{p}","service":"one","enabled":false`)
	apply(0, off)
	expect("/x/1", "404")
	apply(1, ch("a", `"path":"/n","service":"one","xml":{"strip":true,"namespaces":{"a":"urn:a"}}`))
	expect("/n", "404")
	for _, header := range []string{"Content-Length", "connection", "Transfer-Encoding"} {
		if p := apply(1, ch("a", `"path":"/n","service":"one","headers":{"`+header+`":"1"}`)); !strings.Contains(p[0].Reason, header) {
			t.Errorf("problem = %+v", p)
		}
	}
	apply(0)
	expect("/a", "404")
}
