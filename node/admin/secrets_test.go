package admin_test

import (
	"fmt"
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
	post("/accounts", `{"name":"ann","role":"admin","password":"hush-account-4"}`)
	// Refusals must not tell either: a conflict, a fault beside it, a field of the wrong type.
	post("/definitions/security", `{"name":"s9","spec":{"type":"basic","username":"u","password":"hush-refused-5"}}`)
	post("/definitions/security", `{"name":"s7","spec":{"type":"basic","usrname":"u","password":"hush-refused-5"}}`)
	post("/definitions/channel", `{"name":"s7","spec":{"path":"/x","service":"demo.echo","enabled":["hush-misplaced-6"],"password":"hush-misplaced-6"}}`)
	post("/apply", `{"documents":["hush-misplaced-6"],"prune":"hush-misplaced-6"}`)
	keep(r.call(t, "POST", "/api/v1/session", `{"account":"ann","password":"hush-signin-7"}`, "Authorization", ""))
	token := must2(adm.CreateToken(ctx, client.CreateToken{Account: "ann", NoExpiry: true}))(t)
	secrets = append(secrets, token.Secret, r.local, r.tokens[odb.Admin])

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
