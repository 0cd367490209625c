package lb

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func refuse(w http.ResponseWriter, _ *http.Request, status int, code, detail string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(retryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, code+": "+detail)
}

// fixed makes limits that do not change.
func fixed(l Limits) func() Limits { return func() Limits { return l } }

func newBalancer(tb testing.TB, local http.Handler, limits func() Limits) *Balancer {
	tb.Helper()
	b, err := New(Config{Local: local, Refuse: refuse, Limits: limits, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	b.Local().SetState(Up)
	return b
}

// echo answers with what a server sees of a request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"remote": r.RemoteAddr, "header": r.Header, "path": r.URL.Path, "target": r.URL.String(), "host": r.Host})
})

type seen struct {
	Remote, Path, Target, Host string
	Header                     http.Header
}

// ask calls the handler without a socket.
func ask(tb testing.TB, h http.Handler, r *http.Request) (*httptest.ResponseRecorder, seen) {
	tb.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var s seen
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
			tb.Fatalf("%v: %s", err, w.Body)
		}
	}
	return w, s
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no server":  {Refuse: refuse, Limits: fixed(Limits{})},
		"no refusal": {Local: echo, Limits: fixed(Limits{})},
		"no limits":  {Local: echo, Refuse: refuse},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: New() = nil", name)
		}
	}
}

