package admin_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, adm := t.Context(), r.as(t, odb.Admin)

	ann := must2(adm.CreateAccount(ctx, client.CreateAccount{Name: "ann", Role: odb.Operator, Password: "long enough"}))(t)
	if ann.Name != "ann" || ann.Role != odb.Operator || !ann.HasPassword || ann.Disabled || ann.Created.IsZero() {
		t.Errorf("created %+v", ann)
	}
	problemOf(t, second(adm.CreateAccount(ctx, client.CreateAccount{Name: "ann", Role: odb.Viewer})), 409)
	faulty := map[string]struct {
		in      client.CreateAccount
		pointer string
	}{
		"role":     {client.CreateAccount{Name: "x", Role: "root"}, "/role"},
		"name":     {client.CreateAccount{Name: "a/b", Role: odb.Viewer}, "/name"},
		"reserved": {client.CreateAccount{Name: "Node 1", Role: odb.Viewer}, "/name"},
		"local":    {client.CreateAccount{Name: "local", Role: odb.Viewer}, "/name"},
		"password": {client.CreateAccount{Name: "x", Role: odb.Viewer, Password: "short"}, "/password"},
	}
	for name, tc := range faulty {
		if p := problemOf(t, second(adm.CreateAccount(ctx, tc.in)), 422); len(p.Errors) != 1 || p.Errors[0].Pointer != tc.pointer {
			t.Errorf("%s: faults are %+v", name, p.Errors)
		}
	}
	token := must2(adm.CreateToken(ctx, client.CreateToken{Account: "ann", TTLSeconds: 3600, Note: "laptop"}))(t)
	if !strings.HasPrefix(token.Secret, "sb_") || len(token.Secret) != 46 || token.Role != odb.Operator || token.Expires == nil {
		t.Errorf("token is %+v", token)
	}
	anns := r.with(t, token.Secret)
	if me := must2(anns.Me(ctx))(t); me.Account != "ann" || me.Token != token.ID || me.Expires == nil {
		t.Errorf("me is %+v", me)
	}
	none := ""
	changed := must2(adm.UpdateAccount(ctx, "ann", client.UpdateAccount{Role: odb.Developer, Password: &none}))(t)
	if changed.Role != odb.Developer || changed.HasPassword {
		t.Errorf("changed to %+v", changed)
	}
	must2(adm.UpdateAccount(ctx, "ann", client.UpdateAccount{Role: odb.Developer, Disabled: true}))(t)
	problemOf(t, second(anns.Me(ctx)), 401)
	must2(adm.UpdateAccount(ctx, "ann", client.UpdateAccount{Role: odb.Developer}))(t)
	must2(anns.Me(ctx))(t)
	r.clock.advance(2 * time.Hour)
	if p := problemOf(t, second(anns.Me(ctx)), 401); !strings.Contains(p.Detail, "expired") {
		t.Errorf("detail is %q", p.Detail)
	}
	must(t, adm.DeleteAccount(ctx, "ann"))
	problemOf(t, adm.DeleteAccount(ctx, "ann"), 404)
	problemOf(t, second(adm.UpdateAccount(ctx, "ann", client.UpdateAccount{Role: odb.Viewer})), 404)
	for _, x := range must2(adm.Tokens(ctx))(t) {
		if x.Account == "ann" {
			t.Errorf("the token %+v outlived its account", x)
		}
	}
	if all := must2(adm.Accounts(ctx))(t); len(all) != 4 {
		t.Errorf("accounts are %+v", all)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, adm := t.Context(), r.as(t, odb.Admin)
	faulty := map[string]client.CreateToken{
		"/role":        {Account: "viewer", Role: odb.Admin, NoExpiry: true},
		"/ttl_seconds": {Account: "viewer"},
		"/no_expiry":   {Account: "viewer", NoExpiry: true, TTLSeconds: 5},
		"/note":        {Account: "viewer", NoExpiry: true, Note: strings.Repeat("x", 201)},
	}
	for pointer, in := range faulty {
		if p := problemOf(t, second(adm.CreateToken(ctx, in)), 422); len(p.Errors) != 1 || p.Errors[0].Pointer != pointer {
			t.Errorf("%s: faults are %+v", pointer, p.Errors)
		}
	}
	problemOf(t, second(adm.CreateToken(ctx, client.CreateToken{Account: "nobody", NoExpiry: true})), 404)
	token := must2(adm.CreateToken(ctx, client.CreateToken{Account: "admin", Role: odb.Viewer, NoExpiry: true}))(t)
	c := r.with(t, token.Secret)
	if me := must2(c.Me(ctx))(t); me.Role != odb.Viewer || me.Expires != nil {
		t.Errorf("me is %+v", me)
	}
	must(t, adm.DeleteToken(ctx, token.ID))
	problemOf(t, second(c.Me(ctx)), 401)
	problemOf(t, adm.DeleteToken(ctx, token.ID), 404)
}

