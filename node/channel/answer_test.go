package channel_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/service"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 3<<20) + `"`
	r := newRig(
		t, []service.Service{
			give("json", `{"a":"<å>"}`), give("list", `[1,2]`), give("null", `null`), give("bad", `{"1 x":1}`), give("long", long),
			reply("status", `{}`, service.Reply{Status: 201, Header: http.Header{"Location": {"/x/1"}, "x-lower": {"1"}, "Connection": {"close"}, "X-Correlation-Id": {"stolen-id"}, "Content-Length": {"99"}, "X-Fixed": {"mine"}}}),
			reply("none", `{}`, service.Reply{Status: 204}),
			reply("redirect", `{}`, service.Reply{Status: 303, Header: http.Header{"Location": {"/y"}}}),
			reply("odd", `{}`, service.Reply{Status: 99}),
			reply("csv", ``, service.Reply{Raw: []byte("a,b\n"), ContentType: "text/csv"}),
			reply("bytes", ``, service.Reply{Raw: []byte{}}),
			reply("hal", `{}`, service.Reply{Header: http.Header{"Content-Type": {"application/hal+json"}}}),
		},
		ch("json", `"method":"ANY","path":"/json","service":"json","status":202,"headers":{"X-Fixed":"yes"}`),
		ch("onlyjson", `"path":"/onlyjson","service":"json","answer":"json"`),
		ch("onlyxml", `"method":"ANY","path":"/onlyxml","service":"json","answer":"xml"`),
		ch("order", `"path":"/order","service":"json","answer":"xml","xml":{"root":"o:order","namespaces":{"o":"urn:o"}}`),
		ch("list", `"path":"/list","service":"list"`), ch("null", `"path":"/null","service":"null"`), ch("bad", `"path":"/bad","service":"bad"`),
		ch("long", `"path":"/long","service":"long"`), ch("none", `"path":"/none","service":"none"`), ch("odd", `"path":"/odd","service":"odd"`),
		ch("redirect", `"path":"/redirect","service":"redirect"`), ch("bytes", `"path":"/bytes","service":"bytes"`),
		ch("typed", `"path":"/typed","service":"json","headers":{"content-type":"application/vnd.x+json"}`), ch("typedraw", `"path":"/typedraw","service":"csv","headers":{"Content-Type":"x/y"}`),
		ch("hal", `"path":"/hal","service":"hal"`), ch("csv", `"method":"ANY","path":"/csv","service":"csv"`),
		ch("status", `"path":"/status","service":"status","headers":{"X-Fixed":"yes"}`),
	)
	const decl = `<?xml version="1.0" encoding="UTF-8"?>`
	tests := map[string]struct {
		method, path, accept string
		status               int
		mime, body           string // body of a refusal: its code
	}{
		"json":                    {"GET", "/json", "", 202, "application/json", `{"a":"<å>"}`},
		"json asked for":          {"GET", "/json", "application/json", 202, "application/json", `{"a":"<å>"}`},
		"anything":                {"GET", "/json", "*/*", 202, "application/json", `{"a":"<å>"}`},
		"browser":                 {"GET", "/json", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 202, "application/xml; charset=utf-8", decl + `<response><a>&lt;å&gt;</a></response>`},
		"xml":                     {"GET", "/json", "application/xml", 202, "application/xml; charset=utf-8", decl + `<response><a>&lt;å&gt;</a></response>`},
		"text/xml":                {"GET", "/json", "text/xml", 202, "text/xml; charset=utf-8", decl + `<response><a>&lt;å&gt;</a></response>`},
		"xml preferred":           {"GET", "/json", "application/json;q=0.5, application/xml", 202, "application/xml; charset=utf-8", decl + `<response><a>&lt;å&gt;</a></response>`},
		"json excluded":           {"GET", "/json", "*/*, application/json;q=0", 202, "application/xml; charset=utf-8", decl + `<response><a>&lt;å&gt;</a></response>`},
		"list as xml":             {"GET", "/list", "application/xml", 200, "application/xml; charset=utf-8", decl + `<response><item>1</item><item>2</item></response>`},
		"null as xml":             {"GET", "/null", "application/xml", 200, "application/xml; charset=utf-8", decl + `<response/>`},
		"null":                    {"GET", "/null", "", 200, "application/json", `null`},
		"own root":                {"GET", "/order", "", 200, "application/xml; charset=utf-8", decl + `<o:order xmlns:o="urn:o"><a>&lt;å&gt;</a></o:order>`},
		"only json":               {"GET", "/onlyjson", "application/*", 200, "application/json", `{"a":"<å>"}`},
		"raw":                     {"GET", "/csv", "", 200, "text/csv", "a,b\n"},
		"raw for who takes it":    {"GET", "/csv", "text/csv", 200, "text/csv", "a,b\n"},
		"raw and empty":           {"GET", "/bytes", "", 200, "application/octet-stream", ""},
		"own type":                {"GET", "/hal", "", 200, "application/hal+json", "{}"},
		"channel's type":          {"GET", "/typed", "", 200, "application/vnd.x+json", `{"a":"<å>"}`},
		"channel's type, raw":     {"GET", "/typedraw", "", 200, "text/csv", "a,b\n"},
		"no content":              {"GET", "/none", "", 204, "", ""},
		"redirect":                {"GET", "/redirect", "", 303, "application/json", "{}"},
		"long":                    {"GET", "/long", "", 200, "application/json", long},
		"only json, xml wanted":   {"GET", "/onlyjson", "application/xml", 406, "application/problem+json", "not_acceptable"},
		"only xml, json wanted":   {"GET", "/onlyxml", "application/json", 406, "application/problem+json", "not_acceptable"},
		"neither":                 {"GET", "/json", "image/png", 406, "application/problem+json", "not_acceptable"},
		"neither, before the run": {"POST", "/csv", "text/csv", 406, "application/problem+json", "not_acceptable"},
		"nothing at all":          {"GET", "/json", "*/*;q=0", 406, "application/problem+json", "not_acceptable"},
		"no xml name":             {"GET", "/bad", "application/xml", 500, "application/problem+json", "invalid_answer"},
		"odd status":              {"GET", "/odd", "", 500, "application/problem+json", "invalid_answer"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if tc.accept != "" {
				headers = []string{"Accept", tc.accept}
			}
			a := r.do(tc.method, tc.path, "", headers...)
			body := a.body
			if a.status >= 400 {
				body = a.code()
			}
			if a.status != tc.status || a.header.Get("Content-Type") != tc.mime || body != tc.body {
				t.Errorf("got %d %q %.200s\nwant %d %q %.200s", a.status, a.header.Get("Content-Type"), a.body, tc.status, tc.mime, tc.body)
			}
			if fixed := a.header.Get("X-Fixed"); strings.HasPrefix(tc.path, "/json") && fixed != "yes" {
				t.Errorf("X-Fixed = %q", fixed)
			}
			if tc.path == "/json" && a.status == 202 && a.header.Get("Vary") != "Accept" {
				t.Errorf("Vary = %q", a.header.Get("Vary"))
			}
			if tc.mime == "application/json" && tc.status != 204 && a.header.Get("Content-Length") == "" {
				t.Error("no Content-Length")
			}
		})
	}
	a := r.do("GET", "/status", "", "X-Correlation-ID", "my-id-4711")
	h := a.header
	if a.status != 201 || h.Get("Location") != "/x/1" || h.Get("X-Lower") != "1" || h.Get("X-Correlation-ID") != "my-id-4711" || h.Get("Connection") != "" || h.Get("Content-Length") != "2" || strings.Join(h.Values("X-Fixed"), ",") != "mine" {
		t.Errorf("got %d %v", a.status, h)
	}
	for _, path := range []string{"/json", "/long"} {
		a := r.do("HEAD", path, "")
		want := map[string]string{"/json": "12", "/long": "3145730"}[path]
		if a.body != "" || a.header.Get("Content-Length") != want {
			t.Errorf("HEAD %s = %d, length %s", path, a.status, a.header.Get("Content-Length"))
		}
	}
}

func TestServiceErrors(t *testing.T) {
	t.Parallel()
	nested := svc{name: "nested", handle: func(ctx context.Context, c *service.Call) ([]byte, error) { return c.Invoke(ctx, "nowhere", nil) }}
	host := svc{name: "host", handle: func(ctx context.Context, c *service.Call) ([]byte, error) {
		return c.Host(ctx, "xml.parse", []byte(`{"text":"<secret-tag"}`))
	}}
	broken := svc{name: "broken", handle: func(context.Context, *service.Call) ([]byte, error) { panic("secret panic") }}
	r := newRig(
		t, []service.Service{
			fail("own", &service.Error{Code: "order.unknown_customer", Message: "there is no customer 7", Status: 422, Details: map[string]int{"customer": 7}}),
			fail("ownserver", &service.Error{Code: "order.odd", Message: "said on purpose"}),
			fail("inner", errInside), fail("sql", service.Errorf(500, service.CodeSQL, "secret table missing")),
			fail("out", service.Errorf(502, service.CodeOutgoing, "secret.host refused")), fail("down", service.Errorf(503, service.CodeOutDown, "secret.host is down")),
			fail("busy", service.Errorf(503, service.CodeBusy, "the service secret is busy")), fail("details", &service.Error{Code: "x", Status: 400, Message: "m", Details: func() {}}),
			fail("odd", &service.Error{Code: "x", Status: 200, Message: "m"}), nested, host, broken, show,
		},
		ch("own", `"path":"/own","service":"own"`), ch("ownserver", `"path":"/ownserver","service":"ownserver"`), ch("inner", `"path":"/inner","service":"inner"`),
		ch("sql", `"path":"/sql","service":"sql"`), ch("out", `"path":"/out","service":"out"`), ch("down", `"path":"/down","service":"down"`),
		ch("busy", `"path":"/busy","service":"busy"`), ch("details", `"path":"/details","service":"details"`), ch("odd", `"path":"/odd","service":"odd"`),
		ch("nested", `"path":"/nested","service":"nested"`), ch("host", `"path":"/host","service":"host"`), ch("broken", `"path":"/broken","service":"broken"`),
		ch("gone", `"path":"/gone","service":"gone"`),
	)
	tests := map[string]struct {
		status       int
		code, detail string // detail "": hidden
		retry        string
	}{
		"own":       {422, "order.unknown_customer", "there is no customer 7", ""},
		"ownserver": {500, "order.odd", "said on purpose", ""},
		"inner":     {500, "internal", "", ""},
		"sql":       {500, "sql_failed", "", ""},
		"out":       {502, "outgoing_failed", "another system failed", ""},
		"down":      {503, "outgoing_down", "another system is down; try again later", "5"},
		"busy":      {503, "service_busy", "the service has as many calls as it may; try again", "1"},
		"details":   {400, "x", "m", ""},
		"odd":       {500, "x", "m", ""},
		"nested":    {500, "internal", "", ""},
		"host":      {500, "xml.syntax", "", ""},
		"broken":    {500, "internal", "", ""},
		"gone":      {503, "service_unavailable", "the service is not available; try again later", "5"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := r.do("GET", "/"+name, "", "X-Correlation-ID", "my-id-4711", "Accept", "application/xml")
			var doc struct {
				Title, Detail, Code, CID string
				Status                   int
				Details                  any
			}
			if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
				t.Fatal(err)
			}
			want := tc.detail
			if want == "" {
				want = "the request failed inside; the node's log has more under this correlation id"
			}
			if a.status != tc.status || doc.Status != tc.status || doc.Code != tc.code || doc.Detail != want || doc.CID != "my-id-4711" || a.header.Get("Retry-After") != tc.retry {
				t.Errorf("got %d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
			}
			for _, secret := range []string{"secret", "password", "db-7"} {
				if strings.Contains(a.body, secret) {
					t.Errorf("the client learns %q: %s", secret, a.body)
				}
			}
			if name == "own" && doc.Details == nil {
				t.Errorf("the details are missing: %s", a.body)
			}
		})
	}
}

func TestTimeoutAndClientGone(t *testing.T) {
	t.Parallel()
	gone := make(chan error, 1)
	wait := svc{name: "wait", handle: func(ctx context.Context, _ *service.Call) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	tell := svc{name: "tell", handle: func(ctx context.Context, _ *service.Call) ([]byte, error) {
		<-ctx.Done()
		gone <- ctx.Err()
		return nil, ctx.Err()
	}}
	r := newRig(t, []service.Service{wait, tell},
		ch("wait", `"path":"/wait","service":"wait","timeout":"50ms"`),
		ch("tell", `"method":"ANY","path":"/tell","service":"tell"`))
	if a := r.do("GET", "/wait", ""); a.status != 504 || a.code() != "timeout" {
		t.Errorf("a slow service = %d %s", a.status, a.body)
	}
	for _, body := range []string{"", `{"a":1}`} {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "POST", r.url+"/tell", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
		deadline := time.After(10 * time.Second)
		for r.balancer.InFlight() == 0 {
			select {
			case <-deadline:
				t.Fatal("the request never arrived")
			case <-time.After(time.Millisecond):
			}
		}
		cancel()
		select {
		case err := <-gone:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("body %q: the service's context ends with %v", body, err)
			}
		case <-deadline:
			t.Fatalf("body %q: the service never learned that the client went away", body)
		}
		<-done
		for r.balancer.InFlight() != 0 {
			select {
			case <-deadline:
				t.Fatal("the request never ended")
			case <-time.After(time.Millisecond):
			}
		}
	}
	if n := r.channels.Refused()["canceled"]; n != 2 {
		t.Errorf("counted %d, want 2", n)
	}
}

// A panic of ours (here: an authenticator that fails) is answered and contained.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, panicking{}, []service.Service{show}, ch("a", `"path":"/a","service":"show","security":["x"]`),
		define("security", "x", `{"type":"apikey","key":{"ref":"env:PW"}}`))
	a := r.do("GET", "/a", "")
	if a.status != 500 || a.code() != "internal" || strings.Contains(a.body, "boom") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if n := r.balancer.InFlight(); n != 0 {
		t.Errorf("in flight %d", n)
	}
}
