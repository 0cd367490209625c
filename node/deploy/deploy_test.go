package deploy_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/node/deploy"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// world is a deployer with a real store, engine, registry and invoker.
type world struct {
	t        testing.TB
	store    odb.Store
	deployer *deploy.Deployer
	manager  *deploy.Manager
	invoker  *service.Invoker
	problems []odb.Problem
}

func newWorld(t testing.TB, compiled ...service.Module) *world {
	t.Helper()
	store, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := quickjs.New(quickjs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	host, err := service.NewHost()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store}
	reg := service.NewRegistry()
	w.invoker = service.NewInvoker(service.Config{Registry: reg, Host: host})
	w.deployer, w.manager, err = deploy.New(deploy.Config{
		Store: store, Engine: engine, Registry: reg, Compiled: compiled,
		Changed: func(context.Context, int64) error { w.reconcile(); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.manager.Close()
		engine.Close()
		_ = store.Close()
	})
	return w
}

func (w *world) snapshot() *odb.Snapshot {
	w.t.Helper()
	snap, err := w.store.Load(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return snap
}

func (w *world) reconcile() { w.problems = w.manager.Apply(context.Background(), w.snapshot()) }

func (w *world) deploy(sources ...deploy.Source) (deploy.Result, error) {
	return w.deployer.Deploy(w.t.Context(), deploy.Request{Sources: sources, Actor: odb.Actor{Name: "ada", Source: "test"}})
}

func (w *world) mustDeploy(sources ...deploy.Source) deploy.Result {
	w.t.Helper()
	res, err := w.deploy(sources...)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) invoke(name string) string {
	out, err := w.invoker.Invoke(w.t.Context(), &service.Call{CID: "cid-12345", Service: name, Channel: "test", Input: []byte("null")})
	if err != nil {
		return service.AsError(err).Code
	}
	return string(out)
}

// pkg is a package whose services answer their values.
func pkg(name string, services ...string) deploy.Source {
	code := `import { service } from "@signalbox/sdk";` + "\n"
	for i, s := range services {
		svc, answer, _ := strings.Cut(s, "=")
		code += fmt.Sprintf("export const s%d = service({ name: %q, handle() { return %q; } });\n", i, svc, answer)
	}
	return deploy.Source{Name: name, Files: map[string][]byte{"main.ts": []byte(code)}}
}

func TestDeployIsOneRevision(t *testing.T) {
	w := newWorld(t)
	res := w.mustDeploy(pkg("p", "a=1", "b=1"), pkg("q", "c=1"))
	if res.Revision != 1 || len(res.Packages) != 2 || !res.Packages[0].Changed {
		t.Fatalf("got %+v", res)
	}
	if got := w.invoke("a") + w.invoke("b") + w.invoke("c"); got != `"1""1""1"` {
		t.Errorf("got %s", got)
	}
	if again := w.mustDeploy(pkg("p", "a=1", "b=1")); again.Revision != 1 || again.Packages[0].Changed {
		t.Errorf("the same code again made %+v", again)
	}
	h, err := w.store.History(t.Context(), odb.HistoryQuery{})
	if err != nil || len(h) != 1 || h[0].Reason != "deploy p, q" || h[0].Actor.Name != "ada" {
		t.Errorf("history %+v, %v", h, err)
	}
}

func TestNewVersionKeepsSettingsAndDropsServices(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pkg("p", "a=1", "gone=1"))
	def, _ := w.snapshot().Get("service", "a")
	spec, _ := odb.Find[*odb.ServiceSpec](w.snapshot(), "service", "a")
	own := *spec
	own.MaxInFlight, own.Note = 7, "ours"
	raw, err := odb.Encode(&own)
	if err != nil {
		t.Fatal(err)
	}
	set := odb.ChangeSet{Actor: odb.Actor{Name: "ada"}, Changes: []odb.Change{{Op: odb.Update, Kind: "service", Name: "a", Spec: raw, Base: def.Version}}}
	if _, err := w.store.Apply(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	w.mustDeploy(pkg("p", "a=2", "new=2"))
	spec, _ = odb.Find[*odb.ServiceSpec](w.snapshot(), "service", "a")
	if spec.MaxInFlight != 7 || spec.Note != "ours" {
		t.Errorf("the administrator's settings are gone: %+v", spec)
	}
	if got := []string{w.invoke("a"), w.invoke("new"), w.invoke("gone")}; strings.Join(got, " ") != `"2" "2" service_not_found` {
		t.Errorf("got %v", got)
	}
}

func TestBadPackageChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pkg("p", "a=1"))
	bad := deploy.Source{Name: "bad", Files: map[string][]byte{"src/x.ts": []byte("export const y = 1 +;\n")}}
	_, err := w.deploy(pkg("p", "a=2"), bad)
	builds := deploy.BuildErrors(err)
	if len(builds) != 1 || builds[0].Package != "bad" || builds[0].Messages[0].Line != 1 || builds[0].Messages[0].File != "src/x.ts" {
		t.Fatalf("got %v", err)
	}
	if got := w.invoke("a"); got != `"1"` {
		t.Errorf("the good package of the refused deployment is in force: %s", got)
	}
	if rev, err := w.store.Revision(t.Context()); rev != 1 || err != nil {
		t.Errorf("revision %d, %v", rev, err)
	}
}

