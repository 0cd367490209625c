package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// audited returns the audit log, oldest first.
func (r *rig) audited(t *testing.T) []odb.AuditEntry {
	t.Helper()
	out, err := r.store.ReadAudit(t.Context(), 0, 1000)
	must(t, err)
	return out
}

// told writes an entry in a line: action, actor, source, subject, outcome, revision, detail.
func told(e odb.AuditEntry) string {
	return fmt.Sprintf("%s by %q (%s) on %q %s r%d: %s", e.Action, e.Actor, e.Source, e.Subject, e.Outcome, e.Revision, e.Detail)
}

const hashed = "correct horse battery"

// Every write and every refused attempt is told by one entry, before the answer.
func TestAuditTellsOf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hash := must2(admin.HashPassword(hashed))(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "bob", Role: odb.Developer, Password: hash}))
	as := func(role odb.Role) []string { return []string{"Authorization", "Bearer " + r.tokens[role]} }
	nobody := []string{"Authorization", ""}
	expired := []string{"Authorization", "Bearer " + r.mint(t, "viewer", odb.Viewer, time.Now().Add(-time.Hour))}
	const channel = `{"name":"c","spec":{"path":"/c","service":"demo.echo"},"reason":"for the shop"}`
	tests := []struct {
		method, path, body string
		header             []string
		status             int
		want               string // empty: no entry
	}{
		{"POST", "/definitions/channel", channel, nil, 201, `createDefinition by "admin" (api) on "channel/c" done r2: 201: configuration changed, changes 1, first channel/c, reason for the shop`},
		{"POST", "/definitions/channel", channel, append(as(odb.Developer), "User-Agent", "signalbox-cli/1"), 409, `createDefinition by "developer" (cli) on "channel/c" refused r0: 409: the channel "c" exists already`},
		{"DELETE", "/definitions/channel/c", "", nil, 428, `deleteDefinition by "admin" (api) on "channel/c" refused r0: 428`},
		{"PUT", "/definitions/channel/c", `{"spec":{"path":"x"}}`, []string{"If-Match", `"1"`}, 422, `putDefinition by "admin" (api) on "channel/c" refused r0: 422: invalid`},
		{"PUT", "/definitions/channel/c", `{"spec":`, []string{"If-Match", `"1"`}, 400, `putDefinition by "admin" (api) on "channel/c" refused r0: 400: bad_request`},
		{"DELETE", "/definitions/channel/c", "", append(as(odb.Operator), "If-Match", `"1"`), 403, `deleteDefinition by "operator" (api) on "channel/c" refused r0: 403: the role developer is needed; operator has the role operator`},
		{"GET", "/definitions/channel/c", "", as(odb.Viewer), 200, ""},
		{"GET", "/definitions/channel/none", "", as(odb.Viewer), 404, ""},
		{"GET", "/accounts", "", as(odb.Viewer), 403, `listAccounts by "viewer" (api) on "" refused r0: 403: the role admin is needed`},
		{"GET", "/status", "", []string{"Authorization", "Bearer sb_wrong"}, 401, `status by "" (api) on "" refused r0: 401: the token is not valid`},
		{"GET", "/status", "", []string{"Authorization", "Basic eDp5"}, 401, `status by "" (api) on "" refused r0: 401: the header Authorization is not of the form`},
		{"GET", "/status", "", expired, 401, `status by "viewer" (api) on "" refused r0: 401: the token expired at`},
		{"GET", "/status", "", nobody, 401, ""}, // only counted
		{"POST", "/apply", `{"documents":[]}`, nobody, 401, `apply by "" (api) on "" refused r0: 401`},
		{"POST", "/services/demo.echo/invoke", "1", as(odb.Operator), 200, ""},
		{"POST", "/services/demo.fail/invoke", "1", as(odb.Operator), 409, ""},
		{"POST", "/services/demo.echo/invoke", "1", as(odb.Viewer), 403, `invoke by "viewer" (api) on "service/demo.echo" refused r0: 403`},
		{"POST", "/session", `{"account":"bob","password":"not this one"}`, nobody, 401, `signIn by "" (api) on "account/bob" refused r0: 401: account or password is wrong`},
		{"POST", "/session", `{"account":"oops my password","password":"x"}`, nobody, 401, `signIn by "" (api) on "" refused r0: 401: account or password is wrong`},
		{"POST", "/session", `{"account":"bob","password":"` + hashed + `"}`, nobody, 201, `signIn by "bob" (api) on "account/bob" done r0: 201`},
		{"POST", "/accounts", `{"name":"ann","role":"viewer"}`, nil, 201, `createAccount by "admin" (api) on "account/ann" done r0: 201: account created, role viewer`},
		{"PUT", "/accounts/ann", `{"role":"operator","password":"another password"}`, nil, 200, `updateAccount by "admin" (api) on "account/ann" done r0: 200: account changed, role operator, disabled false, password true`},
		{"POST", "/access-tokens", `{"account":"ann","no_expiry":true}`, nil, 201, `createToken by "admin" (api) on "account/ann" done r0: 201: token created, token `},
		{"DELETE", "/access-tokens/nothing", "", nil, 404, `deleteToken by "admin" (api) on "access-token/nothing" refused r0: 404`},
		{"DELETE", "/accounts/ann", "", nil, 204, `deleteAccount by "admin" (api) on "account/ann" done r0: 204: account deleted`},
		{"POST", "/deploy", `{"packages":[{"name":"p","files":{"p.a":{"text":"1"}}}]}`, nil, 200, `deploy by "admin" (api) on "package/p" done r3: 200: packages deployed, packages 1, first p`},
		{"POST", "/deploy", `{"packages":[{"name":"p","files":{"p.a":{"text":"error"}}}]}`, nil, 422, `deploy by "admin" (api) on "package/p" refused r0: 422: build_failed`},
		{"POST", "/apply", `{"documents":[{"name":"f","text":"kind: channel\nname: d\nspec: {path: /d, service: demo.echo}\n"}]}`, nil, 200, `apply by "admin" (api) on "channel/d" done r4: 200`},
		{"POST", "/rollback", `{"revision":3}`, nil, 200, `rollback by "admin" (api) on "channel/d" done r5: 200: configuration changed, changes 1, first channel/d, reason roll back to revision 3`},
		{"POST", "/definitions/outgoing/o/ping", "", nil, 404, `ping by "admin" (api) on "outgoing/o" refused r0: 404: there is no outgoing "o"`},
		{"GET", "/audit", "", nil, 200, `listAudit by "admin" (api) on "" done r0: 200`},
		{"GET", "/audit?limit=1", "", nil, 200, ""},
		{"GET", "/audit/chain", "", nil, 200, `auditChain by "admin" (api) on "" done r0: 200`},
		{"GET", "/nothing", "", nil, 404, ""},
		{"PATCH", "/definitions/channel/c", "", nil, 405, ""},
	}
	before := len(r.audited(t))
	for i, tc := range tests {
		cid := fmt.Sprint("audit-test-", i)
		got := r.call(t, tc.method, "/api/v1"+tc.path, tc.body, append([]string{"X-Correlation-ID", cid}, tc.header...)...)
		if got.status != tc.status {
			t.Fatalf("%s %s: %d, want %d: %s", tc.method, tc.path, got.status, tc.status, got.body)
		}
		entries := r.audited(t)[before:]
		before += len(entries)
		switch {
		case tc.want == "" && len(entries) > 0:
			t.Errorf("%s %s made an entry: %s", tc.method, tc.path, told(entries[0]))
		case tc.want != "" && (len(entries) != 1 || !strings.HasPrefix(told(entries[0]), tc.want)):
			t.Errorf("%s %s made %v\nwant %s", tc.method, tc.path, entries, tc.want)
		case tc.want != "" && (entries[0].CID != cid || entries[0].Addr != "127.0.0.1" || entries[0].Node != "node-1"):
			t.Errorf("%s %s: cid, address or node is wrong: %+v", tc.method, tc.path, entries[0])
		}
	}
	r.call(t, "POST", "/api/v1/plan", `{"documents":[]}`, "Authorization", "Bearer "+r.local)
	if last := r.audited(t)[before]; last.Actor != "local" || last.Addr != "" {
		t.Errorf("on the node's own box: %+v", last)
	}
	r.endAudit()
	last := r.audited(t)
	if e := last[len(last)-1]; !strings.HasPrefix(told(e), `refusedAttempts by "" () on "" refused r0: 1 more refused attempts`) || !strings.HasSuffix(e.Detail, ": status 1") {
		t.Errorf("the call without a token is told as %s", told(e))
	}
}

