package admin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/audit"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/node/stats"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// rig is an admin API over real parts: a SQLite ODB, a key ring, an invoker with
// services, and a node that puts each revision into force.
type rig struct {
	*box
	api    *admin.API
	server *httptest.Server
	tokens map[odb.Role]string
	log    *logBuffer
	clock  *clock
	local  string
	// endAudit writes what the audit still counts; the API must not be used after it.
	endAudit func()
	events   *admin.Events
}

// clock is a time that tests move on.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var allRoles = []odb.Role{odb.Viewer, odb.Operator, odb.Developer, odb.Admin}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, nil)
}

// newRigWith lets a test change the parts before the API is made of them.
func newRigWith(t testing.TB, change func(*admin.Config, *box)) *rig {
	t.Helper()
	r := &rig{box: newBox(t), log: &logBuffer{}, clock: &clock{}, tokens: map[odb.Role]string{}}
	var hash string
	r.local, hash = admin.NewToken()
	reg := prometheus.NewRegistry()
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.events = admin.NewEvents(r.clock.now)
	cfg := admin.Config{
		Node: "node-1", Store: r.store, Snapshot: r.running.Load, Changed: r.changed, Problems: r.problemList,
		Sealer: r.sealer, Keys: r.ring, Cluster: r.box, Joins: r.box, Restarts: r.box, Invoker: r.invoker, Services: r.registry, Deployer: r.box, Outgoings: r.box, ODB: r.box,
		Stats: r.figures, Metrics: promhttp.HandlerFor(reg, promhttp.HandlerOpts{}), LocalTokenHash: hash,
		AcceptODB: func(context.Context) (int64, error) {
			return 0, odb.Errorf(odb.Conflict, "accept ODB", "", "it is not behind")
		},
		Events: r.events, Registerer: reg, Log: log, Now: r.clock.now, Backups: r.box,
	}
	store := &struct{ odb.Audits }{}
	writer, err := audit.Open(audit.Config{
		Node: "node-1", Store: store, Spool: filepath.Join(t.TempDir(), "audit.spool"), Retry: 10 * time.Millisecond,
		Registerer: reg, Log: log, Now: r.clock.now,
	})
	must(t, err)
	cfg.Audit = writer
	if change != nil {
		change(&cfg, r.box)
	}
	store.Audits = cfg.Store
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- writer.Run(ctx) }()
	r.endAudit = sync.OnceFunc(func() { stop(); must(t, <-ended) })
	t.Cleanup(r.endAudit)
	if r.api, err = admin.New(cfg); err != nil {
		t.Fatal(err)
	}
	for _, role := range allRoles {
		name := string(role)
		must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: name, Role: role}))
		r.tokens[role] = r.mint(t, name, role, time.Time{})
	}
	r.server = httptest.NewTLSServer(r.api)
	t.Cleanup(func() {
		r.api.Close()
		r.server.Close()
		if t.Failed() {
			t.Log(r.log)
		}
	})
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mint stores a token of an account.
func (r *rig) mint(t testing.TB, account string, role odb.Role, expires time.Time) string {
	t.Helper()
	token, hash := admin.NewToken()
	must(t, r.store.CreateToken(t.Context(), odb.Token{ID: odb.NewID(), Account: account, Role: role, Hash: hash, Expires: expires}))
	return token
}

// as returns a client that signs in with a role.
func (r *rig) as(t *testing.T, role odb.Role) *client.Client {
	t.Helper()
	return r.with(t, r.tokens[role])
}

func (r *rig) with(t *testing.T, token string) *client.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(r.server.Certificate())
	c, err := client.New(client.Config{URLs: []string{r.server.URL}, Token: token, CAs: pool, UserAgent: "signalbox-cli/test"})
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

// reply is an answer to a raw request.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// problem reads the reply's problem document.
func (p reply) problem(t *testing.T) client.Problem {
	t.Helper()
	var doc client.Problem
	if got := p.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d has Content-Type %q, want a problem document: %s", p.status, got, p.body)
	}
	must(t, json.Unmarshal(p.body, &doc))
	if doc.Status != p.status || doc.Code == "" || doc.Title == "" || doc.CID == "" || doc.CID != p.header.Get("X-Correlation-ID") {
		t.Fatalf("problem is not whole: %s", p.body)
	}
	return doc
}

// call sends a raw request as the admin unless header says otherwise.
func (r *rig) call(t *testing.T, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.server.URL+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+r.tokens[odb.Admin])
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			req.Header.Del(header[i])
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.server.Client().Do(req)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return reply{resp.StatusCode, resp.Header, raw}
}

