package node_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// manyKeys are n API keys, key000 with the text secret-key-000 and so on, and the
// credential of a partner.
func manyKeys(n int) string {
	var b strings.Builder
	b.WriteString("kind: security\nname: partner\nspec: {type: basic, username: acme, password: secret-of-acme}\n")
	for i := range n {
		fmt.Fprintf(&b, "---\nkind: security\nname: key%03d\nspec: {type: apikey, key: secret-key-%03d}\n", i, i)
	}
	return b.String()
}

// onePart asks for the next part of a rotation.
func onePart(ctx context.Context, api *client.Client, key string) (client.Rotation, error) {
	return api.RotateKeys(ctx, client.RotateKeys{Key: key})
}

// While keys are rotated under load, every request is let in by its sealed key,
// and every call to the partner carries its sealed password.
func TestRotateUnderLoad(t *testing.T) {
	t.Parallel()
	var wrong atomic.Int64
	partner := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); r.Method == http.MethodGet && (user != "acme" || password != "secret-of-acme") {
			wrong.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	n := nodetest.Start(t, nodetest.Options{})
	n.Deploy("far", `import { service } from "@signalbox/sdk";
export const s = service({ name: "far.call", handle(ctx) { return ctx.conn.http("far").get("/").json; } });
`)
	n.Apply(manyKeys(150) + `---
kind: outgoing
name: far
spec: {type: http, url: "` + partner + `", allow: [127.0.0.0/8], security: partner}
---
kind: channel
name: far
spec: {method: GET, path: /far, service: far.call, security: [key000, key149]}
`)
	stop := make(chan struct{})
	var load sync.WaitGroup
	var good atomic.Int64
	for i := range 4 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, err := nodetest.TryDo(t.Context(), http.MethodGet, n.Traffic+"/far", "", "X-API-Key", fmt.Sprintf("secret-key-%03d", 149*(i%2)))
				if err != nil || a.Status != http.StatusOK {
					t.Errorf("a request failed: %d %s, %v", a.Status, a.Body, err)
					return
				}
				good.Add(1)
			}
		})
	}
	for range 3 {
		for part, key := 0, ""; ; part++ {
			r, err := onePart(t.Context(), n.API, key)
			if err != nil {
				t.Error(err)
				break
			}
			if r.Finished {
				if r.Done != 151 || part != 2 {
					t.Errorf("finished after %d parts: %+v", part, r)
				}
				break
			}
			key = r.Key
		}
		before := good.Load() // with the keys of this rotation
		nodetest.Eventually(t, func() error {
			if t.Failed() || good.Load() > before+20 {
				return nil
			}
			return fmt.Errorf("only %d requests", good.Load())
		})
	}
	if _, err := n.API.ForgetKeys(t.Context(), client.ForgetKeys{}); err != nil {
		t.Error(err)
	}
	close(stop)
	load.Wait()
	if wrong.Load() > 0 {
		t.Errorf("the partner was shown %d wrong credentials", wrong.Load())
	}
	t.Logf("%d requests, none failed", good.Load())
}

// A node that is killed in the middle of a rotation loses no secret; the rotation
// is taken up with the same key.
func TestRotateKilled(t *testing.T) {
	t.Parallel()
	binary := builder.Binary(t)
	dir := filepath.Join(t.TempDir(), "node")
	p := nodetest.Up(t, binary, dir)
	yaml := manyKeys(350) + "---\nkind: channel\nname: c\nspec: {method: GET, path: /c, service: signalbox.echo, security: [key000, key349]}\n"
	if _, err := p.API.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "f", Text: yaml}}}); err != nil {
		t.Fatal(err)
	}
	open := func(p *nodetest.Process) {
		t.Helper()
		for _, key := range []string{"secret-key-000", "secret-key-349"} {
			if a := nodetest.Do(t, http.MethodGet, p.Traffic+"/c", "", "X-API-Key", key); a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", key, a.Status, a.Body)
			}
		}
	}
	first, err := onePart(t.Context(), p.API, "")
	if err != nil || first.Done != 100 {
		t.Fatalf("the first part: %+v, %v", first, err)
	}
	for kills := range 4 {
		killed := make(chan struct{})
		go func(victim *nodetest.Process) { // the kill meets the part at an unknown place
			defer close(killed)
			victim.Kill()
		}(p)
		_, _ = onePart(t.Context(), p.API, first.Key)
		<-killed
		p = nodetest.Up(t, binary, dir)
		open(p)
		l, err := p.API.Secrets(t.Context())
		if err != nil || len(l.Keys) != 2 || l.Keys[1].ID != first.Key {
			t.Errorf("after kill %d: %+v, %v", kills, l.Keys, err)
		}
		if !l.Rotating {
			continue
		}
		if r, err := onePart(t.Context(), p.API, ""); err != nil || r.Key != first.Key {
			t.Errorf("taken up with %s, want %s (%v)", r.Key, first.Key, err)
		}
	}
	for {
		r, err := onePart(t.Context(), p.API, first.Key)
		if err != nil {
			t.Fatal(err)
		}
		if r.Finished {
			if r.Done != 351 || r.Total != 351 || r.Key != first.Key {
				t.Errorf("finished: %+v", r)
			}
			break
		}
	}
	open(p)
	if _, err := p.API.ForgetKeys(t.Context(), client.ForgetKeys{}); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("the node ended with %v", err)
	}
	open(nodetest.Up(t, binary, dir))
}
