package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

const helloV1 = `import { service, t } from "@signalbox/sdk";
export const hello = service({
  name: "hello.say", input: t.object({ name: t.string() }), output: t.object({ text: t.string() }),
  handle(_ctx, input) { return { text: "Hello, " + input.name }; },
});
`

const helloChannel = `kind: channel
name: hello
spec: {method: POST, path: /hello, service: hello.say}
`

func TestDeployCallRedeploy(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != 200 || a.Body != `{"text":"Hello, Ada"}` {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	n.Deploy("hello", strings.Replace(helloV1, "Hello, ", "Good day, ", 1))
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Body != `{"text":"Good day, Ada"}` {
		t.Fatalf("after the second deployment: %d %s", a.Status, a.Body)
	}
	versions, err := n.API.Versions(t.Context(), "hello.say")
	if err != nil || len(versions) != 2 {
		t.Fatalf("versions %v, %v; want 2", versions, err)
	}
	old := versions[1].Hash
	if _, err := n.API.RollbackService(t.Context(), "hello.say", client.RollbackService{Hash: old}); err != nil {
		t.Fatal(err)
	}
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Body != `{"text":"Hello, Ada"}` {
		t.Errorf("after the roll-back: %d %s", a.Status, a.Body)
	}
}

func TestCompileErrorHasItsPlace(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	pkg := client.NewPackage("bad", map[string][]byte{"src/a.ts": []byte("export const x = ;\n")})
	_, err := n.API.Deploy(t.Context(), client.DeployRequest{Packages: []client.Package{pkg}})
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Error(), "src/a.ts:1:18") {
		t.Errorf("got %v", err)
	}
}

func TestDeployFolder(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	file := filepath.Join(n.Dir, "deploy", "hello.ts")
	write := func(code string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := func(suffix, want string) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			text, err := os.ReadFile(file + suffix)
			if err == nil && !strings.Contains(string(text), want) {
				err = errors.New("the report says " + string(text))
			}
			return err
		})
	}
	write(helloV1)
	report(".deployed", "hello.say")
	n.Apply(helloChannel)
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != 200 {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	write("export const x = 1 +;\n")
	report(".failed", "hello.ts:1:21")
	if _, err := os.Stat(file + ".deployed"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old report is still there: %v", err)
	}
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != 200 {
		t.Errorf("the failed deployment broke the old version: %d %s", a.Status, a.Body)
	}
}

// What the deploy folder has deployed once is not deployed again by a restart:
// somebody may have rolled it back or replaced it since.
func TestDeployFolderAfterRestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	n := nodetest.Start(t, nodetest.Options{Dir: dir})
	file := filepath.Join(dir, "deploy", "hello.ts")
	if err := os.WriteFile(file, []byte(helloV1), 0o600); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		_, err := os.Stat(file + ".deployed")
		return err
	})
	n.Deploy("hello", strings.Replace(helloV1, "Hello, ", "Replaced, ", 1))
	n.Apply(helloChannel)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	n = nodetest.Start(t, nodetest.Options{Dir: dir})
	other := filepath.Join(dir, "deploy", "other.ts") // when this one is deployed, the watcher has looked at both
	if err := os.WriteFile(other, []byte(strings.ReplaceAll(helloV1, "hello.say", "other.say")), 0o600); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		_, err := os.Stat(other + ".deployed")
		return err
	})
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Body != `{"text":"Replaced, Ada"}` {
		t.Errorf("the restart brought the folder's version back: %s", a.Body)
	}
}

func TestRestartContinues(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	first := nodetest.Start(t, nodetest.Options{Dir: dir})
	first.Deploy("hello", helloV1)
	first.Apply(helloChannel)
	if _, err := nodetest.TryStart(t, nodetest.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Fatalf("a second node on the folder: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := nodetest.Start(t, nodetest.Options{Dir: dir})
	if a := second.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != 200 {
		t.Errorf("after the restart: %d %s", a.Status, a.Body)
	}
	if second.Token != first.Token {
		t.Error("the administrator's token changed with the restart")
	}
}

func TestTwoNodesInOneProcess(t *testing.T) {
	t.Parallel()
	a, b := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	a.Deploy("hello", helloV1)
	a.Apply(helloChannel)
	if got := a.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); got.Status != 200 {
		t.Errorf("first node: %d", got.Status)
	}
	if got := b.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); got.Status != 404 {
		t.Errorf("the second node has what only the first was given: %d", got.Status)
	}
}