// Whatever is tried, one enabled administrator remains.
func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, adm := t.Context(), r.as(t, odb.Admin)
	last := map[string]error{
		"delete":  adm.DeleteAccount(ctx, "admin"),
		"blanks":  adm.DeleteAccount(ctx, " admin "),
		"disable": second(adm.UpdateAccount(ctx, "admin", client.UpdateAccount{Role: odb.Admin, Disabled: true})),
		"demote":  second(adm.UpdateAccount(ctx, "admin", client.UpdateAccount{Role: odb.Viewer})),
	}
	for name, err := range last {
		if p := problemOf(t, err, 409); !strings.Contains(p.Detail, "last account") {
			t.Errorf("%s: %q", name, p.Detail)
		}
	}
	must2(adm.CreateAccount(ctx, client.CreateAccount{Name: "second", Role: odb.Admin}))(t)
	must2(adm.UpdateAccount(ctx, "admin", client.UpdateAccount{Role: odb.Viewer}))(t)
	problemOf(t, second(adm.Accounts(ctx)), 403)
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	hash := must2(admin.HashPassword("correct horse"))(t)
	other := must2(admin.HashPassword("correct horse"))(t)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || hash == other {
		t.Errorf("hashes are %s and %s", hash, other)
	}
	tests := map[string]struct {
		hash, password string
		want           bool
	}{
		"right":       {hash, "correct horse", true},
		"wrong":       {hash, "correct house", false},
		"empty":       {hash, "", false},
		"no hash":     {"", "", false},
		"other kind":  {strings.Replace(hash, "argon2id", "argon2i", 1), "correct horse", false},
		"huge memory": {strings.Replace(hash, "m=19456", "m=4000000", 1), "correct horse", false},
		"cut":         {hash[:len(hash)-30], "correct horse", false},
		"short key":   {hash[:strings.LastIndex(hash, "$")+1] + "AA", "", false},
		"huge":        {hash, strings.Repeat("x", 5000), false},
	}
	for name, tc := range tests {
		if got := admin.CheckPassword(tc.hash, tc.password); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 501)} {
		if _, err := admin.HashPassword(bad); odb.KindOf(err) != odb.Invalid || strings.Contains(err.Error(), "xxx") {
			t.Errorf("HashPassword of %d characters: %v", len(bad), err)
		}
	}
}

// browser signs in and remembers cookie and CSRF token.
func browser(t *testing.T, r *rig, account, password string) (cookie string, me client.Me, got reply) {
	t.Helper()
	got = r.call(t, "POST", "/api/v1/session", `{"account":"`+account+`","password":"`+password+`"}`, "Authorization", "")
	if got.status != http.StatusCreated {
		return "", me, got
	}
	raw := got.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-signalbox=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(raw, want) {
			t.Errorf("cookie %q lacks %s", raw, want)
		}
	}
	cookie, _, _ = strings.Cut(raw, ";")
	back := r.call(t, "GET", "/api/v1/me", "", "Authorization", "", "Cookie", cookie)
	must(t, jsonInto(back.body, &me))
	return cookie, me, got
}

