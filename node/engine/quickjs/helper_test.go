package quickjs_test

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

// newEngine starts an engine that the test closes; with nothing special to it, the shared one.
func newEngine(tb testing.TB, cfg quickjs.Config) *quickjs.Engine {
	tb.Helper()
	if cfg == (quickjs.Config{}) {
		e, err := sharedEngine()
		if err != nil {
			tb.Fatal(err)
		}
		return e
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e, err := quickjs.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(e.Close)
	return e
}

// slowly gives a script more time under the race detector.
func slowly(d time.Duration) time.Duration {
	if raced {
		return 4 * d
	}
	return d
}

// sharedEngine serves the tests that need nothing special of theirs.
var sharedEngine = sync.OnceValues(func() (*quickjs.Engine, error) {
	return quickjs.New(quickjs.Config{Log: slog.New(slog.DiscardHandler)})
})

// source makes a package of one file src/index.ts, or of pairs of name and text.
func source(parts ...string) quickjs.Source {
	s := quickjs.Source{Name: "demo", Hash: "h1", Files: map[string][]byte{}}
	if len(parts) == 1 {
		parts = []string{"src/index.ts", parts[0]}
	}
	for i := 0; i < len(parts); i += 2 {
		s.Files[parts[i]] = []byte(parts[i+1])
	}
	return s
}

// folder reads a package from testdata.
func folder(tb testing.TB, name string) quickjs.Source {
	tb.Helper()
	s := quickjs.Source{Name: name, Hash: "h1", Files: map[string][]byte{}}
	root := filepath.Join("testdata", name)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		s.Files[filepath.ToSlash(rel)] = text
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// node is the part of a node that runs services.
type node struct {
	tb       testing.TB
	engine   *quickjs.Engine
	registry *service.Registry
	invoker  *service.Invoker
}

// newNode starts a node with an engine; ops are host operations beside the usual ones.
func newNode(tb testing.TB, cfg quickjs.Config, ops map[string]service.Operation) *node {
	tb.Helper()
	e := newEngine(tb, cfg)
	host, err := service.NewHost(ops)
	if err != nil {
		tb.Fatal(err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &node{tb: tb, engine: e, registry: service.NewRegistry()}
	n.invoker = service.NewInvoker(service.Config{Registry: n.registry, Host: host, Log: cfg.Log})
	tb.Cleanup(n.registry.Close)
	return n
}

// deploy switches to packages.
func (n *node) deploy(sources ...quickjs.Source) {
	n.tb.Helper()
	var bindings []service.Binding
	for _, src := range sources {
		m, err := n.engine.Load(n.tb.Context(), src)
		if err != nil {
			n.tb.Fatal(err)
		}
		p, err := service.Prepare(m)
		if err != nil {
			n.tb.Fatal(err)
		}
		defer p.Release()
		for _, name := range p.Names() {
			bindings = append(bindings, service.Binding{Name: name, From: p})
		}
	}
	if err := n.registry.Switch(bindings); err != nil {
		n.tb.Fatal(err)
	}
}

// call invokes a service as a channel would.
func (n *node) call(name, input string) (string, *service.Error) {
	return n.callWithin(name, input, 5*time.Second)
}

func (n *node) callWithin(name, input string, limit time.Duration) (string, *service.Error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := n.invoker.Invoke(ctx, &service.Call{CID: "cid-1234", Service: name, Channel: "test", Input: []byte(input)})
	if err != nil {
		return "", service.AsError(err)
	}
	return string(out), nil
}

// want fails the test unless the call answers the text.
func (n *node) want(name, input, want string) {
	n.tb.Helper()
	out, err := n.call(name, input)
	if err != nil {
		n.tb.Fatalf("%s(%.200s): %v\n%s", name, input, err, err.Stack)
	}
	if out != want {
		n.tb.Fatalf("%s(%.200s) = %.500s, want %.500s", name, input, out, want)
	}
}

// eventually polls a condition until it holds.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("not within 10s: %s", what)
		}
		<-tick.C
	}
}
