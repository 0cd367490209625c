package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

func TestReadOnlyAndProtected(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	open := r.add(n.Link, func(s *app.SaveCluster) { s.Name = "open" })
	shut := r.add(n.Link, func(s *app.SaveCluster) { s.Name, s.ReadOnly = "shut", true })
	safe := r.add(n.Link, func(s *app.SaveCluster) { s.Name, s.Protected = "Zürich 1", true })
	for _, c := range []app.Cluster{open, shut, safe} {
		ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	}
	at := func(c app.Cluster, path string) string { return "/api/clusters/" + c.ID + "/v1" + path }
	spec := `{"name":"s1","spec":{"type":"basic","username":"u","password":"secret-pw"}}`
	rollback := func(dry string) string { return `{"revision":1` + dry + `}` }

	r.refused(r.do("POST", at(shut, "/definitions/security"), spec), http.StatusForbidden, app.CodeReadOnly)
	r.refused(r.do("DELETE", at(shut, "/definitions/security/s1"), nil, "If-Match", `"1"`), http.StatusForbidden, app.CodeReadOnly)
	r.refused(r.do("PATCH", at(shut, "/anything"), "{}"), http.StatusForbidden, app.CodeReadOnly)
	r.refused(r.do("POST", at(shut, "/rollback"), rollback("")), http.StatusForbidden, app.CodeReadOnly)
	r.refused(r.do("POST", at(shut, "/rollback"), rollback(`,"dry_run":true,"DRY_RUN":false`)), http.StatusForbidden, app.CodeReadOnly)
	if got := r.do("POST", at(shut, "/plan"), `{"documents":[]}`); got.status != http.StatusOK {
		t.Errorf("a plan of a read-only cluster: %d %s", got.status, got.body)
	}

	made := r.do("POST", at(safe, "/definitions/security"), spec)
	if made.status != http.StatusCreated {
		t.Fatalf("an ordinary change of a protected cluster: %d %s", made.status, made.body)
	}
	tag := r.do("GET", at(safe, "/definitions/security/s1"), nil).header.Get("Etag")
	if tag == "" {
		t.Error("the ETag did not pass")
	}
	if got := r.do("POST", at(shut, "/rollback"), rollback(`,"dry_run":true`)); got.status != http.StatusOK {
		t.Errorf("a dry run of a read-only cluster: %d %s", got.status, got.body)
	}
	del := at(safe, "/definitions/security/s1")
	for _, header := range []string{"", "zürich 1", "Z%C3%BCrich", "%"} {
		r.refused(r.do("DELETE", del, nil, "If-Match", tag, "X-Confirm", header), http.StatusPreconditionRequired, app.CodeConfirm)
	}
	r.refused(r.do("POST", at(safe, "/unknown/of/a/newer/cluster"), "{}"), http.StatusPreconditionRequired, app.CodeConfirm)
	r.refused(r.do("DELETE", del, nil, "If-Match", `"99"`, "X-Confirm", "Z%C3%BCrich%201"), http.StatusConflict, client.CodeConflict)
	if got := r.do("DELETE", del, nil, "If-Match", tag, "X-Confirm", "Z%C3%BCrich%201"); got.status != http.StatusOK {
		t.Errorf("a confirmed delete: %d %s", got.status, got.body)
	}
	r.refused(r.do("GET", at(open, "/definitions/security/%2e%2e/x"), nil), http.StatusBadRequest, client.CodeBadRequest)
	r.refused(r.do("GET", "/api/clusters/nobody/v1/status", nil), http.StatusNotFound, client.CodeNotFound)
	if rev, err := n.API.History(t.Context(), client.HistoryQuery{Limit: 1}); err != nil || rev.Items[0].Source != "desktop" {
		t.Errorf("the change log's source is %+v, %v", rev, err)
	}
}

