package console_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/console"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
)

// browser is what a person has in front of a real node: cookies, and the headers that
// a browser adds to what a page of origin asks for.
type browser struct {
	t      *testing.T
	base   string
	http   *http.Client
	origin string
	site   string
}

func newBrowser(t *testing.T, n *nodetest.Node) *browser {
	t.Helper()
	return browserAt(t, n.Control, n.CA)
}

func browserAt(t *testing.T, control, caFile string) *browser {
	t.Helper()
	ca, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, base: control, http: &http.Client{Jar: jar, Transport: transport}, origin: control, site: "same-origin"}
}

type got struct {
	status int
	header http.Header
	body   string
}

// ask makes a request as a page does; headers are name, value, …; an empty value takes one away.
func (b *browser) ask(method, path, body string, headers ...string) got {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", b.site)
	if method != http.MethodGet {
		r.Header.Set("Origin", b.origin)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return got{res.StatusCode, res.Header, string(text)}
}

// read asks for what must be there and decodes it as strictly as the app's own type.
func read[T any](b *browser, path string) T {
	b.t.Helper()
	res := b.ask("GET", path, "")
	if res.status != 200 {
		b.t.Fatalf("GET %s: %d %s", path, res.status, res.body)
	}
	return strict[T](b.t, res.body)
}

func strict[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("the app's type does not fit %s: %v", text, err)
	}
	return v
}

// one returns the one cluster of the list.
func (b *browser) one() app.Cluster {
	b.t.Helper()
	list := read[client.List[app.Cluster]](b, "/api/clusters")
	if len(list.Items) != 1 {
		b.t.Fatalf("the list has %d clusters", len(list.Items))
	}
	return list.Items[0]
}

const secret = "correct horse battery"

// ann makes the account ann, a developer.
func ann(t *testing.T, n *nodetest.Node) {
	t.Helper()
	if _, err := n.API.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Developer, Password: secret}); err != nil {
		t.Fatal(err)
	}
}

var builder nodetest.Builder

func TestMain(m *testing.M) {
	code := m.Run()
	builder.Remove()
	os.Exit(code)
}

// A real process, built without tags, serves the page that says how to have the user
// interface, and its first administrator comes in by the code that it printed.
func TestProcessWithoutUserInterface(t *testing.T) {
	t.Parallel()
	p := nodetest.Up(t, builder.Binary(t), filepath.Join(t.TempDir(), "node"))
	b := browserAt(t, p.Control, p.CA)
	if res := b.ask("GET", "/", ""); res.status != 200 || !strings.Contains(res.body, "-tags ui") {
		t.Errorf("the page: %d %s", res.status, res.body)
	}
	at := "/api/clusters/" + b.one().ID
	if res := b.ask("POST", at+"/claim", `{"code":"`+p.Claim+`","password":"`+secret+`"}`); res.status != 200 {
		t.Fatalf("claim: %d %s", res.status, res.body)
	}
	if c := b.one(); c.SignedInAs != "admin" || c.Status == nil {
		t.Errorf("the cluster is %+v", c)
	}
	if res := b.ask("POST", at+"/v1/definitions/channel", `{"name":"x","spec":{"transport":"http","method":"GET","path":"/p","service":"signalbox.echo"}}`); res.status != 201 {
		t.Errorf("a write: %d %s", res.status, res.body)
	}
}

