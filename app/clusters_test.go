package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	port := c.LocalAddr().(*net.UDPAddr).Port
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// Clusters that announce themselves are found, each once, with all that a person compares;
// one that is found is added by what was found.
func TestDiscover(t *testing.T) {
	t.Parallel()
	port := freeUDP(t)
	loud := map[string]string{"announce": "true"}
	one := nodetest.Start(t, nodetest.Options{Settings: loud, DiscoveryPort: port})
	two := nodetest.Start(t, nodetest.Options{Settings: loud, DiscoveryPort: port})
	r := startWith(t, "", nil, func(c *app.Config) { c.DiscoveryPort = port })
	saved := r.add(two.Link, nil)
	var found client.List[app.FoundCluster]
	nodetest.Eventually(t, func() error {
		if found = ok[client.List[app.FoundCluster]](r, r.do("POST", "/api/discover", nil)); len(found.Items) < 2 {
			return fmt.Errorf("found %+v", found.Items)
		}
		return nil
	})
	if len(found.Items) != 2 {
		t.Fatalf("found %+v", found.Items)
	}
	want := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: one.Link}))
	for _, f := range found.Items {
		if len(f.Nodes) != 1 || len(f.From) == 0 || f.Cluster.Name == "" {
			t.Errorf("found %+v", f)
		}
		if f.Cluster.Fingerprint == saved.Fingerprint {
			if f.Exists != saved.ID {
				t.Errorf("a saved cluster is found as a new one: %+v", f)
			}
			continue
		}
		if f.Cluster.Fingerprint != want.Cluster.Fingerprint || f.Cluster.URLs[0] != one.Control {
			t.Errorf("found %+v, want %+v at %s", f.Cluster, want.Cluster, one.Control)
		}
		f.Cluster.Name = "found"
		c := ok[app.Cluster](r, r.do("POST", "/api/clusters", f.Cluster))
		r.until(c.ID, up)
	}
}

// A list goes to another machine and back without loss and without secrets.
func TestExportImportRoundTrip(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	a := r.add(n.Link, func(s *app.SaveCluster) {
		s.Name, s.Colour, s.Tag, s.Environment, s.Protected = "Zürich 1", "#1d6870", "west", "production", true
	})
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+a.ID+"/sign-in", app.SignIn{Token: n.Token}))
	other := app.SaveCluster{Name: "other", URLs: []string{"https://10.0.0.1:8183", "https://10.0.0.2:8183"}, Fingerprint: "sha256:" + strings.Repeat("cd", 32), ReadOnly: true}
	b := ok[app.Cluster](r, r.do("POST", "/api/clusters", other))
	all := r.do("GET", "/api/clusters/export", nil)
	if strings.Contains(all.body, n.Token) || strings.Contains(all.body, a.ID) {
		t.Errorf("the file says more than it may: %s", all.body)
	}
	chosen := ok[app.ClusterFile](r, r.do("GET", "/api/clusters/export?id="+b.ID, nil))
	if len(chosen.Clusters) != 1 || chosen.Clusters[0].Name != "other" {
		t.Errorf("chosen = %+v", chosen)
	}
	second := start(t, "", nil)
	in := app.ImportClusters{Text: all.body, DryRun: true}
	plan := ok[app.Imported](second, second.do("POST", "/api/clusters/import", in))
	if kindsOf(plan) != "new new" || len(ok[client.List[app.Cluster]](second, second.do("GET", "/api/clusters", nil)).Items) != 0 {
		t.Fatalf("a dry run gives %+v, or changed something", plan)
	}
	in.DryRun = false
	if got := ok[app.Imported](second, second.do("POST", "/api/clusters/import", in)); !got.Items[0].Taken || !got.Items[1].Taken {
		t.Fatalf("imported = %+v", got)
	}
	if back := second.do("GET", "/api/clusters/export", nil); back.body != all.body {
		t.Errorf("after the round trip:\n%s\nwant\n%s", back.body, all.body)
	}
	if again := ok[app.Imported](second, second.do("POST", "/api/clusters/import", in)); kindsOf(again) != "same same" || again.Items[0].Taken {
		t.Errorf("a second import gives %+v", again)
	}
}

func kindsOf(in app.Imported) string {
	var out []string
	for _, one := range in.Items {
		out = append(out, string(one.Is))
	}
	return strings.Join(out, " ")
}

