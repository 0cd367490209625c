package channel_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

const ubl = `<?xml version="1.0" encoding="UTF-8"?><o:Order xmlns:o="urn:order" xmlns:q="urn:cbc" id="7"><q:Line>1</q:Line></o:Order>`

func TestBodies(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{input},
		ch("auto", `"method":"POST","path":"/auto","service":"input"`),
		ch("json", `"method":"POST","path":"/json","service":"input","body":"json"`),
		ch("xml", `"method":"POST","path":"/xml","service":"input","body":"xml","xml":{"namespaces":{"_":"urn:order","c":"urn:cbc"},"arrays":["c:Line"]}`),
		ch("strip", `"method":"POST","path":"/strip","service":"input","xml":{"strip":true}`),
		ch("form", `"method":"POST","path":"/form","service":"input","body":"form"`),
		ch("csv", `"method":"POST","path":"/csv","service":"input","body":"csv"`),
		ch("text", `"method":"POST","path":"/text","service":"input","body":"text"`),
		ch("binary", `"method":"POST","path":"/binary","service":"input","body":"binary"`),
		ch("none", `"method":"POST","path":"/none","service":"input","body":"none"`),
		ch("separate", `"method":"POST","path":"/separate","service":"input","params":"separate"`),
		ch("small", `"method":"POST","path":"/small","service":"input","max_body":"10"`),
	)
	tests := map[string]struct {
		path, mime, body string
		want             string // the input, or the code of the refusal
	}{
		"json":                        {"/auto", "application/json", ` {"a": 1} `, `{"a": 1}`},
		"json, number kept":           {"/auto", "application/json", `{"n":12345678901234567890.10}`, `{"n":12345678901234567890.10}`},
		"json with charset":           {"/auto", "application/json; charset=UTF-8", `{"a":"å"}`, `{"a":"å"}`},
		"json in Latin-1":             {"/auto", "application/json; charset=iso-8859-1", "{\"a\":\"\xe5\"}", `{"a":"å"}`},
		"json with BOM":               {"/auto", "application/json", "\ufeff[1]", `[1]`},
		"json in UTF-16":              {"/auto", "application/json", "\xff\xfe[\x001\x00]\x00", `[1]`},
		"json list":                   {"/auto", "application/json", `[1,2]`, `[1,2]`},
		"json text":                   {"/auto", "application/json", `"x"`, `"x"`},
		"json by suffix":              {"/auto", "application/vnd.order+json", `{}`, `{}`},
		"json, case of the type":      {"/auto", "Application/JSON", `{}`, `{}`},
		"no type, json":               {"/auto", "", `{"a":1}`, `{"a":1}`},
		"no type, xml":                {"/auto", "", ` <a>1</a>`, `{"a":"1"}`},
		"no type, neither":            {"/auto", "", `hello`, "invalid_body"},
		"empty":                       {"/auto", "", ``, `{}`},
		"empty, separate":             {"/separate", "", ``, `null`},
		"xml":                         {"/auto", "application/xml", `<a><b>1</b><b>2</b></a>`, `{"a":{"b":["1","2"]}}`},
		"xml as text":                 {"/auto", "text/xml", `<a/>`, `{"a":""}`},
		"xml by suffix":               {"/auto", "application/soap+xml", `<a/>`, `{"a":""}`},
		"xml, declared Latin-1":       {"/auto", "application/xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xe5</a>", `{"a":"å"}`},
		"xml, transport knows better": {"/auto", "application/xml; charset=utf-8", `<?xml version="1.0" encoding="iso-8859-1"?><a>å</a>`, `{"a":"å"}`},
		"xml, own prefixes":           {"/xml", "application/xml", ubl, `{"Order":{"@id":"7","c:Line":["1"]}}`},
		"xml, stripped":               {"/strip", "application/xml", ubl, `{"Order":{"@id":"7","Line":"1"}}`},
		"form":                        {"/auto", "application/x-www-form-urlencoded", `a=1&b=x+y&a=2`, `{"a":["1","2"],"b":"x y"}`},
		"csv":                         {"/auto", "text/csv", "a,b\n1,2\n", `[{"a":"1","b":"2"}]`},
		"csv without header":          {"/auto", "text/csv; header=absent", "a,b\n1,2\n", `[["a","b"],["1","2"]]`},
		"text":                        {"/text", "text/plain; charset=windows-1250", "za\xbf", `"zaż"`},
		"text of any type":            {"/text", "application/json", `{"a":1}`, `"{\"a\":1}"`},
		"text, odd type":              {"/text", ";;", `x`, `"x"`},
		"empty text":                  {"/text", "", ``, `""`},
		"binary":                      {"/binary", "image/png", "\x00\xff", `"` + base64.StdEncoding.EncodeToString([]byte("\x00\xff")) + `"`},
		"empty binary":                {"/binary", "", ``, `""`},
		"none":                        {"/none", "", ``, `{}`},
		"exactly as large":            {"/small", "application/json", `"12345678"`, `"12345678"`},

		"not json":            {"/auto", "application/json", `{"a":}`, "invalid_body"},
		"two values":          {"/auto", "application/json", `{} {}`, "invalid_body"},
		"blank":               {"/auto", "application/json", `  `, "invalid_body"},
		"not UTF-8":           {"/auto", "application/json", "\"\xff\"", "invalid_body"},
		"too deep":            {"/auto", "application/json", strings.Repeat("[", 300) + strings.Repeat("]", 300), "invalid_body"},
		"unknown charset":     {"/auto", "application/json; charset=klingon", `{}`, "unsupported_media_type"},
		"not xml":             {"/auto", "application/xml", `<a>`, "invalid_body"},
		"entities":            {"/auto", "application/xml", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "invalid_body"},
		"bad form":            {"/auto", "application/x-www-form-urlencoded", `a=%zz`, "invalid_body"},
		"bad csv":             {"/auto", "text/csv", "a,b\n1\n", "invalid_body"},
		"csv without names":   {"/auto", "text/csv", "a,a\n1,2\n", "invalid_body"},
		"bad text":            {"/text", "text/plain", "\xff", "invalid_body"},
		"other type":          {"/auto", "text/plain", `x`, "unsupported_media_type"},
		"multipart":           {"/auto", "multipart/form-data; boundary=x", `x`, "unsupported_media_type"},
		"odd type":            {"/auto", ";;", `x`, "unsupported_media_type"},
		"xml where json":      {"/json", "application/xml", `<a/>`, "unsupported_media_type"},
		"json where xml":      {"/xml", "application/json", `{}`, "unsupported_media_type"},
		"json where form":     {"/form", "application/json", `{}`, "unsupported_media_type"},
		"json where csv":      {"/csv", "application/json", `{}`, "unsupported_media_type"},
		"body where none":     {"/none", "application/json", `{}`, "body_not_allowed"},
		"too large":           {"/small", "application/json", `"123456789"`, "body_too_large"},
		"large when unfolded": {"/xml", "application/xml", unfolding(), "body_too_large"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if tc.mime != "" {
				headers = []string{"Content-Type", tc.mime}
			}
			a := r.do("POST", tc.path, tc.body, headers...)
			got := a.body
			if a.status != 200 {
				got = a.code()
			}
			if strings.HasPrefix(tc.want, "{") && got != tc.want && strings.TrimSpace(got) == tc.want {
				got = tc.want // a JSON body is handed on with its blanks
			}
			if got != tc.want {
				t.Errorf("got %d %.200s, want %s", a.status, got, tc.want)
			}
			if a.code() == "unsupported_media_type" && !strings.Contains(tc.mime, "klingon") && (a.header.Get("Accept") == "" || a.header.Get("Accept-Post") != a.header.Get("Accept")) {
				t.Errorf("Accept = %q, Accept-Post = %q", a.header.Get("Accept"), a.header.Get("Accept-Post"))
			}
		})
	}
}

