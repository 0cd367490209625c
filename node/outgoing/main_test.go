package outgoing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is a manager with what it needs, and everything it said.
type box struct {
	*outgoing.Manager
	t       testing.TB
	vault   vault
	log     *lockedBuffer
	metrics *prometheus.Registry
	dir     string
}

// vault opens secrets: env:NAME is the text under NAME.
type vault map[string]string

func (v vault) Open(kind, name, pointer string, s odb.Secret) (string, error) {
	text, ok := v[strings.TrimPrefix(s.Ref(), "env:")]
	if !ok {
		return "", fmt.Errorf("open %s/%s%s: the environment has no such variable", kind, name, pointer)
	}
	return text, nil
}

// Present puts the vault's text of that name into X-Key.
func (v vault) Present(name string) (func(*http.Request) error, error) {
	key, ok := v[name]
	if !ok {
		return nil, fmt.Errorf("there is no security definition %s", name)
	}
	return func(r *http.Request) error {
		r.Header.Set("X-Key", key)
		return nil
	}, nil
}

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBox(t testing.TB) *box {
	t.Helper()
	b := &box{t: t, vault: vault{}, log: &lockedBuffer{}, metrics: prometheus.NewRegistry(), dir: t.TempDir() + "/data"}
	m, err := outgoing.New(outgoing.Config{
		Secrets: b.vault, Credentials: b.vault, DataDir: b.dir, Registerer: b.metrics,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Manager = m
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(b.log.String())
		}
	})
	return b
}

// run runs the manager's worker until the test ends.
func (b *box) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	})
}

// specs are definitions by name: outgoing ones, or "security/NAME".
type specs map[string]string

// apply puts definitions into force and wants no problem.
func (b *box) apply(defs specs) {
	b.t.Helper()
	if problems := b.Apply(context.Background(), snapshot(b.t, defs)); len(problems) > 0 {
		b.t.Fatalf("problems: %+v", problems)
	}
}

func snapshot(t testing.TB, defs specs) *odb.Snapshot {
	t.Helper()
	var all []odb.Definition
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		kind, plain, ok := strings.Cut(name, "/")
		if !ok {
			kind, plain = "outgoing", name
		}
		all = append(all, odb.Definition{ID: name, Kind: kind, Name: plain, Version: 1, Spec: json.RawMessage(defs[name])})
	}
	snap, err := odb.NewSnapshot(1, all)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// op runs a host operation as a service would, with JSON in and out.
func (b *box) op(ctx context.Context, name, args string) (string, *service.Error) {
	b.t.Helper()
	result, err := b.Operations()[name](ctx, &service.Call{CID: "cid-12345"}, json.RawMessage(args))
	if err != nil {
		return "", service.AsError(err)
	}
	if raw, ok := result.(json.RawMessage); ok {
		if !json.Valid(raw) {
			b.t.Errorf("%s gave what is no JSON: %s", name, raw)
		}
		return string(raw), nil
	}
	text, err := json.Marshal(result)
	if err != nil {
		b.t.Error(err)
	}
	return string(text), nil
}

// must runs an operation that has to succeed.
func (b *box) must(name, args string) string {
	b.t.Helper()
	out, err := b.op(context.Background(), name, args)
	if err != nil {
		b.t.Fatalf("%s %s: %v", name, args, err)
	}
	return out
}

// refused runs an operation that has to fail with code and a message with part.
func (b *box) refused(name, args, code, part string) *service.Error {
	b.t.Helper()
	out, err := b.op(context.Background(), name, args)
	if err == nil {
		b.t.Fatalf("%s %s = %s, want the error %s", name, args, out, code)
	}
	if err.Code != code || !strings.Contains(err.Message, part) {
		b.t.Fatalf("%s %s: %v (%v), want %s with %q", name, args, err, err.Details, code, part)
	}
	return err
}

// detail returns one of the details of an error as text.
func detail(err *service.Error, key string) string {
	details, _ := err.Details.(map[string]any)
	if details[key] == nil {
		return ""
	}
	return fmt.Sprint(details[key])
}

// health returns the health of one connection.
func (b *box) health(name string) outgoing.Health {
	b.t.Helper()
	for _, h := range b.Health() {
		if h.Name == name {
			return h
		}
	}
	b.t.Fatalf("there is no health of %s in %+v", name, b.Health())
	return outgoing.Health{}
}

// eventually polls until check is content; it fails with the last error.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

// becomes waits for a state of a connection.
func (b *box) becomes(name string, want outgoing.State) {
	b.t.Helper()
	eventually(b.t, func() error {
		if h := b.health(name); h.State != want {
			return fmt.Errorf("%s is %s (%s), want %s", name, h.State, h.LastError, want)
		}
		return nil
	})
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := outgoing.New(outgoing.Config{}); err == nil {
		t.Error("New took a config without anything")
	}
	var none *service.Error
	b := newBox(t)
	_, err := b.Ping(context.Background(), "nobody")
	if !errors.As(err, &none) || none.Code != service.CodeNoOut || odb.KindOf(err) != odb.NotFound {
		t.Errorf("Ping of nothing: %v", err)
	}
}

var _ io.Writer = (*lockedBuffer)(nil)