// A browser's session: sign-out, and a call with a forged CSRF token.
func TestAuditOfSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "bob", Role: odb.Developer, Password: must2(admin.HashPassword(hashed))(t)}))
	in := r.call(t, "POST", "/api/v1/session", `{"account":"bob","password":"`+hashed+`"}`, "Authorization", "")
	cookie, _, _ := strings.Cut(in.header.Get("Set-Cookie"), ";")
	_, csrf, _ := strings.Cut(string(in.body), `"csrf":"`)
	csrf, _, _ = strings.Cut(csrf, `"`)
	r.call(t, "DELETE", "/api/v1/session", "", "Authorization", "", "Cookie", cookie, "X-CSRF-Token", "forged-token")
	r.call(t, "DELETE", "/api/v1/session", "", "Authorization", "", "Cookie", cookie, "X-CSRF-Token", csrf)
	r.call(t, "DELETE", "/api/v1/session", "", "Authorization", "", "Cookie", cookie, "X-CSRF-Token", csrf)
	want := []string{
		`signIn by "bob" (api) on "account/bob" done r0: 201`,
		`signOut by "bob" (api) on "" refused r0: 403: the header X-CSRF-Token does not belong to the session`,
		`signOut by "bob" (api) on "" done r0: 204`,
		`signOut by "" (api) on "" refused r0: 401: the session has ended`,
	}
	got := r.audited(t)
	if !slices.EqualFunc(got, want, func(e odb.AuditEntry, w string) bool { return strings.HasPrefix(told(e), w) }) {
		t.Errorf("the log has %v", got)
	}
	for _, e := range got {
		if text := fmt.Sprint(e); strings.Contains(text, csrf) || strings.Contains(text, "forged-token") || strings.Contains(text, strings.TrimPrefix(cookie, "__Host-signalbox=")) {
			t.Errorf("a secret of the session is in %s", text)
		}
	}
}

