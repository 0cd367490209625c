package admin_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// TestSecretsStayInside puts secrets in by every way there is and then looks for
// them in every answer of every route and in the log.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, adm := t.Context(), r.as(t, odb.Admin)
	secrets := []string{"hush-created-1", "hush-updated-2", "hush-applied-3", "hush-account-4", "hush-refused-5", "hush-misplaced-6", "hush-signin-7"}
	var answers strings.Builder
	keep := func(p reply) reply {
		fmt.Fprintf(&answers, "%v\n%s\n", p.header, p.body)
		return p
	}
	post := func(path, body string, header ...string) reply {
		return keep(r.call(t, "POST", "/api/v1"+path, body, header...))
	}

	post("/definitions/security", `{"name":"s1","spec":{"type":"basic","username":"u","password":"hush-created-1"}}`)
	keep(r.call(t, "PUT", "/api/v1/definitions/security/s1", `{"spec":{"type":"basic","username":"u","password":"hush-updated-2"}}`, "If-Match", `"1"`))
	apply := `{"documents":[{"name":"f","text":"kind: security\nname: s2\nspec: {type: apikey, key: hush-applied-3}\n---\nkind: channel\nname: c\nspec: {path: /c, service: demo.echo, security: [s1, s2]}\n"}]}`
	post("/plan", apply)
	if got := post("/apply", apply); got.status != 200 {
		t.Fatalf("apply gave %d: %s", got.status, got.body)
	}
	post("/definitions/security/s1/rename", `{"name":"s9"}`, "If-Match", `"2"`)
	post("/rollback", `{"revision":2,"dry_run":true}`)
	secrets = append(secrets, claimWith(t, r, post)...)
	post("/secrets/rotate", `{}`)
	post("/secrets/rotate", `{"key":"hush-misplaced-6"}`)
	post("/secrets/rotate", fmt.Sprintf(`{"key":%q}`, r.ring.Primary()))
	post("/secrets/forget", `{"dry_run":true}`)
	post("/accounts", `{"name":"ann","role":"admin","password":"hush-account-4"}`)
	// Refusals must not tell either: a conflict, a fault beside it, a field of the wrong type.
	post("/definitions/security", `{"name":"s9","spec":{"type":"basic","username":"u","password":"hush-refused-5"}}`)
	post("/definitions/security", `{"name":"s7","spec":{"type":"basic","usrname":"u","password":"hush-refused-5"}}`)
	post("/definitions/channel", `{"name":"s7","spec":{"path":"/x","service":"demo.echo","enabled":["hush-misplaced-6"],"password":"hush-misplaced-6"}}`)
	post("/apply", `{"documents":["hush-misplaced-6"],"prune":"hush-misplaced-6"}`)
	for range 11 { // until it is locked
		keep(from(t, r.api, 1, "ann", "hush-signin-7"))
		keep(from(t, r.api, 2, "hush-signin-7", "hush-signin-7")) // typed into the wrong field
	}
	post("/accounts/ann/unlock", `{}`)
	token := must2(adm.CreateToken(ctx, client.CreateToken{Account: "ann", NoExpiry: true}))(t)
	secrets = append(secrets, token.Secret, r.local, r.tokens[odb.Admin])

	ring := must2(os.ReadFile(r.ring.Path()))(t)
	for line := range strings.Lines(string(ring)) {
		if fields := strings.Fields(line); fields[0] == "key" {
			secrets = append(secrets, fields[2])
		}
	}
	for _, rt := range r.api.Table() {
		if rt.Method != "GET" {
			continue
		}
		for _, kind := range []string{"security", "channel"} {
			for _, name := range []string{"s9", "s2", "c", "demo.echo", "ann"} {
				path := strings.NewReplacer("{kind}", kind, "{name}", name).Replace(rt.Path)
				switch rt.ID {
				case "history":
					path += "?diff=true"
				case "diff":
					path += "?from=0"
				}
				keep(r.call(t, "GET", path, ""))
			}
		}
	}
	if !strings.Contains(answers.String(), "sealed:o1.") || !strings.Contains(answers.String(), "•••") {
		t.Error("the answers do not show secrets as references, so the test looks in the wrong place")
	}
	for name, text := range map[string]string{"answer": answers.String(), "log": r.log.String()} {
		for _, secret := range secrets {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("the %s shows a secret: %.200s", name, text[max(0, i-100):])
			}
		}
		if strings.Contains(text, "$argon2id$") {
			t.Errorf("the %s shows a password hash", name)
		}
	}
}

// claimWith claims the cluster, first with a wrong code and a bad name, and
// returns what must not show: the codes, the passwords and the token.
func claimWith(t *testing.T, r *rig, post func(path, body string, header ...string) reply) []string {
	t.Helper()
	code := must2(r.api.NewClaimCode(t.Context()))(t).Code
	post("/claim", `{"code":"HUSH-CODE-WRNG","password":"hush-claimed-8"}`, "Authorization", "")
	post("/claim", `{"code":"`+code+`","name":"hush/name","password":"hush-claimed-8"}`, "Authorization", "")
	post("/claim", `{"code":"`+code+`","name":["hush-claimed-8"],"password":"hush-claimed-8"}`, "Authorization", "")
	got := must2(r.with(t, "").Claim(t.Context(), client.Claim{Code: code, Password: "hush-claimed-8"}))(t)
	post("/claim", `{"code":"`+code+`","password":"hush-claimed-8"}`, "Authorization", "")
	post("/claim-code", `{}`)
	return []string{"hush-claimed-8", "HUSH-CODE-WRNG", code, strings.ReplaceAll(code, "-", ""), got.Token}
}
