package channel

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

func TestQuality(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accept string
		want   int // of application/json
	}{
		"exact":                      {"application/json", 1000},
		"case":                       {"Application/JSON", 1000},
		"weighted":                   {"application/json;q=0.5", 500},
		"with blanks":                {" application/json ; q = 0.25 ", 250},
		"range":                      {"application/*;q=0.3", 300},
		"all":                        {"*/*;q=0.1", 100},
		"exact beats range":          {"application/json;q=0.2, application/*;q=0.9", 200},
		"range beats all":            {"*/*, application/*;q=0.4", 400},
		"excluded":                   {"*/*, application/json;q=0", 0},
		"excluded thrice":            {"application/json;q=0.000", 0},
		"other":                      {"text/html", 0},
		"half a range":               {"*/json", 0},
		"other parameters":           {"application/json;version=2;q=0.7", 700},
		"q in capital":               {"application/json;Q=0.7", 700},
		"three places":               {"application/json;q=0.123", 123},
		"four places":                {"application/json;q=0.1234", 0},
		"above one":                  {"application/json;q=1.5", 0},
		"negative":                   {"application/json;q=-1", 0},
		"not a number":               {"application/json;q=NaN", 0},
		"no value":                   {"application/json;q=", 0},
		"bad weight, other range":    {"application/json;q=x, */*;q=0.5", 500},
		"same twice, the better one": {"application/json;q=0.1, application/json;q=0.6", 600},
		"empty items":                {",,application/json,", 1000},
		"suffix is another type":     {"application/problem+json", 0},
	}
	for name, tc := range tests {
		if got := quality([]string{tc.accept}, "application", "json"); got != tc.want {
			t.Errorf("%s: quality(%q) = %d, want %d", name, tc.accept, got, tc.want)
		}
	}
	if got := quality([]string{"text/html", "application/json;q=0.5"}, "application", "json"); got != 500 {
		t.Errorf("two headers: %d", got)
	}
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "*/*", "application/xml;q=0.9,application/json;q=0.95", "text/*;q=0.1, */*;q=0", ";,;q=", "a/b/c;q=1;q=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		for _, o := range [...][2]string{{"application", "json"}, {"application", "xml"}, {"text", "xml"}} {
			if q := quality([]string{accept}, o[0], o[1]); q < 0 || q > 1000 {
				t.Fatalf("quality of %q = %d", accept, q)
			}
		}
		switch got := choose([]string{accept}, answerAuto); {
		case got == formatNone:
			if j, x := choose([]string{accept}, answerJSON), choose([]string{accept}, answerXML); j != formatNone || x != formatNone {
				t.Fatalf("%q takes nothing of auto but %d or %d", accept, j, x)
			}
		case got == formatJSON && choose([]string{accept}, answerJSON) != formatJSON:
			t.Fatalf("%q takes JSON of auto but not of json", accept)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=1&b=2&a=3", "=&&=", "%zz", "a=%ff", "a;b=1", "+=%2B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, fault := parseQuery(raw)
		std, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
		if fault != "" {
			valid := err == nil && len(q.namesOrNil()) <= maxQuery
			for name, values := range std {
				valid = valid && utf8.ValidString(name) && utf8.ValidString(strings.Join(values, "\x00"))
			}
			if valid && strings.Count(raw, "&") < maxQuery {
				t.Fatalf("%q is refused: %s", raw, fault)
			}
			return
		}
		if err != nil || len(std) != len(q.values) || len(q.names) != len(q.values) {
			t.Fatalf("%q = %v, net/url says %v, %v", raw, q.values, std, err)
		}
		for name, values := range std {
			if strings.Join(values, "\x00") != strings.Join(q.values[name], "\x00") {
				t.Fatalf("%q: %s = %q, net/url says %q", raw, name, q.values[name], values)
			}
		}
	})
}

func (q *query) namesOrNil() []string {
	if q == nil {
		return nil
	}
	return q.names
}

