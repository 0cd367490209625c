package outgoing_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// peer starts another system on the loopback interface.
func peer(t testing.TB, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s
}

// httpSpec is a definition of an HTTP connection to a peer.
func httpSpec(url, extra string) string {
	return fmt.Sprintf(`{"type":"http","url":%q,"allow":["127.0.0.0/8"]%s}`, url, extra)
}

// httpBox has one connection, crm, to url.
func httpBox(t testing.TB, url, extra string) *box {
	t.Helper()
	b := newBox(t)
	b.apply(specs{"crm": httpSpec(url, extra)})
	return b
}

// request runs http.request on crm.
func (b *box) request(args string) string {
	b.t.Helper()
	return b.must("http.request", `{"connection":"crm"`+args+`}`)
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "uri": r.RequestURI, "host": r.Host, "header": r.Header, "body": string(body), "length": r.ContentLength,
	})
}

type echoed struct {
	Status int
	JSON   struct {
		Method, URI, Host, Body string
		Header                  http.Header
		Length                  int64
	}
}

func (b *box) echo(args string) echoed {
	b.t.Helper()
	var e echoed
	if err := json.Unmarshal([]byte(b.request(args)), &e); err != nil {
		b.t.Fatal(err)
	}
	return e
}

func TestRequestsGoOutAsAsked(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := httpBox(t, s.URL+"/v1/{tenant}?fixed=1", `,"query":{"key":"k","over":"def"},"headers":{"X-Def":"d","Accept":"application/xml","Host":"crm.example"}`)
	e := b.echo(`,"method":"PUT","path":"orders/{id}","params":{"tenant":"acme co","id":7},"query":{"over":["a","b"],"n":1.50,"yes":true,"key":null},
		"headers":{"accept":"application/json","x-n":3},"json":{"a": [1, "é"]}`)
	if e.Status != 200 || e.JSON.Method != "PUT" || e.JSON.URI != "/v1/acme%20co/orders/7?fixed=1&n=1.50&over=a&over=b&yes=true" || e.JSON.Host != "crm.example" {
		t.Errorf("went out as %+v", e)
	}
	for name, want := range map[string]string{
		"X-Def": "d", "Accept": "application/json", "X-N": "3", "Content-Type": "application/json", "X-Correlation-Id": "cid-12345",
		"User-Agent": "signalbox", "Accept-Encoding": "gzip",
	} {
		if got := strings.Join(e.JSON.Header[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if e.JSON.Body != `{"a": [1, "é"]}` {
		t.Errorf("body = %s", e.JSON.Body)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := httpBox(t, s.URL, "")
	for args, want := range map[string][3]string{
		``:                 {"GET", "", ""},
		`,"json":null`:     {"POST", "null", "application/json"},
		`,"json":[]`:       {"POST", "[]", "application/json"},
		`,"text":"é"`:      {"POST", "é", "text/plain; charset=utf-8"},
		`,"text":""`:       {"POST", "", "text/plain; charset=utf-8"},
		`,"base64":"AAE="`: {"POST", "\x00\x01", "application/octet-stream"},
		`,"text":"<a/>","content_type":"text/xml"`:          {"POST", "<a/>", "text/xml"},
		`,"text":"x","headers":{"Content-Type":"text/csv"}`: {"POST", "x", "text/csv"},
		`,"method":"DELETE"`:                                {"DELETE", "", ""},
		`,"method":"PATCH","json":1`:                        {"PATCH", "1", "application/json"},
	} {
		e := b.echo(args)
		if got := [3]string{e.JSON.Method, e.JSON.Body, e.JSON.Header.Get("Content-Type")}; got != want {
			t.Errorf("{%s} went out as %q, want %q", args, got, want)
		}
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := peer(t, func(http.ResponseWriter, *http.Request) { t.Error("a wrong request went out") })
	b := httpBox(t, s.URL+"/{id}", "")
	for args, want := range map[string]string{
		``:                             "no value for {id}",
		`,"params":{"id":"x","b":"y"}`: `"b" of params`,
		`,"params":{"id":{}}`:          "params.id is not a text",
		`,"params":{"id":null}`:        "params.id is not a text",
		`,"params":{"id":"x"},"path":"http://other/"`:         "address of its own",
		`,"params":{"id":"x"},"path":"../admin"`:              "step . or ..",
		`,"params":{"id":"x"},"query":{"a":{}}`:               "query.a is not a text",
		`,"params":{"id":"x"},"query":{"a":[[]]}`:             "query.a is not a text",
		`,"params":{"id":"x"},"method":"TRACE"`:               "TRACE",
		`,"params":{"id":"x"},"method":"get /x HTTP/1.1"`:     "method",
		`,"params":{"id":"x"},"json":1,"text":"x"`:            "at most one of",
		`,"params":{"id":"x"},"base64":"!"`:                   "base64",
		`,"params":{"id":"x"},"timeout_ms":-1`:                "timeout_ms",
		`,"params":{"id":"x"},"headers":{"Host":"x"}`:         "Host",
		`,"params":{"id":"x"},"headers":{"connection":"x"}`:   "Connection cannot be set",
		`,"params":{"id":"x"},"headers":{"a b":"x"}`:          "not valid",
		`,"params":{"id":"x"},"headers":{"a":"x\r\nb: y"}`:    "not valid",
		`,"params":{"id":"x"},"headers":{"Proxy-X":"y"}`:      "Proxy-X cannot be set",
		`,"params":{"id":"x"},"headers":{"content-length":1}`: "Content-Length cannot be set",
		`,"params":{"id":"x"},"method":"POST","retry":true`:   "Idempotency-Key",
		`,"parms":{}`:        "parms",
		`,"path":1`:          "path",
		`,"timeout_ms":"1s"`: "timeout_ms",
	} {
		b.refused("http.request", `{"connection":"crm"`+args+`}`, service.CodeArguments, want)
	}
	b.refused("http.request", `{}`, service.CodeArguments, "connection is missing")
	b.refused("http.request", `{"connection":"other"}`, service.CodeNoOut, `no outgoing connection "other"`)
	b.refused("sql.query", `{"connection":"crm","sql":"select 1"}`, service.CodeNoOut, "of type http, not sql")
}

func TestAnswersComeAsTheirType(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 201) + strings.Repeat("]", 201)
	type answer struct{ contentType, body, want string }
	answers := map[string]answer{
		"json":            {"application/json", ` {"a": 9007199254740993} `, `"json":{"a": 9007199254740993}`},
		"problem":         {"application/problem+json; charset=utf-8", `[]`, `"json":[]`},
		"json with mark":  {"application/json", "\xef\xbb\xbf1", `"json":1`},
		"no json":         {"application/json", "<html>", `"text":"<html>"`},
		"half json":       {"application/json", `{"a":`, `"text":"{\"a\":"`},
		"deep json":       {"application/json", deep, `"text":"` + deep + `"`},
		"just deep json":  {"application/json", deep[1:400] + "]", `"text":`},
		"200 deep":        {"application/json", deep[1 : len(deep)-1], `"json":` + deep[1:len(deep)-1]},
		"brackets inside": {"application/json", `"` + deep + `\""`, `"json":"` + deep + `\""`},
		"text":            {"text/plain", "Grüße", `"text":"Grüße"`},
		"latin 1":         {"text/plain; charset=ISO-8859-1", "Gr\xfc\xdfe", `"text":"Grüße"`},
		"unknown charset": {"text/plain; charset=x-klingon", "a", `"base64":"YQ=="`},
		"not UTF-8":       {"text/plain", "Gr\xfc", `"base64":"R3L8"`},
		"xml":             {"application/xml", "<a/>", `"text":"<a/>"`},
		"svg":             {"image/svg+xml", "<a/>", `"text":"<a/>"`},
		"form":            {"application/x-www-form-urlencoded", "a=b", `"text":"a=b"`},
		"bytes":           {"application/pdf", "%PDF", `"base64":"JVBERg=="`},
		"no type":         {"", "\x00", `"base64":"AA=="`},
		"broken type":     {"a/b/c;;", "x", `"base64":"eA=="`},
		"empty":           {"application/json", "", `"text":""`},
	}
	delete(answers, "just deep json")
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Query().Get("n")]
		w.Header()["Content-Type"] = []string{a.contentType}
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		w.Header().Add("Set-Cookie", "a=1, b")
		w.Header().Add("Set-Cookie", "c=2")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, a.body)
	})
	b := httpBox(t, s.URL, "")
	for name, a := range answers {
		got := b.request(`,"query":{"n":` + quote(name) + `}`)
		if !strings.HasPrefix(got, `{"status":418,"headers":{`) || !strings.HasSuffix(got, `},`+a.want+`}`) {
			t.Errorf("%s: %s, want %s", name, got, a.want)
		}
		if !strings.Contains(got, `"set-cookie":"a=1, b\nc=2"`) || !strings.Contains(got, `"x-two":"1, 2"`) {
			t.Errorf("%s: headers in %s", name, got)
		}
	}
	if got := b.request(`,"method":"HEAD"`); !strings.HasSuffix(got, `"text":""}`) {
		t.Errorf("HEAD: %s", got)
	}
}

