package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

const (
	firstSecret  = "correct horse battery"
	secondSecret = "another good password"
)

func define(t *testing.T, c *client.Client, name, reason string) client.Written {
	t.Helper()
	return must2(c.CreateDefinition(t.Context(), "outgoing", client.CreateDefinition{
		Name: name, Spec: []byte(`{"url":"http://127.0.0.1:9/` + name + `"}`), Reason: reason,
	}))(t)
}

// TestHistoryFilter asks for revisions by who, what and when; the filter looks
// through all of the history, not through a page of it.
func TestHistoryFilter(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := define(t, r.as(t, odb.Developer), "bank", "open the bank").Revision
	at := must2(r.as(t, odb.Viewer).History(t.Context(), client.HistoryQuery{Limit: 1}))(t).Items[0].At
	second := define(t, r.as(t, odb.Admin), "post", "open the post office").Revision
	third := define(t, r.as(t, odb.Admin), "mill", "").Revision
	for name, tc := range map[string]struct {
		query client.HistoryQuery
		want  []int64
	}{
		"by whom":            {client.HistoryQuery{Actor: "developer"}, []int64{first}},
		"by a reason's word": {client.HistoryQuery{Search: "OPEN THE"}, []int64{second, first}},
		"by a name":          {client.HistoryQuery{Search: "outgoing/mi"}, []int64{third}},
		"until a time":       {client.HistoryQuery{To: at, Actor: "admin"}, nil},
		"from a time":        {client.HistoryQuery{From: at.Add(time.Microsecond)}, []int64{third, second}},
		"with a kind":        {client.HistoryQuery{Kind: "channel", Actor: "admin"}, nil},
		"one at a time":      {client.HistoryQuery{Actor: "admin", Limit: 1}, []int64{third}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := must2(r.as(t, odb.Viewer).History(t.Context(), tc.query))(t)
			var got []int64
			for _, rev := range page.Items {
				got = append(got, rev.Revision)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if more := tc.query.Limit == 1; more != (page.Next != "") {
				t.Errorf("next is %q", page.Next)
			}
		})
	}
	if got := r.call(t, http.MethodGet, "/api/v1/history?from=yesterday", ""); got.status != http.StatusBadRequest {
		t.Errorf("a time in words: %d %s", got.status, got.body)
	}
}

// TestExportOfSome gives single definitions, and those of kinds besides.
func TestExportOfSome(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.as(t, odb.Developer)
	for _, name := range []string{"bank", "mill", "post"} {
		define(t, c, name, "")
	}
	some := string(must2(c.Export(t.Context(), "outgoing/post", "outgoing/bank"))(t))
	if strings.Count(some, "kind: outgoing") != 2 || strings.Contains(some, "mill") {
		t.Errorf("two of three are\n%s", some)
	}
	all := must2(c.Export(t.Context(), "outgoing"))(t)
	both := must2(c.Export(t.Context(), "outgoing", "outgoing/mill"))(t)
	if string(all) != string(both) {
		t.Errorf("a kind and one of it are\n%s\nnot\n%s", both, all)
	}
	_, err := c.Export(t.Context(), "outgoing/nobody")
	problemOf(t, err, http.StatusNotFound)
	_, err = c.Export(t.Context(), "outgoin/bank")
	problemOf(t, err, http.StatusNotFound)
}

// TestOwnPassword changes the password of whoever asks, and of nobody else.
func TestOwnPassword(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hash := must2(admin.HashPassword(firstSecret))(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "ann", Role: odb.Viewer, Password: hash}))
	ann := r.with(t, r.mint(t, "ann", odb.Viewer, time.Time{}))
	err := ann.ChangePassword(t.Context(), client.ChangePassword{Current: "not her password", Password: secondSecret})
	if p := problemOf(t, err, http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Pointer != "/current" {
		t.Errorf("a wrong password: %+v", p)
	}
	// The present one is looked at before anything is done with the new one.
	err = ann.ChangePassword(t.Context(), client.ChangePassword{Current: "not her password", Password: "short"})
	if p := problemOf(t, err, http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Pointer != "/current" {
		t.Errorf("a wrong password and a short one: %+v", p)
	}
	err = ann.ChangePassword(t.Context(), client.ChangePassword{Current: firstSecret, Password: "short"})
	if p := problemOf(t, err, http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Pointer != "/password" {
		t.Errorf("a short password: %+v", p)
	}
	must(t, ann.ChangePassword(t.Context(), client.ChangePassword{Current: firstSecret, Password: secondSecret}))
	if _, err := ann.SignIn(t.Context(), client.SignIn{Account: "ann", Password: firstSecret, Token: true}); err == nil {
		t.Error("the old password still opens the account")
	}
	must2(ann.SignIn(t.Context(), client.SignIn{Account: "ann", Password: secondSecret, Token: true}))(t)
	// Whoever has no password cannot give himself the first: his token may be stolen.
	err = r.as(t, odb.Developer).ChangePassword(t.Context(), client.ChangePassword{Current: "", Password: secondSecret})
	problemOf(t, err, http.StatusUnprocessableEntity)
	err = r.with(t, r.local).ChangePassword(t.Context(), client.ChangePassword{Current: "", Password: secondSecret})
	problemOf(t, err, http.StatusBadRequest)
	if text := r.log.String(); strings.Contains(text, secondSecret) || strings.Contains(text, firstSecret) {
		t.Error("the log shows a password")
	}
	if !slices.ContainsFunc(r.audited(t), func(e odb.AuditEntry) bool {
		return e.Action == "changePassword" && e.Subject == "account/ann" && e.Outcome == odb.AuditDone
	}) {
		t.Error("the audit log does not tell of it")
	}
}

// Whoever guesses the present password is told to wait, with a good new one too: nothing
// is hashed for him any more.
func TestOwnPasswordIsGuessed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "ann", Role: odb.Viewer, Password: must2(admin.HashPassword(firstSecret))(t)}))
	ann := r.with(t, r.mint(t, "ann", odb.Viewer, time.Time{}))
	for range 10 {
		problemOf(t, ann.ChangePassword(t.Context(), client.ChangePassword{Current: "not her password", Password: secondSecret}), http.StatusUnprocessableEntity)
	}
	for _, next := range []string{secondSecret, "short"} {
		problemOf(t, ann.ChangePassword(t.Context(), client.ChangePassword{Current: firstSecret, Password: next}), http.StatusTooManyRequests)
	}
}

