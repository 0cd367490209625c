package app_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

const password = "correct horse battery"

func TestAddByLinkSignInAndOut(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	addAda(t, n)
	r := start(t, "", nil)
	parsed := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: n.Link}))
	if s := parsed.Shown; s == nil || !s.Reachable || !s.Matches || s.Fingerprint != parsed.Cluster.Fingerprint {
		t.Fatalf("the address shows %+v, want what the link says: %+v", s, parsed.Cluster)
	}
	bare := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: n.Control}))
	if bare.Cluster.Fingerprint != parsed.Cluster.Fingerprint || bare.Shown.Matches {
		t.Errorf("a bare address gives %+v, shown %+v", bare.Cluster, bare.Shown)
	}
	c := r.add(n.Link, nil)
	r.until(c.ID, up)
	base := "/api/clusters/" + c.ID
	r.refused(r.do("GET", base+"/v1/status", nil), http.StatusUnauthorized, app.CodeSignedOut)
	if got := r.do("GET", base+"/v1/health", nil); got.status != http.StatusOK {
		t.Errorf("health without a sign-in answered %d", got.status)
	}
	r.refused(r.do("POST", base+"/sign-in", app.SignIn{Account: "ada", Password: "wrong wrong wrong"}), http.StatusUnauthorized, "unauthorized")
	r.refused(r.do("POST", base+"/sign-in", app.SignIn{Account: "ada"}), http.StatusUnprocessableEntity, "invalid")

	in := r.do("POST", base+"/sign-in", app.SignIn{Account: "ada", Password: password})
	if got := ok[app.Cluster](r, in); got.SignedInAs != "ada" || got.Expires == nil || got.ExpiresSoon || got.Role != "admin" {
		t.Errorf("signed in as %+v", got)
	}
	got := r.until(c.ID, func(c app.Cluster) bool { return c.Status != nil })
	if got.Status.Status.Cluster == "" || len(got.Status.Nodes) != 1 || got.Status.AgeSeconds > 10 {
		t.Errorf("status = %+v", got.Status)
	}
	st := r.do("GET", base+"/v1/status", nil)
	if ok[client.Status](r, st).Nodes.Up != 1 || st.header.Get("X-Correlation-Id") == "" {
		t.Errorf("status through the app: %d %s", st.status, st.body)
	}
	tokens, err := n.API.Tokens(t.Context())
	if err != nil || adasTokens(tokens) != 1 {
		t.Fatalf("the node has tokens %+v, %v", tokens, err)
	}
	again := ok[app.Cluster](r, r.do("POST", base+"/sign-in", app.SignIn{Account: "ada", Password: password}))
	if tokens, _ = n.API.Tokens(t.Context()); again.SignedInAs != "ada" || adasTokens(tokens) != 1 {
		t.Errorf("after a second sign-in there are tokens %+v", tokens)
	}
	if out := ok[app.SignedOut](r, r.do("POST", base+"/sign-out", nil)); !out.Revoked {
		t.Errorf("sign-out = %+v", out)
	}
	if tokens, _ = n.API.Tokens(t.Context()); adasTokens(tokens) != 0 || r.cluster(c.ID).SignedInAs != "" {
		t.Errorf("after the sign-out there are tokens %+v", tokens)
	}
	r.refused(r.do("GET", base+"/v1/status", nil), http.StatusUnauthorized, app.CodeSignedOut)

	ok[app.Cluster](r, r.do("POST", base+"/sign-in", app.SignIn{Token: n.Token}))
	if out := ok[app.SignedOut](r, r.do("POST", base+"/sign-out", nil)); out.Revoked {
		t.Error("a token that was made elsewhere was revoked")
	}
	if _, err := n.API.Me(t.Context()); err != nil {
		t.Errorf("the administrator's token: %v", err)
	}
}

func adasTokens(tokens []client.Token) (n int) {
	for _, k := range tokens {
		if k.Account == "ada" {
			n++
		}
	}
	return n
}

func TestClaim(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	code, err := n.API.NewClaimCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, "", nil)
	parsed := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: n.Link + "&code=" + code.Code}))
	if parsed.Code != code.Code {
		t.Errorf("code = %q, want %q", parsed.Code, code.Code)
	}
	c := r.add(n.Link, nil)
	base := "/api/clusters/" + c.ID
	r.refused(r.do("POST", base+"/claim", client.Claim{Code: "AAAA-AAAA-AAAA", Password: password}), http.StatusForbidden, "forbidden")
	got := ok[app.Cluster](r, r.do("POST", base+"/claim", client.Claim{Code: code.Code, Name: "grace", Password: password}))
	if got.SignedInAs != "grace" {
		t.Errorf("signed in as %q", got.SignedInAs)
	}
	if me := ok[client.Me](r, r.do("GET", base+"/v1/me", nil)); me.Account != "grace" {
		t.Errorf("me = %+v", me)
	}
}

