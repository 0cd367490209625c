package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// long reports whether the tests shall run as long as what is promised says
// (make chaos), and not only long enough to find a slip.
func long() bool { return os.Getenv("SIGNALBOX_CHAOS") == "1" }

// traffic keeps requests running until stop is called, which returns how many
// there were and what went wrong with the first that failed.
func traffic(t *testing.T, n *nodetest.Node, clients int) (stop func() (int64, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var count atomic.Int64
	var first atomic.Pointer[error]
	var g sync.WaitGroup
	for range clients {
		g.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				a, err := nodetest.TryDo(ctx, http.MethodPost, n.Traffic+"/hello", `{"name":"Ada"}`)
				if ctx.Err() != nil {
					return
				}
				if err == nil && (a.Status != http.StatusOK || a.Body != `{"text":"Hello, Ada"}`) {
					err = fmt.Errorf("%d %s", a.Status, a.Body)
				}
				if err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
				count.Add(1)
				<-tick.C
			}
		})
	}
	return func() (int64, error) {
		cancel()
		g.Wait()
		if err := first.Load(); err != nil {
			return count.Load(), *err
		}
		return count.Load(), nil
	}
}

// writes are changes with what was answered to each.
type writes struct {
	mu           sync.Mutex
	acknowledged []string
	refused      []string // answered with "nothing was changed"
	unknown      []string // answered 503 from the middle of the call
	wrong        []string // answered anything else
}

// write applies one definition after the other until ctx ends.
func (w *writes) run(ctx context.Context, api *client.Client) {
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("w%05d", i)
		_, err := api.Apply(context.WithoutCancel(ctx), client.ApplyRequest{Documents: []client.Document{{Name: "w.yaml", Text: channelNamed(name)}}})
		p, ok := errors.AsType[*client.Problem](err)
		w.mu.Lock()
		switch {
		case err == nil:
			w.acknowledged = append(w.acknowledged, name)
		case !ok || p.Status != http.StatusServiceUnavailable || p.Code != client.CodeUnavailable:
			w.wrong = append(w.wrong, fmt.Sprintf("%s: %v", name, err))
		case strings.Contains(p.Detail, "nothing was changed"):
			w.refused = append(w.refused, name)
		default:
			w.unknown = append(w.unknown, name)
		}
		w.mu.Unlock()
		if err != nil {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

func (w *writes) count() (acknowledged, refused int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acknowledged), len(w.refused)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func channelNamed(name string) string {
	return fmt.Sprintf("kind: channel\nname: %[1]s\nspec: {method: GET, path: /%[1]s, service: signalbox.echo}\n", name)
}

// check compares what was answered with what is there.
func (w *writes) check(t *testing.T, api *client.Client) {
	t.Helper()
	defs, err := api.AllDefinitions(t.Context(), "channel", client.Query{})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, d := range defs {
		have[d.Name] = true
	}
	for _, name := range w.acknowledged {
		if !have[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	for _, name := range w.refused {
		if have[name] {
			t.Errorf("%s was answered with \"nothing was changed\" and is there", name)
		}
	}
	for _, wrong := range w.wrong {
		t.Errorf("a write was answered otherwise than with success or 503: %s", wrong)
	}
}

// PostgreSQL is stopped for a minute (for some seconds in the ordinary tests) under
// traffic and writes: no request fails, what was acknowledged is there, the rest
// was refused with a reason, and the node catches up at once.
func TestPostgresAwayUnderTraffic(t *testing.T) {
	t.Parallel()
	away := 4 * time.Second
	if long() {
		away = time.Minute
	}
	s := testservers.Postgres(t)
	var log logText
	n := nodetest.Start(t, nodetest.Options{Settings: map[string]string{"odb": dsnOf("postgres", s)}, Log: &log})
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	stop := traffic(t, n, 4)
	var w writes
	var g sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	g.Go(func() { w.run(ctx, n.API) })
	reach(t, "20 writes", func() bool { a, _ := w.count(); return a >= 20 })
	s.Kill()
	since := time.Now()
	odbState(t, n, "down")
	reach(t, "20 refusals", func() bool { _, r := w.count(); return r >= 20 })
	before, _ := w.count()
	pause(t.Context(), away-time.Since(since))
	if after, _ := w.count(); after != before {
		t.Errorf("%d writes were acknowledged while the server was away", after-before)
	}
	s.Start()
	back := time.Now()
	reach(t, "the next write", func() bool { a, _ := w.count(); return a > before })
	caughtUp := time.Since(back)
	reach(t, "20 more writes", func() bool { a, _ := w.count(); return a >= before+20 })
	cancel()
	g.Wait()
	requests, err := stop()
	if err != nil {
		t.Errorf("a request failed: %v", err)
	}
	t.Logf("%d requests; %d writes acknowledged, %d refused, %d of unknown outcome; up %v after the server's return",
		requests, len(w.acknowledged), len(w.refused), len(w.unknown), caughtUp.Round(time.Millisecond))
	if caughtUp > 2*time.Second {
		t.Errorf("the node took %v to follow the ODB again", caughtUp)
	}
	w.check(t, n.API)
	if st := odbState(t, n, "up"); !st.Level {
		t.Errorf("status %+v", st)
	}
	if lines := strings.Count(log.String(), "level=WARN") + strings.Count(log.String(), "level=ERROR"); lines > 20 || strings.Count(log.String(), `msg="ODB is away"`) != 1 || strings.Count(log.String(), `msg="ODB is back"`) != 1 {
		t.Errorf("the log has %d warnings and errors:\n%s", lines, grep(log.String(), "level=WARN", "level=ERROR", `msg="ODB is`))
	}
}

func grep(text string, words ...string) string {
	var out []string
	for line := range strings.Lines(text) {
		for _, w := range words {
			if strings.Contains(line, w) && len(out) < 50 {
				out = append(out, line)
				break
			}
		}
	}
	return strings.Join(out, "")
}

// reach waits for a condition as long as a slow machine may need.
func reach(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never reached: %s", what)
		}
		pause(t.Context(), 5*time.Millisecond)
	}
}

// MariaDB goes down in the middle of change sets of many definitions, again and
// again: each is there whole or not at all, and what was acknowledged is there.
func TestMariaDBRestartedInApplies(t *testing.T) {
	t.Parallel()
	rounds, size := 5, 150
	if long() {
		rounds, size = 25, 500
	}
	s := testservers.MariaDB(t)
	n := nodetest.Start(t, nodetest.Options{Settings: map[string]string{"odb": dsnOf("mysql", s)}})
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	stop := traffic(t, n, 2)
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 2))
	t.Logf("seed %d", seed)
	acknowledged := map[int]bool{}
	took := applySet(t, n.API, 0, size, acknowledged)
	for round := 1; round <= rounds; round++ {
		var g sync.WaitGroup
		g.Go(func() { applySet(t, n.API, round, size, acknowledged) })
		pause(t.Context(), time.Duration(rng.Int64N(2*int64(took))))
		s.Kill()
		g.Wait()
		s.Start()
		odbState(t, n, "up")
	}
	if requests, err := stop(); err != nil {
		t.Errorf("a request failed: %v", err)
	} else {
		t.Logf("%d requests; %d of %d change sets acknowledged", requests, len(acknowledged), rounds+1)
	}
	defs, err := n.API.AllDefinitions(t.Context(), "channel", client.Query{})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, d := range defs {
		set, _, _ := strings.Cut(d.Name, "-")
		have[set]++
	}
	for round := range rounds + 1 {
		switch got := have[fmt.Sprintf("set%d", round)]; {
		case got != 0 && got != size:
			t.Errorf("change set %d is there with %d of %d definitions", round, got, size)
		case got == 0 && acknowledged[round]:
			t.Errorf("change set %d was acknowledged and is lost", round)
		}
	}
}