// An import says what each cluster is and takes only what was chosen.
func TestImport(t *testing.T) {
	t.Parallel()
	r := start(t, "", nil)
	print := func(digits string) string { return "sha256:" + strings.Repeat(digits, 32) }
	saved := ok[app.Cluster](r, r.do("POST", "/api/clusters", app.SaveCluster{Name: "main", URLs: []string{"https://10.0.0.1:8183"}, Fingerprint: print("aa")}))
	text := "# our clusters\n" +
		"signalbox://connect?url=10.0.0.9&ca=" + print("aa") + "&cluster=main\n\n" + // differs: another address
		"signalbox://connect?url=10.0.0.2&ca=" + print("bb") + "&cluster=main\n" + // new, its name is taken
		"10.0.0.3\n" + // no authority
		"signalbox://connect?url=10.0.0.2&ca=" + print("bb") + "&cluster=again\n"
	plan := ok[app.Imported](r, r.do("POST", "/api/clusters/import", app.ImportClusters{Text: text, DryRun: true}))
	if kindsOf(plan) != "differs new broken broken" || plan.Items[1].Cluster.Name != "main 2" || plan.Items[2].Error == "" {
		t.Fatalf("plan = %+v", plan)
	}
	if c := plan.Items[0].Changes; len(c) != 1 || c[0].Field != "urls" || plan.Items[0].ID != saved.ID {
		t.Errorf("changes = %+v", c)
	}
	got := ok[app.Imported](r, r.do("POST", "/api/clusters/import", app.ImportClusters{Text: text, Take: []int{0}}))
	if !got.Items[0].Taken || got.Items[1].Taken {
		t.Errorf("taken = %+v", got)
	}
	if c := r.cluster(saved.ID); c.URLs[0] != "https://10.0.0.9:8183" {
		t.Errorf("saved = %+v", c)
	}
	for name, text := range map[string]string{"nothing": " ", "comments": "# a", "other JSON": `{"a":1}`, "newer": `{"signalbox":"clusters/2","clusters":[{}]}`, "no text": "\xff\xfe"} {
		raw, _ := json.Marshal(app.ImportClusters{Text: text})
		if name == "no text" {
			raw = []byte(`{"text":"\u0000\u0001"}`)
			if got := ok[app.Imported](r, r.do("POST", "/api/clusters/import", string(raw))); kindsOf(got) != "broken" {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		r.refused(r.do("POST", "/api/clusters/import", string(raw)), http.StatusUnprocessableEntity, "invalid")
	}
}

// A cluster that was taken off the list comes back signed in; when it does not, its
// sign-in ends with the app.
func TestRemoveAndRestore(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	addAda(t, n)
	r := start(t, "", noRing())
	c := r.add(n.Link, nil)
	base := "/api/clusters/" + c.ID
	ok[app.Cluster](r, r.do("POST", base+"/sign-in", app.SignIn{Account: "ada", Password: password}))
	r.until(c.ID, func(c app.Cluster) bool { return c.Status != nil })
	if got := ok[app.Removed](r, r.do("DELETE", base, nil)); time.Until(got.Until) < time.Minute {
		t.Errorf("it can come back until %v", got.Until)
	}
	r.refused(r.do("GET", base, nil), http.StatusNotFound, client.CodeNotFound)
	back := ok[app.Cluster](r, r.do("POST", base+"/restore", nil))
	if back.SignedInAs != "ada" || back.Status == nil || back.ID != c.ID {
		t.Errorf("it came back as %+v", back)
	}
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))
	r.refused(r.do("POST", base+"/restore", nil), http.StatusNotFound, client.CodeNotFound)

	ok[app.Removed](r, r.do("DELETE", base, nil))
	r.stop()
	if tokens, err := n.API.Tokens(t.Context()); err != nil || adasTokens(tokens) != 0 {
		t.Errorf("after the end of the app there are tokens %+v, %v", tokens, err)
	}
	if files, _ := os.ReadDir(filepath.Join(r.dir, "state")); len(files) != 0 {
		t.Errorf("something is left of it: %v", files)
	}
}

