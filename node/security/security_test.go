package security

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"signalbox.internal/odb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

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

// def makes a definition; its id is "id-" and the name unless the spec is renamed by the test.
func def(name, spec string) odb.Definition {
	return odb.Definition{ID: "id-" + name, Kind: "security", Name: name, Version: 1, Revision: 1, Spec: json.RawMessage(spec)}
}

func snapshot(tb testing.TB, defs ...odb.Definition) *odb.Snapshot {
	tb.Helper()
	s, err := odb.NewSnapshot(1, defs)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

type harness struct {
	*Manager
	sealer *Sealer
	env    map[string]string
	clock  *clock
}

func newHarness(tb testing.TB) *harness {
	tb.Helper()
	h := &harness{env: map[string]string{}, clock: newClock()}
	h.sealer = newSealer(tb, h.env)
	m, err := New(Config{Sealer: h.sealer, Log: slog.New(slog.DiscardHandler), Now: h.clock.now, Every: 5 * time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	h.Manager = m
	return h
}

// apply puts definitions into force and fails the test on a problem.
func (h *harness) apply(tb testing.TB, defs ...odb.Definition) {
	tb.Helper()
	if problems := h.Apply(tb.Context(), snapshot(tb, defs...)); len(problems) > 0 {
		tb.Fatalf("problems: %+v", problems)
	}
}

// request makes a GET with headers given as name, value, name, value …
func request(headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("never happened: %s", what)
		}
		<-tick.C
	}
}