// unfolding is a small document whose long namespace stands in each of its keys.
func unfolding() string {
	return `<x:a xmlns:x="urn:` + strings.Repeat("u", 900) + `">` + strings.Repeat(`<x:b/>`, 1000) +
		strings.Repeat(`<y/><x:c><x:d/></x:c>`, 20_000) + `</x:a>`
}

func TestParameters(t *testing.T) {
	t.Parallel()
	typed := svc{
		name: "typed", handle: input.handle,
		input: `{"type":"object","properties":{"id":{"type":"integer"},"price":{"type":"number"},"on":{"type":"boolean"},"tags":{"type":"array","items":{"type":"integer"}},"name":{"type":"string"},"both":{"type":["string","integer"]},"maybe":{"anyOf":[{"type":"integer"},{"type":"null"}]},"ref":{"$ref":"#/$defs/n"},"kind":{"enum":[1,2]}},"$defs":{"n":{"type":"integer"}}}`,
	}
	r := newRig(t, []service.Service{input, typed},
		ch("get", `"path":"/get/{id}","service":"input"`),
		ch("post", `"method":"POST","path":"/post/{id}","service":"input"`),
		ch("rest", `"path":"/rest/{path...}","service":"input"`),
		ch("typed", `"path":"/typed/{id}","service":"typed"`),
		ch("typedp", `"method":"POST","path":"/typed/{id}","service":"typed"`),
		ch("separate", `"method":"ANY","path":"/separate/{id}","service":"input","params":"separate"`),
	)
	js := []string{"Content-Type", "application/json"}
	tests := map[string]struct {
		method, path, body string
		headers            []string
		want               string
	}{
		"path":                     {"GET", "/get/7", "", nil, `{"id":"7"}`},
		"path and query":           {"GET", "/get/7?q=a&z=b", "", nil, `{"q":"a","z":"b","id":"7"}`},
		"path beats query":         {"GET", "/get/7?id=8", "", nil, `{"id":"7"}`},
		"query twice":              {"GET", "/get/7?q=a&q=b", "", nil, `{"q":["a","b"],"id":"7"}`},
		"query without value":      {"GET", "/get/7?q&z=", "", nil, `{"q":"","z":"","id":"7"}`},
		"escapes":                  {"GET", "/get/a%2Fb%20c?q=%C3%A5+b%26", "", nil, `{"q":"å b&","id":"a/b c"}`},
		"quotes":                   {"GET", `/get/%22?q=%22%5C%0A`, "", nil, `{"q":"\"\\\n","id":"\""}`},
		"rest":                     {"GET", "/rest/a/b%2Fc/d", "", nil, `{"path":"a/b/c/d"}`},
		"rest empty":               {"GET", "/rest/", "", nil, `{"path":""}`},
		"path beats body":          {"POST", "/post/7?x=q&y=q", `{"id":1,"x":2,"n":1.50}`, js, `{"id":"7","x":2,"n":1.50,"y":"q"}`},
		"no object, no merge":      {"POST", "/post/7?x=q", `[1]`, js, `[1]`},
		"form":                     {"POST", "/post/7?x=q", `x=b`, []string{"Content-Type", "application/x-www-form-urlencoded"}, `{"x":"b","id":"7"}`},
		"xml":                      {"POST", "/post/7", `<a/>`, []string{"Content-Type", "text/xml"}, `{"a":"","id":"7"}`},
		"separate":                 {"POST", "/separate/7?x=1", `{"id":1}`, js, `{"id":1}`},
		"separate, no body":        {"GET", "/separate/7?x=1", "", nil, `null`},
		"typed":                    {"GET", "/typed/7?price=1.50&on=true&tags=1&name=5&both=5&maybe=3&ref=4&kind=2", "", nil, `{"price":1.50,"on":true,"tags":[1],"name":"5","both":"5","maybe":3,"ref":4,"kind":2,"id":7}`},
		"typed list":               {"GET", "/typed/7?tags=1&tags=2", "", nil, `{"tags":[1,2],"id":7}`},
		"typed body is not forced": {"POST", "/typed/7?on=false", `{"name":"x"}`, js, `{"name":"x","on":false,"id":7}`},
		"bad query":                {"GET", "/get/7?q=%zz", "", nil, "invalid_query"},
		"query not UTF-8":          {"GET", "/get/7?q=%ff", "", nil, "invalid_query"},
		"query too long":           {"GET", "/get/7?" + strings.Repeat("a&", 1001), "", nil, "invalid_query"},
		"not an integer":           {"GET", "/typed/x", "", nil, "invalid_input"},
		"integer with zeros":       {"GET", "/typed/007", "", nil, "invalid_input"},
		"boolean in words":         {"GET", "/typed/7?on=yes", "", nil, "invalid_input"},
		"merge into a broken one":  {"POST", "/post/7", `{"a":}`, js, "invalid_body"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := r.do(tc.method, tc.path, tc.body, tc.headers...)
			got := a.body
			if a.status != 200 {
				got = a.code()
			}
			if got != tc.want {
				t.Errorf("got %d %s, want %s", a.status, a.body, tc.want)
			}
		})
	}
}