func TestSession(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must2(r.as(t, odb.Admin).CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Developer, Password: "correct horse"}))(t)
	cookie, me, _ := browser(t, r, "ann", "correct horse")
	if me.Account != "ann" || me.Role != odb.Developer || me.CSRF == "" || me.Expires == nil {
		t.Fatalf("me is %+v", me)
	}
	origin := "https://" + r.server.Listener.Addr().String()
	ask := func(method, path, body string, header ...string) int {
		return r.call(t, method, "/api/v1"+path, body, append([]string{"Authorization", "", "Cookie", cookie}, header...)...).status
	}
	plan := `{"documents":[]}`
	tests := map[string]struct {
		got, want int
	}{
		"read":           {ask("GET", "/kinds", ""), 200},
		"write":          {ask("POST", "/plan", plan, "X-CSRF-Token", me.CSRF), 200},
		"own origin":     {ask("POST", "/plan", plan, "X-CSRF-Token", me.CSRF, "Origin", origin), 200},
		"no CSRF token":  {ask("POST", "/plan", plan), 403},
		"wrong one":      {ask("POST", "/plan", plan, "X-CSRF-Token", me.CSRF+"x"), 403},
		"other origin":   {ask("POST", "/plan", plan, "X-CSRF-Token", me.CSRF, "Origin", "https://evil.example"), 403},
		"role":           {ask("GET", "/accounts", ""), 403},
		"not a session":  {r.call(t, "GET", "/api/v1/kinds", "", "Authorization", "", "Cookie", "__Host-signalbox=x").status, 401},
		"local sign-out": {r.call(t, "DELETE", "/api/v1/session", "", "Authorization", "Bearer "+r.local).status, 400},
		"evil sign-in":   {r.call(t, "POST", "/api/v1/session", `{"account":"ann","password":"correct horse"}`, "Authorization", "", "Origin", "https://evil.example").status, 403},
		"form sign-in":   {r.call(t, "POST", "/api/v1/session", `account=ann`, "Authorization", "", "Content-Type", "application/x-www-form-urlencoded").status, 415},
		"two sign-ins":   {r.call(t, "POST", "/api/v1/session", `{"account":"ann","bearer":"sb_x"}`, "Authorization", "").status, 400},
		"box's token":    {r.call(t, "POST", "/api/v1/session", `{"bearer":"`+r.local+`"}`, "Authorization", "").status, 403},
		"sign out":       {ask("DELETE", "/session", "", "X-CSRF-Token", me.CSRF), 204},
	}
	for name, tc := range tests {
		if name != "sign out" && tc.got != tc.want {
			t.Errorf("%s: %d, want %d", name, tc.got, tc.want)
		}
	}
	if got := ask("GET", "/kinds", ""); got != 401 {
		t.Errorf("after signing out: %d", got)
	}

	ends := map[string]func(){
		"idle": func() { r.clock.advance(61 * time.Minute) },
		"password": func() {
			p := "another horse"
			must2(r.as(t, odb.Admin).UpdateAccount(t.Context(), "ann", client.UpdateAccount{Role: odb.Developer, Password: &p}))(t)
		},
		"deleted": func() { must(t, r.as(t, odb.Admin).DeleteAccount(t.Context(), "ann")) },
	}
	for _, name := range []string{"idle", "password", "deleted"} {
		password := "correct horse"
		if name == "deleted" {
			password = "another horse"
		}
		cookie, _, _ = browser(t, r, "ann", password)
		if got := ask("GET", "/kinds", ""); got != 200 {
			t.Fatalf("%s: signed in: %d", name, got)
		}
		ends[name]()
		if got := ask("GET", "/kinds", ""); got != 401 {
			t.Errorf("%s: the session goes on: %d", name, got)
		}
	}
}

// A program that is no browser signs in for a token, and out again.
func TestSignInForToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must2(r.as(t, odb.Admin).CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Developer, Password: "correct horse"}))(t)
	in := client.SignIn{Account: "ann", Password: "correct horse", Token: true}
	me := must2(r.with(t, "").SignIn(t.Context(), in))(t)
	if me.Account != "ann" || me.Role != odb.Developer || me.CSRF != "" || me.Expires == nil || !strings.HasPrefix(me.Bearer, "sb_") {
		t.Errorf("signed in as %+v", me)
	}
	ann := r.with(t, me.Bearer)
	if got := must2(ann.Me(t.Context()))(t); got.Account != "ann" || got.Token != me.Token || got.Bearer != "" {
		t.Errorf("me is %+v", got)
	}
	must(t, ann.SignOut(t.Context()))
	problemOf(t, second(ann.Me(t.Context())), 401)
	in.Password = "wrong horse"
	problemOf(t, second(r.with(t, "").SignIn(t.Context(), in)), 401)
	if strings.Contains(r.log.String(), me.Bearer) || !strings.Contains(r.log.String(), `"action":"token revoked"`) {
		t.Error("the log has the token, or not its end")
	}
}

