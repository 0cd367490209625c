package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// ring is a keyring in memory.
type ring struct {
	mu     sync.Mutex
	values map[string]string
	broken error
	hold   chan struct{} // when it is not nil, calls wait until it is closed
}

func newRing() *ring { return &ring{values: map[string]string{}} }

func (r *ring) enter() error {
	if r.hold != nil {
		<-r.hold
	}
	r.mu.Lock()
	return r.broken
}

func (r *ring) Get(name string) (string, error) {
	err := r.enter()
	defer r.mu.Unlock()
	if v, ok := r.values[name]; ok && err == nil {
		return v, nil
	}
	if err == nil {
		err = app.ErrNoSecret
	}
	return "", err
}

func (r *ring) Set(name, secret string) error {
	err := r.enter()
	defer r.mu.Unlock()
	if err == nil {
		r.values[name] = secret
	}
	return err
}

func (r *ring) Delete(name string) error {
	err := r.enter()
	defer r.mu.Unlock()
	delete(r.values, name)
	return err
}

func noRing() *ring { return &ring{values: map[string]string{}, broken: fmt.Errorf("no session bus")} }

// rig is a running app.
type rig struct {
	t    *testing.T
	dir  string
	log  *logBuffer
	h    http.Handler
	app  *app.App
	stop func()
}

// clock is a clock that tests turn.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
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

// start runs an app in dir; an empty one makes a folder. A nil ring is one in memory.
func start(t *testing.T, dir string, keys app.Keyring) *rig {
	t.Helper()
	return startWith(t, dir, keys, func(*app.Config) {})
}

// startIn is start in a window.
func startIn(t *testing.T, dir string, window app.Shell) *rig {
	t.Helper()
	return startWith(t, dir, nil, func(cfg *app.Config) { cfg.Shell = window })
}

// startWith is start with a changed configuration.
func startWith(t *testing.T, dir string, keys app.Keyring, change func(*app.Config)) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, log: &logBuffer{}}
	if r.dir == "" {
		r.dir = filepath.Join(t.TempDir(), "app")
	}
	if keys == nil {
		keys = newRing()
	}
	cfg := app.Config{
		Dir: r.dir, Version: "test", Keyring: keys,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&cfg)
	a, err := app.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.h, r.app = a.Handler(), a
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(method, path string, body any, headers ...string) reply {
	r.t.Helper()
	var in io.Reader
	if s, ok := body.(string); ok {
		in = strings.NewReader(s)
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		in = strings.NewReader(string(text))
	}
	req := httptest.NewRequest(method, path, in)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.h.ServeHTTP(w, req)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// ok decodes an answer that must be a success.
func ok[T any](r *rig, got reply) T {
	r.t.Helper()
	var v T
	if got.status < 200 || got.status > 299 {
		r.t.Fatalf("answered %d: %s", got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		r.t.Fatalf("%v: %s", err, got.body)
	}
	return v
}

// refused checks that an answer is a problem with a code.
func (r *rig) refused(got reply, status int, code string) {
	r.t.Helper()
	var p client.Problem
	if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != status || p.Code != code {
		r.t.Fatalf("answered %d %s, want %d with code %q", got.status, got.body, status, code)
	}
	if h := got.header.Get("Content-Type"); h != "application/problem+json" {
		r.t.Errorf("Content-Type = %q", h)
	}
}

func (r *rig) cluster(id string) app.Cluster {
	r.t.Helper()
	return ok[app.Cluster](r, r.do("GET", "/api/clusters/"+id, nil))
}

// add saves the cluster of a link.
func (r *rig) add(link string, change func(*app.SaveCluster)) app.Cluster {
	r.t.Helper()
	p := ok[app.Parsed](r, r.do("POST", "/api/clusters/parse", app.Paste{Link: link}))
	if change != nil {
		change(&p.Cluster)
	}
	return ok[app.Cluster](r, r.do("POST", "/api/clusters", p.Cluster))
}

// until waits for a state of a cluster.
func (r *rig) until(id string, is func(app.Cluster) bool) app.Cluster {
	r.t.Helper()
	var c app.Cluster
	nodetest.Eventually(r.t, func() error {
		if c = r.cluster(id); is(c) {
			return nil
		}
		text, _ := json.Marshal(c)
		return fmt.Errorf("the cluster is %s", text)
	})
	return c
}

func up(c app.Cluster) bool   { return c.State == app.StateUp }
func down(c app.Cluster) bool { return c.State == app.StateDown }

// nowhere fails when a secret stands in a file below dir, or in the log.
func (r *rig) nowhere(secrets ...string) {
	r.t.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range secrets {
			if strings.Contains(string(text), s) {
				r.t.Errorf("%s has a secret in clear", path)
			}
		}
		if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			r.t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range secrets {
		if s == "" || strings.Contains(r.log.String(), s) {
			r.t.Error("the log has a secret in clear")
		}
	}
}

// addAda makes the administrator ada with a password at a node.
func addAda(t *testing.T, n *nodetest.Node) {
	t.Helper()
	if _, err := n.API.CreateAccount(t.Context(), client.CreateAccount{Name: "ada", Role: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
}
