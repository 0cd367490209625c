package node_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// slowRequest is a request whose body does not end until it is told to.
func slowRequest(t *testing.T, n *nodetest.Node, path string) (end func() nodetest.Answer) {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	answer := make(chan nodetest.Answer, 1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.Traffic+path, r)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			answer <- nodetest.Answer{Body: err.Error()}
			return
		}
		text, _ := io.ReadAll(res.Body) //nolint:errcheck // compared by the test
		_ = res.Body.Close()
		answer <- nodetest.Answer{Status: res.StatusCode, Body: string(text)}
	}()
	if _, err := w.Write([]byte(`{"name":`)); err != nil {
		t.Fatal(err)
	}
	return func() nodetest.Answer {
		_, _ = w.Write([]byte(`"Ada"}`)) //nolint:errcheck // the answer tells
		_ = w.Close()
		return <-answer
	}
}

func nodeNamed(t *testing.T, api *client.Client, name string) client.Node {
	t.Helper()
	nodes, err := api.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("there is no node %s", name)
	return client.Node{}
}

// A node that another one drains takes no new request, ends those it has, stays so
// over a restart from the first moment on, and comes back.
func TestDrain(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	first.Deploy("hello", helloV1)
	first.Apply(channelAt("/hi"))
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	end := slowRequest(t, second, "/hi")
	nodetest.Eventually(t, func() error {
		if n := nodeNamed(t, first.API, "second"); n.InFlight != 1 || !n.Ready {
			return fmt.Errorf("it is %+v", n)
		}
		return nil
	})
	n, err := first.API.SetRotation(t.Context(), "second", odb.Draining)
	if err != nil || n.Rotation != "draining" {
		t.Fatalf("drain: %+v, %v", n, err)
	}
	for _, path := range []string{"/signalbox/ping", "/hi"} {
		if a := second.Do("GET", path, ""); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, `"draining"`) {
			t.Errorf("%s of the drained node: %d %s", path, a.Status, a.Body)
		}
		if a := first.Do("GET", "/signalbox/ping", ""); a.Status != http.StatusOK {
			t.Errorf("the other node answers %d", a.Status)
		}
	}
	if n := nodeNamed(t, first.API, "second"); n.InFlight != 1 || n.Ready || n.State != "up" {
		t.Errorf("while it drains it is %+v", n)
	}
	if a := end(); a.Status != http.StatusOK || !strings.Contains(a.Body, "Hello, Ada") {
		t.Errorf("the request in flight: %d %s", a.Status, a.Body)
	}
	nodetest.Eventually(t, func() error {
		if n := nodeNamed(t, first.API, "second"); n.InFlight != 0 {
			return fmt.Errorf("%d in flight", n.InFlight)
		}
		return nil
	})
	if _, err := first.API.SetRotation(t.Context(), "second", odb.Maintenance); err != nil {
		t.Fatal(err)
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	second = nodetest.Start(t, nodetest.Options{Dir: second.Dir})
	if a := second.Do("GET", "/signalbox/ping", ""); a.Status != http.StatusServiceUnavailable {
		t.Errorf("in maintenance it starts with %d", a.Status)
	}
	if _, err := second.API.SetRotation(t.Context(), "second", odb.Online); err != nil { // by itself, too
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		if a := second.Do("POST", "/hi", `{"name":"Ala"}`); a.Status != http.StatusOK {
			return fmt.Errorf("it answers %d", a.Status)
		}
		return nil
	})
}

// A node that stops is not held up by the nodes that have connections to it.
func TestStopWithCallers(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	for _, n := range []*nodetest.Node{first, second} {
		nodetest.Eventually(t, func() error {
			nodes, err := n.API.Nodes(t.Context())
			if err == nil && (len(nodes) != 2 || !nodes[0].Ready || !nodes[1].Ready) {
				err = fmt.Errorf("nodes are %+v", nodes)
			}
			return err
		})
	}
	begun := time.Now()
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A node that was removed is refused by the others, stops, and does not start again.
func TestRemoveNode(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	keys := filepath.Join(second.Dir, "keys")
	authority, err := cluster.OpenAuthority(keys, "")
	if err != nil {
		t.Fatal(err)
	}
	id, err := cluster.OpenIdentity(keys)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.NodeCertificate(id, "second", nil)
	if err != nil {
		t.Fatal(err)
	}
	as := peer.NewClient(cluster.PeerConfig{Certificate: func() *tls.Certificate { return &cert }, Pool: authority.Pool(), Member: func(string) bool { return true }})
	defer as.Close()
	ask := func() error {
		as.Close() // a connection that is there is another matter
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return as.Call(ctx, peer.Target{ID: nodeNamed(t, first.API, "test").ID, Control: controlOf(first)}, "/hello", nil, nil)
	}
	if err := ask(); err != nil {
		t.Fatalf("while it is a member: %v", err)
	}
	if err := second.API.RemoveNode(t.Context(), "second"); err == nil {
		t.Error("it removed itself")
	}
	if err := first.API.RemoveNode(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err == nil {
		t.Error("its certificate is still taken")
	}
	if err := second.Ended(10 * time.Second); !errors.Is(err, node.ErrRemoved) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := nodetest.TryStart(t, nodetest.Options{Dir: second.Dir}); !errors.Is(err, node.ErrRemoved) {
		t.Errorf("started again: %v", err)
	}
	if nodes, err := first.API.Nodes(t.Context()); err != nil || len(nodes) != 1 {
		t.Errorf("nodes are %+v, %v", nodes, err)
	}
	// The name is free, the key is not.
	joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
}

// A node restarts when something supervises it, and else says why not.
func TestRestart(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	for _, name := range []string{"test", "second"} {
		_, err := first.API.RestartNode(t.Context(), name)
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusConflict || !strings.Contains(p.Error(), "nothing would start it again") {
			t.Errorf("restart %s: %v", name, err)
		}
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err := first.API.RestartNode(t.Context(), "second")
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusConflict {
		t.Errorf("restart of a node that is down: %v", err)
	}
	second = nodetest.Start(t, nodetest.Options{Dir: second.Dir, Supervised: true})
	var before client.Node
	nodetest.Eventually(t, func() error {
		before, err = first.API.RestartNode(t.Context(), "second")
		return err
	})
	if !before.Supervised || before.Started.IsZero() || before.Name != "second" {
		t.Errorf("it was %+v", before)
	}
	if err := second.Ended(10 * time.Second); !errors.Is(err, node.ErrRestart) {
		t.Errorf("it ended with %v", err)
	}
	nodetest.Start(t, nodetest.Options{Dir: second.Dir, Supervised: true})
	nodetest.Eventually(t, func() error {
		if n := nodeNamed(t, first.API, "second"); !n.Ready || !n.Started.After(before.Started) {
			return fmt.Errorf("it is %+v", n)
		}
		return nil
	})
}