// A server of another authority hears not one byte of a request.
func TestWrongFingerprint(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	addAda(t, n)
	r := start(t, "", nil)
	wrong := "sha256:" + strings.Repeat("ab", 32)
	link := strings.Replace(n.Link, "ca=sha256%3A", "ca=sha256%3A"+strings.Repeat("ab", 32)+"&was=", 1)
	parsed := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: link}))
	if parsed.Cluster.Fingerprint != wrong || parsed.Shown.Matches || parsed.Shown.Why == "" {
		t.Errorf("parsed = %+v, shown %+v", parsed.Cluster, parsed.Shown)
	}
	c := ok[app.Cluster](r, r.do("POST", "/api/clusters", parsed.Cluster))
	r.refused(r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Account: "ada", Password: password}), http.StatusBadGateway, app.CodeWrongAuthority)
	if tokens, _ := n.API.Tokens(t.Context()); adasTokens(tokens) != 0 {
		t.Error("the wrong cluster heard a password")
	}
	if got := r.until(c.ID, down); !strings.Contains(got.Why, "another cluster") {
		t.Errorf("why = %q", got.Why)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	gate := newGate(t, strings.TrimPrefix(n.Control, "https://"))
	r := start(t, "", nil)
	c := r.add(n.Link, func(s *app.SaveCluster) { s.URLs = []string{"https://" + gate.addr(), n.Control} })
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	if got := r.until(c.ID, up); got.URL != "https://"+gate.addr() {
		t.Errorf("the address is %s, want the first", got.URL)
	}
	gate.close()
	got := r.do("GET", "/api/clusters/"+c.ID+"/v1/status", nil)
	if got.status != http.StatusOK {
		t.Fatalf("after the first address died: %d %s", got.status, got.body)
	}
	// An answer of the first address that was on its way still counts; a POST is not sent twice.
	r.until(c.ID, func(c app.Cluster) bool { return up(c) && c.URL == n.Control })
	post := r.do("POST", "/api/clusters/"+c.ID+"/v1/plan", client.PlanRequest{Documents: []client.Document{}})
	if post.status != http.StatusOK {
		t.Errorf("a plan after the first address died: %d %s", post.status, post.body)
	}
	if got := r.until(c.ID, up); got.URL != n.Control {
		t.Errorf("the address is %s, want %s", got.URL, n.Control)
	}
}

// gate passes connections on until it is closed.
type gate struct {
	l    net.Listener
	down atomic.Bool
	ends chan struct{}
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{l: l, ends: make(chan struct{})}
	t.Cleanup(g.close)
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					buf := make([]byte, 32<<10)
					for {
						k, err := pair[0].Read(buf)
						if err != nil {
							_ = pair[1].Close()
							return
						}
						if _, err := pair[1].Write(buf[:k]); err != nil {
							return
						}
					}
				}()
			}
			go func() { <-g.ends; _ = in.Close(); _ = out.Close() }()
		}
	}()
	return g
}

func (g *gate) addr() string { return g.l.Addr().String() }

func (g *gate) close() {
	if g.down.CompareAndSwap(false, true) {
		_ = g.l.Close()
		close(g.ends)
	}
}

// blackHole takes connections and never says a word.
func blackHole(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			held = append(held, c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for _, c := range held {
			_ = c.Close()
		}
	})
	return "https://" + l.Addr().String()
}

// Nine clusters that hang slow neither the tenth nor the list.
func TestBlackHoles(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	var holes []string
	for i := range 9 {
		c := ok[app.Cluster](r, r.do("POST", "/api/clusters", app.SaveCluster{
			Name: fmt.Sprint("hole ", i), URLs: []string{blackHole(t)}, Fingerprint: "sha256:" + strings.Repeat("00", 32),
		}))
		holes = append(holes, c.ID)
	}
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	for _, id := range holes { // calls that hang in each of them
		go r.h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/clusters/"+id+"/v1/health", nil))
	}
	slowest := time.Duration(0)
	for range 50 {
		begin := time.Now()
		ok[client.Status](r, r.do("GET", "/api/clusters/"+c.ID+"/v1/status", nil))
		ok[client.List[app.Cluster]](r, r.do("GET", "/api/clusters", nil))
		slowest = max(slowest, time.Since(begin))
	}
	if slowest > time.Second {
		t.Errorf("a call to the good cluster took %v beside nine that hang", slowest)
	}
	t.Logf("slowest of 50 calls beside nine black holes: %v", slowest)
	r.until(holes[8], down)
	if got := r.cluster(c.ID); got.State != app.StateUp {
		t.Errorf("the good one is %s", got.State)
	}
}

