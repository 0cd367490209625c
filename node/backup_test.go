package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/backup"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

const (
	phrase     = "umbrella-kiosk-17-lantern"
	partnerKey = "PLANTED-key-of-the-partner"
)

const securedChannel = `kind: security
name: partner
spec: {type: apikey, key: ` + partnerKey + `}
---
kind: channel
name: hello
spec: {method: POST, path: /hello, service: hello.say, security: [partner]}
`

// lived makes a node with a past: two versions of a package, a sealed secret, an
// account with a token, deleted and renamed definitions.
func lived(t *testing.T, o nodetest.Options) (n *nodetest.Node, viewer string) {
	t.Helper()
	o.Settings = map[string]string{"cluster": "acme", "service_memory": "48MiB"}
	n = nodetest.Start(t, o)
	n.Deploy("hello", strings.Replace(helloV1, "Hello, ", "Good day, ", 1))
	n.Deploy("hello", helloV1)
	n.Apply(securedChannel)
	n.Apply("kind: outgoing\nname: erp\nspec: {url: https://erp.example, timeout: 3s}\n")
	if _, err := n.API.CreateAccount(t.Context(), client.CreateAccount{Name: "ann", Role: odb.Viewer}); err != nil {
		t.Fatal(err)
	}
	token, err := n.API.CreateToken(t.Context(), client.CreateToken{Account: "ann", NoExpiry: true})
	if err != nil {
		t.Fatal(err)
	}
	d, err := n.API.Definition(t.Context(), "outgoing", "erp")
	if err != nil {
		t.Fatal(err)
	}
	w, err := n.API.RenameDefinition(t.Context(), d, client.RenameDefinition{Name: "erp-żółw"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.API.DeleteDefinition(t.Context(), w.Definition, "for the history"); err != nil {
		t.Fatal(err)
	}
	return n, token.Secret
}

// backUp writes a backup of a running node and reads it back.
func backUp(t *testing.T, n *nodetest.Node) (file string, revision int64) {
	t.Helper()
	var b bytes.Buffer
	made, err := n.API.Backup(t.Context(), phrase, &b)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := backup.Verify(t.Context(), bytes.NewReader(b.Bytes()), phrase)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Revision != made.Revision || sum.By != "admin" || sum.Node != "test" || sum.Cluster != "acme" || sum.ODBKind != "sqlite" {
		t.Errorf("the file says %+v, the node %+v", sum, made)
	}
	for _, planted := range []string{partnerKey, n.Token, phrase, "PRIVATE KEY", "hello.say", "acme"} {
		if bytes.Contains(b.Bytes(), []byte(planted)) {
			t.Errorf("the file shows %q in clear", planted)
		}
	}
	if s, err := n.API.Status(t.Context()); err != nil || s.LastBackup == nil || s.LastBackup.Bytes != int64(b.Len()) {
		t.Errorf("the backup of %d bytes is remembered as %+v, %v", b.Len(), s.LastBackup, err)
	}
	file = filepath.Join(t.TempDir(), "acme.sbx")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, made.Revision
}

// restoreFrom makes a node of a backup in a new folder and starts it.
func restoreFrom(t *testing.T, file, dsn string, log *logText) *nodetest.Node {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "node")
	values := map[string]string{"name": "phoenix", "traffic": "127.0.0.1:0", "control": "127.0.0.1:0"}
	if dsn != "" {
		values["odb"] = dsn
	}
	done, err := node.Restore(t.Context(), node.RestoreConfig{File: file, Passphrase: phrase, Dir: dir, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	if done.Config.Cluster != "acme" || done.Config.Name != "phoenix" || done.Config.ServiceMemory != 48<<20 || done.Config.Dir != dir {
		t.Errorf("restored as %+v", done.Config)
	}
	for _, gone := range []string{"restore.unfinished", "keys/node.id"} {
		if _, err := os.Stat(filepath.Join(dir, gone)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v", gone, err)
		}
	}
	return nodetest.Start(t, nodetest.Options{Dir: dir, Log: log})
}

// past is all that an ODB tells of its first revisions.
func past(t *testing.T, api *client.Client, revision int64) string {
	t.Helper()
	var b strings.Builder
	keep := func(v any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	for rev := range revision {
		keep(api.State(t.Context(), rev+1))
	}
	for before := revision + 1; before > 1; {
		l, err := api.History(t.Context(), client.HistoryQuery{Before: before, Limit: 50, Diff: true})
		keep(l.Items, err)
		before = l.Items[len(l.Items)-1].Revision
	}
	return b.String()
}

// sameCluster compares a restored node with the one that was backed up, as of a
// revision.
func sameCluster(t *testing.T, old, restored *nodetest.Node, revision int64, viewer string) {
	t.Helper()
	ctx := t.Context()
	if a := restored.Do(http.MethodPost, "/hello", `{"name":"Ada"}`, "X-API-Key", partnerKey); a.Status != http.StatusOK || a.Body != `{"text":"Hello, Ada"}` {
		t.Errorf("the channel answers %d %s", a.Status, a.Body)
	}
	if a := restored.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != http.StatusUnauthorized {
		t.Errorf("without its key the channel answers %d", a.Status)
	}
	if want, got := past(t, old.API, revision), past(t, restored.API, revision); got != want {
		t.Errorf("the past differs:\n%s\nwant\n%s", got, want)
	}
	status, err := nodetest.NewClient(t, restored.Control, old.CA, viewer).Status(ctx) // the old CA, the old token
	if err != nil {
		t.Fatal(err)
	}
	if status.Revision != revision || status.Cluster != "acme" || status.Problems != 0 || !status.Level {
		t.Errorf("status %+v, want revision %d", status, revision)
	}
	if status.LastBackup == nil || status.LastBackup.Revision != revision || status.LastBackup.By != "admin" {
		t.Errorf("the last backup is %+v", status.LastBackup)
	}
	versions, err := restored.API.Versions(ctx, "hello.say")
	if err != nil || len(versions) != 2 {
		t.Errorf("versions %+v, %v", versions, err)
	}
	accounts, err := restored.API.Accounts(ctx)
	if err != nil || len(accounts) != 2 {
		t.Errorf("accounts %+v, %v", accounts, err)
	}
	oldNodes, err1 := old.API.Nodes(ctx)
	newNodes, err2 := restored.API.Nodes(ctx)
	if err := errors.Join(err1, err2); err != nil || oldNodes[0].ID == newNodes[0].ID {
		t.Errorf("the node has the id of the old one (%v)", err)
	}
	restored.Deploy("more", strings.ReplaceAll(helloV1, "hello", "more")) // it takes changes
}

// A node is backed up under traffic and writes: what is restored is one moment of
// it, and nobody has noticed.
func TestBackupOfALiveNode(t *testing.T) {
	t.Parallel()
	var log logText
	n, viewer := lived(t, nodetest.Options{Log: &log})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	calls, writes := 0, 0
	wg.Go(func() {
		for ; ctx.Err() == nil; calls++ {
			if a, err := nodetest.TryDo(context.Background(), http.MethodPost, n.Traffic+"/hello", `{"name":"Ada"}`, "X-API-Key", partnerKey); err != nil || a.Status != http.StatusOK {
				t.Errorf("a call during the backup: %+v, %v", a, err)
				return
			}
		}
	})
	wg.Go(func() {
		for ; ctx.Err() == nil; writes++ {
			doc := fmt.Sprintf("kind: channel\nname: live%d\nspec: {path: /live/%d, service: hello.say}\n", writes%7, writes)
			if _, err := n.API.Apply(context.Background(), client.ApplyRequest{Documents: []client.Document{{Name: "a", Text: doc}}}); err != nil {
				t.Errorf("a change during the backup: %v", err)
				return
			}
		}
	})
	file, revision := backUp(t, n)
	stop()
	wg.Wait()
	t.Logf("revision %d, %d calls and %d changes meanwhile", revision, calls, writes)
	if calls == 0 || writes == 0 {
		t.Error("nothing happened during the backup")
	}
	audited(t, n, "backup", 1)
	inspectedBy(t, n, file, revision)
	restored := restoreFrom(t, file, "", &log)
	sameCluster(t, n, restored, revision, viewer)
	for _, planted := range []string{phrase, partnerKey, n.Token, viewer} {
		if strings.Contains(log.String(), planted) {
			t.Errorf("a log shows %q", planted)
		}
	}
}

// inspectedBy has a node look into a backup: a good one, one with another
// passphrase, one that was cut, and what is none.
func inspectedBy(t *testing.T, n *nodetest.Node, file string, revision int64) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, err := n.API.InspectBackup(t.Context(), phrase, bytes.NewReader(content))
	if err != nil || in.Revision != revision || in.Bytes != int64(len(content)) || in.CA == "" || len(in.Parts) == 0 {
		t.Errorf("got %+v, %v", in, err)
	}
	for name, bad := range map[string]struct {
		passphrase string
		content    []byte
		want       string
	}{
		"another passphrase": {phrase + "x", content, "the passphrase does not open it"},
		"cut":                {phrase, content[:len(content)-100], "damaged"},
		"no backup":          {phrase, []byte(strings.Repeat("nothing\n", 100)), "it is no backup"},
	} {
		_, err := n.API.InspectBackup(t.Context(), bad.passphrase, bytes.NewReader(bad.content))
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Detail, bad.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// From SQLite into servers: a stopped node's folder, restored there, exports the
// same bytes; and from there back.
func TestRestoreIntoServers(t *testing.T) {
	t.Parallel()
	var log logText
	n, viewer := lived(t, nodetest.Options{Log: &log})
	file, revision := backUp(t, n)
	want, err := n.API.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for scheme, start := range map[string]func(testing.TB) *testservers.Server{
		"postgres": testservers.Postgres, "mysql": testservers.MariaDB,
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			dsn := url.URL{Scheme: scheme, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: s.Database}
			restored := restoreFrom(t, file, dsn.String(), &log)
			got, err := restored.API.Export(t.Context())
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the export differs (%v):\n%s\nwant\n%s", err, got, want)
			}
			sameCluster(t, n, restored, revision, viewer)
			again := filepath.Join(t.TempDir(), "again")
			values := map[string]string{"odb": dsn.String()}
			_, err = node.Restore(t.Context(), node.RestoreConfig{File: file, Passphrase: phrase, Dir: again, Values: values})
			if odb.KindOf(err) != odb.Conflict || strings.Contains(err.Error(), s.Password) {
				t.Errorf("into a database in use: %v", err)
			}
			missing(t, again)
			backFromServer(t, restored, dsn.String())
			if strings.Contains(log.String(), s.Password) {
				t.Error("the log shows the database's password")
			}
		})
	}
}

// backFromServer backs up a stopped node whose ODB is on a server and restores it
// into SQLite.
func backFromServer(t *testing.T, n *nodetest.Node, dsn string) {
	t.Helper()
	want, err := n.API.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	cfg := node.BackupConfig{Dir: n.Dir, Passphrase: phrase, Version: "test"}
	if _, err := node.Backup(t.Context(), cfg, &b); err == nil || !strings.Contains(err.Error(), "in use by") {
		t.Errorf("the folder of a running node was taken: %v", err)
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if _, err := node.Backup(t.Context(), cfg, &b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "back.sbx")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	back := restoreFrom(t, file, "", &logText{})
	if got, err := back.API.Export(t.Context()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("back from the server the export differs (%v):\n%s\nwant\n%s", err, got, want)
	}
	if s, err := back.API.Status(t.Context()); err != nil || s.ODB.Kind != "sqlite" || s.LastBackup == nil || s.LastBackup.By != "" {
		t.Errorf("status %+v, %v", s, err)
	}
	audited(t, back, "restore", 2)
	if text, err := os.ReadFile(filepath.Join(back.Dir, "node.toml")); err != nil || bytes.Contains(text, []byte(dsn)) {
		t.Errorf("the address of the old database came along (%v)", err)
	}
}

// audited counts the entries of an action in the audit log, and looks for secrets.
func audited(t *testing.T, n *nodetest.Node, action string, want int) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		l, err := n.API.Audit(t.Context(), client.AuditQuery{Action: action})
		if err == nil && len(l.Items) != want || strings.Contains(fmt.Sprint(l), phrase) {
			err = fmt.Errorf("the audit log has %+v, want %d entries of a %s", l.Items, want, action)
		}
		return err
	})
}

