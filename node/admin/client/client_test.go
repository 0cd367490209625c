package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// node is a stand-in for a node's control port.
type node struct {
	*httptest.Server
	calls atomic.Int64
}

func start(t *testing.T, handle http.HandlerFunc) *node {
	t.Helper()
	n := &node{}
	n.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.calls.Add(1)
		handle(w, r)
	}))
	n.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	n.StartTLS()
	t.Cleanup(n.Close)
	return n
}

func dial(t *testing.T, trust *node, urls ...string) *Client {
	t.Helper()
	pool := x509.NewCertPool()
	if trust != nil {
		pool.AddCert(trust.Certificate())
	}
	c, err := New(Config{URLs: urls, Token: "sb_secret", CAs: pool, UserAgent: "signalbox-cli/1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// refused is an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return "https://" + l.Addr().String()
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  Config
		says string // empty: it is good
	}{
		"none":          {Config{}, "no URL"},
		"no scheme":     {Config{URLs: []string{"box:8183"}}, "control address"},
		"path":          {Config{URLs: []string{"https://box/api"}}, "control address"},
		"clear":         {Config{URLs: []string{"http://box:8183"}}, "not encrypted"},
		"clear at home": {Config{URLs: []string{"http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"}}, ""},
		"credentials":   {Config{URLs: []string{"https://u:hush@box"}}, "credentials"},
		"line break":    {Config{URLs: []string{"https://box"}, Token: "a\r\nX: y"}, "line break"},
		"both bad":      {Config{URLs: []string{"ftp://a", "https://ok", "http://b"}}, "not encrypted"},
		"good":          {Config{URLs: []string{"https://box:8183/", " https://box2 "}, Token: " t\n"}, ""},
	}
	for name, tc := range tests {
		c, err := New(tc.cfg)
		if tc.says == "" {
			if err != nil || len(c.URLs()) != len(tc.cfg.URLs) || strings.HasSuffix(c.URLs()[0], "/") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v does not say %q", name, err, tc.says)
		}
	}
}

func TestRequestCarriesWhoAndWhat(t *testing.T) {
	t.Parallel()
	var got http.Request
	var body []byte
	n := start(t, func(w http.ResponseWriter, r *http.Request) {
		got = *r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"name":"a b","version":4}`)
	})
	c := dial(t, n, n.URL)
	w, err := c.UpdateDefinition(t.Context(), odb.Definition{Kind: "channel", Name: "a/b é", Version: 3, Spec: json.RawMessage(`{"path":"/<x>"}`)}, "why")
	if err != nil || w.Version != 4 {
		t.Fatalf("UpdateDefinition() = %+v, %v", w, err)
	}
	if got.Method != "PUT" || got.URL.EscapedPath() != "/api/v1/definitions/channel/a%2Fb%20%C3%A9" {
		t.Errorf("%s %s", got.Method, got.URL.EscapedPath())
	}
	for name, want := range map[string]string{"Authorization": "Bearer sb_secret", "If-Match": `"3"`, "User-Agent": "signalbox-cli/1", "Content-Type": "application/json", "If-None-Match": ""} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if want := `{"spec":{"path":"/<x>"},"reason":"why"}` + "\n"; string(body) != want {
		t.Errorf("body is %s", body)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status      int
		contentType string
		body        string
		check       func(*Problem) bool
	}{
		"whole": {
			409, "application/problem+json", `{"title":"Conflict","status":409,"code":"conflict","detail":"it moved","cid":"c-1234567","current":{"version":3}}`,
			func(p *Problem) bool {
				return p.Code == "conflict" && p.Error() == "it moved" && string(p.Current) == `{"version":3}` && p.CID == "c-1234567" && p.RetryAfter == 7*time.Second
			},
		},
		"faults": {
			422, "application/problem+json; charset=utf-8", `{"status":422,"code":"invalid","detail":"bad","errors":[{"pointer":"/a","message":"is b"}]}`,
			func(p *Problem) bool {
				return p.Error() == "bad: /a: is b" && p.Title == "Unprocessable Entity" && p.CID == "from-header"
			},
		},
		"build": {
			422, "application/problem+json", `{"code":"build_failed","detail":"bad","messages":[{"file":"a.ts","line":3,"column":4,"text":"x"},{"file":"","text":"y"}]}`,
			func(p *Problem) bool { return p.Error() == "bad\na.ts:3:4: x\ny" && p.Status == 422 },
		},
		"a proxy":     {502, "text/html", "<h1>Bad Gateway</h1>", func(p *Problem) bool { return p.Status == 502 && strings.Contains(p.Error(), "502") && p.Code == "" }},
		"broken":      {500, "application/problem+json", "{", func(p *Problem) bool { return p.Status == 500 && p.Error() != "" }},
		"a redirect":  {302, "text/html", "", func(p *Problem) bool { return p.Status == 302 }},
		"status lies": {403, "application/problem+json", `{"status":200,"code":"forbidden"}`, func(p *Problem) bool { return p.Status == 403 && p.Error() != "" }},
	}
	for name, tc := range tests {
		n := start(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.contentType)
			w.Header().Set("X-Correlation-ID", "from-header")
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		})
		_, err := dial(t, n, n.URL).Me(t.Context())
		p, ok := errors.AsType[*Problem](err)
		if !ok || !tc.check(p) {
			t.Errorf("%s: %#v", name, err)
		}
		if n.calls.Load() != 1 {
			t.Errorf("%s: %d calls", name, n.calls.Load())
		}
	}
}

// A redirect must not carry the token to another place.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := start(t, func(http.ResponseWriter, *http.Request) {})
	n := start(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if _, err := dial(t, n, n.URL).Me(t.Context()); err == nil || other.calls.Load() != 0 {
		t.Errorf("Me() = %v, the other place saw %d calls", err, other.calls.Load())
	}
}

func TestNextAddress(t *testing.T) {
	t.Parallel()
	dead := refused(t)
	n := start(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	c := dial(t, n, dead, n.URL)
	for range 2 {
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Apply(t.Context(), ApplyRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if first := c.order()[0]; first != 1 {
		t.Errorf("the next call begins with address %d", first)
	}
	c.Close()
	n.Close()
	_, err := c.Apply(t.Context(), ApplyRequest{})
	u, ok := errors.AsType[*Unreachable](err)
	if !ok || !errors.Is(err, ErrUnreachable) || u.Sent || !strings.Contains(err.Error(), dead) {
		t.Errorf("error is %#v", err)
	}
}

// A write that may have arrived is not sent to another node a second time.
func TestWriteIsNotRepeated(t *testing.T) {
	t.Parallel()
	cut := start(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	n := start(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	c := dial(t, cut, cut.URL, n.URL)
	_, err := c.Apply(t.Context(), ApplyRequest{})
	u, ok := errors.AsType[*Unreachable](err)
	if !ok || !u.Sent || !strings.Contains(err.Error(), "not known") || n.calls.Load() != 0 {
		t.Errorf("error is %v, the other node saw %d calls", err, n.calls.Load())
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	n := start(t, func(http.ResponseWriter, *http.Request) {})
	clear := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(clear.Close)
	tests := map[string]*Client{
		"nobody listens": dial(t, nil, refused(t)),
		"other CA":       dial(t, nil, n.URL),
		"no TLS":         dial(t, nil, strings.Replace(clear.URL, "http:", "https:", 1)),
	}
	for name, c := range tests {
		_, err := c.Apply(t.Context(), ApplyRequest{})
		u, ok := errors.AsType[*Unreachable](err)
		if !ok || u.Sent || u.URL != c.URLs()[0] || strings.Contains(err.Error(), "sb_secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n.calls.Load() != 0 {
		t.Error("a node that was not trusted was sent a request")
	}
	if _, err := tests["other CA"].Me(t.Context()); !errors.As(err, new(*tls.CertificateVerificationError)) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dial(t, n, n.URL).Me(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("a canceled call gives %v", err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "text é", "\xff\x00\x01", "\x00"} {
		f := NewFile([]byte(content))
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back File
		if err := json.Unmarshal(raw, &back); err != nil || string(back.Bytes()) != content {
			t.Errorf("%q came back as %q, %v", content, back.Bytes(), err)
		}
	}
}

func FuzzReadProblem(f *testing.F) {
	f.Add("application/problem+json", []byte(`{"status":1,"errors":[{}],"retry":"x"}`), "5")
	f.Add("text/html", []byte("<"), "-1")
	f.Fuzz(func(t *testing.T, contentType string, body []byte, retry string) {
		resp := &http.Response{Status: "500 x", StatusCode: 500, Header: http.Header{"Content-Type": {contentType}, "Retry-After": {retry}}, Request: httptest.NewRequest("GET", "https://box/", nil)}
		if p := readProblem(resp, body); p.Status != 500 || p.Error() == "" || p.RetryAfter < 0 {
			t.Errorf("problem is %+v", p)
		}
	})
}
