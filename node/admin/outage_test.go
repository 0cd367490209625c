package admin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/lastgood"
	"signalbox.internal/odb"
)

// outage is a real store that can be away.
type outage struct {
	odb.Store
	away atomic.Bool
}

var errAway = odb.Errorf(odb.Unavailable, "reach", "ODB", "dial tcp 10.9.8.7:5432: connection refused")

func (o *outage) Revision(ctx context.Context) (int64, error) {
	if o.away.Load() {
		return 0, errAway
	}
	return o.Store.Revision(ctx)
}

func (o *outage) Account(ctx context.Context, name string) (odb.Account, error) {
	if o.away.Load() {
		return odb.Account{}, errAway
	}
	return o.Store.Account(ctx, name)
}

func (o *outage) ListAccounts(ctx context.Context) ([]odb.Account, error) {
	if o.away.Load() {
		return nil, errAway
	}
	return o.Store.ListAccounts(ctx)
}

func (o *outage) ListTokens(ctx context.Context) ([]odb.Token, error) {
	if o.away.Load() {
		return nil, errAway
	}
	return o.Store.ListTokens(ctx)
}

func (o *outage) History(ctx context.Context, q odb.HistoryQuery) ([]odb.Revision, error) {
	if o.away.Load() {
		return nil, errAway
	}
	return o.Store.History(ctx, q)
}

func (o *outage) TokenByHash(ctx context.Context, hash string) (odb.Token, error) {
	if o.away.Load() {
		return odb.Token{}, errAway
	}
	return o.Store.TokenByHash(ctx, hash)
}

// While the ODB is away, reads answer from what the node runs and say so;
// writes are refused.
func TestWithoutODB(t *testing.T) {
	t.Parallel()
	var store *outage
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		store = &outage{Store: cfg.Store}
		cfg.Store = store
	})
	create(t, r.as(t, odb.Developer), "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	store.away.Store(true)
	local := "Bearer " + r.local
	got := r.call(t, "GET", "/api/v1/definitions/channel/c", "", "Authorization", local)
	if got.status != 200 || got.header.Get("X-Stale-Revision") != "2" {
		t.Errorf("a read: %d, X-Stale-Revision %q", got.status, got.header.Get("X-Stale-Revision"))
	}
	if got := r.call(t, "POST", "/api/v1/services/demo.echo/invoke", "1", "Authorization", local); got.status != 200 {
		t.Errorf("a call: %d", got.status)
	}
	for name, got := range map[string]reply{
		"write": r.call(t, "PUT", "/api/v1/definitions/channel/c", `{"spec":{"path":"/d","service":"demo.echo"}}`, "If-Match", `"1"`, "Authorization", local),
		"apply": r.call(t, "POST", "/api/v1/apply", `{"documents":[]}`, "Authorization", local),
		"token": r.call(t, "GET", "/api/v1/me", ""),
	} {
		p := got.problem(t)
		if got.status != 503 || p.Code != client.CodeUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(string(got.body), "10.9.8.7") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if !strings.Contains(r.log.String(), "10.9.8.7") {
		t.Error("the log does not say what is wrong")
	}
	store.away.Store(false)
	if got := r.call(t, "GET", "/api/v1/definitions/channel/c", ""); got.status != 200 || got.header.Get("X-Stale-Revision") != "" {
		t.Errorf("when it is back: %d", got.status)
	}
}

// A change that is stored but not in force is answered as such, not as a failure.
func TestWriteNotInForce(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		cfg.Changed = func(context.Context, int64) error { return errors.New("the reconciler is stuck") }
	})
	made := create(t, r.as(t, odb.Developer), "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	if made.Running || !made.Changed {
		t.Errorf("written %+v", made)
	}
	d := must2(r.as(t, odb.Developer).Deploy(t.Context(), client.DeployRequest{Packages: []client.Package{pack("p", "p.a", "x")}}))(t)
	if d.Nodes[0].OK || !strings.Contains(d.Nodes[0].Error, "stuck") {
		t.Errorf("deployed %+v", d.Nodes)
	}
	if !strings.Contains(r.log.String(), "not in force") {
		t.Error("the log does not say so")
	}
}

