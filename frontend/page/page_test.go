package page_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"signalbox.internal/frontend/page"
)

func TestOwn(t *testing.T) {
	t.Parallel()
	const origin = "https://node:8183"
	for name, tc := range map[string]struct {
		method       string
		site, origin []string
		want         bool
	}{
		"address line":             {"GET", []string{"none"}, nil, true},
		"no browser":               {"GET", nil, nil, true},
		"own read":                 {"GET", []string{"same-origin"}, nil, true},
		"read of another site":     {"GET", []string{"cross-site"}, nil, false},
		"read of another port":     {"GET", []string{"same-site"}, nil, false},
		"own write":                {"POST", []string{"same-origin"}, []string{origin}, true},
		"own write, old browser":   {"POST", nil, []string{origin}, true},
		"write without a word":     {"POST", nil, nil, false},
		"write of the user's own":  {"POST", []string{"none"}, nil, false},
		"write of another site":    {"POST", []string{"cross-site"}, []string{"https://evil.example"}, false},
		"write of another port":    {"DELETE", []string{"same-site"}, []string{"https://node:9000"}, false},
		"write of another scheme":  {"PUT", nil, []string{"http://node:8183"}, false},
		"write of a sandbox":       {"POST", nil, []string{"null"}, false},
		"two origins":              {"POST", nil, []string{origin, "https://evil.example"}, false},
		"headers that contradict":  {"POST", []string{"cross-site"}, []string{origin}, false},
		"headers that contradict2": {"POST", []string{"same-origin"}, []string{"https://evil.example"}, false},
	} {
		r := httptest.NewRequest(tc.method, "/api/clusters", nil)
		r.Header["Sec-Fetch-Site"], r.Header["Origin"] = tc.site, tc.origin
		if got := page.Own(r, origin); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	page.Headers(h)
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
		if h.Get(name) != want {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}
}

// What a browser refuses to run under another name, whatever the system's table says.
func TestContentType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"index.html": "text/html; charset=utf-8", "assets/a.js": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8",
		"a.woff2": "font/woff2", "icon.png": "image/png", "sdk/a.d.ts": "text/plain; charset=utf-8", "none": "application/octet-stream",
	} {
		if got := page.ContentType(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