// A stopping node finishes what it has begun and refuses what comes.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	entered := make(chan struct{}, 1)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			return // a health ping
		}
		entered <- struct{}{}
		<-release
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`))
	})
	partner := serveHTTP(t, slow)
	n := nodetest.Start(t, nodetest.Options{})
	n.Deploy("slow", `import { service } from "@signalbox/sdk";
export const s = service({ name: "slow.call", handle(ctx) { return ctx.conn.http("far").get("/").json; } });
`)
	n.Apply(`kind: outgoing
name: far
spec: {type: http, url: "` + partner + `", allow: [127.0.0.0/8]}
---
kind: channel
name: slow
spec: {method: GET, path: /slow, service: slow.call}
`)
	answer := make(chan nodetest.Answer, 1)
	go func() {
		a, err := nodetest.TryDo(context.Background(), http.MethodGet, n.Traffic+"/slow", "")
		if err != nil {
			a.Body = err.Error()
		}
		answer <- a
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- n.Stop() }()
	nodetest.Eventually(t, func() error {
		a, err := nodetest.TryDo(t.Context(), http.MethodGet, n.Traffic+"/slow", "")
		if err == nil && a.Status != http.StatusServiceUnavailable {
			return errors.New("a new request got " + a.Body)
		}
		return nil
	})
	close(release)
	if a := <-answer; a.Status != 200 || a.Body != `{"ok":true}` {
		t.Errorf("the request in flight got %d %s", a.Status, a.Body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// While versions switch under load, no request fails and none is answered by
// anything but one whole version.
func TestRedeployUnderLoad(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	code := func(v string) string {
		return `import { service } from "@signalbox/sdk";
export const leaf = service({ name: "v.leaf", handle() { return "` + v + `"; } });
export const root = service({ name: "v.root", handle(ctx) { return { root: "` + v + `", leaf: ctx.invoke("v.leaf", null) }; } });
`
	}
	n.Deploy("v", code("0"))
	n.Apply("kind: channel\nname: v\nspec: {method: GET, path: /v, service: v.root}\n")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				a, err := nodetest.TryDo(t.Context(), http.MethodGet, n.Traffic+"/v", "")
				var got struct{ Root, Leaf string }
				if err != nil || a.Status != 200 || json.Unmarshal([]byte(a.Body), &got) != nil || got.Root != got.Leaf {
					t.Errorf("got %v %d %s", err, a.Status, a.Body)
					return
				}
			}
		})
	}
	for v := range strings.SplitSeq("1 2 3 4 5 6 7 8 9 10 11 12", " ") {
		n.Deploy("v", code(v))
	}
	stop()
	wg.Wait()
}

// What the parts refuse is on /metrics, and secrets may come from the environment.
func TestRefusalsAreCountedAndSecretsComeFromTheEnvironment(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{LookupEnv: func(name string) (string, bool) { return "from-the-environment", name == "PARTNER_KEY" }})
	n.Apply(`kind: security
name: partner
spec: {type: apikey, key: {ref: "env:PARTNER_KEY"}}
---
kind: channel
name: echo
spec: {path: /echo, service: signalbox.echo, security: [partner]}
`)
	if a := n.Do(http.MethodGet, "/echo", "", "X-API-Key", "from-the-environment"); a.Status != 200 {
		t.Errorf("the key of the environment: %d %s", a.Status, a.Body)
	}
	for range 3 {
		n.Do(http.MethodGet, "/echo", "", "X-API-Key", "another-key")
	}
	metrics, err := n.API.Metrics(t.Context())
	if err != nil || !strings.Contains(string(metrics), `signalbox_refused_total{part="channel",reason="unauthorized"} 3`) {
		t.Errorf("metrics, %v:\n%s", err, metrics)
	}
}

func TestServiceIsNotRenamed(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	def, err := n.API.Definition(t.Context(), "service", "signalbox.echo")
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.API.RenameDefinition(t.Context(), def, client.RenameDefinition{Name: "other"})
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("got %v", err)
	}
}