func TestCorrelationID(t *testing.T) {
	t.Parallel()
	b := newBalancer(t, echo, fixed(Limits{}))
	tests := map[string]struct {
		sent []string
		keep bool
	}{
		"good":               {[]string{"order-4711_A.b"}, true},
		"shortest":           {[]string{"12345678"}, true},
		"longest":            {[]string{strings.Repeat("x", 64)}, true},
		"none":               {nil, false},
		"empty":              {[]string{""}, false},
		"too short":          {[]string{"1234567"}, false},
		"too long":           {[]string{strings.Repeat("x", 65)}, false},
		"bad character":      {[]string{"12345678 "}, false},
		"markup":             {[]string{"<script>xx"}, false},
		"letter beyond":      {[]string{"åäöåäöåäö"}, false},
		"two":                {[]string{"12345678", "abcdefgh"}, false},
		"two that are equal": {[]string{"12345678", "12345678"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/", nil)
			if tc.sent != nil {
				r.Header["X-Correlation-Id"] = tc.sent
			}
			w, s := ask(t, b, r)
			got := w.Header().Values("X-Correlation-ID")
			if len(got) != 1 || !wellFormed(got[0]) || len(s.Header["X-Correlation-Id"]) != 1 || s.Header["X-Correlation-Id"][0] != got[0] {
				t.Fatalf("answer has %q, server saw %q", got, s.Header["X-Correlation-Id"])
			}
			if kept := len(tc.sent) > 0 && got[0] == tc.sent[0]; kept != tc.keep {
				t.Errorf("sent %q, got %q; want it kept: %t", tc.sent, got[0], tc.keep)
			}
		})
	}
	if one, two := newCID(), newCID(); one == two {
		t.Error("two new ids are equal")
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("192.0.2.7/32")}
	tests := map[string]struct {
		peer   string
		xff    []string
		client string
		kept   string // of X-Forwarded-For
	}{
		"direct":                       {"203.0.113.9:4711", nil, "203.0.113.9:4711", ""},
		"stranger":                     {"203.0.113.9:4711", []string{"1.2.3.4"}, "203.0.113.9:4711", ""},
		"trusted, no list":             {"10.0.0.1:80", nil, "10.0.0.1:80", ""},
		"trusted":                      {"10.0.0.1:80", []string{"203.0.113.9"}, "203.0.113.9:0", "203.0.113.9"},
		"trusted v6":                   {"[fd00::1]:80", []string{"2001:db8::9"}, "[2001:db8::9]:0", "2001:db8::9"},
		"trusted mapped":               {"[::ffff:10.0.0.1]:80", []string{"203.0.113.9"}, "203.0.113.9:0", "203.0.113.9"},
		"trusted with zone":            {"[fd00::1%lo]:80", []string{"203.0.113.9"}, "203.0.113.9:0", "203.0.113.9"},
		"forged left":                  {"10.0.0.1:80", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9:0", "203.0.113.9"},
		"chain of trusted":             {"10.0.0.1:80", []string{"1.2.3.4, 203.0.113.9, 10.0.0.3,10.0.0.2"}, "203.0.113.9:0", "203.0.113.9, 10.0.0.3,10.0.0.2"},
		"several headers":              {"10.0.0.1:80", []string{"1.2.3.4", "203.0.113.9", "10.0.0.2"}, "203.0.113.9:0", "203.0.113.9,10.0.0.2"},
		"all trusted":                  {"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0", "10.0.0.3, 10.0.0.2"},
		"with port":                    {"10.0.0.1:80", []string{"203.0.113.9:1234"}, "203.0.113.9:1234", "203.0.113.9:1234"},
		"v6 in brackets":               {"10.0.0.1:80", []string{"[2001:db8::9]"}, "[2001:db8::9]:0", "[2001:db8::9]"},
		"v6 with port":                 {"10.0.0.1:80", []string{"[2001:db8::9]:1234"}, "[2001:db8::9]:1234", "[2001:db8::9]:1234"},
		"mapped":                       {"10.0.0.1:80", []string{"::ffff:203.0.113.9"}, "203.0.113.9:0", "::ffff:203.0.113.9"},
		"garbage":                      {"10.0.0.1:80", []string{"unknown"}, "10.0.0.1:80", ""},
		"garbage right":                {"10.0.0.1:80", []string{"203.0.113.9, unknown"}, "10.0.0.1:80", ""},
		"garbage before a trusted hop": {"10.0.0.1:80", []string{"203.0.113.9, _x, 10.0.0.2"}, "10.0.0.2:0", "10.0.0.2"},
		"empty entry":                  {"10.0.0.1:80", []string{"203.0.113.9,"}, "10.0.0.1:80", ""},
		"empty":                        {"10.0.0.1:80", []string{""}, "10.0.0.1:80", ""},
		"name":                         {"10.0.0.1:80", []string{"localhost"}, "10.0.0.1:80", ""},
		"no peer address":              {"@", []string{"203.0.113.9"}, "@", ""},
		"more hops than are followed":  {"10.0.0.1:80", []string{"203.0.113.9" + strings.Repeat(",10.0.0.2", 50)}, "10.0.0.2:0", strings.Repeat(",10.0.0.2", maxHops)[1:]},
	}
	b := newBalancer(t, echo, fixed(Limits{TrustedProxies: trusted}))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tc.peer
			if tc.xff != nil {
				r.Header["X-Forwarded-For"] = tc.xff
			}
			_, s := ask(t, b, r)
			if s.Remote != tc.client || strings.Join(s.Header["X-Forwarded-For"], "|") != tc.kept {
				t.Errorf("client %s with %q, want %s with %q", s.Remote, s.Header["X-Forwarded-For"], tc.client, tc.kept)
			}
		})
	}
}

