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
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

var builder nodetest.Builder

func TestMain(m *testing.M) {
	code := m.Run()
	builder.Remove()
	os.Exit(code)
}

// The node is killed at random moments of 1,000 applies. Each apply writes two
// definitions in one change set; afterwards both or neither are there, every
// acknowledged one is there, and the history has no holes.
func TestKillInTheMiddleOfApplies(t *testing.T) {
	t.Parallel()
	killInApplies(t, filepath.Join(t.TempDir(), "node"), 1000, 60)
}

// killInApplies makes so many applies to the node of a folder, and kills it after
// every few of them, at least after least.
func killInApplies(t *testing.T, dir string, applies, least int) {
	t.Helper()
	binary := builder.Binary(t)
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	acknowledged := map[int]bool{}
	next, kills := 0, 0
	for next < applies {
		p := nodetest.Up(t, binary, dir)
		killAfter := next + least + rng.IntN(2*least) // the kill comes while the applies go on
		reached, over := make(chan struct{}), make(chan struct{})
		kill := sync.OnceFunc(func() { close(reached) })
		go func() {
			defer close(over)
			<-reached
			p.Kill()
		}()
		for ; next < applies; next++ {
			if next == killAfter {
				kill()
			}
			if !applyPair(t, p.API, next) {
				next++ // its outcome is not known
				break
			}
			acknowledged[next] = true
		}
		kill()
		<-over
		kills++
	}
	t.Logf("%d kills, %d of %d acknowledged", kills, len(acknowledged), applies)
	checkPairs(t, nodetest.Up(t, binary, dir).API, acknowledged, applies)
	if kills == 0 { // how many there are depends on how fast the machine is
		t.Errorf("the node was killed only %d times", kills)
	}
}

// applyPair makes an outgoing and a channel in one change set; false when the
// node went away. The channel cannot be there without what it refers to.
func applyPair(t *testing.T, api *client.Client, i int) bool {
	t.Helper()
	yaml := fmt.Sprintf(`kind: security
name: key%04d
spec: {type: apikey, key: secret-key-%04d}
---
kind: channel
name: ch%04d
spec: {method: GET, path: /ch/%04d, service: signalbox.echo, security: [key%04d]}
`, i, i, i, i, i)
	_, err := api.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "pair.yaml", Text: yaml}}})
	if p, ok := errors.AsType[*client.Problem](err); ok {
		t.Fatalf("apply %d: %v", i, p)
	}
	return err == nil
}

func checkPairs(t *testing.T, api *client.Client, acknowledged map[int]bool, applies int) {
	t.Helper()
	ctx := context.Background()
	have := map[string]bool{}
	for _, kind := range []string{"security", "channel"} {
		defs, err := api.AllDefinitions(ctx, kind, client.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range defs {
			have[d.Key()] = true
		}
	}
	for i := range applies {
		key, ch := have[fmt.Sprintf("security/key%04d", i)], have[fmt.Sprintf("channel/ch%04d", i)]
		if key != ch {
			t.Errorf("apply %d is half there: security %v, channel %v", i, key, ch)
		}
		if acknowledged[i] && !ch {
			t.Errorf("apply %d was acknowledged and is lost", i)
		}
	}
	want := int64(0)
	for before := int64(0); ; {
		l, err := api.History(ctx, client.HistoryQuery{Limit: 500, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range l.Items {
			if want != 0 && r.Revision != want {
				t.Fatalf("after revision %d comes %d", want+1, r.Revision)
			}
			want = r.Revision - 1
			before = r.Revision
		}
		if len(l.Items) == 0 {
			break
		}
	}
	if want != 0 {
		t.Errorf("the history begins at revision %d", want+1)
	}
}

// A request to the admin API never gets through the traffic port.
func TestTrafficPortHasNoAdmin(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	for _, path := range []string{"/api/v1/status", "/api/v1/openapi.json", "/metrics", "//api/v1/status", "/x/../api/v1/status"} {
		a := n.Do(http.MethodGet, path, "", "Authorization", "Bearer "+n.Token)
		if a.Status/100 == 2 || strings.Contains(a.Body, "revision") {
			t.Errorf("%s on the traffic port: %d %s", path, a.Status, a.Body)
		}
	}
}
