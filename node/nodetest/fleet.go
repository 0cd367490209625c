package nodetest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
)

// FleetConfig says what a fleet is made of.
type FleetConfig struct {
	Binary   string
	Nodes    int
	Net      *Net              // nil: all on loopback
	ODB      string            // DSN; empty: a file that all share
	Settings map[string]string // of node.toml, by key
}

// Fleet is a cluster of nodes, each a process of its own. One goroutine uses it.
type Fleet struct {
	T     testing.TB
	Boxes []*Box
	cfg   FleetConfig
	Code  atomic.Int64 // the last version of package hello that was deployed or tried
	paths int
}

// Box is a node of a fleet, running or not.
type Box struct {
	*Process        // of the last start
	Name     string // of the node
	Dir      string
	Index    int
	fleet    *Fleet
	age      atomic.Int64 // counts starts and ends; odd: it serves
	address  atomic.Pointer[string]
}

// NewFleet makes and starts a cluster: the first node founds it, the others join
// it by a token and start all at once.
func NewFleet(t testing.TB, cfg FleetConfig) *Fleet {
	t.Helper()
	f := &Fleet{T: t, cfg: cfg}
	dir := t.TempDir()
	if f.cfg.ODB == "" {
		f.cfg.ODB = "sqlite:" + filepath.Join(dir, "odb.sqlite")
	}
	for i := range cfg.Nodes {
		name := fmt.Sprintf("box%d", i+1)
		f.Boxes = append(f.Boxes, &Box{Name: name, Dir: filepath.Join(dir, name), Index: i, fleet: f})
	}
	first := f.Boxes[0]
	values := f.values(first)
	values["odb"] = f.cfg.ODB
	log := slog.New(slog.DiscardHandler)
	if err := node.Init(t.Context(), node.InitConfig{Dir: first.Dir, Values: values, Env: noEnv, Log: log}); err != nil {
		t.Fatalf("make the first node: %v", err)
	}
	first.Start()
	f.Join(f.Token(client.CreateJoinToken{Uses: max(1, cfg.Nodes-1)}), f.Boxes[1:]...)
	f.Start(f.Boxes[1:]...)
	return f
}

// Token makes a join token by the first node.
func (f *Fleet) Token(in client.CreateJoinToken) string {
	f.T.Helper()
	p, err := f.Boxes[0].API.CreateJoinToken(f.T.Context(), in)
	if err != nil {
		f.T.Fatalf("make a join token: %v", err)
	}
	return p.Token
}

// Join makes nodes of boxes by a token; they do not run yet.
func (f *Fleet) Join(token string, boxes ...*Box) {
	f.T.Helper()
	for _, b := range boxes {
		if _, err := node.Join(f.T.Context(), node.JoinConfig{Dir: b.Dir, Values: f.values(b), Env: noEnv, Token: token}); err != nil {
			f.T.Fatalf("%s joins: %v", b.Name, err)
		}
	}
}

func (f *Fleet) values(b *Box) map[string]string {
	any0 := f.Host(b) + ":0"
	v := map[string]string{
		"name": b.Name, "traffic": any0, "control": any0, "gossip": any0, "announce": "false", "network": "bench",
		"drain_timeout": "2s", "log_level": "debug",
	}
	maps.Copy(v, f.cfg.Settings)
	return v
}

// Host is the IP address of a box.
func (f *Fleet) Host(b *Box) string {
	if f.cfg.Net == nil {
		return "127.0.0.1"
	}
	return f.cfg.Net.Address(b.Index)
}

// Add makes one more box, which is no node yet.
func (f *Fleet) Add() *Box {
	b := &Box{Name: fmt.Sprintf("box%d", len(f.Boxes)+1), Index: len(f.Boxes), fleet: f}
	b.Dir = filepath.Join(f.T.TempDir(), b.Name)
	f.Boxes = append(f.Boxes, b)
	return b
}

// Start starts boxes, all at once, and waits until they are ready.
func (f *Fleet) Start(boxes ...*Box) {
	f.T.Helper()
	for _, b := range boxes {
		b.Launch()
	}
	for _, b := range boxes {
		if err := b.Await(); err != nil {
			f.T.Fatalf("start %s: %v", b.Name, err)
		}
	}
}

// Start starts the box and waits until it is ready.
func (b *Box) Start() { b.fleet.T.Helper(); b.fleet.Start(b) }

// Launch starts the box and does not wait.
func (b *Box) Launch() {
	b.fleet.T.Helper()
	var err error
	if b.Process, err = b.fleet.Run(b.Index, "run", "--dir", b.Dir, "-o", "json"); err != nil {
		b.fleet.T.Fatalf("start %s: %v", b.Name, err)
	}
}

// Run starts the binary where box i is.
func (f *Fleet) Run(i int, args ...string) (*Process, error) {
	f.T.Helper()
	all := append([]string{f.cfg.Binary}, args...)
	if f.cfg.Net != nil {
		all = append(f.cfg.Net.In(i), all...)
	}
	return launch(f.T, all)
}

// Await waits until the box that was launched is ready, or returns why it is not.
func (b *Box) Await() error {
	t := b.fleet.T
	t.Helper()
	if err := b.await(startTimeout); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(b.Dir, "keys", "local.token"))
	if err != nil {
		return err
	}
	b.API = NewClient(t, b.Control, b.CA, strings.TrimSpace(string(token)))
	b.address.Store(&b.Traffic)
	b.age.Add(1)
	return nil
}

// Up reports whether the box is meant to serve.
func (b *Box) Up() bool { return b.age.Load()%2 == 1 }

func (b *Box) down() {
	if b.Up() {
		b.age.Add(1)
	}
}

// Kill ends the box at once.
func (b *Box) Kill() { b.down(); b.Process.Kill() }

// Stop ends the box properly.
func (b *Box) Stop() error { b.down(); return b.Process.Stop() }

// helloCode is version v of the service that tests call.
func helloCode(v int64) string {
	return fmt.Sprintf(`import { service, t } from "@signalbox/sdk";
export const hello = service({
  name: "hello.say", input: t.object({ name: t.string() }), output: t.object({ text: t.string() }),
  handle(_ctx, input) { return { text: "Hello, " + input.name + " from %d" }; },
});
`, v)
}

// Change deploys a new version of the service by a box, and applies a channel.
func (f *Fleet) Change(by *Box) {
	f.T.Helper()
	ctx, cancel := context.WithTimeout(f.T.Context(), 30*time.Second)
	defer cancel()
	pkg := client.NewPackage("hello", map[string][]byte{"main.ts": []byte(helloCode(f.Code.Add(1)))})
	if _, err := by.API.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pkg}}); err != nil {
		f.T.Fatalf("deploy by %s: %v", by.Name, err)
	}
	path := "hello"
	if f.paths > 0 {
		path = fmt.Sprintf("hello%d", f.paths)
	}
	f.paths++
	yaml := fmt.Sprintf("kind: channel\nname: %[1]s\nspec: {method: POST, path: /%[1]s, service: hello.say}\n", path)
	if _, err := by.API.Apply(ctx, client.ApplyRequest{Documents: []client.Document{{Name: "hello.yaml", Text: yaml}}}); err != nil {
		f.T.Fatalf("apply by %s: %v", by.Name, err)
	}
}