func TestOneClusterAndItsSession(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ann(t, n)
	b := newBrowser(t, n)
	if info := read[app.AppInfo](b, "/api/app"); info.Mode != app.ModeNode || !info.Fixed || info.Version != "" {
		t.Errorf("a stranger hears of the app: %+v", info)
	}
	c := b.one()
	if c.ID == "" || c.Name == "" || c.State != app.StateUp || c.SignedInAs != "" || c.SignInEnded != "" || c.Status != nil || !strings.HasPrefix(c.Fingerprint, "sha256:") || c.URL != b.base {
		t.Errorf("a stranger sees %+v", c)
	}
	at := "/api/clusters/" + c.ID
	if res := b.ask("GET", at+"/v1/status", ""); res.status != 401 {
		t.Errorf("a stranger reads the status: %d", res.status)
	}
	if res := b.ask("POST", at+"/sign-in", `{"account":"ann","password":"wrong wrong"}`); res.status != 401 || !strings.Contains(res.body, `"code":"unauthorized"`) || res.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong password: %d %s", res.status, res.body)
	}
	res := b.ask("POST", at+"/sign-in", `{"account":"ann","password":"`+secret+`"}`)
	if in := strict[app.Cluster](t, res.body); res.status != 200 || in.SignedInAs != "ann" || in.Role != "developer" || in.Expires == nil || in.ExpiresSoon || in.Status == nil || in.Status.Status.Nodes.Up != 1 || len(in.Status.Nodes) != 1 {
		t.Fatalf("signed in: %d %s", res.status, res.body)
	}
	cookie := res.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-signalbox=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(res.body, "sb_") {
		t.Error("a credential came to the page")
	}
	write := `{"name":"from.page","spec":{"transport":"http","method":"GET","path":"/p","service":"signalbox.echo"}}`
	if res := b.ask("POST", at+"/v1/definitions/channel", write); res.status != 201 {
		t.Errorf("a write of the page: %d %s", res.status, res.body)
	}
	history, err := n.API.History(t.Context(), client.HistoryQuery{Limit: 1})
	if err != nil || history.Items[0].Actor != "ann" || history.Items[0].Source != "browser" {
		t.Errorf("the history says %+v, %v", history, err)
	}
	if res := b.ask("GET", at+"/v1/accounts", ""); res.status != 403 {
		t.Errorf("a developer reads the accounts: %d", res.status)
	}
	for _, hidden := range []string{"/session", "/claim", "/join"} {
		if res := b.ask("POST", at+"/v1"+hidden, "{}"); res.status != 403 || !strings.Contains(res.body, "not_here") {
			t.Errorf("%s is passed on: %d %s", hidden, res.status, res.body)
		}
	}
	if out := strict[app.SignedOut](t, b.ask("POST", at+"/sign-out", "{}").body); !out.Revoked {
		t.Errorf("signed out: %+v", out)
	}
	if c := b.one(); c.SignedInAs != "" || c.SignInEnded != "" {
		t.Errorf("after the sign-out: %+v", c)
	}
}