func TestLargeAnswersAreErrors(t *testing.T) {
	t.Parallel()
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		size := 1000
		if r.URL.Query().Has("large") {
			size = 1001
		}
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", fmt.Sprint(size))
			w.Write(bytes.Repeat([]byte("x"), size))
		case "/chunks":
			for range size {
				w.Write([]byte("x"))
			}
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(bytes.Repeat([]byte("x"), size))
			z.Close()
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb())
		}
	})
	b := httpBox(t, s.URL, `,"max_answer":"1000B"`)
	for _, path := range []string{"/length", "/chunks", "/gzip"} {
		got := b.request(`,"path":"` + path + `"`)
		if !strings.Contains(got, strings.Repeat("eHh4", 100)) && !strings.Contains(got, strings.Repeat("x", 1000)) {
			t.Errorf("%s: %s", path, got)
		}
		b.refused("http.request", `{"connection":"crm","path":"`+path+`","query":{"large":1}}`, service.CodeTooLarge, "larger than it may be: more than 1000B")
	}
	err := b.refused("http.request", `{"connection":"crm","path":"/bomb"}`, service.CodeTooLarge, "1000B")
	if detail(err, "attempts") != "1" {
		t.Errorf("a large answer was asked for again: %v", err.Details)
	}
	if h := b.health("crm"); h.State != outgoing.Up || h.Breaker != "closed" {
		t.Errorf("health = %+v", h)
	}
}

