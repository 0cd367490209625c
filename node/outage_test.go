package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
)

// dsnOf writes the DSN of a test's server as node.toml has it.
func dsnOf(scheme string, s *testservers.Server) string {
	u := url.URL{Scheme: scheme, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: s.Database}
	return u.String()
}

// control asks the admin API in raw form.
func control(t *testing.T, n *nodetest.Node, token, method, path, body string) (int, http.Header, string) {
	t.Helper()
	pem, err := os.ReadFile(n.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, n.Control+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

func status(t *testing.T, n *nodetest.Node) client.Status {
	t.Helper()
	s, err := n.API.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// odbState waits until the node says that its ODB is in a state.
func odbState(t *testing.T, n *nodetest.Node, state string) client.Status {
	t.Helper()
	var s client.Status
	nodetest.Eventually(t, func() (err error) {
		if s, err = n.API.Status(t.Context()); err == nil && s.ODB.State != state {
			err = fmt.Errorf("the ODB is %+v, want %s", s.ODB, state)
		}
		return err
	})
	return s
}

const plantedKey = "planted-api-key-7f3a"

// A node whose ODB is away at its start serves from what it kept, code included,
// lets administrators read, refuses changes, and follows the ODB when it comes.
func TestStartWithoutODB(t *testing.T) {
	t.Parallel()
	s := testservers.Postgres(t)
	dir := filepath.Join(t.TempDir(), "node")
	var log logText
	o := nodetest.Options{Dir: dir, Settings: map[string]string{"odb": dsnOf("postgres", s)}, Log: &log}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel + "---\nkind: security\nname: planted\nspec: {type: apikey, key: " + plantedKey + "}\n")
	if _, err := n.API.CreateAccount(t.Context(), client.CreateAccount{Name: "vera", Role: odb.Viewer, Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	viewer, err := n.API.CreateToken(t.Context(), client.CreateToken{Account: "vera", NoExpiry: true})
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := n.API.CreateToken(t.Context(), client.CreateToken{Account: "vera", NoExpiry: true})
	if err == nil {
		err = n.API.DeleteToken(t.Context(), revoked.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	revision := status(t, n).Revision
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	noSecretIn(t, dir, plantedKey, viewer.Secret, n.Token, s.Password, "argon2id")
	s.Kill()

	n = nodetest.Start(t, o)
	greet(t, n)
	if want := fmt.Sprintf("the ODB is away; serving revision %d of 20", revision); !strings.HasPrefix(n.Node.Info().Notice, want) {
		t.Errorf("notice %q, want %q …", n.Node.Info().Notice, want)
	}
	if got := status(t, n); got.ODB.State != "down" || got.ODB.Error == "" || got.ODB.Since.IsZero() || got.Level || got.Revision != revision || got.Problems != 0 {
		t.Errorf("status %+v", got)
	}
	readsWithoutODB(t, n, viewer.Secret, revision)
	for name, token := range map[string]string{"revoked": revoked.Secret, "unknown": "sb_unknown"} {
		if code, _, body := control(t, n, token, http.MethodGet, "/api/v1/me", ""); code != http.StatusUnauthorized {
			t.Errorf("%s token: %d %s", name, code, body)
		}
	}
	if code, _, body := control(t, n, "", http.MethodPost, "/api/v1/session", `{"account":"vera","password":"correct horse battery"}`); code != http.StatusCreated {
		t.Errorf("sign in: %d %s", code, body)
	}
	if code, _, body := control(t, n, n.Token, http.MethodPut, "/api/v1/accounts/vera", `{"role":"admin"}`); code != http.StatusServiceUnavailable || !strings.Contains(body, "nothing was changed") {
		t.Errorf("a change: %d %s", code, body)
	}

	s.Start()
	n.API.Plan(t.Context(), client.PlanRequest{}) //nolint:errcheck // somebody wants the ODB
	if got := odbState(t, n, "up"); got.Revision != revision || !got.Level {
		t.Errorf("when the ODB is there: %+v", got)
	}
	n.Apply(strings.ReplaceAll(helloChannel, "/hello", "/again"))
	if a := n.Do(http.MethodPost, "/again", `{"name":"Ada"}`); a.Status != http.StatusOK {
		t.Errorf("after a change: %d %s", a.Status, a.Body)
	}
	if strings.Contains(log.String(), s.Password) {
		t.Error("the log shows the ODB's password")
	}
}

// readsWithoutODB asks everything that a viewer may read.
func readsWithoutODB(t *testing.T, n *nodetest.Node, token string, revision int64) {
	t.Helper()
	for _, path := range []string{
		"me", "status", "nodes", "stats", "problems", "connections", "kinds", "kinds/channel", "definitions/channel",
		"definitions/channel/hello", "definitions/channel/hello/references", "services", "services/hello.say",
		"services/hello.say/source", "export", "state", "events",
	} {
		code, header, body := control(t, n, token, http.MethodGet, "/api/v1/"+path, "")
		if code != http.StatusOK || header.Get("X-Stale-Revision") != fmt.Sprint(revision) {
			t.Errorf("GET %s: %d, X-Stale-Revision %q: %.200s", path, code, header.Get("X-Stale-Revision"), body)
		}
	}
	for _, path := range []string{"accounts", "access-tokens"} {
		if code, header, body := control(t, n, n.Token, http.MethodGet, "/api/v1/"+path, ""); code != http.StatusOK || header.Get("X-Stale-Revision") == "" || !strings.Contains(body, "vera") {
			t.Errorf("GET %s: %d %.200s", path, code, body)
		}
	}
	for _, path := range []string{"history", "diff?from=1", "state?revision=1", "services/hello.say/versions"} {
		code, header, body := control(t, n, token, http.MethodGet, "/api/v1/"+path, "")
		var p client.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Error(err)
		}
		if code != http.StatusServiceUnavailable || p.Code != client.CodeUnavailable || !strings.Contains(p.Detail, "needs the ODB, which is away since 20") || header.Get("X-Stale-Revision") != "" {
			t.Errorf("GET %s: %d %s", path, code, body)
		}
	}
}

// noSecretIn looks for texts in the sealed file and the kept packages.
func noSecretIn(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	files := 0
	look := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if secret == "" || strings.Contains(string(text), secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
		return err
	}
	for _, name := range []string{node.LastGoodFile, "data/packages"} {
		if err := filepath.WalkDir(filepath.Join(dir, name), look); err != nil {
			t.Error(err)
		}
	}
	if files != 2 {
		t.Errorf("looked into %d files, want the sealed one and a package", files)
	}
}

// A sealed file that is damaged is a line in the log while the ODB is there, and
// the node does not start when it is not.
func TestDamagedSnapshot(t *testing.T) {
	t.Parallel()
	s := testservers.MariaDB(t)
	dir := filepath.Join(t.TempDir(), "node")
	var log logText
	o := nodetest.Options{Dir: dir, Settings: map[string]string{"odb": dsnOf("mysql", s)}, Log: &log}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	sealed := filepath.Join(dir, node.LastGoodFile)
	good, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	damage := func() {
		if err := os.WriteFile(sealed, good[:len(good)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	n = nodetest.Start(t, o)
	greet(t, n)
	if !strings.Contains(log.String(), "last good configuration cannot be used") {
		t.Error("the log does not tell of the damaged file")
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if mended, err := os.ReadFile(sealed); err != nil || len(mended) < len(good)/2+1 {
		t.Errorf("the file was not written anew: %d bytes, %v", len(mended), err)
	}
	damage()
	s.Kill()
	if n, err := nodetest.TryStart(t, o); err == nil {
		t.Error("a node without an ODB and without a good file starts")
		_ = n.Stop()
	} else if odb.KindOf(err) != odb.Unavailable || strings.Contains(err.Error(), s.Password) {
		t.Errorf("it says %v", err)
	}
	if err := os.WriteFile(sealed, good, 0o600); err != nil {
		t.Fatal(err)
	}
	greet(t, nodetest.Start(t, o))
}

// sqliteNode is a stopped node on SQLite at revision at least 3, with the path
// of its database.
func sqliteNode(t *testing.T) (o nodetest.Options, file string, revision int64) {
	t.Helper()
	o = nodetest.Options{Dir: filepath.Join(t.TempDir(), "node")}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	revision = status(t, n).Revision
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	return o, filepath.Join(o.Dir, "odb.sqlite"), revision
}

func mustRename(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			t.Fatal(err)
		}
	}
}

// refusedBehind wants a write to be refused because the ODB is behind.
func refusedBehind(t *testing.T, n *nodetest.Node, why string) {
	t.Helper()
	_, err := n.API.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "x.yaml", Text: strings.ReplaceAll(helloChannel, "/hello", "/x")}}})
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, why) {
		t.Errorf("a change is answered %v, want 503 because of %q", err, why)
	}
}

// A database file that is gone is not made anew under a node that has served it.
func TestMissingDatabaseFile(t *testing.T) {
	t.Parallel()
	o, file, revision := sqliteNode(t)
	mustRename(t, file, file+".away")
	n := nodetest.Start(t, o)
	greet(t, n)
	s := odbState(t, n, "behind")
	if s.Revision != revision || !strings.Contains(s.ODB.Error, "missing or empty") {
		t.Errorf("status %+v", s)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file was made anew: %v", err)
	}
	refusedBehind(t, n, "file is not there")
	mustRename(t, file+".away", file)
	if s := odbState(t, n, "up"); s.Revision != revision {
		t.Errorf("when the file is back: %+v", s)
	}
	// The same under the running node.
	mustRename(t, file, file+".away")
	odbState(t, n, "behind")
	refusedBehind(t, n, "file is not there")
	greet(t, n)
	mustRename(t, file+".away", file)
	odbState(t, n, "up")
	n.Apply(strings.ReplaceAll(helloChannel, "/hello", "/again"))
}

// An ODB that is older than what the node has served does not come into force
// until it is newer again, or somebody accepts it.
func TestOlderODB(t *testing.T) {
	t.Parallel()
	o, file, before := sqliteNode(t)
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := nodetest.Start(t, o)
	n.Apply(strings.ReplaceAll(helloChannel, "/hello", "/newer"))
	revision := status(t, n).Revision
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	mustRename(t, file, file+".new")
	if err := os.WriteFile(file, old, 0o600); err != nil {
		t.Fatal(err)
	}
	n = nodetest.Start(t, o)
	if a := n.Do(http.MethodPost, "/newer", `{"name":"Ada"}`); a.Status != http.StatusOK {
		t.Errorf("the last good configuration is not served: %d %s", a.Status, a.Body)
	}
	if !strings.HasPrefix(n.Node.Info().Notice, "the ODB is behind; serving revision ") {
		t.Errorf("notice %q", n.Node.Info().Notice)
	}
	if s := odbState(t, n, "behind"); s.Revision != revision || s.Level || !strings.Contains(s.ODB.Error, fmt.Sprintf("revision %d, behind revision %d", before, revision)) {
		t.Errorf("status %+v", s)
	}
	refusedBehind(t, n, fmt.Sprintf("behind revision %d", revision))
	// The newer one is put back under the running node.
	mustRename(t, file, file+".old")
	mustRename(t, file+".new", file)
	odbState(t, n, "up")
	if _, err := n.API.AcceptODB(t.Context()); err == nil {
		t.Error("an ODB that is not behind was accepted")
	}
	// And the old one again, which is accepted.
	mustRename(t, file, file+".new")
	mustRename(t, file+".old", file)
	odbState(t, n, "behind")
	got, err := n.API.AcceptODB(t.Context())
	if err != nil || got.Was != revision || got.Revision != before {
		t.Fatalf("accepted: %+v, %v", got, err)
	}
	greet(t, n)
	if a := n.Do(http.MethodPost, "/newer", `{"name":"Ada"}`); a.Status != http.StatusNotFound {
		t.Errorf("what was given up is still there: %d", a.Status)
	}
	n.Apply(strings.ReplaceAll(helloChannel, "/hello", "/next"))
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if s := status(t, nodetest.Start(t, o)); s.ODB.State != "up" || s.Revision != before+1 {
		t.Errorf("after a new start: %+v", s)
	}
}

// A node whose database file is gone for good can be told to go on with an empty one.
func TestAcceptEmptyODB(t *testing.T) {
	t.Parallel()
	o, file, _ := sqliteNode(t)
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	n := nodetest.Start(t, o)
	odbState(t, n, "behind")
	text, err := n.API.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	local, err := os.ReadFile(filepath.Join(o.Dir, "keys", "local.token"))
	if err != nil {
		t.Fatal(err)
	}
	n.API = nodetest.NewClient(t, n.Control, n.CA, strings.TrimSpace(string(local)))
	if got, err := n.API.AcceptODB(t.Context()); err != nil || got.Revision != 1 { // of the compiled-in services
		t.Fatalf("accepted: %+v, %v", got, err)
	}
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != http.StatusNotFound {
		t.Errorf("what was given up is still there: %d", a.Status)
	}
	n.Deploy("hello", helloV1)
	n.Apply(string(text))
	greet(t, n)
}

// A node that is made anew in a folder knows nothing of the one before it.
func TestInitForgetsLastGood(t *testing.T) {
	t.Parallel()
	o, file, _ := sqliteNode(t)
	for _, name := range []string{file, filepath.Join(o.Dir, "node.toml")} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if s := odbState(t, nodetest.Start(t, o), "up"); s.Revision != 1 {
		t.Errorf("status %+v", s)
	}
}

// What cannot be put into force is told with its reason; the rest is in force.
func TestOneBadDefinitionStopsNoOther(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel + `---
kind: security
name: from-nowhere
spec: {type: apikey, key: {ref: "env:NOT_SET_ANYWHERE"}}
---
kind: channel
name: closed
spec: {method: POST, path: /closed, service: hello.say, security: [from-nowhere]}
---
kind: outgoing
name: db
spec: {type: sql, driver: postgres, host: 127.0.0.1, database: x, username: x, password: {ref: "env:NOT_SET_EITHER"}}
`)
	greet(t, n)
	problems, err := n.API.Problems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for _, p := range problems {
		reasons[p.Kind+"/"+p.Name] = p.Reason
	}
	if !strings.Contains(reasons["security/from-nowhere"], "NOT_SET_ANYWHERE") || !strings.Contains(reasons["outgoing/db"], "NOT_SET_EITHER") || reasons["channel/hello"] != "" {
		t.Errorf("problems %v", reasons)
	}
	if a := n.Do(http.MethodPost, "/closed", `{"name":"Ada"}`); a.Status < 400 {
		t.Errorf("a channel whose credential is not there is open: %d", a.Status)
	}
	if s := status(t, n); s.Problems != len(problems) || s.Problems == 0 || !s.Level {
		t.Errorf("status %+v", s)
	}
}