// A browser that changes the password stays signed in; others do not.
func TestOwnPasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hash := must2(admin.HashPassword(firstSecret))(t)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "ann", Role: odb.Viewer, Password: hash}))
	open := func() (cookie, csrf string) {
		got := r.call(t, http.MethodPost, "/api/v1/session", `{"account":"ann","password":"`+firstSecret+`"}`, "Authorization", "")
		if got.status != http.StatusCreated {
			t.Fatalf("sign in: %d %s", got.status, got.body)
		}
		cookie, _, _ = strings.Cut(got.header.Get("Set-Cookie"), ";")
		_, after, _ := strings.Cut(string(got.body), `"csrf":"`)
		csrf, _, _ = strings.Cut(after, `"`)
		return cookie, csrf
	}
	mine, csrf := open()
	other, _ := open()
	got := r.call(t, http.MethodPost, "/api/v1/me/password", `{"current":"`+firstSecret+`","password":"`+secondSecret+`"}`,
		"Authorization", "", "Cookie", mine, "X-CSRF-Token", csrf)
	if got.status != http.StatusNoContent {
		t.Fatalf("change: %d %s", got.status, got.body)
	}
	for cookie, want := range map[string]int{mine: http.StatusOK, other: http.StatusUnauthorized} {
		if got := r.call(t, http.MethodGet, "/api/v1/me", "", "Authorization", "", "Cookie", cookie); got.status != want {
			t.Errorf("%d, want %d", got.status, want)
		}
	}
	// Another node changes it: this one hears of it only by the ODB.
	account := must2(r.store.Account(t.Context(), "ann"))(t)
	account.Password = hash
	must(t, r.store.UpdateAccount(t.Context(), account))
	if got := r.call(t, http.MethodGet, "/api/v1/me", "", "Authorization", "", "Cookie", mine); got.status != http.StatusUnauthorized || !strings.Contains(string(got.body), "password was changed") {
		t.Errorf("after a change on another node: %d %s", got.status, got.body)
	}
}

func TestCertificatesAreListed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := must2(r.as(t, odb.Viewer).Certificates(t.Context()))(t)
	if got.Authority.SHA256 != "00ff" || len(got.Nodes) != 1 || got.Nodes[0].Control.Serial != "1f" {
		t.Errorf("got %+v", got)
	}
}

// A roll-back to a time before keys were forgotten says which secrets are lost.
func TestRollbackWarnsOfLostSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.as(t, odb.Admin)
	made := must2(c.CreateDefinition(t.Context(), "security", client.CreateDefinition{
		Name: "partner", Spec: []byte(`{"type":"apikey","key":"a very secret key"}`),
	}))(t)
	for rotation := (client.Rotation{}); !rotation.Finished; {
		rotation = must2(c.RotateKeys(t.Context(), client.RotateKeys{Key: rotation.Key}))(t)
	}
	dry := must2(c.Rollback(t.Context(), client.RollbackRequest{Revision: made.Revision, DryRun: true}))(t)
	if len(dry.Warnings) != 0 {
		t.Errorf("with all keys there: %q", dry.Warnings)
	}
	must2(c.ForgetKeys(t.Context(), client.ForgetKeys{}))(t)
	dry = must2(c.Rollback(t.Context(), client.RollbackRequest{Revision: made.Revision, DryRun: true}))(t)
	if len(dry.Warnings) != 1 || !strings.Contains(dry.Warnings[0], "security/partner") {
		t.Errorf("warnings are %q", dry.Warnings)
	}
}