// A page of another origin gets nothing, whatever the browser's cookie.
func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ann(t, n)
	b := newBrowser(t, n)
	at := "/api/clusters/" + b.one().ID
	in := `{"account":"ann","password":"` + secret + `"}`
	if res := b.ask("POST", at+"/sign-in", in); res.status != 200 {
		t.Fatalf("sign in: %d %s", res.status, res.body)
	}
	plan := `{"documents":[]}`
	for name, headers := range map[string][]string{
		"another site":           {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"another port":           {"Origin", "https://127.0.0.1:1", "Sec-Fetch-Site", "same-site"},
		"a sandbox":              {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
		"a form of the old days": {"Origin", "", "Sec-Fetch-Site", "", "Content-Type", "text/plain"},
		"the address line":       {"Origin", "", "Sec-Fetch-Site", "none"},
		"plain HTTP":             {"Origin", "http" + strings.TrimPrefix(b.base, "https"), "Sec-Fetch-Site", ""},
	} {
		for _, path := range []string{"/v1/plan", "/sign-in", "/sign-out", "/claim"} {
			if res := b.ask("POST", at+path, plan, headers...); res.status != 403 || res.header.Get("Set-Cookie") != "" {
				t.Errorf("%s posts to %s: %d %s", name, path, res.status, res.body)
			}
		}
	}
	for _, path := range []string{"/api/clusters", at + "/v1/status", "/api/events?after="} {
		if res := b.ask("GET", path, "", "Sec-Fetch-Site", "cross-site"); res.status != 403 {
			t.Errorf("another site reads %s: %d", path, res.status)
		}
	}
	// The admin API's own rule stays as it was: a cookie alone writes nothing.
	if res := b.ask("POST", "/api/v1/plan", plan); res.status != 403 {
		t.Errorf("a write without CSRF token by /api/v1: %d", res.status)
	}
	if res := b.ask("POST", at+"/v1/plan", plan); res.status != 200 {
		t.Errorf("the page's own write: %d %s", res.status, res.body)
	}
}

func TestSessionOfAToken(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ann(t, n)
	token, err := n.API.CreateToken(t.Context(), client.CreateToken{Account: "ann", Role: odb.Viewer, TTLSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, n)
	at := "/api/clusters/" + b.one().ID
	if res := b.ask("POST", at+"/sign-in", `{"token":"sb_nothing"}`); res.status != 401 {
		t.Errorf("a wrong token: %d", res.status)
	}
	in := `{"token":"` + token.Secret + `"}`
	c := strict[app.Cluster](t, b.ask("POST", at+"/sign-in", in).body)
	if c.SignedInAs != "ann" || c.Role != "viewer" || c.Expires == nil || time.Until(*c.Expires) > time.Hour+time.Minute {
		t.Errorf("signed in by token: %+v", c)
	}
	if res := b.ask("POST", at+"/v1/plan", `{"documents":[]}`); res.status != 403 {
		t.Errorf("a viewer's token plans: %d", res.status)
	}
	if out := strict[app.SignedOut](t, b.ask("POST", at+"/sign-out", "{}").body); out.Revoked || out.Why == "" {
		t.Errorf("signed out: %+v", out)
	}
	if res := b.ask("POST", at+"/sign-in", in); res.status != 200 {
		t.Errorf("the token was revoked by a sign-out: %d", res.status)
	}
	if err := n.API.DeleteToken(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	if c := b.one(); c.SignedInAs != "" || c.SignInEnded == "" {
		t.Errorf("after the token was revoked: %+v", c)
	}
}

// Revoking with the sign-out ends a token everywhere.
func TestRevokingSignOut(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ann(t, n)
	token, err := n.API.CreateToken(t.Context(), client.CreateToken{Account: "ann", TTLSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, n)
	at := "/api/clusters/" + b.one().ID
	in := `{"token":"` + token.Secret + `"}`
	b.ask("POST", at+"/sign-in", in)
	if out := strict[app.SignedOut](t, b.ask("POST", at+"/sign-out", `{"revoke":true}`).body); !out.Revoked {
		t.Errorf("signed out: %+v", out)
	}
	if res := b.ask("POST", at+"/sign-in", in); res.status != 401 {
		t.Errorf("the token is good still: %d", res.status)
	}
}

func TestClaimInTheBrowser(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	b := newBrowser(t, n)
	at := "/api/clusters/" + b.one().ID
	if res := b.ask("POST", at+"/claim", `{"code":"AAAA-AAAA-AAAA","password":"`+secret+`"}`); res.status != 403 {
		t.Errorf("a wrong code: %d %s", res.status, res.body)
	}
	code, err := n.API.NewClaimCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	res := b.ask("POST", at+"/claim", `{"code":"`+code.Code+`","password":"`+secret+`"}`)
	if c := strict[app.Cluster](t, res.body); res.status != 200 || c.SignedInAs != "admin" || c.Role != "admin" {
		t.Fatalf("claimed: %d %s", res.status, res.body)
	}
	if strings.Contains(res.body, "sb_") {
		t.Error("a credential came to the page")
	}
	if res := b.ask("GET", at+"/v1/accounts", ""); res.status != 200 {
		t.Errorf("the new administrator reads the accounts: %d", res.status)
	}
	tokens, err := n.API.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range tokens {
		if one.Note == "sign-in" {
			t.Errorf("a claim in the browser left the token %+v", one)
		}
	}
}

func TestEventsOfPages(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ann(t, n)
	b := newBrowser(t, n)
	id := b.one().ID
	at := "/api/clusters/" + id
	outside := read[app.Changes](b, "/api/events?after=")
	b.ask("POST", at+"/sign-in", `{"account":"ann","password":"`+secret+`"}`)
	if in := read[app.Changes](b, "/api/events?after="+outside.Cursor); !in.Reset {
		t.Errorf("who has signed in meanwhile reads on: %+v", in)
	}
	cursor := read[app.Changes](b, "/api/events?after=").Cursor
	heard := make(chan app.Changes, 1)
	go func() { heard <- read[app.Changes](b, "/api/events?after="+cursor) }()
	n.Apply("kind: channel\nname: x\nspec: {transport: http, method: GET, path: /x, service: signalbox.echo}\n")
	select {
	case c := <-heard:
		if len(c.Changes) == 0 || c.Changes[0].Cluster != id || c.Changes[0].Type != app.ChangeCluster {
			t.Errorf("a change is told as %+v", c)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a change is not told")
	}
	cursor = read[app.Changes](b, "/api/events?after=").Cursor
	go func() { heard <- read[app.Changes](b, "/api/events?after="+cursor) }()
	if err := n.API.DeleteAccount(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-heard:
		if len(c.Changes) != 1 || c.Changes[0].Type != app.ChangeSignIn {
			t.Errorf("the end of the session is told as %+v to who waits", c)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the end of the session is not told to who waits")
	}
	if c := read[app.Changes](b, "/api/events?after="+cursor); len(c.Changes) != 1 || c.Changes[0].Type != app.ChangeSignIn {
		t.Errorf("the end of the session is told as %+v", c)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	b := newBrowser(t, n)
	res := b.ask("GET", "/", "", "Sec-Fetch-Site", "cross-site") // a link in a mail
	if res.status != 200 || !strings.Contains(res.body, "Signalbox") || res.header.Get("Content-Type") != "text/html; charset=utf-8" || res.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the page: %d %v %s", res.status, res.header, res.body)
	}
	policy := res.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'self'", "script-src 'self';", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Strict-Transport-Security": ""} {
		if res.header.Get(name) != want {
			t.Errorf("%s is %q", name, res.header.Get(name))
		}
	}
	if again := b.ask("GET", "/", "", "If-None-Match", res.header.Get("Etag")); again.status != 304 {
		t.Errorf("a page that is known is sent again: %d", again.status)
	}
	for path, want := range map[string]int{"/nothing": 404, "/api/nothing": 404, "/api/v1/health": 200, "/api/clusters/other/v1/status": 404, "/../index.html": 404, "/assets/": 404, "/metrics": 401} {
		if res := b.ask("GET", path, ""); res.status != want {
			t.Errorf("%s: %d", path, res.status)
		}
	}
	if res := b.ask("POST", "/", "{}"); res.status != 404 && res.status != 405 {
		t.Errorf("a page takes a body: %d", res.status)
	}
}

// TestBuiltPages serves what a build leaves: names with hashes, and what packs well.
func TestBuiltPages(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("console.log('hello');\n", 500)
	c, err := console.New(console.Config{
		API: http.NotFoundHandler(), Fingerprint: strings.Repeat("ab", 32), Cluster: "x",
		Pages: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "assets/index-abc.js": {Data: []byte(script)}, "icon.svg": {Data: []byte("<svg/>")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	get := func(path string, headers ...string) got { return record(t, c, path, headers...) }
	packed := get("/assets/index-abc.js", "Accept-Encoding", "br, gzip")
	if packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) >= len(script)/2 || packed.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || packed.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("packed: %d bytes, %v", len(packed.body), packed.header)
	}
	plain := get("/assets/index-abc.js", "Accept-Encoding", "gzip;q=0")
	if plain.body != script || plain.header.Get("Content-Type") != "text/javascript; charset=utf-8" || plain.header.Get("Etag") == packed.header.Get("Etag") {
		t.Errorf("plain: %d bytes, %v", len(plain.body), plain.header)
	}
	if icon := get("/icon.svg"); icon.header.Get("Cache-Control") != "no-cache" || icon.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("a name without hash: %v", icon.header)
	}
	if _, err := console.New(console.Config{API: http.NotFoundHandler(), Fingerprint: strings.Repeat("ab", 32), Pages: fstest.MapFS{}}); err == nil {
		t.Error("a user interface without a page was taken")
	}
}