// problemOf wants err to be a problem with a status.
func problemOf(t *testing.T, err error, status int) *client.Problem {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok {
		t.Fatalf("error is %v, want a problem with status %d", err, status)
	}
	if p.Status != status {
		t.Fatalf("status is %d (%v), want %d", p.Status, p, status)
	}
	return p
}

// box is the node behind the API: it puts revisions into force and deploys
// packages whose files are services that answer their own text.
type box struct {
	store    odb.Store
	sealer   *security.Sealer
	ring     *security.Keyring
	registry *service.Registry
	invoker  *service.Invoker
	recorder *stats.Recorder
	compiled *service.Prepared
	running  atomic.Pointer[odb.Snapshot]
	mu       sync.Mutex
	problems []odb.Problem
}

func newBox(t testing.TB) *box {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "node") // the key ring wants its folder closed
	must(t, os.Mkdir(dir, 0o700))
	quiet := slog.New(slog.DiscardHandler)
	store, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(dir, "odb.sqlite"), Log: quiet})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	ring, err := security.OpenKeyring(filepath.Join(dir, "secrets.keys"))
	must(t, err)
	sealer, err := security.NewSealer(security.SealerConfig{Keyring: ring})
	must(t, err)
	recorder, err := stats.New(nil)
	must(t, err)
	host, err := service.NewHost()
	must(t, err)
	compiled, err := service.Prepare(demoModule{})
	must(t, err)
	b := &box{store: store, sealer: sealer, ring: ring, recorder: recorder, compiled: compiled, registry: service.NewRegistry()}
	b.invoker = service.NewInvoker(service.Config{Registry: b.registry, Host: host, Observer: recorder, Log: quiet})
	t.Cleanup(b.registry.Close)
	var changes []odb.Change
	for _, name := range compiled.Names() {
		changes = append(changes, odb.Change{Op: odb.Create, Kind: "service", Name: name, Spec: json.RawMessage(`{"engine":"go"}`)})
	}
	rev, err := store.Apply(t.Context(), odb.ChangeSet{Actor: odb.Actor{Name: "node node-1", Source: "node start"}, Changes: changes})
	must(t, err)
	must(t, b.changed(t.Context(), rev.Revision))
	return b
}

// changed puts the newest revision into force.
func (b *box) changed(ctx context.Context, _ int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	snap, err := b.store.Load(ctx)
	if err != nil {
		return err
	}
	var bindings []service.Binding
	b.problems = nil
	for _, def := range odb.Each[*odb.ServiceSpec](snap) {
		from := b.compiled
		if def.S.Engine != "go" {
			if from, err = b.load(ctx, def.S.Hash); err != nil {
				b.problems = append(b.problems, odb.Problem{Kind: "service", Name: def.Name, Reason: err.Error()})
				continue
			}
		}
		bindings = append(bindings, service.Binding{Name: def.Name, From: from, Settings: service.Settings{Disabled: !def.S.Enabled, Timeout: def.S.Timeout.Std()}})
	}
	if err := b.registry.Switch(bindings); err != nil {
		return err
	}
	b.running.Store(snap)
	return nil
}

func (b *box) load(ctx context.Context, hash string) (*service.Prepared, error) {
	pkg, err := b.store.Package(ctx, hash)
	if err != nil {
		return nil, err
	}
	var src admin.Package
	if err := json.Unmarshal(pkg.Archive, &src); err != nil {
		return nil, err
	}
	return service.Prepare(textModule{pkg.Name, hash, src.Files})
}

func (b *box) problemList() []odb.Problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

func (b *box) Ready() bool { return b.running.Load() != nil }

func (b *box) Status(context.Context) client.Status {
	return client.Status{Cluster: "test", Revision: b.running.Load().Revision(), Nodes: client.NodeCounts{Up: 1}, Level: true, ODB: client.Part{Kind: "sqlite", State: "up"}}
}

func (b *box) Nodes(context.Context) []client.Node {
	return []client.Node{{SeenBy: []string{}, Name: "node-1", State: "up", Rotation: "online", Roles: []string{"server"}, Ready: true, Revision: b.running.Load().Revision()}}
}

func (b *box) Connections() []client.Connection {
	return []client.Connection{{Name: "partner", Type: "http", Enabled: true, State: "unknown"}}
}

func (b *box) Ping(_ context.Context, name string) (client.Ping, error) {
	return client.Ping{Name: name, State: "down", Error: "connection refused"}, nil
}

