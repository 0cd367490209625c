package channel_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/node/channel"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

const ann = "Basic YW5uOnMzY3JldC1zM2NyZXQ="

func TestSecurity(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{show},
		define("security", "partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"},"realm":"B2B"}`),
		define("security", "key", `{"type":"apikey","username":"robot","header":"X-Key","key":{"ref":"env:PW"}}`),
		define("security", "other", `{"type":"basic","username":"eve","password":{"ref":"env:PW"}}`),
		ch("open", `"path":"/open","service":"show"`),
		ch("closed", `"path":"/closed","service":"show","security":["partner","key"]`),
	)
	tests := map[string]struct {
		path    string
		headers []string
		status  int
		code    string // or the user
	}{
		"open":            {"/open", nil, 200, ""},
		"open, any":       {"/open", []string{"Authorization", "Basic x"}, 200, ""},
		"basic":           {"/closed", []string{"Authorization", ann}, 200, "ann"},
		"key":             {"/closed", []string{"X-Key", "s3cret-s3cret"}, 200, "robot"},
		"nothing":         {"/closed", nil, 401, "unauthorized"},
		"wrong":           {"/closed", []string{"Authorization", "Basic YW5uOng="}, 401, "unauthorized"},
		"good, but other": {"/closed", []string{"Authorization", "Basic ZXZlOnMzY3JldC1zM2NyZXQ="}, 403, "forbidden"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := r.do("GET", tc.path, "", tc.headers...)
			if a.status != tc.status {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			if tc.status != 200 && a.code() != tc.code {
				t.Errorf("got %s", a.body)
			}
			if tc.status == 200 && tc.code != "" && !strings.Contains(a.body, `"name":"`+tc.code+`"`) {
				t.Errorf("user %s is not in %s", tc.code, a.body)
			}
			want := []string(nil)
			if tc.status == 401 {
				want = []string{`Basic realm="B2B", charset="UTF-8"`, `ApiKey realm="Signalbox", header="X-Key"`}
			}
			if got := a.header.Values("WWW-Authenticate"); !slices.Equal(got, want) {
				t.Errorf("WWW-Authenticate = %q", got)
			}
			if strings.Contains(a.body, "s3cret") || strings.Contains(a.body, "Authorization") {
				t.Errorf("the answer shows credentials: %s", a.body)
			}
		})
	}
	refused := r.channels.Refused()
	if refused["unauthorized"] != 2 || refused["forbidden"] != 1 {
		t.Errorf("Refused() = %v", refused)
	}
}

func TestAllowedAddresses(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{show},
		ch("home", `"path":"/home","service":"show","allow_ips":["10.0.0.0/8","127.0.0.1"]`),
		ch("away", `"path":"/away","service":"show","allow_ips":["10.0.0.0/8"]`),
	)
	for path, want := range map[string]string{"/home": "", "/away": "address_not_permitted"} {
		a := r.do("GET", path, "", "X-Forwarded-For", "10.1.2.3")
		if a.code() != want || (a.status == 403) != (want != "") {
			t.Errorf("%s = %d %s", path, a.status, a.body)
		}
	}
	for remote, status := range map[string]int{"10.0.0.1:5": 200, "[::ffff:10.0.0.1]:5": 200, "[2001:db8::1]:5": 403, "@": 403, "": 403} {
		req := httptest.NewRequest("GET", "/away", nil)
		req.RemoteAddr = remote
		w := httptest.NewRecorder()
		r.channels.ServeHTTP(w, req)
		if w.Code != status {
			t.Errorf("from %q: %d, want %d", remote, w.Code, status)
		}
	}
}

// direct calls the channels as the balancer does, from an address.
func direct(m http.Handler, path, remote, auth string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", path, nil)
	req.RemoteAddr = remote
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, req)
	return w
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChain(t, service.Compiled("test", show),
			define("security", "ann", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
			define("security", "eve", `{"type":"basic","username":"eve","password":{"ref":"env:PW"}}`),
			ch("all", `"path":"/all","service":"show","rate_limit":{"requests":2,"per":"10s"}`),
			ch("ip", `"path":"/ip","service":"show","rate_limit":{"requests":1,"per":"10s","by":"ip"}`),
			ch("user", `"path":"/user","service":"show","rate_limit":{"requests":1,"per":"10s","by":"user"},"security":["ann","eve"]`),
			ch("burst", `"path":"/burst","service":"show","rate_limit":{"requests":1,"per":"1s","burst":5}`),
		)
		get := func(path, remote, auth string) *httptest.ResponseRecorder {
			return direct(c.channels, path, remote, auth)
		}
		expect := func(what string, w *httptest.ResponseRecorder, status int, retry string) {
			t.Helper()
			if w.Code != status || w.Header().Get("Retry-After") != retry {
				t.Errorf("%s: %d, Retry-After %q; want %d, %q", what, w.Code, w.Header().Get("Retry-After"), status, retry)
			}
		}
		expect("first", get("/all", "1.1.1.1:1", ""), 200, "")
		expect("second", get("/all", "2.2.2.2:1", ""), 200, "")
		expect("third", get("/all", "3.3.3.3:1", ""), 429, "5")
		time.Sleep(4 * time.Second)
		expect("refused ones cost nothing", get("/all", "3.3.3.3:1", ""), 429, "1")
		time.Sleep(time.Second)
		expect("after the wait", get("/all", "3.3.3.3:1", ""), 200, "")

		expect("one address", get("/ip", "1.1.1.1:1", ""), 200, "")
		expect("same address", get("/ip", "1.1.1.1:2", ""), 429, "10")
		expect("same address, mapped", get("/ip", "[::ffff:1.1.1.1]:2", ""), 429, "10")
		expect("other address", get("/ip", "2.2.2.2:1", ""), 200, "")
		expect("IPv6", get("/ip", "[2001:db8::1]:1", ""), 200, "")
		expect("same /64", get("/ip", "[2001:db8::2]:1", ""), 429, "10")
		expect("other /64", get("/ip", "[2001:db8:0:1::1]:1", ""), 200, "")

		const eve = "Basic ZXZlOnMzY3JldC1zM2NyZXQ="
		expect("ann", get("/user", "1.1.1.1:1", ann), 200, "")
		expect("ann again", get("/user", "2.2.2.2:1", ann), 429, "10")
		expect("eve", get("/user", "1.1.1.1:1", eve), 200, "")
		expect("nobody is not counted", get("/user", "1.1.1.1:1", ""), 401, "")

		for range 5 {
			expect("burst", get("/burst", "1.1.1.1:1", ""), 200, "")
		}
		expect("after the burst", get("/burst", "1.1.1.1:1", ""), 429, "1")

		// A change elsewhere in the channel does not forgive; a change of the limit does.
		apply := func(spec string) {
			snap, err := odb.NewSnapshot(2, []odb.Definition{ch("burst", `"path":"/burst","service":"show",`+spec)})
			if err != nil {
				t.Fatal(err)
			}
			if p := c.channels.Apply(t.Context(), snap); p != nil {
				t.Fatal(p)
			}
		}
		apply(`"status":201,"rate_limit":{"requests":1,"per":"1s","burst":5}`)
		expect("same limit", get("/burst", "1.1.1.1:1", ""), 429, "1")
		apply(`"status":201,"rate_limit":{"requests":2,"per":"1s"}`)
		expect("other limit", get("/burst", "1.1.1.1:1", ""), 201, "")
	})
}

func TestCORS(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{show},
		define("security", "partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
		ch("get", `"path":"/a","service":"show","security":["partner"],"cors":{"origins":["https://shop.example"],"headers":["Authorization"],"expose":["Location"],"credentials":true,"max_age":"5m"}`),
		ch("post", `"method":"POST","path":"/a","service":"show","cors":{"origins":["*"]}`),
		ch("put", `"method":"PUT","path":"/a","service":"show"`),
	)
	preflight := func(origin, method, headers string) answer {
		h := []string{"Origin", origin, "Access-Control-Request-Method", method}
		if headers != "" {
			h = append(h, "Access-Control-Request-Headers", headers)
		}
		return r.do("OPTIONS", "/a", "", h...)
	}
	const allowOrigin = "Access-Control-Allow-Origin"
	tests := map[string]struct {
		a      answer
		status int
		origin string
	}{
		"preflight":                    {preflight("https://shop.example", "GET", "authorization"), 204, "https://shop.example"},
		"preflight of HEAD":            {preflight("https://shop.example", "HEAD", ""), 204, "https://shop.example"},
		"preflight of any origin":      {preflight("https://evil.example", "POST", "content-type"), 204, "*"},
		"preflight of another origin":  {preflight("https://evil.example", "GET", ""), 204, ""},
		"preflight of another header":  {preflight("https://shop.example", "GET", "x-other"), 204, ""},
		"preflight where CORS is off":  {preflight("https://shop.example", "PUT", ""), 204, ""},
		"preflight of no such method":  {preflight("https://shop.example", "DELETE", ""), 204, ""},
		"request":                      {r.do("GET", "/a", "", "Origin", "https://shop.example", "Authorization", ann), 200, "https://shop.example"},
		"request without credentials":  {r.do("GET", "/a", "", "Origin", "https://shop.example"), 401, "https://shop.example"},
		"request of another origin":    {r.do("GET", "/a", "", "Origin", "https://evil.example", "Authorization", ann), 200, ""},
		"request without an origin":    {r.do("GET", "/a", "", "Authorization", ann), 200, ""},
		"request where CORS is off":    {r.do("PUT", "/a", "", "Origin", "https://shop.example"), 200, ""},
		"OPTIONS that is no preflight": {r.do("OPTIONS", "/a", "", "Origin", "https://shop.example"), 204, ""},
	}
	for name, tc := range tests {
		if tc.a.status != tc.status || tc.a.header.Get(allowOrigin) != tc.origin {
			t.Errorf("%s: %d with %q, want %d with %q", name, tc.a.status, tc.a.header.Get(allowOrigin), tc.status, tc.origin)
		}
	}
	h := tests["preflight"].a.header
	if h.Get("Access-Control-Allow-Methods") != "GET" || h.Get("Access-Control-Allow-Headers") != "authorization" || h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Max-Age") != "300" {
		t.Errorf("preflight: %v", h)
	}
	if h := tests["request"].a.header; !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Location") || !slices.Contains(h.Values("Vary"), "Origin") || !slices.Contains(h.Values("Vary"), "Accept") {
		t.Errorf("request: %v", h)
	}
	if h := tests["OPTIONS that is no preflight"].a.header; h.Get("Allow") != "GET, HEAD, OPTIONS, POST, PUT" {
		t.Errorf("Allow = %q", h.Get("Allow"))
	}
}

// raw sends bytes and reads one answer; closes says that it is the connection's last.
func (r *rig) raw(send string) (a answer, closes bool) {
	r.tb.Helper()
	c, err := (&net.Dialer{}).DialContext(r.tb.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.tb.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, send); err != nil {
		r.tb.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, resp.Close
}

func TestBodiesThatAreNotSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{input},
		define("security", "partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
		ch("a", `"method":"POST","path":"/a","service":"input","max_body":"100","timeout":"100ms"`),
		ch("b", `"method":"POST","path":"/b","service":"input","security":["partner"]`),
		ch("none", `"method":"POST","path":"/none","service":"input","body":"none"`),
	)
	head := func(path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + more + "\r\n"
	}
	chunk := func(n int) string { return fmt.Sprintf("%x\r\n%s\r\n", n, strings.Repeat("1", n)) }
	tests := map[string]struct {
		send   string
		status int
		code   string
		closes bool
	}{
		"announced too large":      {head("/a", "Content-Length: 101\r\nExpect: 100-continue\r\n"), 413, "body_too_large", true},
		"announced, not known":     {head("/b", "Content-Length: 5\r\nExpect: 100-continue\r\n"), 401, "unauthorized", true},
		"announced, other type":    {strings.Replace(head("/a", "Content-Length: 5\r\nExpect: 100-continue\r\n"), "json", "pdf", 1), 415, "unsupported_media_type", true},
		"announced where none may": {head("/none", "Content-Length: 5\r\nExpect: 100-continue\r\n"), 400, "body_not_allowed", true},
		"grows too large":          {head("/a", "Transfer-Encoding: chunked\r\n") + chunk(60) + chunk(60), 413, "body_too_large", true},
		"chunked where none may":   {head("/none", "Transfer-Encoding: chunked\r\n") + chunk(1) + "0\r\n\r\n", 400, "body_not_allowed", true},
		"empty chunked":            {head("/none", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 200, "", false},
		"chunked":                  {head("/a", "Transfer-Encoding: chunked\r\n") + chunk(60) + "0\r\n\r\n", 200, "", false},
		"never comes":              {head("/a", "Content-Length: 5\r\n") + "1", 408, "body_timeout", true},
		"chunk never comes":        {head("/a", "Transfer-Encoding: chunked\r\n") + "5\r\n1", 408, "body_timeout", true},
		"bad chunk":                {head("/a", "Transfer-Encoding: chunked\r\n") + "x\r\n", 400, "invalid_body", true},
		"compressed":               {head("/a", "Content-Length: 1\r\nContent-Encoding: gzip\r\n") + "1", 415, "unsupported_media_type", false},
		"identity":                 {head("/a", "Content-Length: 1\r\nContent-Encoding: identity\r\n") + "1", 200, "", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, closes := r.raw(tc.send)
			if a.status != tc.status || a.code() != tc.code {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, tc.status, tc.code)
			}
			if tc.closes && !closes {
				t.Error("the connection stays open behind a body that nobody reads")
			}
		})
	}
}

// The time to read a body is not the time to work: after the body has come, its
// deadline must not end the request.
func TestDeadlineOfBodyEndsWithIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, []service.Service{input}, ch("a", `"method":"POST","path":"/a","service":"input","timeout":"100ms"`))
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for range 3 {
		<-time.After(110 * time.Millisecond) // longer than the deadline that the request before had
		if _, err := io.WriteString(c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
}

// panicking is an authenticator with a fault.
type panicking struct{}

func (panicking) Authenticate(*http.Request, []string) (*security.Identity, error) { panic("boom") }
func (panicking) CredentialHeaders() []string                                      { return nil }

// watcher notes what an observer is told.
type watcher struct {
	mu     sync.Mutex
	events []string
}

func (w *watcher) ChannelStart(name string) { w.note("start " + name) }
func (w *watcher) ChannelEnd(name string, status int, took time.Duration) {
	w.note(fmt.Sprintf("end %s %d %t", name, status, took >= 0))
}

func (w *watcher) note(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, s)
}

func TestObserver(t *testing.T) {
	t.Parallel()
	w := &watcher{}
	r := newRigObserved(t, w, []service.Service{show, fail("inner", errInside)}, ch("a", `"path":"/a","service":"show"`), ch("b", `"path":"/b","service":"inner"`))
	r.do("GET", "/a", "")
	r.do("GET", "/b", "")
	r.do("GET", "/a", "", "Accept", "image/png")
	r.do("GET", "/none", "")
	r.do("OPTIONS", "/a", "")
	w.mu.Lock()
	defer w.mu.Unlock()
	want := "start a|end a 200 true|start b|end b 500 true|start a|end a 406 true"
	if got := strings.Join(w.events, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := channel.Config{Invoker: &service.Invoker{}, Services: service.NewRegistry(), Security: panicking{}}
	for name, spoil := range map[string]func(*channel.Config){
		"invoker": func(c *channel.Config) { c.Invoker = nil }, "services": func(c *channel.Config) { c.Services = nil }, "security": func(c *channel.Config) { c.Security = nil },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := channel.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New() without %s = %v", name, err)
		}
	}
}
