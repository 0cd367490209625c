package security

import (
	"context"
	"crypto/elliptic"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keyServer serves a JWKS document that tests replace, or fails.
type keyServer struct {
	*httptest.Server
	mu      sync.Mutex
	status  int
	body    string
	hits    atomic.Int64
	waiting chan struct{} // when not nil, an answer waits for it to be closed
}

func newKeyServer(tb testing.TB, body string) *keyServer {
	tb.Helper()
	s := &keyServer{status: 200, body: body}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		s.mu.Lock()
		status, body, waiting := s.status, s.body, s.waiting
		s.mu.Unlock()
		if waiting != nil {
			<-waiting
		}
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/jwks", http.StatusFound)
			return
		}
		if r.URL.Path == "/round" {
			http.Redirect(w, r, "/round", http.StatusFound)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	tb.Cleanup(s.Close)
	return s
}

func (s *keyServer) set(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

func (s *keyServer) fields(path string) map[string]any {
	return map[string]any{"algorithms": []string{"ES256"}, "jwks_url": s.URL + path, "jwks_allow": []string{"127.0.0.0/8"}, "jwks_every": "15m"}
}

// run runs the manager until the test ends.
func (h *harness) run(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run() = %v", err)
		}
	})
}

func kid(id string) map[jose.HeaderKey]any { return map[jose.HeaderKey]any{"kid": id} }

func TestKeyURL(t *testing.T) {
	t.Parallel()
	one, two := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	first := jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"})
	both := jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"}, jose.JSONWebKey{Key: two.Public(), KeyID: "2"})
	s := newKeyServer(t, first)
	h := newHarness(t)
	h.apply(t, jwtDef(t, "tokens", s.fields("/jwks")))
	of1, of2 := token(t, jose.ES256, one, kid("1"), nil), token(t, jose.ES256, two, kid("2"), nil)

	if got := outcome(h, of1, "tokens"); got != "ok ann" || s.hits.Load() != 1 {
		t.Fatalf("first token: %s after %d fetches", got, s.hits.Load())
	}
	s.set(200, both)
	for range 5 { // unknown key, but the last fetch was a moment ago
		if got := outcome(h, of2, "tokens"); got != "bad_token" || s.hits.Load() != 1 {
			t.Fatalf("new key at once: %s after %d fetches", got, s.hits.Load())
		}
	}
	h.clock.add(againAfter)
	if got := outcome(h, of2, "tokens"); got != "ok ann" || s.hits.Load() != 2 {
		t.Fatalf("new key after a while: %s after %d fetches", got, s.hits.Load())
	}

	s.set(500, "")
	h.clock.add(againAfter)
	if got := outcome(h, token(t, jose.ES256, one, kid("3"), nil), "tokens"); got != "bad_token" || s.hits.Load() != 3 {
		t.Errorf("while down, unknown key: %s after %d fetches", got, s.hits.Load())
	}
	if got := outcome(h, of2, "tokens"); got != "ok ann" {
		t.Errorf("while down, known key: %s", got)
	}
	src := h.KeySources()
	if len(src) != 1 || src[0].State != "down" || src[0].Keys != 2 || !strings.Contains(src[0].Error, "status 500") || !src[0].Since.Equal(h.clock.now()) {
		t.Errorf("KeySources() = %+v", src)
	}
}