// applySet applies many definitions in one change set and returns how long it took.
func applySet(t *testing.T, api *client.Client, set, size int, acknowledged map[int]bool) time.Duration {
	t.Helper()
	var b strings.Builder
	for i := range size {
		b.WriteString("---\n" + channelNamed(fmt.Sprintf("set%d-%04d", set, i)))
	}
	start := time.Now()
	_, err := api.Apply(context.Background(), client.ApplyRequest{Documents: []client.Document{{Name: "set.yaml", Text: b.String()}}})
	p, ok := errors.AsType[*client.Problem](err)
	t.Logf("change set %d: %v after %v", set, err, time.Since(start).Round(time.Millisecond))
	switch {
	case err == nil:
		acknowledged[set] = true
	case !ok || p.Status != http.StatusServiceUnavailable:
		t.Errorf("change set %d: %v, want success or 503", set, err)
	}
	return time.Since(start)
}

// The same as TestKillInTheMiddleOfApplies with the ODB on PostgreSQL.
func TestKillInTheMiddleOfAppliesOnPostgres(t *testing.T) {
	t.Parallel()
	applies := 150
	if long() {
		applies = 500
	}
	s := testservers.Postgres(t)
	dir := filepath.Join(t.TempDir(), "node")
	err := node.Init(t.Context(), node.InitConfig{
		Dir: dir, Values: map[string]string{"name": "test", "odb": dsnOf("postgres", s)}, Env: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		t.Fatal(err)
	}
	killInApplies(t, dir, applies, 20)
}