func TestForwardingHeaders(t *testing.T) {
	t.Parallel()
	b := newBalancer(t, echo, fixed(Limits{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}))
	all := []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded", "X-Real-Ip", "True-Client-Ip"}
	for peer, want := range map[string][]string{
		"203.0.113.9:1": nil,
		"10.0.0.1:1":    {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		for _, name := range all {
			r.Header.Set(name, "203.0.113.5")
		}
		_, s := ask(t, b, r)
		var got []string
		for _, name := range all {
			if s.Header.Get(name) != "" {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("from %s the server sees %q, want %q", peer, got, want)
		}
	}
}

func TestHopByHopHeaders(t *testing.T) {
	t.Parallel()
	b := newBalancer(t, echo, fixed(Limits{}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Connection"] = []string{"", "close, X-Secret", "x-correlation-id"}
	for _, name := range []string{"X-Secret", "Keep-Alive", "Te", "Trailer", "Upgrade", "Proxy-Connection"} {
		r.Header.Set(name, "x")
	}
	r.Header.Set("X-Other", "stays")
	r.Header.Set("X-Correlation-ID", "12345678")
	w, s := ask(t, b, r)
	if len(s.Header) != 2 || s.Header.Get("X-Other") != "stays" || s.Header.Get("X-Correlation-ID") != w.Header().Get("X-Correlation-ID") {
		t.Errorf("the server sees %v", s.Header)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(newBalancer(t, echo, fixed(Limits{})))
	t.Cleanup(srv.Close)
	tests := map[string]struct {
		line   string // method and target as sent
		status int
		code   string // of the refusal, or the path that the server sees
	}{
		"plain":                   {"GET /a/b", 200, "/a/b"},
		"root":                    {"GET /", 200, "/"},
		"slash at the end":        {"GET /a/", 200, "/a/"},
		"query":                   {"GET /a?x=//..", 200, "/a"},
		"escaped slash":           {"GET /a%2Fb/c", 200, "/a/b/c"},
		"escaped blank":           {"GET /a%20b", 200, "/a b"},
		"text beyond ASCII":       {"GET /%C3%A5", 200, "/å"},
		"dots in a name":          {"GET /a..b/.../.x", 200, "/a..b/.../.x"},
		"absolute form":           {"GET http://other.example/a?b=c", 200, "/a"},
		"absolute form, no path":  {"GET http://other.example", 200, "/"},
		"double slash":            {"GET /a//b", 400, "invalid_path"},
		"double slash at start":   {"GET //a", 400, "invalid_path"},
		"double slash at the end": {"GET /a//", 400, "invalid_path"},
		"dot segment":             {"GET /a/./b", 400, "invalid_path"},
		"dot dot":                 {"POST /a/../b", 400, "invalid_path"},
		"dot dot at the end":      {"GET /a/..", 400, "invalid_path"},
		"dot at the end":          {"GET /.", 400, "invalid_path"},
		"escaped dots":            {"GET /a/%2e%2E/b", 400, "invalid_path"},
		"half escaped dots":       {"GET /a/.%2e", 400, "invalid_path"},
		"dots, escapes elsewhere": {"GET /a%2Fb/../c", 400, "invalid_path"},
		"slashes, escapes too":    {"GET /a%2Fb//c", 400, "invalid_path"},
		"backslash":               {"GET /a\\b", 400, "invalid_path"},
		"escaped backslash":       {"GET /a%5Cb", 400, "invalid_path"},
		"escaped NUL":             {"GET /a%00b", 400, "invalid_path"},
		"escaped line break":      {"GET /a%0d%0ab", 400, "invalid_path"},
		"escaped NUL and slash":   {"GET /a%2Fb%00", 400, "invalid_path"},
		"not UTF-8":               {"GET /%ff", 400, "invalid_path"},
		"not UTF-8 and slash":     {"GET /a%2F%ff", 400, "invalid_path"},
		"fragment":                {"GET /a#b", 400, "invalid_target"},
		"user in target":          {"GET http://u:p@other.example/", 400, "invalid_target"},
		"other scheme":            {"GET ftp://other.example/", 400, "invalid_target"},
		"no host":                 {"GET http:///a", 400, "invalid_target"},
		"opaque":                  {"GET http:a", 400, "invalid_target"},
		"star":                    {"GET *", 400, "invalid_target"},
		"CONNECT":                 {"CONNECT other.example:443", 405, "method_not_allowed"},
		"CONNECT with a path":     {"CONNECT /a", 405, "method_not_allowed"},
		"TRACE":                   {"TRACE /a", 405, "method_not_allowed"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: here.example\r\n\r\n", tc.line)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			var s seen
			_ = json.Unmarshal(body, &s)
			got, _, _ := strings.Cut(string(body), ":")
			if tc.status == 200 {
				got = s.Path
			}
			if resp.StatusCode != tc.status || got != tc.code {
				t.Errorf("%q gives %d %s, want %d %s", tc.line, resp.StatusCode, body, tc.status, tc.code)
			}
			if resp.Header.Get("X-Correlation-ID") == "" {
				t.Error("no correlation id")
			}
			if (resp.Header.Get("Allow") != "") != (tc.status == 405) {
				t.Errorf("Allow = %q", resp.Header.Get("Allow"))
			}
			if strings.HasPrefix(tc.line, "GET http://other") && tc.status == 200 && (s.Host != "other.example" || strings.Contains(s.Target, "other")) {
				t.Errorf("host %q, target %q", s.Host, s.Target)
			}
		})
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := newBalancer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), fixed(Limits{MaxInFlight: 1}))
	var wg sync.WaitGroup
	wg.Go(func() { b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) })
	waitFor(t, "the node is full", func() bool { return b.InFlight() == 1 })

	for _, tc := range []struct {
		method string
		state  State
		status int
		body   string
	}{
		{"GET", Up, 200, "{\"pong\":true}\n"},
		{"HEAD", Up, 200, ""},
		{"POST", Up, 405, "method_not_allowed"},
		{"GET", Draining, 503, "draining"},
		{"GET", Maintenance, 503, "draining"},
		{"GET", Down, 503, "not_ready"},
	} {
		b.Local().SetState(tc.state)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest(tc.method, PingPath, nil))
		if w.Code != tc.status || !strings.HasPrefix(w.Body.String(), tc.body) {
			if tc.method != "HEAD" || w.Code != 200 {
				t.Errorf("%s while %s = %d %q", tc.method, tc.state, w.Code, w.Body)
			}
		}
		if (w.Header().Get("Retry-After") != "") != (tc.status == 503) {
			t.Errorf("%s while %s: Retry-After = %q", tc.method, tc.state, w.Header().Get("Retry-After"))
		}
	}
	close(release)
	wg.Wait()
}

func TestNotReadyUntilSaid(t *testing.T) {
	t.Parallel()
	b, err := New(Config{Local: echo, Refuse: refuse, Limits: fixed(Limits{})})
	if err != nil {
		t.Fatal(err)
	}
	if w, _ := ask(t, b, httptest.NewRequest("GET", "/a", nil)); w.Code != 503 || !strings.HasPrefix(w.Body.String(), "not_ready") {
		t.Errorf("before: %d %s", w.Code, w.Body)
	}
	b.Local().SetState(Up)
	if w, _ := ask(t, b, httptest.NewRequest("GET", "/a", nil)); w.Code != 200 {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
}

func TestStateSince(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	b, err := New(Config{Local: echo, Refuse: refuse, Limits: fixed(Limits{}), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	b.Local().SetState(Up)
	up := now
	now = now.Add(time.Second)
	b.Local().SetState(Up)
	if b.Local().State() != Up || !b.Local().Since().Equal(up) || b.Local().Name() != "local" {
		t.Errorf("%s is %s since %v", b.Local().Name(), b.Local().State(), b.Local().Since())
	}
}

func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("never happened: %s", what)
		}
		<-tick.C
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	b := newBalancer(t, echo, fixed(Limits{}))
	for _, target := range []string{"/a", "/a//b", "/a/../b", PingPath} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = target
		b.ServeHTTP(httptest.NewRecorder(), r)
	}
	b.Local().SetState(Down)
	b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
	s := b.Stats()
	if s.Taken != 5 || s.InFlight != 0 || s.Queued != 0 || s.Refused["invalid_path"] != 2 || s.Refused["not_ready"] != 1 || s.Refused["busy"] != 0 {
		t.Errorf("Stats() = %+v", s)
	}
	if _, ok := s.Refused["busy"]; !ok {
		t.Error("a reason that has not occurred is not listed")
	}
}

func TestPanicGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	b := newBalancer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), fixed(Limits{MaxInFlight: 1}))
	srv := httptest.NewServer(b)
	defer srv.Close()
	for range 3 {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		if resp, err := srv.Client().Do(req); err == nil {
			_ = resp.Body.Close()
			t.Errorf("an aborted answer has status %d", resp.StatusCode)
		}
	}
	waitFor(t, "nothing in flight", func() bool { return b.InFlight() == 0 })
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/a/b", "/a/../b", "/%2e%2e/", "/a%2f..%2fb", "//", "/a#b", "http://x/y", "*", "/%ff", "/a\\b"} {
		f.Add(s)
	}
	b := newBalancer(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for s := range strings.SplitSeq(r.URL.EscapedPath(), "/") {
			if strings.EqualFold(strings.ReplaceAll(strings.ToLower(s), "%2e", "."), "..") {
				w.WriteHeader(http.StatusTeapot)
			}
		}
		if strings.Contains(r.URL.EscapedPath(), "//") || !strings.HasPrefix(r.URL.Path, "/") || strings.ContainsAny(r.URL.Path, "\x00\n\\") {
			w.WriteHeader(http.StatusTeapot)
		}
	}), fixed(Limits{}))
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("target %q reaches the server as %q (status %d)", target, r.URL.EscapedPath(), w.Code)
		}
	})
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("1.2.3.4, 203.0.113.9, 10.0.0.3", "10.0.0.1:80")
	f.Add("[2001:db8::1]:80,,", "[fd00::1]:1")
	f.Add("::ffff:10.0.0.1, unknown", "203.0.113.1:1")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, list, peer string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {list}}}
		placeClient(r, trusted)
		got, err := netip.ParseAddrPort(r.RemoteAddr)
		p, perr := netip.ParseAddrPort(peer)
		if perr != nil || !contains(trusted, p.Addr()) {
			if r.RemoteAddr != peer || r.Header.Get("X-Forwarded-For") != "" {
				t.Fatalf("an untrusted peer %q was believed: %q", peer, r.RemoteAddr)
			}
			return
		}
		if err != nil {
			t.Fatalf("RemoteAddr = %q", r.RemoteAddr)
		}
		if kept := r.Header.Get("X-Forwarded-For"); !strings.HasSuffix(strings.TrimRight(list, " \t"), kept) {
			t.Fatalf("X-Forwarded-For %q is no end of %q", kept, list)
		}
		// Whatever stands left of the client must not matter.
		again := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {"6.6.6.6," + list}}}
		placeClient(again, trusted)
		if !contains(trusted, got.Addr()) && again.RemoteAddr != r.RemoteAddr {
			t.Fatalf("a forged entry changes the client from %s to %s", r.RemoteAddr, again.RemoteAddr)
		}
	})
}

// nothing is a response that costs nothing.
type nothing struct{ h http.Header }

func (n *nothing) Header() http.Header         { return n.h }
func (n *nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n *nothing) WriteHeader(int)             {}

func BenchmarkOverhead(b *testing.B) {
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, limits := range map[string]Limits{
		"plain":   {MaxInFlight: 2048, QueueFor: time.Second},
		"trusted": {MaxInFlight: 2048, QueueFor: time.Second, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	} {
		b.Run(name, func(b *testing.B) {
			lb := newBalancer(b, h, fixed(limits))
			r := httptest.NewRequest("GET", "/orders/4711/lines", nil)
			r.RemoteAddr = "10.0.0.1:4711"
			w := &nothing{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				r.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"x"}, "Authorization": {"Basic x"}}
				if name == "trusted" {
					r.RemoteAddr = "10.0.0.1:4711"
					r.Header["X-Forwarded-For"] = []string{"203.0.113.9"}
				}
				clear(w.h)
				lb.ServeHTTP(w, r)
			}
		})
	}
}
