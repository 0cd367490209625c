package node_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

var quick = map[string]string{"network": "bench"}

// joinBox joins a box to a cluster and starts it.
func joinBox(t *testing.T, name, token string) *nodetest.Node {
	t.Helper()
	return joinBoxWith(t, name, token, nil)
}

// joinBoxWith does so with further settings.
func joinBoxWith(t *testing.T, name, token string, more map[string]string) *nodetest.Node {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	values := map[string]string{"name": name, "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "gossip": "127.0.0.1:0", "announce": "false", "deploy_every": "50ms"}
	maps.Copy(values, more)
	if _, err := node.Join(t.Context(), node.JoinConfig{Dir: dir, Values: values, Token: token}); err != nil {
		t.Fatalf("join: %v", err)
	}
	return nodetest.Start(t, nodetest.Options{Dir: dir})
}

func newToken(t *testing.T, n *nodetest.Node, in client.CreateJoinToken) client.NewJoinToken {
	t.Helper()
	p, err := n.API.CreateJoinToken(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A box joins by a token, takes over the configuration, and both follow each
// other's changes.
func TestJoinByToken(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	first.Deploy("hello", helloV1)
	first.Apply(channelAt("/hi"))
	token := newToken(t, first, client.CreateJoinToken{})
	begun := time.Now()
	second := joinBox(t, "second", token.Token)
	t.Logf("joined and ready after %s", time.Since(begun))
	if res := second.Do("POST", "/hi", `{"name":"Ala"}`); res.Status != 200 {
		t.Errorf("the second node answers %d", res.Status)
	}
	link, err := url.Parse(second.Node.Info().Link)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := link.Query()["url"], []string{second.Node.Info().Control, first.Node.Info().Control}; !slices.Equal(got, want) {
		t.Errorf("the second node's link names %q, want its own address and then the other: %q", got, want)
	}
	nodetest.Eventually(t, func() error {
		nodes, err := second.API.Nodes(t.Context())
		if err != nil {
			return err
		}
		if len(nodes) != 2 || nodes[0].State != "up" || nodes[1].State != "up" || !nodes[0].Ready || !nodes[1].Ready || nodes[0].Revision != nodes[1].Revision {
			return fmt.Errorf("nodes are %+v", nodes)
		}
		return nil
	})
	second.Apply(channelAt("/hi2"))
	nodetest.Eventually(t, func() error {
		if res := first.Do("POST", "/hi2", `{"name":"Ala"}`); res.Status != 200 {
			return fmt.Errorf("the first node answers %d", res.Status)
		}
		return nil
	})
	nodetest.Eventually(t, func() error {
		s, err := first.API.Status(t.Context())
		if err == nil && (s.Nodes.Up != 2 || !s.Level) {
			err = fmt.Errorf("status is %+v", s)
		}
		return err
	})
	_, err = node.Join(t.Context(), node.JoinConfig{Dir: filepath.Join(t.TempDir(), "x"), Values: map[string]string{"name": "third"}, Token: token.Token})
	if err == nil || !strings.Contains(err.Error(), "used up") {
		t.Errorf("a token that was used up let a box in: %v", err)
	}
}

// channelAt is a channel at a path that is also its name.
func channelAt(path string) string {
	return "kind: channel\nname: " + path[1:] + "\nspec: {transport: http, method: POST, path: " + path + ", service: hello.say}\n"
}

// Every node prepares before any switches: one that cannot stops the deployment,
// or is taken out of rotation when it is forced.
func TestDeployIsPreparedEverywhere(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	second := joinBoxWith(t, "second", newToken(t, first, client.CreateJoinToken{}).Token, map[string]string{"service_memory": "4MiB"})
	first.Deploy("hello", helloV1)
	first.Apply(channelAt("/hi"))
	both := func(want int) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			for _, n := range []*nodetest.Node{first, second} {
				if res := n.Do("POST", "/hi", `{"name":"Ala"}`); res.Status != want {
					return fmt.Errorf("%s answers %d", n.Name, res.Status)
				}
			}
			return nil
		})
	}
	both(200)
	// Needs more memory to load than the second node gives.
	hungry := `import { service } from "@signalbox/sdk";
const ballast = "0123456789".repeat(1000000);
export const hello = service({ name: "hello.say", handle() { return { text: "new " + ballast.length }; } });
`
	req := client.DeployRequest{Packages: []client.Package{client.NewPackage("hello", map[string][]byte{"main.ts": []byte(hungry)})}}
	_, err := first.API.Deploy(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "node second cannot run it") {
		t.Fatalf("deployed though a node cannot run it: %v", err)
	}
	both(200)
	if res := first.Do("POST", "/hi", `{"name":"Ala"}`); !strings.Contains(res.Body, "Hello, Ala") {
		t.Errorf("the first node switched: %s", res.Body)
	}
	req.Force = true
	if _, err := first.API.Deploy(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if res := first.Do("POST", "/hi", `{"name":"Ala"}`); !strings.Contains(res.Body, "new 10000000") {
		t.Errorf("the first node did not switch: %s", res.Body)
	}
	nodetest.Eventually(t, func() error {
		if res := second.Do("POST", "/hi", `{"name":"Ala"}`); res.Status != 503 {
			return fmt.Errorf("the node that is out of rotation answers %d", res.Status)
		}
		nodes, err := first.API.Nodes(t.Context())
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if n.Name == "second" && (n.Rotation != "maintenance" || n.Ready || n.Problems == 0) {
				return fmt.Errorf("the second node is %+v", n)
			}
			if len(n.SeenBy) != 1 || n.SeenBy[0] == n.Name {
				return fmt.Errorf("%s is seen by %v", n.Name, n.SeenBy)
			}
		}
		return toldByName(t, first)
	})
	entries, err := first.API.Audit(t.Context(), client.AuditQuery{Subject: "node/second"})
	if err != nil || len(entries.Items) != 1 || !strings.Contains(entries.Items[0].Detail, "node joined") {
		t.Errorf("the audit log says of the second node: %+v, %v", entries.Items, err)
	}
}

// toldByName checks that a node tells what the second one could not put into force.
func toldByName(t *testing.T, first *nodetest.Node) error {
	t.Helper()
	s, err := first.API.Status(t.Context())
	if err != nil {
		return err
	}
	if s.Problems == 0 {
		return errors.New("the first node counts no problems")
	}
	told, err := first.API.Problems(t.Context())
	if err != nil {
		return err
	}
	if len(told) != s.Problems {
		return fmt.Errorf("told are %+v, counted %d", told, s.Problems)
	}
	for _, p := range told {
		if p.Node != "second" || p.Reason == "" {
			return fmt.Errorf("told is %+v", p)
		}
	}
	return nil
}