func TestKeyURLRefreshedByRun(t *testing.T) {
	t.Parallel()
	one, two := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	s := newKeyServer(t, jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"}))
	h := newHarness(t)
	h.run(t)
	h.apply(t, jwtDef(t, "tokens", s.fields("/jwks")))
	eventually(t, "first fetch without a request", func() bool { return h.KeySources()[0].State == "up" })

	s.set(200, jwksOf(t, jose.JSONWebKey{Key: two.Public(), KeyID: "2"}))
	h.clock.add(15 * time.Minute)
	eventually(t, "second fetch", func() bool {
		return outcome(h, token(t, jose.ES256, two, kid("2"), claims{"exp": 1e10}), "tokens") == "ok ann"
	})
	if got := outcome(h, token(t, jose.ES256, one, kid("1"), claims{"exp": 1e10}), "tokens"); got != "bad_token" {
		t.Errorf("a withdrawn key: %s", got)
	}

	s.set(404, "")
	h.clock.add(15 * time.Minute)
	eventually(t, "down", func() bool { return h.KeySources()[0].State == "down" })
	s.set(200, jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"}))
	h.clock.add(againAfter)
	eventually(t, "up again after the back-off", func() bool { return h.KeySources()[0].State == "up" })
}

func TestKeyURLDownFromTheStart(t *testing.T) {
	t.Parallel()
	one := newEC(t, elliptic.P256())
	s := newKeyServer(t, "")
	s.set(503, "")
	h := newHarness(t)
	h.apply(t, jwtDef(t, "tokens", s.fields("/jwks")))
	good := token(t, jose.ES256, one, kid("1"), nil)
	for range 3 {
		if got := outcome(h, good, "tokens"); got != "unavailable" || s.hits.Load() != 1 {
			t.Fatalf("got %s after %d fetches", got, s.hits.Load())
		}
	}
	s.set(200, jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"}))
	h.clock.add(againAfter)
	if got := outcome(h, good, "tokens"); got != "ok ann" {
		t.Errorf("after the server came up: %s", got)
	}
}

func TestKeyURLRefuses(t *testing.T) {
	t.Parallel()
	one := newEC(t, elliptic.P256())
	good := jwksOf(t, jose.JSONWebKey{Key: one.Public()})
	tests := map[string]struct {
		path, body string
		allow      []string
		want       string // in the error of the source; empty: works
	}{
		"good":              {"/jwks", good, []string{"127.0.0.0/8"}, ""},
		"redirect":          {"/moved", good, []string{"127.0.0.0/8"}, ""},
		"endless redirects": {"/round", good, []string{"127.0.0.0/8"}, "redirect"},
		"not allowed":       {"/jwks", good, nil, "not allowed: it is loopback"},
		"other network":     {"/jwks", good, []string{"10.0.0.0/8"}, "not allowed"},
		"too large":         {"/jwks", good + strings.Repeat(" ", maxKeyText), []string{"127.0.0.0/8"}, "more than"},
		"not a key set":     {"/jwks", "<html>", []string{"127.0.0.0/8"}, "neither PEM"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyServer(t, tc.body)
			h := newHarness(t)
			fields := s.fields(tc.path)
			fields["jwks_allow"] = tc.allow
			h.apply(t, jwtDef(t, "tokens", fields))
			got := outcome(h, token(t, jose.ES256, one, nil, nil), "tokens")
			src := h.KeySources()[0]
			if tc.want == "" && (got != "ok ann" || src.State != "up") {
				t.Errorf("got %s, %+v", got, src)
			}
			if tc.want != "" && (got != "unavailable" || !strings.Contains(src.Error, tc.want)) {
				t.Errorf("got %s, %+v, want %q", got, src, tc.want)
			}
			if strings.Contains(tc.want, "not allowed") && s.hits.Load() != 0 {
				t.Error("the guarded server was asked")
			}
		})
	}
}

// Requests that need keys at the same time share one fetch.
func TestFetchIsShared(t *testing.T) {
	t.Parallel()
	one := newEC(t, elliptic.P256())
	s := newKeyServer(t, jwksOf(t, jose.JSONWebKey{Key: one.Public()}))
	gate := make(chan struct{})
	s.waiting = gate
	h := newHarness(t)
	h.apply(t, jwtDef(t, "tokens", s.fields("/jwks")))
	text := token(t, jose.ES256, one, nil, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := outcome(h, text, "tokens"); got != "ok ann" {
				t.Error(got)
			}
		})
	}
	eventually(t, "one fetch under way", func() bool { return s.hits.Load() == 1 })
	close(gate)
	wg.Wait()
	if s.hits.Load() != 1 {
		t.Errorf("%d fetches, want 1", s.hits.Load())
	}
}