// keep is an invoker that keeps the input, and services without schemas.
type keep struct{ got []byte }

func (k *keep) Invoke(_ context.Context, c *service.Call) ([]byte, error) {
	k.got = c.Input
	return []byte("null"), nil
}

func (k *keep) Get(string) (service.Info, bool) {
	return service.Info{Spec: service.Spec{Input: json.RawMessage(`{"properties":{"n":{"type":"number"},"l":{"type":"array","items":{"type":"integer"}}}}`)}}, true
}

type nobody struct{}

func (nobody) Authenticate(*http.Request, []string) (*security.Identity, error) { return nil, nil }
func (nobody) CredentialHeaders() []string                                      { return nil }

// Whatever the body and the parameters are, the service gets valid JSON in UTF-8 or
// the client a refusal.
func FuzzBody(f *testing.F) {
	f.Add("application/json", `{"a":1}`, "x=1&n=2&l=3")
	f.Add("application/xml", `<a b="c">d</a>`, "")
	f.Add("text/csv; header=absent", "a,b\n1,2", "n=1e5")
	f.Add("application/x-www-form-urlencoded", "a=1&a=2&__proto__=x", "n=%22")
	f.Add("application/json; charset=utf-16", "\xff\xfe[\x00", "")
	f.Add("", "\ufeff <a/>", "l=x")
	k := &keep{}
	m, err := New(Config{Invoker: k, Services: k, Security: nobody{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	var defs []odb.Definition
	for _, body := range []string{bodyAuto, bodyText, bodyBinary, bodyCSV} {
		spec := `{"method":"POST","path":"/` + body + `/{p}","service":"s","body":"` + body + `","max_body":"64KiB","xml":{"arrays":["a/b"],"namespaces":{"x":"urn:x"}}}`
		defs = append(defs, odb.Definition{ID: body, Kind: "channel", Name: body, Spec: json.RawMessage(spec)})
	}
	snap, err := odb.NewSnapshot(1, defs)
	if err != nil {
		f.Fatal(err)
	}
	if p := m.Apply(f.Context(), snap); p != nil {
		f.Fatal(p)
	}
	f.Fuzz(func(t *testing.T, contentType, body, rawQuery string) {
		for _, d := range defs {
			k.got = nil
			r := httptest.NewRequest("POST", "/"+d.Name+"/7", strings.NewReader(body))
			r.URL.RawQuery = rawQuery
			if contentType != "" {
				r.Header["Content-Type"] = []string{contentType}
			}
			w := httptest.NewRecorder()
			m.ServeHTTP(w, r)
			switch {
			case w.Code >= 500:
				t.Fatalf("%s: %d %s", d.Name, w.Code, w.Body)
			case w.Code == 200 && (!json.Valid(k.got) || !utf8.Valid(k.got)):
				t.Fatalf("%s: the service gets %q", d.Name, k.got)
			}
		}
	})
}

func TestShapes(t *testing.T) {
	t.Parallel()
	schema := `{"$ref":"#/$defs/root","$defs":{"root":{"properties":{
		"i":{"type":"integer"},"n":{"type":["number","null"]},"b":{"oneOf":[{"type":"boolean"},{"const":null}]},"s":{"type":"string"},
		"mix":{"anyOf":[{"type":"integer"},{"type":"string"}]},"any":{},"yes":true,"loop":{"$ref":"#/$defs/loop"},
		"list":{"$ref":"#/$defs/list"},"or":{"type":["array","integer"],"items":{"type":"integer"}},"half":{"anyOf":[{"type":"integer"},{}]},
		"enum":{"enum":[1,2.5]},"words":{"enum":["a",1]}}},
		"loop":{"$ref":"#/$defs/loop"},"list":{"type":"array","items":{"type":"boolean"}}}}`
	of := shapesOf(json.RawMessage(schema))
	tests := map[string]struct {
		name   string
		values []string
		want   string
	}{
		"integer":               {"i", []string{"7"}, `7`},
		"negative":              {"i", []string{"-7"}, `-7`},
		"exponent":              {"n", []string{"1e3"}, `1e3`},
		"not JSON's way":        {"i", []string{"+7"}, `"+7"`},
		"leading zero":          {"i", []string{"07"}, `"07"`},
		"blank":                 {"i", []string{" 7"}, `" 7"`},
		"blank after":           {"i", []string{"7 "}, `"7 "`},
		"empty":                 {"i", []string{""}, `""`},
		"minus":                 {"i", []string{"-"}, `"-"`},
		"twice":                 {"i", []string{"1", "2"}, `["1","2"]`},
		"number":                {"n", []string{"1.50"}, `1.50`},
		"boolean":               {"b", []string{"true"}, `true`},
		"not quite boolean":     {"b", []string{"True"}, `"True"`},
		"text":                  {"s", []string{"7"}, `"7"`},
		"text or number":        {"mix", []string{"7"}, `"7"`},
		"anything":              {"any", []string{"7"}, `"7"`},
		"true schema":           {"yes", []string{"7"}, `"7"`},
		"endless":               {"loop", []string{"7"}, `"7"`},
		"unknown":               {"nope", []string{"7"}, `"7"`},
		"partly unknown":        {"half", []string{"7"}, `"7"`},
		"list of one":           {"list", []string{"true"}, `[true]`},
		"list":                  {"list", []string{"true", "x"}, `[true,"x"]`},
		"list or one: one":      {"or", []string{"7"}, `7`},
		"list or one: list":     {"or", []string{"7", "8"}, `[7,8]`},
		"number of enumeration": {"enum", []string{"2.5"}, `2.5`},
		"mixed enumeration":     {"words", []string{"1"}, `"1"`},
	}
	for name, tc := range tests {
		got, err := json.Marshal(of[tc.name].value(tc.values))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %s, want %s (%v)", name, got, tc.want, err)
		}
	}
	for _, broken := range []string{"", "[", "true", `{"properties":{"a":5}}`, `{"properties":[]}`} {
		for name, s := range shapesOf(json.RawMessage(broken)) {
			if s.kinds != 0 {
				t.Errorf("%s: %s has kinds %b", broken, name, s.kinds)
			}
		}
	}
}

func TestLimiterForgetsTheOldest(t *testing.T) {
	t.Parallel()
	l := newLimiter(odb.RateLimit{Requests: 1, Per: odb.Duration(time.Hour), By: "ip"})
	now := time.Now()
	for i := range maxBuckets + 10 {
		if _, ok := l.take(strconv.Itoa(i), now); !ok {
			t.Fatalf("caller %d was refused at its first request", i)
		}
	}
	if len(l.buckets) != maxBuckets || l.recent.Len() != maxBuckets {
		t.Errorf("%d buckets, %d in order; want %d", len(l.buckets), l.recent.Len(), maxBuckets)
	}
	if _, ok := l.take(strconv.Itoa(maxBuckets), now); ok {
		t.Error("a recent caller was forgotten")
	}
	if _, ok := l.take("0", now); !ok {
		t.Error("the oldest caller was not forgotten")
	}
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"1.2.3.4:5": "1.2.3.4", "[::1]:5": "::1", "[::ffff:1.2.3.4]:5": "1.2.3.4", "1.2.3.4": "1.2.3.4", "[::1]": "::1", "": "invalid IP", "@": "invalid IP", "host:1": "invalid IP",
	} {
		if got := clientOf(remote).String(); got != want {
			t.Errorf("clientOf(%q) = %s, want %s", remote, got, want)
		}
	}
	if contains([]netip.Prefix{netip.MustParsePrefix("::/0")}, netip.Addr{}) {
		t.Error("no address is in a network")
	}
}