func TestSignInGuessing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	adm := r.as(t, odb.Admin)
	must2(adm.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Viewer, Password: "correct horse"}))(t)
	must2(adm.CreateAccount(t.Context(), client.CreateAccount{Name: "off", Role: odb.Viewer, Password: "correct horse"}))(t)
	must2(adm.UpdateAccount(t.Context(), "off", client.UpdateAccount{Role: odb.Viewer, Disabled: true}))(t)
	details := map[string]bool{}
	for _, who := range [][2]string{{"ann", "wrong horse"}, {"nobody", "correct horse"}, {"off", "correct horse"}, {"viewer", ""}, {"a/b", "correct horse"}} {
		_, _, got := browser(t, r, who[0], who[1])
		if got.status != 401 {
			t.Errorf("%v: %d", who, got.status)
		}
		details[got.problem(t).Detail] = true
	}
	if len(details) != 1 {
		t.Errorf("the answers tell accounts apart: %v", details)
	}
	var last reply
	for range 9 {
		_, _, last = browser(t, r, "ann", "wrong horse")
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Fatalf("after many wrong ones: %d", last.status)
	}
	if _, _, got := browser(t, r, "ann", "correct horse"); got.status != http.StatusTooManyRequests {
		t.Errorf("the right one at once: %d", got.status)
	}
	r.clock.advance(20 * time.Minute)
	var wg sync.WaitGroup
	var wrong, told atomic.Int64
	for range 40 { // all at the same moment
		wg.Go(func() {
			switch _, _, got := browser(t, r, "ann", "wrong horse"); got.status {
			case http.StatusUnauthorized:
				wrong.Add(1)
			case http.StatusTooManyRequests:
				told.Add(1)
			}
		})
	}
	wg.Wait()
	if wrong.Load() > 11 || wrong.Load()+told.Load() != 40 {
		t.Errorf("of 40 tries at once %d were looked at and %d told to wait", wrong.Load(), told.Load())
	}
	r.clock.advance(20 * time.Minute)
	must2(adm.UnlockAccount(t.Context(), "ann"))(t)
	if _, me, got := browser(t, r, "ann", "correct horse"); got.status != 201 || me.Account != "ann" {
		t.Errorf("after a pause: %d", got.status)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := admin.NewGuard(func() time.Time { return now })
	for range 10 {
		if w := g.Wait("a"); w != 0 {
			t.Fatalf("wait is %s while failures are free", w)
		}
		g.Failed("a")
	}
	want := []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}
	for i, w := range want {
		if got := g.Wait("a"); got.Seconds() != w {
			t.Errorf("failure %d: wait is %s, want %v s", 10+i, got, w)
		}
		g.Failed("a")
	}
	if g.Wait("b") != 0 {
		t.Error("b pays for a")
	}
	now = now.Add(100 * time.Second)
	if got := g.Wait("a"); got != 200*time.Second {
		t.Errorf("100 s later: wait is %s", got)
	}
	g.Good("a")
	if got := g.Wait("a"); got != 0 {
		t.Errorf("after a good one: wait is %s", got)
	}
	for i := range 25_000 {
		g.Failed(strings.Repeat("x", i%7) + time.Duration(i).String())
	}
	if g.Size() > 10_000 {
		t.Errorf("the guard keeps %d keys", g.Size())
	}
	for addr, key := range map[string]string{
		"10.1.2.3": "addr 10.1.2.3", "::ffff:10.1.2.3": "addr 10.1.2.3", "2001:db8:1:2:3:4:5:6": "addr 2001:db8:1:2::/64", "fe80::1%eth0": "addr fe80::/64", "@": "addr @",
	} {
		if got := admin.AddrKey(addr); got != key {
			t.Errorf("AddrKey(%s) = %q, want %q", addr, got, key)
		}
	}
}