// Who guesses does not fill the log: the rest is one entry.
func TestAuditOfGuessing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const tries = 70
	for range tries {
		token, _ := admin.NewToken()
		r.call(t, "GET", "/api/v1/me", "", "Authorization", "Bearer "+token)
	}
	got := r.audited(t)
	if len(got) != 20 || got[0].Outcome != odb.AuditRefused || !strings.HasPrefix(got[19].Detail, "429: ") {
		t.Fatalf("%d guesses made %d entries, the last is %s", tries, len(got), told(got[len(got)-1]))
	}
	metrics := string(must2(r.with(t, r.local).Metrics(t.Context()))(t))
	for _, want := range []string{`signalbox_audit_entries_total{result="written"} 20`, `signalbox_audit_entries_total{result="counted"} 50`, `signalbox_audit_entries_total{result="lost"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	r.endAudit()
	got = r.audited(t)
	if last := got[len(got)-1]; len(got) != 21 || last.Addr != "127.0.0.1" || !strings.HasPrefix(last.Detail, "50 more refused attempts within a minute") {
		t.Errorf("at the end there are %d entries, the last is %+v", len(got), last)
	}
}

// While the ODB is away requests are answered, and what was tried is in the log
// when it is back.
func TestAuditWithoutODB(t *testing.T) {
	t.Parallel()
	var store *awayAudit
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		store = &awayAudit{outage: outage{Store: cfg.Store}}
		cfg.Store = store
	})
	store.away.Store(true)
	for range 3 {
		if got := r.call(t, "POST", "/api/v1/apply", `{"documents":[]}`, "Authorization", "Bearer "+r.local); got.status != 503 {
			t.Fatalf("apply: %d", got.status)
		}
	}
	store.away.Store(false)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); len(r.audited(t)) < 3; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("the log has %v", r.audited(t))
		}
	}
	for _, e := range r.audited(t) {
		if e.Outcome != odb.AuditFailed || !strings.HasPrefix(e.Detail, "at ") || !strings.HasSuffix(e.Detail, "written late; 503: unavailable") {
			t.Errorf("the entry is %s", told(e))
		}
	}
}

// awayAudit is a store whose audit log goes away with it.
type awayAudit struct{ outage }

func (o *awayAudit) AppendAudit(ctx context.Context, entries []odb.AuditEntry) ([]odb.AuditEntry, error) {
	if o.away.Load() {
		return nil, errAway
	}
	return o.Store.AppendAudit(ctx, entries)
}

// A write that panics has an entry too.
func TestAuditOfPanic(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		cfg.Changed = func(context.Context, int64) error { panic("boom of the test") }
	})
	r.call(t, "POST", "/api/v1/definitions/channel", `{"name":"c","spec":{"path":"/c","service":"demo.echo"}}`)
	got := r.audited(t)
	if len(got) != 1 || got[0].Outcome != odb.AuditFailed || got[0].Revision != 2 || got[0].Detail != "500: internal" {
		t.Errorf("the log has %v", got)
	}
}

// The chain that the API hands out is the one that is stored, bit by bit, however
// small the pages are; and reading it comes to an end though reading is logged.
func TestChainsOverTheAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.as(t, odb.Admin)
	create(t, r.as(t, odb.Developer), "channel", "ü", `{"path":"/c","description":"<&> \u2028","service":"demo.echo"}`)
	create(t, r.as(t, odb.Developer), "security", "s", `{"type":"apikey","key":"hush-hush"}`)
	must2(c.Rollback(t.Context(), client.RollbackRequest{Revision: 2, Reason: "tab\tand 🏆 \u2028"}))(t)
	var audit odb.AuditChecker
	for {
		p := must2(c.AuditChain(t.Context(), audit.Head.Seq, 2))(t)
		for _, e := range p.Entries {
			audit.Add(e)
		}
		if len(p.Entries) == 0 || audit.Fault != nil {
			if fault := audit.End(p.Head); fault != nil {
				t.Fatal(fault)
			}
			break
		}
	}
	if audit.Checked != 4 { // three changes and the look
		t.Errorf("%d entries were checked", audit.Checked)
	}
	var log odb.Chain
	for {
		p := must2(c.AuditRevisions(t.Context(), log.Revision, 1))(t)
		for _, x := range p.Revisions {
			must(t, log.Add(x.Chained()))
		}
		if len(p.Revisions) == 0 {
			if p.Newest != log.Revision || log.Revision != 4 || log.Unhashed != 0 {
				t.Errorf("the chain ends at %+v, the newest is %d", log, p.Newest)
			}
			break
		}
	}
}

func TestAuditQueries(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.as(t, odb.Admin)
	for i := range 5 {
		create(t, r.as(t, odb.Developer), "channel", fmt.Sprint("c", i), fmt.Sprintf(`{"path":"/c%d","service":"demo.echo"}`, i))
	}
	_, err := r.as(t, odb.Viewer).Audit(t.Context(), client.AuditQuery{})
	problemOf(t, err, http.StatusForbidden)
	page := must2(c.Audit(t.Context(), client.AuditQuery{Action: "createDefinition", Limit: 2}))(t)
	if len(page.Items) != 2 || page.Next != "4" || page.Items[0].Subject != "channel/c4" {
		t.Errorf("the first page is %+v", page)
	}
	rest := must2(c.Audit(t.Context(), client.AuditQuery{Action: "createDefinition", Before: 4}))(t)
	if len(rest.Items) != 3 || rest.Next != "" {
		t.Errorf("the rest is %+v", rest)
	}
	for name, tc := range map[string]struct {
		q    client.AuditQuery
		want int
	}{
		"actor":   {client.AuditQuery{Actor: "viewer"}, 1},
		"outcome": {client.AuditQuery{Outcome: odb.AuditRefused}, 1},
		"subject": {client.AuditQuery{Subject: "channel/c3"}, 1},
		"future":  {client.AuditQuery{From: time.Now().Add(time.Hour)}, 0},
		"past":    {client.AuditQuery{To: time.Now().Add(-time.Hour)}, 0},
	} {
		if got := must2(c.Audit(t.Context(), tc.q))(t); len(got.Items) != tc.want {
			t.Errorf("%s: %+v, want %d", name, got.Items, tc.want)
		}
	}
	for _, bad := range []string{"outcome=maybe", "from=yesterday", "limit=2000", "before=x", "after=1"} {
		if got := r.call(t, "GET", "/api/v1/audit?"+bad, ""); got.status != 400 {
			t.Errorf("?%s: %d", bad, got.status)
		}
	}
}