func TestSourceIsKeptAcrossApply(t *testing.T) {
	t.Parallel()
	one := newEC(t, elliptic.P256())
	s := newKeyServer(t, jwksOf(t, jose.JSONWebKey{Key: one.Public()}))
	h := newHarness(t)
	fields := s.fields("/jwks")
	h.apply(t, jwtDef(t, "tokens", fields))
	text := token(t, jose.ES256, one, nil, claims{"tier": "gold"})
	if got := outcome(h, text, "tokens"); got != "ok ann" {
		t.Fatal(got)
	}
	fields["claims"] = map[string]string{"tier": "silver"}
	h.apply(t, jwtDef(t, "tokens", fields))
	if got := outcome(h, text, "tokens"); got != "missing_claim" || s.hits.Load() != 1 {
		t.Errorf("changed rules: %s after %d fetches, want the keys kept", got, s.hits.Load())
	}
	fields["jwks_url"] = s.URL + "/moved"
	h.apply(t, jwtDef(t, "tokens", fields))
	if got := outcome(h, text, "tokens"); got != "missing_claim" || s.hits.Load() != 3 {
		t.Errorf("changed URL: %s after %d fetches, want them fetched anew", got, s.hits.Load())
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	one, two := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	path := filepath.Join(t.TempDir(), "jwks.json")
	stamp := time.Now().Add(-time.Hour)
	write := func(text string) {
		t.Helper()
		stamp = stamp.Add(time.Second)
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path+".new", stamp, stamp); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	h := newHarness(t)
	h.run(t)
	d := jwtDef(t, "tokens", map[string]any{"algorithms": []string{"ES256"}, "jwks_file": path})
	of1, of2 := token(t, jose.ES256, one, nil, nil), token(t, jose.ES256, two, nil, nil)

	problems := h.Apply(t.Context(), snapshot(t, d))
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "no such file") {
		t.Fatalf("without a file: %+v", problems)
	}
	if got := outcome(h, of1, "tokens"); got != "unavailable" {
		t.Errorf("without a file: %s", got)
	}
	write(jwksOf(t, jose.JSONWebKey{Key: one.Public()}))
	h.clock.add(fileEvery)
	eventually(t, "the file is found", func() bool { return outcome(h, of1, "tokens") == "ok ann" })
	h.apply(t, d)

	write(jwksOf(t, jose.JSONWebKey{Key: two.Public()}))
	h.clock.add(fileEvery)
	eventually(t, "the new file is read", func() bool { return outcome(h, of2, "tokens") == "ok ann" })

	write("garbage")
	h.clock.add(fileEvery)
	eventually(t, "the bad file is seen", func() bool { return h.KeySources()[0].State == "down" })
	if got := outcome(h, of2, "tokens"); got != "ok ann" {
		t.Errorf("with a bad file: %s, want the last good keys", got)
	}
	if problems := h.Apply(t.Context(), snapshot(t, d)); len(problems) != 1 || !strings.Contains(problems[0].Reason, "neither PEM") {
		t.Errorf("with a bad file: %+v", problems)
	}
	if got := outcome(h, of2, "tokens"); got != "ok ann" {
		t.Errorf("with a bad file, after Apply: %s", got)
	}
}

// A client that goes away does not end the fetch that others wait for.
func TestFetchOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	one := newEC(t, elliptic.P256())
	s := newKeyServer(t, jwksOf(t, jose.JSONWebKey{Key: one.Public()}))
	h := newHarness(t)
	h.apply(t, jwtDef(t, "tokens", s.fields("/jwks")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := request("Authorization", "Bearer "+token(t, jose.ES256, one, nil, nil)).WithContext(ctx)
	if _, err := h.Authenticate(r, []string{"tokens"}); err != nil {
		t.Errorf("Authenticate() = %v", err)
	}
}