func (b *box) figures(_ context.Context, all bool) client.Stats {
	out := client.Stats{Coverage: client.Coverage{Nodes: 1, Of: 1}}
	if all {
		out.Coverage = client.Coverage{Nodes: 1, Of: 2, Missing: []string{"other"}}
	}
	for _, f := range b.recorder.Series() {
		out.Services = append(out.Services, client.Figures{Service: f.Name, Count: f.Total.Count, Errors: f.Total.Errors, InFlight: f.Total.InFlight})
	}
	return out
}

// Deploy stores packages and their services. A file whose text starts with
// "error" does not compile.
func (b *box) Deploy(ctx context.Context, d admin.Deployment) (admin.DeployResult, error) {
	var bad admin.BuildError
	var out admin.DeployResult
	snap, err := b.store.Load(ctx)
	if err != nil {
		return out, err
	}
	var pkgs []odb.Package
	var changes []odb.Change
	for _, p := range d.Packages {
		archive, err := json.Marshal(p)
		if err != nil {
			return out, err
		}
		sum := sha256.Sum256(archive)
		hash := hex.EncodeToString(sum[:])
		for name, text := range p.Files {
			if strings.HasPrefix(string(text), "error") {
				bad.Messages = append(bad.Messages, client.BuildMessage{Package: p.Name, File: name, Line: 3, Column: 7, Text: string(text)})
			}
		}
		services := slices.Sorted(maps.Keys(p.Files))
		if base, given := d.Base[p.Name]; given {
			now := ""
			if spec, ok := odb.Find[*odb.ServiceSpec](snap, "service", services[0]); ok {
				now = spec.Hash
			}
			if now != base && now != hash {
				return out, &admin.StaleError{Package: p.Name, Current: now, Err: odb.Errorf(odb.Conflict, "deploy", p.Name, "it is at another version")}
			}
		}
		pkgs = append(pkgs, odb.Package{Hash: hash, Name: p.Name, Engine: "typescript", Size: int64(len(archive)), Services: services, By: d.Actor.Name, Archive: archive})
		before := len(changes)
		changes = append(changes, serviceChanges(snap, p.Name, hash, services)...)
		out.Packages = append(out.Packages, client.DeployedPackage{Package: p.Name, Hash: hash, Services: services, Changed: len(changes) > before})
	}
	if len(bad.Messages) > 0 {
		return out, &bad
	}
	if err := b.store.PutPackages(ctx, pkgs); err != nil {
		return out, err
	}
	out.Revision = snap.Revision()
	if len(changes) > 0 {
		rev, err := b.store.Apply(ctx, odb.ChangeSet{Actor: d.Actor, Reason: d.Reason, Changes: changes})
		if err != nil {
			return out, err
		}
		out.Revision = rev.Revision
	}
	return out, b.changed(ctx, out.Revision)
}

// Check says which files of packages do not compile.
func (b *box) Check(_ context.Context, snap *odb.Snapshot, packages []admin.Package) ([]client.CheckedPackage, error) {
	var out []client.CheckedPackage
	for _, p := range packages {
		c := client.CheckedPackage{Package: p.Name, OK: true, Services: []client.CheckedService{}, Changes: []client.ServiceChange{}, Messages: []client.BuildMessage{}, Warnings: []client.BuildMessage{}}
		for _, name := range slices.Sorted(maps.Keys(p.Files)) {
			if text := string(p.Files[name]); strings.HasPrefix(text, "error") {
				c.OK = false
				c.Messages = append(c.Messages, client.BuildMessage{Package: p.Name, File: name, Line: 3, Column: 7, Text: text})
			} else {
				c.Services = append(c.Services, client.CheckedService{Name: name, File: name, Line: 1, Calls: []client.ServiceCall{}})
			}
		}
		for _, change := range serviceChanges(snap, p.Name, "h", slices.Sorted(maps.Keys(p.Files))) {
			c.Changes = append(c.Changes, client.ServiceChange{Op: string(change.Op), Service: change.Name})
		}
		out = append(out, c)
	}
	return out, nil
}

// Test takes each file for a test: one that says "slow" does not end by itself, one
// that says "loud" logs a lot, one that begins with "error" fails.
func (b *box) Test(ctx context.Context, p admin.Package, filter string, _ time.Duration) (client.TestReport, error) {
	r := client.TestReport{Package: p.Name, Messages: []client.BuildMessage{}}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		text := string(p.Files[name])
		if !strings.Contains(name, filter) {
			continue
		}
		one := client.TestResult{File: name, Name: name, Line: 1, OK: !strings.HasPrefix(text, "error")}
		switch text {
		case "slow":
			<-ctx.Done()
			return r, fmt.Errorf("test package: %w", ctx.Err())
		case "loud":
			for range 300 {
				one.Log = append(one.Log, strings.Repeat("ä", 4000))
			}
		}
		if !one.OK {
			one.Error = &client.TestError{Message: text, File: name, Line: 2, Column: 3}
			r.Failed++
		} else {
			r.Passed++
		}
		r.Tests = append(r.Tests, one)
	}
	r.OK = r.Failed == 0
	return r, nil
}

