package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// from signs in from an address of its own, or the address would have to wait.
func from(t *testing.T, api http.Handler, n int, account, password string) reply {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/session", strings.NewReader(`{"account":"`+account+`","password":"`+password+`"}`))
	req.Header.Set("Content-Type", "application/json")
	req.RemoteAddr = fmt.Sprintf("10.%d.%d.1:999", n/250, n%250)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, req)
	return reply{w.Code, w.Header(), w.Body.Bytes()}
}

// An account locks after ten wrong passwords from anywhere, on every node; the
// right one is refused in the same words, and so is a name that nobody has.
func TestLockout(t *testing.T) {
	t.Parallel()
	var cfg admin.Config
	r := newRigWith(t, func(c *admin.Config, _ *box) { cfg = *c })
	cfg.Registerer, cfg.Events = nil, nil
	other := must2(admin.New(cfg))(t) // another node on the same ODB
	adm := r.as(t, odb.Admin)
	must2(adm.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Admin, Password: "correct horse"}))(t)
	token := must2(adm.CreateToken(t.Context(), client.CreateToken{Account: "ann", NoExpiry: true}))(t)

	texts := map[string][]string{}
	for i := range 10 {
		for _, name := range []string{"ann", "nobody"} {
			got := from(t, r.api, i, name, "wrong horse")
			if got.status != http.StatusUnauthorized {
				t.Fatalf("try %d of %s: %d", i, name, got.status)
			}
			texts[name] = append(texts[name], got.problem(t).Detail)
		}
	}
	for _, name := range []string{"ann", "nobody"} {
		for _, password := range []string{"wrong horse", "correct horse"} {
			got := from(t, r.api, 20, name, password)
			if got.status != http.StatusTooManyRequests || !strings.HasPrefix(got.header.Get("Retry-After"), "89") && got.header.Get("Retry-After") != "900" {
				t.Errorf("%s, locked: %d, Retry-After %q", name, got.status, got.header.Get("Retry-After"))
			}
			texts[name] = append(texts[name], got.problem(t).Detail)
		}
	}
	if a, n := fmt.Sprint(texts["ann"]), fmt.Sprint(texts["nobody"]); a != n {
		t.Errorf("the answers tell who exists:\n%s\n%s", a, n)
	}
	if got := from(t, other, 20, "ann", "correct horse"); got.status != http.StatusTooManyRequests {
		t.Errorf("at another node: %d", got.status)
	}
	must2(r.with(t, token.Secret).Me(t.Context()))(t) // tokens go on working
	if until := lockedUntil(t, adm, "ann"); until == nil || time.Until(*until) > 15*time.Minute {
		t.Errorf("the list says locked until %v", until)
	}
	unlocked := must2(adm.UnlockAccount(t.Context(), "ann"))(t)
	if got := from(t, other, 20, "ann", "correct horse"); got.status != http.StatusCreated || unlocked.LockedUntil != nil || lockedUntil(t, adm, "ann") != nil {
		t.Errorf("unlocked: %d, %+v", got.status, unlocked)
	}
	problemOf(t, second(adm.UnlockAccount(t.Context(), "nobody")), 404)
	if !strings.Contains(r.log.String(), `"msg":"account locked after wrong passwords","component":"admin","account":"ann"`) {
		t.Error("the lock is not in the log")
	}
}

func lockedUntil(t *testing.T, c *client.Client, name string) *time.Time {
	t.Helper()
	for _, a := range must2(c.Accounts(t.Context()))(t) {
		if a.Name == name {
			return a.LockedUntil
		}
	}
	t.Fatalf("there is no account %s", name)
	return nil
}

// A good sign-in and a new password start the count anew.
func TestLockoutCountsInARow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	adm := r.as(t, odb.Admin)
	must2(adm.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Viewer, Password: "correct horse"}))(t)
	password := "correct horse"
	for round := range 3 {
		for i := range 9 {
			if got := from(t, r.api, round*20+i, "ann", "wrong horse"); got.status != http.StatusUnauthorized {
				t.Fatalf("round %d, try %d: %d", round, i, got.status)
			}
		}
		if round == 1 {
			password = "another horse"
			changed := must2(adm.UpdateAccount(t.Context(), "ann", client.UpdateAccount{Role: odb.Viewer, Password: &password}))(t)
			if changed.LockedUntil != nil {
				t.Errorf("changed to %+v", changed)
			}
			continue
		}
		if got := from(t, r.api, round*20+10, "ann", password); got.status != http.StatusCreated {
			t.Fatalf("round %d: the right one: %d", round, got.status)
		}
	}
}

// noLockouts is a store whose lock-outs cannot be reached.
type noLockouts struct {
	odb.Store
	away atomic.Bool
}

func (s *noLockouts) Lockout(ctx context.Context, name string) (odb.Lockout, error) {
	if s.away.Load() {
		return odb.Lockout{}, errAway
	}
	return s.Store.Lockout(ctx, name)
}

func (s *noLockouts) FailSignIn(ctx context.Context, name string, rule odb.LockoutRule) (odb.Lockout, error) {
	if s.away.Load() {
		return odb.Lockout{}, errAway
	}
	return s.Store.FailSignIn(ctx, name, rule)
}

// While the ODB is away the node counts for itself.
func TestLockoutWithoutODB(t *testing.T) {
	t.Parallel()
	var store *noLockouts
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		store = &noLockouts{Store: cfg.Store}
		cfg.Store = store
	})
	adm := r.as(t, odb.Admin)
	must2(adm.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Viewer, Password: "correct horse"}))(t)
	store.away.Store(true)
	for i := range 10 {
		if got := from(t, r.api, i, "ann", "wrong horse"); got.status != http.StatusUnauthorized {
			t.Fatalf("try %d: %d", i, got.status)
		}
	}
	if got := from(t, r.api, 20, "ann", "correct horse"); got.status != http.StatusTooManyRequests {
		t.Errorf("locked: %d", got.status)
	}
	store.away.Store(false)
	if got := from(t, r.api, 20, "ann", "correct horse"); got.status != http.StatusTooManyRequests {
		t.Errorf("the ODB is back: %d", got.status)
	}
	r.clock.advance(16 * time.Minute)
	if got := from(t, r.api, 20, "ann", "correct horse"); got.status != http.StatusCreated {
		t.Errorf("after the lock: %d", got.status)
	}
}
