package cli_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/node/nodetest"
)

const migration = `
security:
  - name: partner
    type: basic_auth
    username: acme
    password: planted-basic-1
  - name: mobile
    type: apikey
    password: planted-key-22
groups:
  - name: both
    members: [partner, mobile]
channel_rest:
  - name: /orders/{id}
    service: shop.show
    url_path: /orders/{id}
    method: GET
    groups: [both]
  - name: open
    service: shop.show
    url_path: /open
`

// What was imported works: the path, its parameters, and the passwords that were in
// the file, which nothing shows from then on.
func TestImportedChannelAnswers(t *testing.T) {
	var log strings.Builder
	n := nodetest.Start(t, nodetest.Options{Log: &log})
	n.Deploy("shop", `import { service } from "@signalbox/sdk";
export const show = service({ name: "shop.show", handle(ctx, input: any) { return { id: input?.id ?? null, user: ctx.auth?.user ?? null }; } });`)
	file := filepath.Join(t.TempDir(), "enmasse.yaml")
	if err := os.WriteFile(file, []byte(migration), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "import", "zato", file, "--dir", n.Dir)
	if code != 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	basic := func(password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("acme:"+password))
	}
	for name, tc := range map[string]struct {
		path   string
		header []string
		status int
		want   string
	}{
		"basic auth":     {"/orders/7", []string{"Authorization", basic("planted-basic-1")}, 200, `"id":"7"`},
		"API key":        {"/orders/8", []string{"X-API-Key", "planted-key-22"}, 200, `"id":"8"`},
		"wrong password": {"/orders/7", []string{"Authorization", basic("wrong")}, 401, ""},
		"no credential":  {"/orders/7", nil, 401, ""},
		"open channel":   {"/open?id=9", nil, 200, `"id":"9"`},
	} {
		a := n.Do("GET", tc.path, "", tc.header...)
		if a.Status != tc.status || !strings.Contains(a.Body, tc.want) {
			t.Errorf("%s: %d %s, want %d with %q", name, a.Status, a.Body, tc.status, tc.want)
		}
	}
	second, again, stderr2 := run(t, "import", "zato", file, "--dir", n.Dir)
	if second != 0 || !strings.Contains(again, "nothing to change") {
		t.Errorf("the second import: exit code %d, %s%s", second, again, stderr2)
	}
	_, exported, _ := run(t, "export", "--dir", n.Dir)
	_, history, _ := run(t, "history", "--diff", "-o", "json", "--dir", n.Dir)
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
	for what, text := range map[string]string{
		"report": stdout + stderr, "second report": again + stderr2, "export": exported, "history": history, "log": log.String(),
	} {
		if text == "" && what != "log" || strings.Contains(text, "planted") {
			t.Errorf("the %s has a password of the file in it, or nothing: %s", what, text)
		}
	}
}