func serviceChanges(snap *odb.Snapshot, pkg, hash string, services []string) []odb.Change {
	var out []odb.Change
	for _, name := range services {
		spec := json.RawMessage(fmt.Sprintf(`{"package":%q,"hash":%q}`, pkg, hash))
		def, exists := snap.Get("service", name)
		switch {
		case !exists:
			out = append(out, odb.Change{Op: odb.Create, Kind: "service", Name: name, Spec: spec})
		case !bytes.Equal(def.Spec, spec):
			out = append(out, odb.Change{Op: odb.Update, Kind: "service", Name: name, Spec: spec, Base: def.Version})
		}
	}
	return out
}

func (b *box) Activate(ctx context.Context, hash string, actor odb.Actor, reason string) (admin.DeployResult, error) {
	name, files, err := b.Source(ctx, hash)
	if err != nil {
		return admin.DeployResult{}, err
	}
	return b.Deploy(ctx, admin.Deployment{Packages: []admin.Package{{Name: name, Files: files}}, Actor: actor, Reason: reason})
}

func (b *box) Source(ctx context.Context, hash string) (string, map[string][]byte, error) {
	pkg, err := b.store.Package(ctx, hash)
	if err != nil {
		return "", nil, err
	}
	var src admin.Package
	err = json.Unmarshal(pkg.Archive, &src)
	return src.Name, src.Files, err
}

// textModule is a package: each file is a service that answers its text.
type textModule struct {
	name, hash string
	files      map[string][]byte
}

func (m textModule) Package() string { return m.name }
func (m textModule) Hash() string    { return m.hash }
func (m textModule) Engine() string  { return "typescript" }
func (m textModule) Close()          {}
func (m textModule) Services() []service.Service {
	var out []service.Service
	for name, text := range m.files {
		out = append(out, goService{service.Spec{Name: name}, func(context.Context, *service.Call) ([]byte, error) { return json.Marshal(string(text)) }})
	}
	return out
}

type goService struct {
	spec   service.Spec
	handle func(context.Context, *service.Call) ([]byte, error)
}

func (s goService) Spec() service.Spec { return s.spec }
func (s goService) Handle(ctx context.Context, c *service.Call) ([]byte, error) {
	return s.handle(ctx, c)
}

// demoModule is what is compiled into the node.
type demoModule struct{}

func (demoModule) Package() string { return "" }
func (demoModule) Hash() string    { return "" }
func (demoModule) Engine() string  { return "go" }
func (demoModule) Close()          {}
func (demoModule) Services() []service.Service {
	return []service.Service{
		goService{service.Spec{Name: "demo.echo", Doc: "Answers its input."}, func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }},
		goService{service.Spec{Name: "demo.who"}, func(_ context.Context, c *service.Call) ([]byte, error) {
			return json.Marshal(map[string]string{"cid": c.CID, "channel": c.Channel, "user": c.User.Name})
		}},
		goService{
			service.Spec{Name: "demo.strict", Input: json.RawMessage(`{"type":"object","required":["name","n"],"properties":{"name":{"type":"string"},"n":{"type":"integer"}}}`)},
			func(context.Context, *service.Call) ([]byte, error) { return []byte(`true`), nil },
		},
		goService{service.Spec{Name: "demo.fail"}, func(context.Context, *service.Call) ([]byte, error) {
			return nil, &service.Error{Code: "order.bad", Message: "the order is bad", Status: 409, Details: map[string]int{"line": 4}, Stack: "orders.ts:3:1", Cause: errors.New("inner reason")}
		}},
		goService{service.Spec{Name: "demo.crash"}, func(context.Context, *service.Call) ([]byte, error) { panic("crash of the test") }},
		goService{service.Spec{Name: "demo.slow", Timeout: 20 * time.Millisecond}, func(ctx context.Context, _ *service.Call) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		goService{service.Spec{Name: "demo.page"}, func(_ context.Context, c *service.Call) ([]byte, error) {
			c.Reply = service.Reply{Status: 402, ContentType: "text/html", Raw: []byte("<b>pay</b>"), Header: http.Header{"Set-Cookie": {"a=b"}, "Location": {"https://elsewhere.example"}}}
			return nil, nil
		}},
	}
}
