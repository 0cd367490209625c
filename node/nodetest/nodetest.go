// Package nodetest runs whole nodes for tests: in the test's own process
// ([Start]) or as real processes of the built binary ([Process]), each in a
// folder of its own and on free ports.
//
// It belongs in tests only. It imports node, node/config, node/service and the
// admin client.
package nodetest

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
	"signalbox.internal/node/service"
)

// startTimeout is how long a node may take to be ready on a busy machine.
const startTimeout = 60 * time.Second

// Options change a node under test; the zero value is a plain one.
type Options struct {
	Dir      string // an existing folder goes on with its data; empty makes one
	Demo     bool
	Deaf     bool // heed no hints
	Compiled []service.Module
	Settings map[string]string // of node.toml, by key
	Log      io.Writer         // nil throws the log away
	// LookupEnv finds the environment variables that secrets refer to; nil finds none.
	LookupEnv func(string) (string, bool)
	// Supervised lets the node be restarted: Run ends with node.ErrRestart.
	Supervised    bool
	DiscoveryPort int // of announcements, with announce = true among Settings
}

// Node is a running node in the test's process.
type Node struct {
	*node.Node
	node.Info
	T    testing.TB
	API  *client.Client // as the first administrator
	stop context.CancelFunc
	done chan error
}

// Start runs a node until the test ends.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	n, err := open(t, o)
	if err != nil {
		t.Fatalf("start node: %v", err)
	}
	return n
}

// TryStart runs a node until the test ends, or returns why it cannot.
func TryStart(t testing.TB, o Options) (*Node, error) {
	t.Helper()
	return open(t, o)
}

func noEnv(string) (string, bool) { return "", false }

func open(t testing.TB, o Options) (*Node, error) {
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "node")
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	values := map[string]string{"name": "test", "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "gossip": "127.0.0.1:0", "announce": "false", "deploy_every": "50ms"}
	maps.Copy(values, o.Settings)
	log := slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx := context.Background()
	if !config.Exists(o.Dir) {
		if err := node.Init(ctx, node.InitConfig{Dir: o.Dir, Values: values, Env: noEnv, Log: log}); err != nil {
			return nil, err
		}
	}
	cfg, _, err := config.Load(o.Dir, noEnv, nil)
	if err != nil {
		return nil, err
	}
	inner, err := node.Open(ctx, node.Options{Config: cfg, Demo: o.Demo, Deaf: o.Deaf, Compiled: o.Compiled, Version: "test", Log: log, LookupEnv: o.LookupEnv, Supervised: o.Supervised, DiscoveryPort: o.DiscoveryPort})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	n := &Node{Node: inner, Info: inner.Info(), T: t, stop: stop, done: make(chan error, 1)}
	go func() { n.done <- inner.Run(ctx) }()
	t.Cleanup(func() { _ = n.Stop() })
	select {
	case <-inner.Ready():
	case err := <-n.done:
		n.done <- err
		return nil, err
	case <-time.After(startTimeout):
		t.Fatalf("the node is not ready after %v", startTimeout)
	}
	if n.Token == "" { // a node that joined has no first administrator
		text, err := os.ReadFile(filepath.Join(o.Dir, "keys", "local.token"))
		if err != nil {
			return nil, err
		}
		n.Token = strings.TrimSpace(string(text))
	}
	n.API = NewClient(t, n.Control, n.CA, n.Token)
	return n, nil
}

// Stop ends the node gracefully and returns what Run returned; again, the same.
func (n *Node) Stop() error {
	n.stop()
	err := <-n.done
	n.done <- err
	return err
}

// Ended waits until the node ends by itself and returns what Run returned.
func (n *Node) Ended(most time.Duration) error {
	select {
	case err := <-n.done:
		n.done <- err
		return err
	case <-time.After(most):
		return fmt.Errorf("the node has not ended after %s", most)
	}
}

// NewClient returns an admin client for a control address.
func NewClient(t testing.TB, url, caFile, token string) *client.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	c, err := client.New(client.Config{URLs: []string{url}, Token: token, CAs: pool, UserAgent: "signalbox-test/1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Apply applies YAML definitions.
func (n *Node) Apply(yaml string) {
	n.T.Helper()
	_, err := n.API.Apply(n.T.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "test.yaml", Text: yaml}}})
	if err != nil {
		n.T.Fatalf("apply: %v\n%s", err, yaml)
	}
}

// Deploy deploys one package of one TypeScript file.
func (n *Node) Deploy(name, code string) {
	n.T.Helper()
	pkg := client.NewPackage(name, map[string][]byte{"main.ts": []byte(code)})
	if _, err := n.API.Deploy(n.T.Context(), client.DeployRequest{Packages: []client.Package{pkg}}); err != nil {
		n.T.Fatalf("deploy %s: %v", name, err)
	}
}

// Answer is what a request to the traffic port was answered.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request to the traffic port; headers are name, value, name, value …
func (n *Node) Do(method, path, body string, headers ...string) Answer {
	n.T.Helper()
	return Do(n.T, method, n.Traffic+path, body, headers...)
}

// Do sends a request; headers are name, value, name, value …
func Do(t testing.TB, method, url, body string, headers ...string) Answer {
	t.Helper()
	a, err := TryDo(t.Context(), method, url, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TryDo is [Do] for requests that may fail.
func TryDo(ctx context.Context, method, url, body string, headers ...string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(text)}, err
}

// Eventually polls check until it returns nil; it fails the test with the last
// error after ten seconds.
func Eventually(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s: %v", err)
		}
		<-tick.C
	}
}
