package admin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/odb"
)

var inPath = regexp.MustCompile(`\{([a-z]+)\}`)

// concrete fills the parameters of a path with things that are not there, so
// that walking all routes changes nothing.
func concrete(path string) string {
	return inPath.ReplaceAllStringFunc(path, func(p string) string {
		if p == "{kind}" {
			return "channel"
		}
		return "nothing"
	})
}

// TestRoles walks every route of the router without a token, with bad ones and
// with each role.
func TestRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "gone", Role: odb.Admin, Disabled: true}))
	bad := map[string]string{
		"none":     "",
		"unknown":  "Bearer sb_" + strings.Repeat("A", 43),
		"garbled":  "Bearer",
		"basic":    "Basic YWRtaW46YWRtaW4=",
		"expired":  "Bearer " + r.mint(t, "admin", odb.Admin, time.Now().Add(-time.Minute)),
		"disabled": "Bearer " + r.mint(t, "gone", odb.Admin, time.Time{}),
	}
	routed, err := r.api.Routed()
	must(t, err)
	roles := map[string]odb.Role{}
	for _, rt := range r.api.Table() {
		roles[rt.Method+" "+rt.Path] = rt.Role
	}
	if len(roles) != len(routed) {
		t.Fatalf("the router has %d routes, the table %d", len(routed), len(roles))
	}
	before := r.running.Load().Revision()
	addr := 0
	ask := func(route, authorization string) (int, http.Header) {
		method, path, _ := strings.Cut(route, " ")
		req := httptest.NewRequestWithContext(t.Context(), method, concrete(path), nil)
		addr++
		req.RemoteAddr = fmt.Sprintf("10.%d.%d.1:999", addr/250, addr%250) // each its own, or the guard would speak
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		r.api.ServeHTTP(w, req)
		return w.Code, w.Header()
	}
	for _, route := range routed {
		need, inTable := roles[route]
		if !inTable {
			t.Errorf("%s is not in the table", route)
			continue
		}
		for name, authorization := range bad {
			status, header := ask(route, authorization)
			if need == "" {
				if status == http.StatusForbidden || route != "POST /api/v1/session" && status == http.StatusUnauthorized {
					t.Errorf("%s with %s token: %d, but it is open", route, name, status)
				}
				continue
			}
			if status != http.StatusUnauthorized || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s with %s token: %d, WWW-Authenticate %q; want 401 Bearer", route, name, status, header.Get("WWW-Authenticate"))
			}
		}
		for _, role := range allRoles {
			token := r.tokens[role]
			if route == "DELETE /api/v1/session" { // signing out revokes the token
				token = r.mint(t, string(role), role, time.Time{})
			}
			status, _ := ask(route, "Bearer "+token)
			if refused := status == http.StatusForbidden; refused != (role.Level() < need.Level()) {
				t.Errorf("%s as %s: %d; it needs %s", route, role, status, need)
			}
			if status == http.StatusUnauthorized || status >= 500 {
				t.Errorf("%s as %s: %d", route, role, status)
			}
		}
	}
	if after, err := r.store.Revision(t.Context()); err != nil || after != before {
		t.Errorf("walking the routes changed the revision from %d to %d (%v)", before, after, err)
	}
}

// TestRoleTable states the roles once more by hand: a slip in the table shows.
func TestRoleTable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := map[odb.Role][]string{}
	for _, rt := range r.api.Table() {
		got[rt.Role] = append(got[rt.Role], rt.ID)
	}
	want := map[odb.Role][]string{
		"":            {"claim", "commitToJoin", "health", "join", "signIn"},
		odb.Operator:  {"abortRestart", "beginRestart", "invoke", "ping", "restartNode", "setRotation", "showInvocation"},
		odb.Developer: {"apply", "checkPackages", "createDefinition", "deleteDefinition", "deploy", "plan", "putDefinition", "renameDefinition", "rollback", "rollbackService", "testPackage"},
		odb.Admin: {
			"acceptODB", "auditChain", "auditRevisions", "backup", "checkODB", "copyODB", "createAccount", "createJoinToken", "createToken",
			"decideJoin", "deleteAccount", "deleteJoinToken", "deleteToken", "forgetKeys", "inspectBackup", "listAccounts", "listAudit", "listJoinRequests",
			"listJoinTokens", "listTokens", "newClaimCode", "removeNode", "rotateGossipKeys", "rotateKeys", "unlockAccount", "updateAccount",
		},
	}
	for role, ids := range want {
		slices.Sort(got[role])
		if !slices.Equal(got[role], ids) {
			t.Errorf("role %q has %v, want %v", role, got[role], ids)
		}
	}
	for _, rt := range r.api.Table() {
		if rt.Role == odb.Viewer && rt.Method != http.MethodGet && rt.ID != "signOut" && rt.ID != "changePassword" {
			t.Errorf("a viewer may %s %s", rt.Method, rt.Path)
		}
	}
}