// bomb is 64 MiB of zeros, packed.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range 64 {
		z.Write(zeros)
	}
	z.Close()
	return packed.Bytes()
})

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "short")
		case "/badgzip":
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "this is no gzip")
		case "/br":
			w.Header().Set("Content-Encoding", "br")
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, "\x0b")
		case "/headers":
			w.Header().Set("X-Large", strings.Repeat("x", 300<<10))
		default:
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		}
	})
	b := httpBox(t, s.URL, `,"retries":0`)
	for _, path := range []string{"/cut", "/badgzip", "/reset", "/headers"} {
		err := b.refused("http.request", `{"connection":"crm","path":"`+path+`"}`, service.CodeOutgoing, "crm: ")
		if detail(err, "sent") != "true" || err.Status != http.StatusBadGateway {
			t.Errorf("%s: %+v", path, err)
		}
		if h := b.health("crm"); h.State != outgoing.Down || h.LastError != err.Message {
			t.Errorf("%s: health = %+v", path, h)
		}
	}
	if got := b.request(`,"path":"/br"`); !strings.HasSuffix(got, `"base64":"Cw=="}`) {
		t.Errorf("unknown packing: %s", got)
	}
}

func TestPrivateAddressesNeedAnAllow(t *testing.T) {
	t.Parallel()
	s := peer(t, func(http.ResponseWriter, *http.Request) { t.Error("a forbidden address was reached") })
	b := newBox(t)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	b.apply(specs{
		"none":  `{"type":"http","url":"` + s.URL + `"}`,
		"other": `{"type":"http","url":"` + s.URL + `","allow":["10.0.0.0/8"]}`,
		"name":  `{"type":"http","url":"http://localhost` + port + `"}`,
		"meta":  `{"type":"http","url":"http://169.254.169.254/latest"}`,
		"odd":   `{"type":"http","url":"http://2130706433` + port + `"}`,
	})
	for _, name := range []string{"none", "other", "name", "meta"} {
		err := b.refused("http.request", `{"connection":"`+name+`"}`, service.CodeNotAllow, "is not allowed")
		if detail(err, "sent") != "false" || detail(err, "attempts") != "1" {
			t.Errorf("%s: %v", name, err.Details)
		}
		if _, err := b.Ping(context.Background(), name); err == nil {
			t.Errorf("%s: the ping went through", name)
		}
	}
	if _, err := b.op(context.Background(), "http.request", `{"connection":"odd","timeout_ms":2000}`); err == nil {
		t.Error("a decimal address went through")
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := newBox(t)
	b.vault["partner"] = "k1"
	defs := specs{"crm": httpSpec(s.URL, `,"security":"partner"`), "security/partner": `{"type":"apikey","key":{"ref":"env:K"}}`}
	b.apply(defs)
	if got := b.echo(`,"headers":{"X-Key":"mine"}`).JSON.Header["X-Key"]; len(got) != 1 || got[0] != "k1" {
		t.Errorf("X-Key = %q", got)
	}
	b.vault["partner"] = "k2" // in force with the changed security definition
	defs["security/partner"] = `{"type":"apikey","key":{"ref":"env:K"},"prefix":"Bearer"}`
	b.apply(defs)
	if got := b.echo("").JSON.Header.Get("X-Key"); got != "k2" {
		t.Errorf("X-Key after the change = %q", got)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := peer(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			echo(w, r)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/meta":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		default:
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
		}
	})
	b := newBox(t)
	b.vault["partner"] = "k1"
	b.apply(specs{
		"stay": httpSpec(s.URL, ""), "crm": httpSpec(s.URL, `,"security":"partner","follow_redirects":true,"headers":{"Host":"h.example"}`),
		"security/partner": `{"type":"apikey","key":{"ref":"env:K"}}`,
	})
	if got := b.must("http.request", `{"connection":"stay"}`); !strings.Contains(got, `"status":307`) || !strings.Contains(got, `"location":"/there"`) {
		t.Errorf("not followed: %s", got)
	}
	e := b.echo(`,"json":{"a":1}`)
	if e.JSON.URI != "/there" || e.JSON.Method != "POST" || e.JSON.Body != `{"a":1}` || e.JSON.Header.Get("X-Key") != "k1" || e.JSON.Host != "h.example" {
		t.Errorf("followed: %+v", e)
	}
	for _, path := range []string{"/other", "/meta"} {
		if got := b.request(`,"path":"` + path + `"`); !strings.Contains(got, `"status":302`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	b.refused("http.request", `{"connection":"crm","path":"/loop","retry":false}`, service.CodeOutgoing, "redirected more than 10 times")
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another host was asked %d times", n)
	}
}

func TestGoSDKOfHTTP(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := httpBox(t, s.URL+"/{v}", "")
	r, err := b.HTTP("crm").Do(context.Background(), outgoing.Request{
		Path: "x", Params: map[string]string{"v": "1"}, Body: []byte("b"), Timeout: time.Minute, CID: "cid-of-the-call",
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != 200 || r.Header.Get("Content-Type") != "application/json" || !bytes.Contains(r.Body, []byte(`"cid-of-the-call"`)) {
		t.Errorf("answer = %+v", r)
	}
}