// missing demands that a restore has left nothing.
func missing(t *testing.T, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is there with %v (%v)", dir, entries, err)
	}
}

// Whatever is wrong with the file, its content or the folder: nothing is made.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	n, _ := lived(t, nodetest.Options{})
	file, _ := backUp(t, n)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	parts, manifest := map[string][]byte{}, backup.Manifest{}
	flip := bytes.Clone(whole)
	flip[len(flip)/2] ^= 1
	for name, tc := range map[string]struct {
		file       []byte
		passphrase string
		want       error
	}{
		"wrong passphrase": {whole, phrase + "!", backup.ErrPassphrase},
		"cut":              {whole[:len(whole)-20], phrase, backup.ErrDamaged},
		"flipped":          {flip, phrase, backup.ErrDamaged},
		"foreign":          {[]byte("CREATE TABLE"), phrase, backup.ErrForeign},
	} {
		if err := tryRestore(t, tc.file, tc.passphrase, nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	readParts(t, whole, parts, &manifest)
	noise := bytes.Replace(parts["odb"], []byte(`"complete":true`), []byte(`"complete":null`), 1)
	for name, tc := range map[string]struct {
		edit func(m *backup.Manifest, parts map[string][]byte)
		want string
	}{
		"unknown part": {func(m *backup.Manifest, p map[string][]byte) { m.Names, p["kv"] = append(m.Names, "kv"), []byte("x") }, "part kv"},
		"no key ring": {func(m *backup.Manifest, _ map[string][]byte) {
			m.Names = []string{"settings", "odb", "ca.crt", "ca.key"}
		}, "no part secrets.keys"},
		"no ODB": {func(m *backup.Manifest, _ map[string][]byte) {
			m.Names = []string{"settings", "ca.crt", "ca.key", "secrets.keys"}
		}, "no part odb"},
		"other CA":         {func(m *backup.Manifest, _ map[string][]byte) { m.CA = strings.Repeat("00", 32) }, "certificate authority"},
		"broken key ring":  {func(_ *backup.Manifest, p map[string][]byte) { p["secrets.keys"] = []byte("key x y\n") }, "key ring"},
		"broken CA":        {func(_ *backup.Manifest, p map[string][]byte) { p["ca.key"] = []byte("no key") }, "certificate authority"},
		"dump cut short":   {func(_ *backup.Manifest, p map[string][]byte) { p["odb"] = p["odb"][:len(p["odb"])/2] }, "part odb"},
		"dump without end": {func(_ *backup.Manifest, p map[string][]byte) { p["odb"] = noise }, "part odb"},
		"newer schema":     {func(m *backup.Manifest, _ map[string][]byte) { m.Schema = 1000 }, "newer version"},
		"setting of the box": {func(_ *backup.Manifest, p map[string][]byte) {
			p["settings"] = []byte(`{"cluster":"acme","settings":{"odb":"sqlite:x"}}`)
		}, `"odb"`},
		"bad setting": {func(_ *backup.Manifest, p map[string][]byte) {
			p["settings"] = []byte(`{"cluster":"acme","settings":{"service_vms":"-1"}}`)
		}, "a whole number from 1"},
	} {
		m, p := manifest, map[string][]byte{}
		m.Names = append([]string(nil), manifest.Names...)
		maps.Copy(p, parts)
		tc.edit(&m, p)
		if err := tryRestore(t, writeParts(t, m, p), phrase, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	busy := map[string]string{"traffic": "nonsense"}
	if err := tryRestore(t, whole, phrase, busy); err == nil || !strings.Contains(err.Error(), "settings are not good") {
		t.Errorf("bad settings: %v", err)
	}
	err = restoreInto(t, whole, phrase, n.Dir, nil)
	if err == nil || !strings.Contains(err.Error(), "there is a node in it already") {
		t.Errorf("into a folder with a node: %v", err)
	}
	half := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(half, "keys"), 0o700), os.WriteFile(filepath.Join(half, "keys", "ca.key"), []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := restoreInto(t, whole, phrase, half, nil); err == nil || !strings.Contains(err.Error(), "ca.key already") {
		t.Errorf("into a folder with keys: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(half, "keys", "ca.key")); err != nil || string(text) != "mine" {
		t.Errorf("the key that was there is %q, %v", text, err)
	}
}

func readParts(t *testing.T, whole []byte, parts map[string][]byte, manifest *backup.Manifest) {
	t.Helper()
	sum, err := backup.Read(t.Context(), bytes.NewReader(whole), phrase, func(name string, r io.Reader) error {
		var b bytes.Buffer
		_, err := b.ReadFrom(r)
		parts[name] = b.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	*manifest = sum.Manifest
}

func writeParts(t *testing.T, m backup.Manifest, parts map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := backup.NewWriter(&b, backup.WriterConfig{Passphrase: phrase, Manifest: m, WorkFactor: 4})
	for _, name := range m.Names {
		if err == nil {
			err = w.Part(name, func(w io.Writer) error {
				_, err := w.Write(parts[name])
				return err
			})
		}
	}
	if err == nil {
		_, err = w.Close(1)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tryRestore(t *testing.T, content []byte, passphrase string, values map[string]string) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a", "b")
	err := restoreInto(t, content, passphrase, dir, values)
	missing(t, dir)
	missing(t, filepath.Dir(dir))
	return err
}

func restoreInto(t *testing.T, content []byte, passphrase, dir string, values map[string]string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f.sbx")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := node.Restore(t.Context(), node.RestoreConfig{File: file, Passphrase: passphrase, Dir: dir, Values: values})
	return err
}

// A restore is killed at random moments; the same command, typed again, ends with
// a whole node, and until then there is none.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	binary := builder.Binary(t)
	n, viewer := lived(t, nodetest.Options{})
	for i := range 6 { // a restore takes a while
		var docs strings.Builder
		for j := range 250 {
			fmt.Fprintf(&docs, "kind: channel\nname: many%d-%d\nspec: {path: /many/%d/%d, service: hello.say}\n---\n", i, j, i, j)
		}
		n.Apply(docs.String())
	}
	file, revision := backUp(t, n)
	dir := filepath.Join(t.TempDir(), "node")
	restore := func(dir string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), binary, "restore", file, "--dir", dir, "--node", "phoenix", "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0")
		cmd.Env = []string{"SIGNALBOX_PASSPHRASE=" + phrase}
		return cmd
	}
	begun := func() bool {
		_, marked := os.Stat(filepath.Join(dir, "restore.unfinished"))
		_, done := os.Stat(filepath.Join(dir, "node.toml"))
		return marked == nil && done != nil
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	killed := 0
	for try := 0; killed < 4 && try < 15; try++ {
		again, cmd, ended := begun(), restore(dir), make(chan error, 1)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { ended <- cmd.Wait() }()
		for len(ended) == 0 && !begun() {
			<-time.After(time.Millisecond)
		}
		wait := time.Duration(rng.Int64N(int64(300 * time.Millisecond)))
		if again { // the file is read first
			wait += 500 * time.Millisecond
		}
		<-time.After(wait)
		_ = cmd.Process.Kill() // it may have ended
		err := <-ended
		if err == nil { // it was faster: the next one
			dir = filepath.Join(t.TempDir(), "node")
			continue
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Exited() {
			t.Fatalf("seed %d, after %d kills: %v", seed, killed, err)
		}
		if begun() {
			killed++
			err := node.Init(t.Context(), node.InitConfig{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), "restore was interrupted") {
				t.Errorf("init into a half-restored folder: %v", err)
			}
		}
	}
	t.Logf("seed %d, %d kills", seed, killed)
	if _, err := os.Stat(filepath.Join(dir, "node.toml")); err != nil {
		if out, err := restore(dir).CombinedOutput(); err != nil {
			t.Fatalf("seed %d, after %d kills: %v: %s", seed, killed, err, out)
		}
	}
	if killed == 0 {
		t.Error("no restore was killed")
	}
	sameCluster(t, n, nodetest.Start(t, nodetest.Options{Dir: dir}), revision, viewer)
}

// A restore into a database that stays when the folder is removed goes on where it
// was killed, or says what to do.
func TestRestoreGoesOn(t *testing.T) {
	t.Parallel()
	n, viewer := lived(t, nodetest.Options{})
	file, revision := backUp(t, n)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := backup.Verify(t.Context(), bytes.NewReader(content), phrase)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "node")
	values := map[string]string{
		"odb": "sqlite:" + filepath.Join(t.TempDir(), "elsewhere.sqlite"), "traffic": "127.0.0.1:0", "control": "127.0.0.1:0",
	}
	cfg := node.RestoreConfig{File: file, Passphrase: phrase, Dir: dir, Values: values}
	if _, err := node.Restore(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	dsn, err := odb.ParseDSN(values["odb"])
	if err != nil {
		t.Fatal(err)
	}
	// As if it had been killed just before the settings were written.
	killed := func(filled bool) {
		t.Helper()
		mark := fmt.Sprintf(`{"part":%q,"odb":%q,"file":"","filled":%t}`, sum.Parts[1].SHA256, dsn.Where(), filled)
		err := errors.Join(os.Remove(filepath.Join(dir, "node.toml")), os.WriteFile(filepath.Join(dir, "restore.unfinished"), []byte(mark), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	killed(true)
	if _, err := node.Restore(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	restored := nodetest.Start(t, nodetest.Options{Dir: dir})
	sameCluster(t, n, restored, revision, viewer)
	if err := restored.Stop(); err != nil {
		t.Fatal(err)
	}
	// And as if just after the ODB was filled, before that was noted.
	killed(false)
	if _, err := node.Restore(t.Context(), cfg); odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), "may have filled it") {
		t.Errorf("into a database that an interrupted restore has filled: %v", err)
	}
}

// What is left in a database after the ODB has moved is not the cluster.
func TestBackupOfAMovedODB(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	if err := node.Init(t.Context(), node.InitConfig{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	openODB := func(dsn string) *sqldb.DB {
		t.Helper()
		db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	to := "sqlite:" + filepath.Join(t.TempDir(), "to.sqlite")
	target, err := odb.ParseDSN(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqldb.Copy(t.Context(), sqldb.CopyConfig{
		From: openODB("sqlite:" + filepath.Join(dir, "odb.sqlite")), To: openODB(to), Target: target, DSN: to, By: "ann",
		Seal: func(dsn string) (string, error) { return dsn, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_, err = node.Backup(t.Context(), node.BackupConfig{Dir: dir, Passphrase: phrase}, &b)
	if err == nil || !strings.Contains(err.Error(), "has moved to") || b.Len() > 0 {
		t.Errorf("got %v and %d bytes", err, b.Len())
	}
}