// A restart keeps all: the list, who is signed in, what was last known.
func TestRestart(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]*ring{"keyring": newRing(), "file": noRing()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := nodetest.Start(t, nodetest.Options{})
			addAda(t, n)
			r := start(t, "", keys)
			c := r.add(n.Link, func(s *app.SaveCluster) {
				s.Colour, s.Tag, s.Environment, s.Protected = "#A1B2C3", "west", "production", true
			})
			ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Account: "ada", Password: password}))
			r.until(c.ID, func(c app.Cluster) bool { return c.Status != nil })
			export := r.do("GET", "/api/clusters/export", nil)
			r.stop()
			if err := n.Stop(); err != nil {
				t.Fatal(err)
			}

			begin := time.Now()
			r = start(t, r.dir, keys)
			all := ok[client.List[app.Cluster]](r, r.do("GET", "/api/clusters", nil))
			took := time.Since(begin)
			if len(all.Items) != 1 {
				t.Fatalf("the list is %+v", all)
			}
			got := all.Items[0]
			if got.ID != c.ID || got.Colour != "#a1b2c3" || got.Tag != "west" || got.Environment != "production" || !got.Protected {
				t.Errorf("saved = %+v", got)
			}
			if got.SignedInAs != "ada" || got.Status == nil || got.Status.AgeSeconds < 0 || len(got.Status.Nodes) != 1 || got.Seen == nil {
				t.Errorf("after a restart with the cluster away: %+v", got)
			}
			t.Logf("open and list: %v", took)
			r.until(c.ID, down)
			if strings.Contains(export.body, "ada") {
				t.Errorf("the exported list names who is signed in: %s", export.body)
			}
			secrets := []string{password}
			for _, v := range keys.values {
				var cred struct{ Token string }
				if json.Unmarshal([]byte(v), &cred) == nil && cred.Token != "" {
					secrets = append(secrets, cred.Token)
				}
			}
			if want := map[string]int{"keyring": 2, "file": 1}[name]; len(secrets) != want {
				t.Fatalf("the keyring holds %d tokens", len(secrets)-1)
			}
			r.nowhere(secrets...)
		})
	}
}

// The token of a file without keyring is in no file and no answer in clear.
func TestTokenNowhere(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", noRing())
	c := r.add(n.Link, nil)
	answers := []reply{r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token})}
	r.until(c.ID, func(c app.Cluster) bool { return c.Status != nil })
	for _, path := range []string{"", "/v1/me", "/v1/status", "/v1/access-tokens", "/v1/nowhere"} {
		answers = append(answers, r.do("GET", "/api/clusters/"+c.ID+path, nil))
	}
	for _, path := range []string{"/api/clusters", "/api/vault", "/api/app", "/api/events", "/api/clusters/export"} {
		answers = append(answers, r.do("GET", path, nil))
	}
	for _, path := range []string{"/session", "/claim", "/join"} {
		got := r.do("POST", "/api/clusters/"+c.ID+"/v1"+path, client.SignIn{Account: "a", Token: true})
		r.refused(got, http.StatusForbidden, app.CodeNotHere)
		answers = append(answers, got)
	}
	for _, a := range answers {
		if strings.Contains(a.body+fmt.Sprint(a.header), n.Token) {
			t.Errorf("an answer shows the token: %s", a.body)
		}
	}
	r.stop()
	r.nowhere(n.Token)
}

func TestOfflineListIsQuick(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "app")
	r := start(t, dir, nil)
	n := nodetest.Start(t, nodetest.Options{})
	first := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+first.ID+"/sign-in", app.SignIn{Token: n.Token}))
	r.until(first.ID, func(c app.Cluster) bool { return c.Status != nil })
	for i := range 9 {
		c := ok[app.Cluster](r, r.do("POST", "/api/clusters", app.SaveCluster{
			Name: fmt.Sprint("c", i), URLs: []string{"https://192.0.2.1:8183"}, Fingerprint: "sha256:" + strings.Repeat("00", 32),
		}))
		_ = c
	}
	r.stop()
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(filepath.Join(dir, "state", first.ID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	list := clusterIDs(t, dir)
	for _, id := range list { // each with a last known state
		if err := os.WriteFile(filepath.Join(dir, "state", id+".json"), state, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hold := newRing()
	hold.hold = make(chan struct{}) // the keyring asks for its password
	begin := time.Now()
	r = start(t, dir, hold)
	got := ok[client.List[app.Cluster]](r, r.do("GET", "/api/clusters", nil))
	took := time.Since(begin)
	close(hold.hold)
	if len(got.Items) != 10 || slices.ContainsFunc(got.Items, func(c app.Cluster) bool { return c.Status == nil }) {
		t.Fatalf("the list is %+v", got)
	}
	if took > 50*time.Millisecond {
		t.Errorf("ten offline clusters were listed %v after the start, want at most 50 ms", took)
	}
	t.Logf("start to list of ten offline clusters: %v", took)
}

func clusterIDs(t *testing.T, dir string) (ids []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "clusters.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Clusters []struct {
			ID string `json:"id"`
		} `json:"clusters"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Clusters {
		ids = append(ids, c.ID)
	}
	return ids
}
