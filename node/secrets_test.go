package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
)

const hushed = `kind: security
name: basic
spec: {type: basic, username: acme, password: hush-basic-01}
---
kind: security
name: key
spec: {type: apikey, key: hush-apikey-02}
---
kind: security
name: jwt
spec: {type: jwt, algorithms: [HS256], secret: hush-jwt-03-0123456789abcdef0123456789}
---
kind: security
name: file
spec: {type: basic, username: acme, password: {ref: "file:%s"}}
---
kind: security
name: gone
spec: {type: basic, username: acme, password: {ref: "cred:gone"}}
---
kind: outgoing
name: db
spec: {type: sql, driver: postgres, host: 127.0.0.1, port: 1, allow: [127.0.0.0/8], database: d, username: u, password: hush-sql-04}
---
kind: outgoing
name: far
spec: {type: http, url: "http://127.0.0.1:1", allow: [127.0.0.0/8], security: file}
---
kind: channel
name: c
spec: {method: POST, path: /c, service: signalbox.echo, security: [basic, key, jwt, file, gone]}
`

// TestSecretsStayInTheProcess plants secrets in a whole node by every way there
// is and looks for them in all that it writes and answers, and in its folder.
func TestSecretsStayInTheProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("hush-file-05\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := nodetest.Up(t, builder.Binary(t), dir, "--log-level", "debug")
	s := &hush{t: t, p: p, http: trusting(t, p.CA)}
	s.plant([]string{"hush-", p.Token, p.Claim}, fmt.Sprintf(hushed, outside))
	s.walk()
	p.API.Close()
	s.http.CloseIdleConnections()
	if err := p.Stop(); err != nil {
		t.Errorf("the node ended with %v", err)
	}
	s.mustNotShow("stdout", p.Stdout())
	s.mustNotShow("stderr", p.Stderr())
	if !strings.Contains(p.Stderr(), "level=DEBUG") || !strings.Contains(s.answers.String(), "sealed:o1.") {
		t.Error("the test looks in the wrong place")
	}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == filepath.Join(dir, "keys") {
			return err
		}
		text, err := os.ReadFile(path)
		s.mustNotShow(path, string(text))
		return err
	}); err != nil {
		t.Error(err)
	}
}

// hush is a search for secrets.
type hush struct {
	t       *testing.T
	p       *nodetest.Process
	http    *http.Client
	secrets []string
	answers strings.Builder
}

func (s *hush) mustNotShow(where, text string) {
	s.t.Helper()
	for _, secret := range s.secrets {
		if i := strings.Index(text, secret); i >= 0 {
			s.t.Errorf("%s shows a secret: %.300q", where, text[max(0, i-150):])
		}
	}
	if strings.Contains(text, "$argon2id$") && !strings.Contains(where, "odb.sqlite") {
		s.t.Errorf("%s shows a password hash", where)
	}
}

// trusting returns a client that trusts a CA.
func trusting(t *testing.T, caFile string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}}
}

// do sends a request to the admin API and keeps the answer.
func (s *hush) do(method, path, body, token string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.p.Control+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := nodetest.Answer{Status: res.StatusCode, Header: res.Header, Body: string(answer)}
	fmt.Fprintf(&s.answers, "%s %s: %d %v %s\n", method, path, a.Status, a.Header, a.Body)
}

// plant puts the secrets in, rightly and wrongly.
func (s *hush) plant(secrets []string, definitions string) {
	s.t.Helper()
	api, ctx := s.p.API, s.t.Context()
	s.secrets = secrets
	if s.p.Claim == "" || s.p.Token == "" {
		s.t.Fatal("there is no code or no token")
	}
	fail := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	_, err := api.Apply(ctx, client.ApplyRequest{Documents: []client.Document{{Name: "f", Text: definitions}}})
	fail(err)
	const v1 = "/api/v1"
	s.do("POST", v1+"/apply", `{"documents":[{"name":"f","text":"kind: security\nname: [hush-bad-06\n"}]}`, s.p.Token)
	s.do("PUT", v1+"/definitions/security/basic", `{"spec":{"type":"basic","username":"u","password":"hush-lost-07","nope":1}}`, s.p.Token)
	s.do("GET", v1+"/me", "", "hush-token-08")
	s.do("POST", v1+"/claim", `{"code":"HUSH","password":"hush-claim-09"}`, "")
	claimed, err := api.Claim(ctx, client.Claim{Code: s.p.Claim, Password: "hush-claim-10"})
	fail(err)
	s.do("POST", v1+"/claim", `{"code":"`+s.p.Claim+`","password":"hush-claim-10"}`, "")
	_, err = api.CreateAccount(ctx, client.CreateAccount{Name: "ann", Role: odb.Developer, Password: "hush-account-11"})
	fail(err)
	for range 12 { // until it is locked
		s.do("POST", v1+"/session", `{"account":"ann","password":"hush-wrong-12"}`, "")
	}
	token, err := api.CreateToken(ctx, client.CreateToken{Account: "ann", NoExpiry: true})
	fail(err)
	s.secrets = append(s.secrets, claimed.Token, token.Secret)
	rotation, err := api.RotateKeys(ctx, client.RotateKeys{})
	fail(err)
	_, err = api.RotateKeys(ctx, client.RotateKeys{Key: rotation.Key})
	fail(err)
	for _, header := range [][2]string{
		{"X-API-Key", "hush-apikey-02"},
		{"X-API-Key", "hush-apikey-13"},
		{"Authorization", "Bearer hush-bearer-14"},
		{"Authorization", "Basic YWNtZTpodXNoLWJhc2ljLTAx"},
		{"Authorization", "Basic YWNtZTpodXNoLXdyb25nLTE1"},
		{"Authorization", "hush-scheme-16"},
	} {
		a := nodetest.Do(s.t, http.MethodPost, s.p.Traffic+"/c", `{}`, header[0], header[1])
		fmt.Fprintf(&s.answers, "%d %v %s\n", a.Status, a.Header, a.Body)
	}
	s.secrets = append(s.secrets, "YWNtZTpodXNoL")
	ring, err := os.ReadFile(filepath.Join(filepath.Dir(s.p.CA), "secrets.keys"))
	fail(err)
	for line := range strings.Lines(string(ring)) {
		if fields := strings.Fields(line); fields[0] == "key" {
			s.secrets = append(s.secrets, fields[2])
		}
	}
}

// walk asks every address that the API's description knows.
func (s *hush) walk() {
	s.t.Helper()
	text, err := s.p.API.OpenAPI(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(text, &doc); err != nil {
		s.t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		if _, ok := methods["get"]; !ok {
			continue
		}
		for _, kind := range []string{"security", "outgoing", "channel"} {
			names := []string{"signalbox.echo"}
			if strings.Contains(path, "{kind}") {
				names = []string{"basic", "key", "jwt", "file", "db", "far", "c"}
			}
			for _, name := range names {
				s.do("GET", strings.NewReplacer("{kind}", kind, "{name}", name).Replace(path), "", s.p.Token)
			}
		}
	}
	for _, query := range []string{"/history?diff=true", "/diff?from=0"} {
		s.do("GET", "/api/v1"+query, "", s.p.Token)
	}
	for _, name := range []string{"db", "far"} {
		s.do("POST", "/api/v1/definitions/outgoing/"+name+"/ping", "{}", s.p.Token)
	}
	if got := strings.Count(s.answers.String(), "\nGET "); got < 100 || !slices.Contains(strings.Fields(s.answers.String()), "/api/v1/secrets:") {
		s.t.Errorf("only %d addresses were asked", got)
	}
	s.mustNotShow("an answer", s.answers.String())
}