func TestNamesClash(t *testing.T) {
	w := newWorld(t, service.Builtin())
	if err := w.deployer.RegisterCompiled(t.Context(), []service.Module{service.Builtin()}, "n1"); err != nil {
		t.Fatal(err)
	}
	w.mustDeploy(pkg("p", "a=1"))
	for name, sources := range map[string][]deploy.Source{
		"belongs to package p":      {pkg("q", "a=2")},
		"in package r and in":       {pkg("r", "z=1"), pkg("s", "z=1")},
		"is compiled into the node": {pkg("q", "signalbox.echo=2")},
		"there is no package":       {},
		"the name is empty":         {pkg("", "x=1")},
		"is not a plain relative":   {{Name: "q", Files: map[string][]byte{"../x.ts": nil}}},
		"it has no files":           {{Name: "q"}},
		"unknown field":             {{Name: "q", Files: map[string][]byte{"signalbox.yaml": []byte("title: x\n")}}},
	} {
		_, err := w.deploy(sources...)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want a refusal with %q", err, name)
		}
	}
}

func TestReferencedServiceCannotVanish(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pkg("p", "a=1", "b=1"))
	ch := odb.Change{Op: odb.Create, Kind: "channel", Name: "in", Spec: []byte(`{"path":"/b","service":"b"}`)}
	if _, err := w.store.Apply(t.Context(), odb.ChangeSet{Actor: odb.Actor{Name: "ada"}, Changes: []odb.Change{ch}}); err != nil {
		t.Fatal(err)
	}
	_, err := w.deploy(pkg("p", "a=2"))
	if odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), "in") {
		t.Fatalf("got %v, want a conflict that names the channel", err)
	}
	if got := w.invoke("b"); got != `"1"` {
		t.Errorf("service b answers %s", got)
	}
}

func TestActivateAnEarlierVersion(t *testing.T) {
	w := newWorld(t)
	first := w.mustDeploy(pkg("p", "a=1")).Packages[0].Hash
	w.mustDeploy(pkg("p", "a=2"))
	res, err := w.deployer.Activate(t.Context(), first, odb.Actor{Name: "ada"}, "")
	if err != nil || res.Revision != 3 {
		t.Fatalf("got %+v, %v", res, err)
	}
	if got := w.invoke("a"); got != `"1"` {
		t.Errorf("got %s", got)
	}
	if _, err := w.deployer.Activate(t.Context(), strings.Repeat("0", 64), odb.Actor{Name: "ada"}, ""); odb.KindOf(err) != odb.NotFound {
		t.Errorf("an unknown version: %v", err)
	}
}

func TestLostPackageKeepsTheLastGoodVersion(t *testing.T) {
	w := newWorld(t)
	w.mustDeploy(pkg("p", "a=1"))
	def, _ := w.snapshot().Get("service", "a")
	raw, err := odb.Encode(&odb.ServiceSpec{Engine: "typescript", Package: "p", Hash: strings.Repeat("0", 64), Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	set := odb.ChangeSet{Actor: odb.Actor{Name: "ada"}, Changes: []odb.Change{
		{Op: odb.Update, Kind: "service", Name: "a", Spec: raw, Base: def.Version},
		{Op: odb.Create, Kind: "service", Name: "lost", Spec: raw},
	}}
	if _, err := w.store.Apply(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	w.reconcile()
	if len(w.problems) != 2 || w.problems[0].Name != "a" || !strings.Contains(w.problems[0].Reason, "fetch package") {
		t.Errorf("problems %+v", w.problems)
	}
	if got := w.invoke("a") + " " + w.invoke("lost"); got != `"1" service_not_found` {
		t.Errorf("got %s", got)
	}
}

func TestConcurrentDeployments(t *testing.T) {
	w := newWorld(t)
	errs := make(chan error, 4)
	for i := range 4 {
		go func() {
			_, err := w.deployer.Deploy(context.Background(), deploy.Request{
				Sources: []deploy.Source{pkg("shared", fmt.Sprintf("a=%d", i)), pkg(fmt.Sprintf("own%d", i), fmt.Sprintf("s%d=1", i))},
				Actor:   odb.Actor{Name: "ada"},
			})
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(w.snapshot().List("service")); n != 5 {
		t.Errorf("%d services, want 5", n)
	}
}

func TestArchiveIsCanonical(t *testing.T) {
	a := deploy.Source{Name: "p", Files: map[string][]byte{"b.ts": []byte("2"), "a.ts": []byte("1"), "src/ö.ts": []byte("3")}}
	raw, hash, err := a.Archive()
	if err != nil {
		t.Fatal(err)
	}
	const want = "7f5c6ae3f5877b280789024395e59d99291a0718ef0ae67bceb39c40abd5e0a2" // the same on every machine, for ever
	if hash != want {
		t.Errorf("hash %q, want %q", hash, want)
	}
	back, err := deploy.Unpack("p", raw)
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := back.Archive()
	if err != nil || again != hash || len(back.Files) != 3 || string(back.Files["src/ö.ts"]) != "3" {
		t.Errorf("unpacked and packed again: %s, %v; want %s", again, err, hash)
	}
	if _, err := deploy.Unpack("p", []byte("not an archive, but long enough to be looked at as one"+strings.Repeat(".", 600))); err == nil {
		t.Error("garbage was unpacked")
	}
}