// What a crash left of a removed cluster is forgotten at the next start.
func TestSweep(t *testing.T) {
	t.Parallel()
	keys := newRing()
	const id = "abcdefghijklmnopqrstuvwxyz"
	keys.values[id] = "a credential"
	dir := filepath.Join(t.TempDir(), "app")
	state := filepath.Join(dir, "state", id+".json")
	if err := os.MkdirAll(filepath.Dir(state), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, []byte(`{"version":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir, keys)
	nodetest.Eventually(t, func() error {
		if _, err := os.Stat(state); err == nil {
			return errors.New("the state is still there")
		} else if !os.IsNotExist(err) {
			return err
		}
		return nil
	})
	keys.mu.Lock()
	defer keys.mu.Unlock()
	if _, there := keys.values[id]; there {
		t.Error("the credential is still there")
	}
}

// Each address says what came of it, and what answers in place of the cluster is named.
func TestAddresses(t *testing.T) {
	t.Parallel()
	n, foreign := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	closed := newGate(t, "127.0.0.1:1")
	closed.close()
	c := r.add(n.Link, func(s *app.SaveCluster) {
		s.URLs = []string{"https://" + closed.addr(), foreign.Control, n.Control}
	})
	got := r.until(c.ID, up)
	if len(got.Addresses) != 3 || got.ForeignAuthority != "" {
		t.Fatalf("addresses = %+v", got.Addresses)
	}
	dead, other, good := got.Addresses[0], got.Addresses[1], got.Addresses[2]
	if dead.State != app.StateDown || dead.Why == "" || dead.InUse || dead.At == nil {
		t.Errorf("the dead one is %+v", dead)
	}
	theirs := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: foreign.Link})).Cluster.Fingerprint
	if other.State != app.StateDown || other.Authority != theirs || other.InUse {
		t.Errorf("the foreign one is %+v", other)
	}
	if good.State != app.StateUp || !good.InUse || good.Why != "" {
		t.Errorf("the good one is %+v", good)
	}
	looked := ok[client.List[app.Shown]](r, r.do("POST", "/api/clusters/"+c.ID+"/look", nil)).Items
	if len(looked) != 3 || looked[0].Reachable || looked[1].Matches || looked[1].Fingerprint != theirs || !looked[2].Matches {
		t.Errorf("looked = %+v", looked)
	}
	moved := ok[app.Cluster](r, r.do("PUT", "/api/clusters/"+c.ID, app.SaveCluster{Name: "x", URLs: []string{foreign.Control}, Fingerprint: c.Fingerprint}))
	if got := r.until(moved.ID, down); got.ForeignAuthority != theirs {
		t.Errorf("the cluster says %+v of what answers in its place", got)
	}
}

// The vault locks by itself when nobody is there, and by hand; then nothing opens it but
// the passphrase, and nobody is forgotten.
func TestVaultLocks(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	clock := newClock()
	r := startWith(t, "", nil, func(c *app.Config) { c.Now = clock.now })
	c := r.add(n.Link, nil)
	base := "/api/clusters/" + c.ID
	ok[app.Cluster](r, r.do("POST", base+"/sign-in", app.SignIn{Token: n.Token}))
	r.refused(r.do("POST", "/api/vault/lock", nil), http.StatusConflict, client.CodeConflict)
	ok[app.Vault](r, r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultPassphrase, Passphrase: password}))
	s := ok[app.Settings](r, r.do("GET", "/api/settings", nil))
	if s.IdleLockMinutes != 30 {
		t.Errorf("settings = %+v", s)
	}
	r.refused(r.do("PUT", "/api/settings", app.Settings{IdleLockMinutes: -1}), http.StatusUnprocessableEntity, "invalid")
	clock.add(20 * time.Minute)
	r.do("POST", "/api/active", nil)
	clock.add(20 * time.Minute)
	r.app.LockIfIdle()
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))
	clock.add(11 * time.Minute)
	r.app.LockIfIdle()
	r.refused(r.do("GET", base+"/v1/status", nil), http.StatusLocked, app.CodeVaultLocked)
	if got := r.cluster(c.ID); got.SignedInAs == "" || got.Status == nil {
		t.Errorf("a locked app forgot %+v", got)
	}
	r.refused(r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: "wrong passphrase"}), http.StatusForbidden, "forbidden")
	ok[app.Vault](r, r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: password}))
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))

	const next = "another correct horse"
	r.refused(r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultPassphrase, Current: "wrong passphrase", Passphrase: next}), http.StatusUnprocessableEntity, "invalid")
	r.refused(r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultFile}), http.StatusUnprocessableEntity, "invalid")
	ok[app.Vault](r, r.do("PUT", "/api/vault", app.SetVault{Kind: app.VaultPassphrase, Current: password, Passphrase: next}))
	if v := ok[app.Vault](r, r.do("POST", "/api/vault/lock", nil)); !v.Locked {
		t.Errorf("vault = %+v", v)
	}
	r.refused(r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: password}), http.StatusForbidden, "forbidden")
	ok[app.Vault](r, r.do("POST", "/api/vault/unlock", app.UnlockVault{Passphrase: next}))
	ok[client.Status](r, r.do("GET", base+"/v1/status", nil))
	ok[app.Settings](r, r.do("PUT", "/api/settings", app.Settings{IdleLockMinutes: 0}))
	clock.add(48 * time.Hour)
	r.app.LockIfIdle()
	if v := ok[app.Vault](r, r.do("GET", "/api/vault", nil)); v.Locked {
		t.Error("it locked though it never shall")
	}
	r.nowhere(n.Token, password, next)
	r.stop()
	r = start(t, r.dir, nil)
	if s := ok[app.Settings](r, r.do("GET", "/api/settings", nil)); s.IdleLockMinutes != 0 {
		t.Errorf("after a restart settings = %+v", s)
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	r := start(t, "", nil)
	got := ok[app.About](r, r.do("GET", "/api/about", nil))
	if got.Version != "test" || got.PID != os.Getpid() || got.Heap == 0 || got.Dir != r.dir || got.Started.IsZero() {
		t.Errorf("about = %+v", got)
	}
}

// A file of settings that cannot be read is set aside, and the app starts.
func TestBrokenSettings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no JSON": "{", "newer": `{"version":9,"idle_lock_minutes":1}`, "wrong": `{"version":1,"idle_lock_minutes":-1}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "settings.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, dir, nil)
			if got := ok[app.AppInfo](r, r.do("GET", "/api/app", nil)); !strings.Contains(got.Notice, "settings.json") {
				t.Errorf("notice = %q", got.Notice)
			}
			if s := ok[app.Settings](r, r.do("GET", "/api/settings", nil)); s.IdleLockMinutes != 30 {
				t.Errorf("settings = %+v", s)
			}
		})
	}
}