func TestFaultsHavePointers(t *testing.T) {
	t.Parallel()
	strict := svc{name: "strict", handle: input.handle, input: `{"type":"object","properties":{"id":{"type":"integer"},"lines":{"type":"array","items":{"type":"object","required":["sku"]}}},"required":["id"]}`}
	r := newRig(t, []service.Service{strict}, ch("a", `"method":"POST","path":"/a","service":"strict"`))
	a := r.do("POST", "/a", `{"lines":[{"sku":1},{}]}`, "Content-Type", "application/json")
	var doc struct {
		Code, CID string
		Errors    []struct{ Pointer, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	if a.status != 400 || doc.Code != "invalid_input" || doc.CID == "" || len(doc.Errors) != 2 || doc.Errors[0].Message == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	pointers := doc.Errors[0].Pointer + "|" + doc.Errors[1].Pointer
	if pointers != "|/lines/1" && pointers != "/lines/1|" {
		t.Errorf("pointers %q", pointers)
	}
}

func TestWhatServicesSee(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{show},
		define("security", "partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
		define("security", "key", `{"type":"apikey","header":"X-Key","key":{"ref":"env:KEY"}}`),
		ch("a", `"method":"ANY","path":"/a/{x}/{rest...}","service":"show","security":["partner"]`),
	)
	s := r.see("GET", "/a/b%20c/d/e?q=1&q=2", "", "Authorization", "Basic YW5uOnMzY3JldC1zM2NyZXQ=", "X-Key", "other", "X-Mine", "kept", "Cookie", "c=1",
		"X-Correlation-ID", "my-id-4711", "X-Forwarded-For", "1.2.3.4", "Connection", "X-Hop", "X-Hop", "gone", "Proxy-Authorization", "Basic x")
	h := s.HTTP
	if h.Method != "GET" || h.Path != "/a/b c/d/e" || h.Pattern != "/a/{x}/{rest...}" || h.Params["x"] != "b c" || h.Params["rest"] != "d/e" || strings.Join(h.Query["q"], ",") != "1,2" || h.Remote != "127.0.0.1" {
		t.Errorf("http = %+v", h)
	}
	for _, gone := range []string{"Authorization", "Proxy-Authorization", "X-Key", "X-Forwarded-For", "X-Hop", "Connection"} {
		if v, there := h.Header[gone]; there {
			t.Errorf("the service sees %s: %q", gone, v)
		}
	}
	if h.Header.Get("X-Mine") != "kept" || h.Header.Get("Cookie") != "c=1" || h.Header.Get("X-Correlation-ID") != "my-id-4711" || s.CID != "my-id-4711" {
		t.Errorf("header = %v, cid %s", h.Header, s.CID)
	}
	if s.User == nil || s.User.Security != "partner" || s.User.Name != "ann" {
		t.Errorf("user = %+v", s.User)
	}
}

// A service that is replaced by one with another schema gets its parameters in the
// new shape.
func TestShapesFollowTheService(t *testing.T) {
	t.Parallel()
	mk := func(kind string) svc {
		return svc{name: "s", handle: input.handle, input: `{"type":"object","properties":{"id":{"type":"` + kind + `"}}}`}
	}
	c, registry := newChainWithRegistry(t, service.Compiled("test", mk("integer")), ch("a", `"path":"/a/{id}","service":"s"`))
	r := serveChain(t, c)
	if a := r.do("GET", "/a/7", ""); a.body != `{"id":7}` {
		t.Fatalf("got %s", a.body)
	}
	p, err := service.Prepare(service.Compiled("test", mk("string")))
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Switch([]service.Binding{{Name: "s", From: p}}); err != nil {
		t.Fatal(err)
	}
	if a := r.do("GET", "/a/7", ""); a.body != `{"id":"7"}` {
		t.Errorf("after the switch: %d %s", a.status, a.body)
	}
}

// FuzzValid holds the fast check of JSON to the standard library's.
func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,"\u00e9",true,null]}`, `01`, `1.`, `"\x"`, "\"\x01\"", `[1,]`, `{"a":1,}`, ` 1 `, `1 2`, `-`, `{"a"}`, "\"\xff\"", `"\ud800"`, `tru`, ``, `nul`, `[`, `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := gjson.Valid(text), json.Valid([]byte(text)); got != want && (!got || library.CheckDepth([]byte(text), 0) == nil) {
			t.Errorf("%q: %v, encoding/json says %v", text, got, want)
		}
	})
}