func TestPanicEndsOnlyTheRequest(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		cfg.Stats = func(context.Context, bool) client.Stats { panic("boom with inner detail") }
	})
	got := r.call(t, "GET", "/api/v1/stats", "")
	if p := got.problem(t); got.status != 500 || p.Code != client.CodeInternal || strings.Contains(string(got.body), "boom") {
		t.Errorf("answer is %d %s", got.status, got.body)
	}
	if log := r.log.String(); !strings.Contains(log, "boom with inner detail") || !strings.Contains(log, got.header.Get("X-Correlation-ID")) {
		t.Error("the log has no panic under the cid")
	}
	must2(r.as(t, odb.Viewer).Me(t.Context()))(t)
}

func TestHealthIsOpenAndPoor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.call(t, "GET", "/api/v1/health", "", "Authorization", "")
	if got.status != 200 || strings.TrimSpace(string(got.body)) != `{"ready":true}` {
		t.Errorf("answer is %d %s", got.status, got.body)
	}
	r.running.Store(nil)
	got = r.call(t, "GET", "/api/v1/health", "", "Authorization", "")
	if got.status != http.StatusServiceUnavailable || strings.TrimSpace(string(got.body)) != `{"ready":false}` {
		t.Errorf("answer is %d %s", got.status, got.body)
	}
	if h, err := r.with(t, "").Health(t.Context()); err != nil || h.Ready {
		t.Errorf("Health() = %+v, %v", h, err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	_, err := admin.New(admin.Config{})
	for _, field := range []string{"Node", "Store", "Snapshot", "Changed", "Problems", "AcceptODB", "Sealer", "Cluster", "Invoker", "Services", "Deployer", "Outgoings", "Stats", "Metrics", "Audit"} {
		if err == nil || !strings.Contains(err.Error(), field+" is missing") {
			t.Errorf("New(Config{}) = %v, which does not name %s", err, field)
		}
	}
	newRigWith(t, func(cfg *admin.Config, _ *box) {
		reg := prometheus.NewRegistry()
		cfg.Registerer = reg
		must2(admin.New(*cfg))(t)
		if _, err := admin.New(*cfg); err == nil {
			t.Error("a second API on one registry has no error")
		}
		cfg.Registerer = nil
	})
}

func TestLogOfChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.call(t, "POST", "/api/v1/definitions/channel", `{"name":"c","spec":{"path":"/c","service":"demo.echo"},"reason":"because\nof"}`, "X-Correlation-ID", "audit-123")
	if got.status != 201 {
		t.Fatalf("create: %d", got.status)
	}
	for _, want := range []string{`"action":"configuration changed"`, `"cid":"audit-123"`, `"account":"admin"`, `"revision":2`, `"reason":"because of"`, `"component":"admin"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// Strangers are counted; only what somebody could act on is a warning.
func TestLogOfRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	warnings := func() int {
		return strings.Count(r.log.String(), `"level":"WARN","msg":"request refused"`)
	}
	r.call(t, "GET", "/api/v1/me", "", "Authorization", "")
	if got := warnings(); got != 0 {
		t.Errorf("a call without a token made %d warnings", got)
	}
	r.call(t, "GET", "/api/v1/accounts", "", "Authorization", "Bearer "+r.tokens[odb.Viewer])
	if got := warnings(); got != 1 {
		t.Errorf("a call beyond the role made %d warnings", got)
	}
	for range 30 {
		r.call(t, "GET", "/api/v1/me", "", "Authorization", "Bearer wrong")
		r.call(t, "GET", "/api/v1/me", "", "Authorization", "Basic wrong")
	}
	if got := warnings(); got < 5 || got > 12 {
		t.Errorf("60 wrong tokens made %d warnings", got)
	}
}

// While the ODB is away, who was known when it was last read gets in, to read.
func TestLastAccessWithoutODB(t *testing.T) {
	t.Parallel()
	var store *outage
	var last atomic.Pointer[lastgood.Access]
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		store = &outage{Store: cfg.Store}
		cfg.Store = store
		cfg.Away = store.away.Load
		cfg.LastAccess = func() admin.Access {
			if a := last.Load(); a != nil {
				return a
			}
			return nil
		}
	})
	ctx := t.Context()
	hash := must2(admin.HashPassword("correct horse battery"))(t)
	must(t, store.CreateAccount(ctx, odb.Account{Name: "vera", Role: odb.Viewer, Password: hash}))
	expired := r.mint(t, "vera", odb.Viewer, r.clock.now().Add(time.Hour))
	gone := r.mint(t, "viewer", odb.Viewer, time.Time{})
	accounts := must2(store.Store.ListAccounts(ctx))(t)
	for i := range accounts {
		accounts[i].Disabled = accounts[i].Name == string(odb.Operator)
	}
	last.Store(lastgood.NewAccess(accounts, must2(store.Store.ListTokens(ctx))(t), time.Now()))
	late := r.mint(t, "viewer", odb.Viewer, time.Time{}) // after the last reading
	store.away.Store(true)
	r.clock.advance(2 * time.Hour)
	bearer := func(token string) string { return "Bearer " + token }
	for name, tc := range map[string]struct {
		token        string
		method, path string
		status       int
	}{
		"viewer reads":           {r.tokens[odb.Viewer], "GET", "/api/v1/definitions/channel", 200},
		"viewer is told who":     {gone, "GET", "/api/v1/me", 200},
		"status":                 {r.tokens[odb.Viewer], "GET", "/api/v1/status", 200},
		"admin lists accounts":   {r.tokens[odb.Admin], "GET", "/api/v1/accounts", 200},
		"admin lists tokens":     {r.tokens[odb.Admin], "GET", "/api/v1/access-tokens", 200},
		"viewer lists no tokens": {r.tokens[odb.Viewer], "GET", "/api/v1/access-tokens", 403},
		"nothing is there":       {r.tokens[odb.Viewer], "GET", "/api/v1/definitions/channel/none", 404},
		"history":                {r.tokens[odb.Viewer], "GET", "/api/v1/history", 503},
		"disabled account":       {r.tokens[odb.Operator], "GET", "/api/v1/me", 401},
		"expired token":          {expired, "GET", "/api/v1/me", 401},
		"later token":            {late, "GET", "/api/v1/me", 401},
		"a write":                {r.tokens[odb.Admin], "DELETE", "/api/v1/accounts/vera", 503},
	} {
		got := r.call(t, tc.method, tc.path, "", "Authorization", bearer(tc.token))
		if got.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", name, got.status, tc.status, got.body)
		}
		if stale := got.header.Get("X-Stale-Revision") == "1"; got.status == 200 && !stale || got.status >= 500 && stale {
			t.Errorf("%s: %d with X-Stale-Revision %q", name, got.status, got.header.Get("X-Stale-Revision"))
		}
	}
	signIn := func(password string) reply {
		return r.call(t, "POST", "/api/v1/session", `{"account":"vera","password":"`+password+`"}`, "Authorization", "")
	}
	if got := signIn("wrong"); got.status != 401 {
		t.Errorf("a wrong password: %d %s", got.status, got.body)
	}
	if got := signIn("correct horse battery"); got.status != 201 {
		t.Errorf("the right password: %d %s", got.status, got.body)
	}
	last.Store(nil)
	if got := r.call(t, "GET", "/api/v1/me", ""); got.status != 503 {
		t.Errorf("when nothing was read yet: %d %s", got.status, got.body)
	}
	store.away.Store(false)
	if got := r.call(t, "GET", "/api/v1/me", "", "Authorization", bearer(late)); got.status != 200 || got.header.Get("X-Stale-Revision") != "" {
		t.Errorf("when the ODB is back: %d, %v", got.status, got.header)
	}
}

// The answer says since when, and whether something may have happened, but not
// where the ODB is.
func TestWordsWithoutODB(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"away":    {&odb.Away{Since: at, Err: errAway}, "needs the ODB, which is away since 2026-11-23T12:30:00Z; nothing was changed"},
		"behind":  {&odb.Away{Since: at, Err: &odb.Behind{Known: 57, At: 3}}, "at revision 3 since 2026-11-23T12:30:00Z, behind revision 57 of this node; nothing was changed"},
		"missing": {&odb.Away{Since: at, Err: &odb.Behind{Known: 57, Missing: "/10.9.8.7/odb.sqlite"}}, "because its file is not there; nothing was changed"},
		"unknown": {errAway, "Look at the state before you repeat a change"},
	} {
		r := newRigWith(t, func(cfg *admin.Config, _ *box) {
			cfg.AcceptODB = func(context.Context) (int64, error) {
				return 0, &odb.Error{Op: "x", Kind: odb.Unavailable, Err: tc.err}
			}
		})
		got := r.call(t, "POST", "/api/v1/odb/accept", "")
		if got.status != 503 || !strings.Contains(got.problem(t).Detail, tc.want) || strings.Contains(string(got.body), "10.9.8.7") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
