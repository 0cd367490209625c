package admin_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestClaim(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := must2(r.api.NewClaimCode(t.Context()))(t)
	if !regexp.MustCompile(`^([2-9A-HJ-NP-TV-Z]{4}-){2}[2-9A-HJ-NP-TV-Z]{4}$`).MatchString(code.Code) || time.Until(code.Expires) > time.Hour {
		t.Errorf("the code is %+v", code)
	}
	stranger := r.with(t, "")
	claim := func(code, name, password string) (client.Claimed, error) {
		return stranger.Claim(t.Context(), client.Claim{Code: code, Name: name, Password: password})
	}
	problemOf(t, second(claim("AAAA-BBBB-CCCC", "", "long enough")), 403)
	problemOf(t, second(claim("", "", "long enough")), 403)
	for pointer, in := range map[string][2]string{"/password": {"admin", "short"}, "/name": {"local", "long enough"}} {
		if p := problemOf(t, second(claim(code.Code, in[0], in[1])), 422); p.Errors[0].Pointer != pointer {
			t.Errorf("faults are %+v", p.Errors)
		}
	}
	// The code is as people type it, and survived the faults before.
	got := must2(claim(" "+strings.ToLower(strings.ReplaceAll(code.Code, "-", " ")), "", "long enough"))(t)
	if got.Account != "admin" || got.Role != odb.Admin || got.Expires == nil || !strings.HasPrefix(got.Token, "sb_") {
		t.Errorf("claimed %+v", got)
	}
	if me := must2(r.with(t, got.Token).Me(t.Context()))(t); me.Account != "admin" || me.Role != odb.Admin {
		t.Errorf("the token is of %+v", me)
	}
	if _, me, _ := browser(t, r, "admin", "long enough"); me.Account != "admin" {
		t.Errorf("signed in as %+v", me)
	}
	for name, err := range map[string]error{
		"again":    second(claim(code.Code, "", "long enough")),
		"new code": second(r.with(t, r.local).NewClaimCode(t.Context())),
	} {
		if p := problemOf(t, err, 409); !strings.Contains(p.Detail, "claimed already") {
			t.Errorf("%s: %q", name, p.Detail)
		}
	}
	if strings.Contains(r.log.String(), code.Code) || !strings.Contains(r.log.String(), `"action":"cluster claimed"`) {
		t.Error("the log has the code, or not the claim")
	}
}

// A code ends: after an hour, after ten wrong ones, when there is a new one.
func TestClaimCodeEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, r *rig){
		"time": func(_ *testing.T, r *rig) { r.clock.advance(61 * time.Minute) },
		"new":  func(t *testing.T, r *rig) { must2(r.with(t, r.local).NewClaimCode(t.Context()))(t) },
		"wrong": func(t *testing.T, r *rig) {
			for range 10 {
				problemOf(t, second(r.with(t, "").Claim(t.Context(), client.Claim{Code: "AAAA", Password: "long enough"})), 403)
			}
			problemOf(t, second(r.with(t, "").Claim(t.Context(), client.Claim{Code: "AAAA", Password: "long enough"})), 429)
			r.clock.advance(20 * time.Minute) // the address need not wait any more
		},
		"none": nil,
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			code := "AAAA-AAAA-AAAA"
			if end != nil {
				code = must2(r.api.NewClaimCode(t.Context()))(t).Code
				end(t, r)
			}
			p := problemOf(t, second(r.with(t, "").Claim(t.Context(), client.Claim{Code: code, Password: "long enough"})), 403)
			if want := map[bool]string{true: "wrong", false: "--new-code"}[name == "new"]; !strings.Contains(p.Detail, want) {
				t.Errorf("%q, want %q", p.Detail, want)
			}
			fresh := must2(r.api.NewClaimCode(t.Context()))(t)
			got := must2(r.with(t, "").Claim(t.Context(), client.Claim{Code: fresh.Code, Name: "ann", Password: "long enough"}))(t)
			if got.Account != "ann" || got.Role != odb.Admin {
				t.Errorf("claimed %+v", got)
			}
		})
	}
}

// Two nodes, each with its own code, claimed at once: one wins.
func TestClaimsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := must2(r.api.NewClaimCode(t.Context()))(t).Code
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		c := r.with(t, "")
		wg.Go(func() {
			_, errs[i] = c.Claim(t.Context(), client.Claim{Code: code, Name: string(rune('a' + i)), Password: "long enough"})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		problemOf(t, err, 409)
	}
	if won != 1 {
		t.Errorf("%d claims won", won)
	}
}

// Who has signed in by other means may set the password without any code; then
// the code is worth nothing.
func TestClaimAfterPassword(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := must2(r.api.NewClaimCode(t.Context()))(t).Code
	must2(r.as(t, odb.Admin).CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Viewer, Password: "long enough"}))(t)
	problemOf(t, second(r.with(t, "").Claim(t.Context(), client.Claim{Code: code, Password: "long enough"})), 409)
	if got := r.call(t, "POST", "/api/v1/claim", `{"code":"x","password":"y"}`, "Authorization", "", "Origin", "https://evil.example"); got.status != 403 {
		t.Errorf("from another site: %d", got.status)
	}
}