func TestForbiddenNamesTheRole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.call(t, http.MethodGet, "/api/v1/accounts", "", "Authorization", "Bearer "+r.tokens[odb.Operator])
	p := got.problem(t)
	if got.status != http.StatusForbidden || !strings.Contains(p.Detail, "role admin is needed") || !strings.Contains(p.Detail, "operator has the role operator") {
		t.Errorf("answer is %d %q", got.status, p.Detail)
	}
	if !strings.Contains(r.log.String(), `"msg":"request refused"`) {
		t.Error("the refusal is not in the log")
	}
}

// A token never allows more than its account, whose role may have sunk since.
func TestTokenRoleIsTheLesser(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := map[string]struct{ account, token, want odb.Role }{
		"token less":   {odb.Admin, odb.Viewer, odb.Viewer},
		"account less": {odb.Viewer, odb.Viewer, odb.Viewer},
		"equal":        {odb.Developer, odb.Developer, odb.Developer},
	}
	for name, tc := range tests {
		me, err := r.with(t, r.mint(t, string(tc.account), tc.token, time.Time{})).Me(t.Context())
		if err != nil || me.Role != tc.want || me.Account != string(tc.account) {
			t.Errorf("%s: got %+v, %v; want role %s", name, me, err, tc.want)
		}
	}
	token := r.mint(t, "developer", odb.Developer, time.Time{})
	must(t, r.store.UpdateAccount(t.Context(), odb.Account{Name: "developer", Role: odb.Viewer}))
	if me, err := r.with(t, token).Me(t.Context()); err != nil || me.Role != odb.Viewer {
		t.Errorf("after the account sank: %+v, %v; want viewer", me, err)
	}
}

func TestLocalToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	me, err := r.with(t, r.local).Me(t.Context())
	if err != nil || me.Account != "local" || me.Role != odb.Admin || me.Expires != nil {
		t.Errorf("Me() = %+v, %v; want local, admin", me, err)
	}
}

// Who keeps guessing tokens has to wait; a token that was good is still taken.
func TestGuessingTokensIsSlowed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must2(r.as(t, odb.Viewer).Me(t.Context()))(t)
	wrong := func() reply {
		token, _ := admin.NewToken()
		return r.call(t, http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+token)
	}
	for i := range 10 {
		if got := wrong(); got.status != http.StatusUnauthorized {
			t.Fatalf("wrong token %d: %d, want 401", i, got.status)
		}
	}
	got := wrong()
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Fatalf("after ten wrong tokens: %d, Retry-After %q; want 429", got.status, got.header.Get("Retry-After"))
	}
	if p := got.problem(t); p.Code != "too_many_requests" {
		t.Errorf("code is %q", p.Code)
	}
	must2(r.as(t, odb.Viewer).Me(t.Context()))(t)
	r.clock.advance(20 * time.Minute)
	if got := wrong(); got.status != http.StatusUnauthorized {
		t.Errorf("after a pause: %d, want 401", got.status)
	}
	metrics := must2(r.as(t, odb.Viewer).Metrics(t.Context()))(t)
	for _, want := range []string{`signalbox_admin_refused_total{reason="token"} 11`, `signalbox_admin_refused_total{reason="throttled"} 1`} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// must2 unwraps a result that must not come with an error.
func must2[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}