// The end of a token is seen in the first call, and not tried again.
func TestRevokedElsewhere(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	addAda(t, n)
	r := start(t, "", nil)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Account: "ada", Password: password}))
	tokens, err := n.API.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range tokens {
		if k.Account == "ada" {
			if err := n.API.DeleteToken(t.Context(), k.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := r.do("GET", "/api/clusters/"+c.ID+"/v1/status", nil); got.status != http.StatusUnauthorized {
		t.Errorf("answered %d", got.status)
	}
	r.until(c.ID, func(c app.Cluster) bool { return c.SignedInAs == "" && c.SignInEnded != "" })
	r.refused(r.do("GET", "/api/clusters/"+c.ID+"/v1/status", nil), http.StatusUnauthorized, app.CodeSignedOut)
	r.until(c.ID, up)
}

// Long polls pass through, and the app's own tells of what the cluster told.
func TestEvents(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	r.until(c.ID, func(c app.Cluster) bool { return c.Status != nil })
	far := ok[client.Events](r, r.do("GET", "/api/clusters/"+c.ID+"/v1/events", nil))
	near := ok[app.Changes](r, r.do("GET", "/api/events", nil))
	got := make(chan reply, 1)
	go func() { got <- r.do("GET", "/api/clusters/"+c.ID+"/v1/events?after="+far.Cursor, nil) }()
	n.Apply("kind: security\nname: s1\nspec:\n  type: basic\n  username: u\n  password: secret-pw\n")
	if e := ok[client.Events](r, <-got); len(e.Events) == 0 {
		t.Errorf("the cluster's events are %+v", e)
	}
	nodetest.Eventually(t, func() error {
		e := ok[app.Changes](r, r.do("GET", "/api/events?after="+near.Cursor, nil))
		near.Cursor = e.Cursor
		for _, x := range e.Changes {
			if x.Type == app.ChangeStatus && x.Cluster == c.ID {
				return nil
			}
		}
		return io.ErrNoProgress
	})
	if e := ok[app.Changes](r, r.do("GET", "/api/events?after=other-1", nil)); !e.Reset {
		t.Errorf("a cursor of another run: %+v", e)
	}
	done := make(chan reply, 1)
	go func() { done <- r.do("GET", "/api/events?after="+near.Cursor, nil) }()
	r.do("DELETE", "/api/clusters/"+c.ID, nil)
	if e := ok[app.Changes](r, <-done); len(e.Changes) == 0 {
		t.Errorf("after a removal: %+v", e)
	}
	if all := ok[client.List[app.Cluster]](r, r.do("GET", "/api/clusters", nil)); len(all.Items) != 0 {
		t.Errorf("the list is %+v", all)
	}
}

func TestVault(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	keys := newRing()
	r := start(t, "", keys)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	if v := ok[app.Vault](r, r.do("GET", "/api/vault", nil)); v.Kind != app.VaultKeyring || v.Protects == "" || !v.Keyring {
		t.Fatalf("vault = %+v", v)
	}
	r.refused(r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultPassphrase, Passphrase: "short"}), http.StatusUnprocessableEntity, "invalid")
	v := ok[app.Vault](r, r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultPassphrase, Passphrase: password}))
	if v.Kind != app.VaultPassphrase || v.Locked || len(keys.values) != 0 {
		t.Fatalf("vault = %+v, the keyring still has %d secrets", v, len(keys.values))
	}
	r.nowhere(n.Token, password)
	r.stop()

	r = start(t, r.dir, keys)
	base := "/api/clusters/" + c.ID
	nodetest.Eventually(t, func() error {
		if v := ok[app.Vault](r, r.do("GET", "/api/vault", nil)); !v.Locked {
			return io.ErrNoProgress
		}
		return nil
	})
	r.refused(r.do("GET", base+"/v1/status", nil), http.StatusLocked, app.CodeVaultLocked)
	r.refused(r.do("POST", base+"/sign-in", app.SignIn{Token: n.Token}), http.StatusLocked, app.CodeVaultLocked)
	if got := r.until(c.ID, up); got.SignedInAs == "" {
		t.Errorf("a locked vault forgot who is signed in: %+v", got)
	}
	r.refused(r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: "wrong passphrase"}), http.StatusForbidden, "forbidden")
	ok[app.Vault](r, r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: password}))
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))
	if v := ok[app.Vault](r, r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultFile, Current: password})); v.Kind != app.VaultFile {
		t.Errorf("vault = %+v", v)
	}
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))
	r.nowhere(n.Token, password)
	if v := ok[app.Vault](r, r.do("DELETE", "/api/vault", nil)); v.Kind != app.VaultKeyring {
		t.Errorf("after a reset: %+v", v)
	}
	r.refused(r.do("GET", base+"/v1/status", nil), http.StatusUnauthorized, app.CodeSignedOut)
}