// Twenty clusters, nineteen of them black holes: the list is there at once, again and again.
func TestNineteenBlackHoles(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	r := start(t, "", nil)
	for i := range 19 {
		ok[app.Cluster](r, r.do("POST", "/api/clusters", app.SaveCluster{
			Name: fmt.Sprint("hole ", i), URLs: []string{blackHole(t)}, Fingerprint: "sha256:" + strings.Repeat(fmt.Sprintf("%02x", i), 32),
		}))
	}
	r.add(n.Link, nil)
	slowest := time.Duration(0)
	for range 200 {
		begin := time.Now()
		ok[client.List[app.Cluster]](r, r.do("GET", "/api/clusters", nil))
		slowest = max(slowest, time.Since(begin))
	}
	if slowest > 500*time.Millisecond {
		t.Errorf("the list took %v beside nineteen that hang", slowest)
	}
	t.Logf("slowest of 200 lists of twenty clusters, nineteen black holes: %v", slowest)
}

func FuzzImport(f *testing.F) {
	f.Add(`{"signalbox":"clusters/1","clusters":[{"name":"a","urls":["https://a:1"],"fingerprint":"sha256:` + strings.Repeat("ab", 32) + `"}]}`)
	f.Add("signalbox://connect?url=a&ca=" + strings.Repeat("ab", 32))
	f.Add("{")
	a, err := app.Open(app.Config{Dir: f.TempDir(), Keyring: newRing()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = a.Close() })
	h := a.Handler()
	f.Fuzz(func(t *testing.T, text string) {
		r := &rig{t: t, h: h}
		got := r.do("POST", "/api/clusters/import", app.ImportClusters{Text: text, DryRun: true})
		if got.status != http.StatusOK && got.status != http.StatusUnprocessableEntity {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		if got.status != http.StatusOK {
			return
		}
		for _, one := range ok[app.Imported](r, got).Items {
			if one.Is != app.ImportBroken && (one.Cluster.Name == "" || len(one.Cluster.URLs) == 0 || len(one.Cluster.Fingerprint) != 71) {
				t.Errorf("taken: %+v", one)
			}
		}
	})
}

// Announcements are strangers' bytes: what is taken of them can be saved.
func FuzzFoundClusters(f *testing.F) {
	ca := strings.Repeat("ab", 32)
	f.Add("main", ca, "n1", "10.0.0.1:8183", "10.0.0.1")
	f.Add("\x1b[31m", ca, "", "https://u:p@x/y", "x")
	f.Add("", ca, "n", "[::1]:1", "")
	a, err := app.Open(app.Config{Dir: f.TempDir(), Keyring: newRing()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = a.Close() })
	f.Fuzz(func(t *testing.T, name, ca, node, control, from string) {
		for _, one := range a.FoundOf(name, ca, node, []string{control, control}, from) {
			if err := app.CleanSaved(one.Cluster); err != nil {
				t.Errorf("found what cannot be saved: %+v: %v", one, err)
			}
		}
	})
}