// The console lets in one browser, and only its own pages.
func TestConsole(t *testing.T) {
	t.Parallel()
	r := start(t, "", nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	c, err := app.NewConsole(app.ConsoleConfig{
		API: r.h, Listener: l, Log: slog.New(slog.DiscardHandler),
		UI:  fstest.MapFS{"index.html": {Data: []byte("<p>page")}, "a.js": {Data: []byte("1")}},
		Now: func() time.Time { return time.Unix(0, now.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	origin := "http://" + l.Addr().String()
	jar, _ := cookiejar.New(nil)
	inside, outside := &http.Client{Jar: jar}, &http.Client{}
	link := c.Link()
	old := c.Link()
	first, err := inside.Get(link)
	if err != nil || first.StatusCode != http.StatusOK {
		t.Fatalf("the start link: %v, %v", first, err)
	}
	page, _ := io.ReadAll(first.Body)
	_ = first.Body.Close()
	if string(page) != "<p>page" || !strings.Contains(first.Header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("the page is %q with %v", page, first.Header)
	}
	now.Add(int64(6 * time.Minute))
	tests := map[string]struct {
		client             *http.Client
		method, path, host string
		headers            []string
		want               int
	}{
		"no cookie":                  {outside, "GET", "/api/clusters", "", nil, 401},
		"page without cookie":        {outside, "GET", "/", "", nil, 401},
		"link used twice":            {outside, "GET", strings.TrimPrefix(link, origin), "", nil, 401},
		"link too old":               {outside, "GET", strings.TrimPrefix(old, origin), "", nil, 401},
		"read":                       {inside, "GET", "/api/clusters", "", nil, 200},
		"deep link of the interface": {inside, "GET", "/clusters/x/nodes", "", nil, 200},
		"a file":                     {inside, "GET", "/a.js", "", nil, 200},
		"rebound name":               {inside, "GET", "/api/clusters", "evil.example:80", nil, 421},
		"other port":                 {inside, "GET", "/api/clusters", "127.0.0.1:1", nil, 421},
		"read by another site":       {inside, "GET", "/api/clusters", "", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"read by another port":       {inside, "GET", "/api/clusters", "", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"read with a foreign origin": {inside, "GET", "/api/clusters", "", []string{"Origin", "http://127.0.0.1:1"}, 403},
		"write without an origin":    {inside, "POST", "/api/clusters/parse", "", nil, 403},
		"write by another site":      {inside, "POST", "/api/clusters/parse", "", []string{"Origin", "https://evil.example"}, 403},
		"write by a form":            {inside, "POST", "/api/clusters/parse", "", []string{"Origin", origin, "Content-Type", "text/plain"}, 415},
		"write":                      {inside, "POST", "/api/clusters/parse", "", []string{"Origin", origin}, 422},
		"write by fetch":             {inside, "POST", "/api/clusters/parse", "", []string{"Sec-Fetch-Site", "same-origin"}, 422},
		"null origin":                {inside, "POST", "/api/clusters/parse", "", []string{"Origin", "null"}, 403},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var body io.Reader
			if tc.method == "POST" {
				body = strings.NewReader(`{"link":"x y"}`)
			}
			req, err := http.NewRequest(tc.method, origin+tc.path, body)
			if err != nil {
				t.Fatal(err)
			}
			if tc.method == "POST" {
				req.Header.Set("Content-Type", "application/json")
			}
			req.Host = tc.host
			for i := 0; i+1 < len(tc.headers); i += 2 {
				req.Header.Set(tc.headers[i], tc.headers[i+1])
			}
			res, err := tc.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != tc.want {
				t.Errorf("answered %d, want %d", res.StatusCode, tc.want)
			}
		})
	}
	for _, cookie := range first.Request.Response.Cookies() {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
			t.Errorf("cookie = %v", cookie)
		}
	}
	if out, err := net.Listen("tcp", "0.0.0.0:0"); err == nil {
		if _, err := app.NewConsole(app.ConsoleConfig{API: r.h, Listener: out}); err == nil {
			t.Error("a console was made that the network can reach")
		}
		_ = out.Close()
	}
}

// Of an answer nothing passes that would bind the page to the cluster, and nothing of
// the page reaches the cluster.
func TestProxyStrips(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	got := r.do("GET", "/api/clusters/"+c.ID+"/v1/me", nil,
		"Cookie", "__Host-signalbox=x", "Authorization", "Bearer wrong", "Origin", "https://evil.example", "X-Forwarded-For", "1.2.3.4")
	if ok[client.Me](r, got).Role != "admin" {
		t.Errorf("me = %s", got.body)
	}
	for _, name := range []string{"Set-Cookie", "Strict-Transport-Security", "Location"} {
		if got.header.Get(name) != "" {
			t.Errorf("the answer has %s", name)
		}
	}
	if got.header.Get("Cache-Control") == "" || got.header.Get("Content-Security-Policy") == "" {
		t.Errorf("headers = %v", got.header)
	}
	big := bytes.Repeat([]byte("x"), 66<<20)
	r.refused(r.do("POST", "/api/clusters/"+c.ID+"/v1/apply", string(big)), http.StatusRequestEntityTooLarge, client.CodeTooLarge)
	r.refused(r.do("POST", "/api/clusters/parse", `"`+string(big[:5<<20])+`"`), http.StatusRequestEntityTooLarge, client.CodeTooLarge)
}

// A backup streams, with its trailers, through a real socket.
func TestStreams(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	srv := httptest.NewServer(r.h)
	t.Cleanup(srv.Close)
	body, err := json.Marshal(client.BackupRequest{Passphrase: password})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(srv.URL+"/api/clusters/"+c.ID+"/v1/backup", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	size, err := io.Copy(io.Discard, bufio.NewReader(res.Body))
	if err != nil || size == 0 || res.Trailer.Get(client.BackupDone) == "" {
		t.Errorf("the backup has %d bytes, trailers %v, %v", size, res.Trailer, err)
	}
}
