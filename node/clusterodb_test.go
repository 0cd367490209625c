package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// trio starts a cluster of three nodes with a service; each keeps its folder.
func trio(t *testing.T, settings map[string]string) []*nodetest.Node {
	t.Helper()
	first := nodetest.Start(t, nodetest.Options{Settings: settings})
	first.Deploy("hello", helloV1)
	first.Apply(helloChannel)
	token := newToken(t, first, client.CreateJoinToken{Uses: 2}).Token
	return []*nodetest.Node{first, joinBox(t, "second", token), joinBox(t, "third", token)}
}

// serveAll waits until every node serves a path.
func serveAll(t *testing.T, nodes []*nodetest.Node, path string) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			if res := n.Do("POST", path, `{"name":"Ala"}`); res.Status != 200 {
				return fmt.Errorf("%s answers %d at %s", n.Name, res.Status, path)
			}
		}
		return nil
	})
}

// A cluster moves to another database while it serves and is changed: all nodes
// follow, and none needs the old one again.
func TestCopyODBOfACluster(t *testing.T) {
	t.Parallel()
	server := testservers.Postgres(t)
	old := filepath.Join(t.TempDir(), "old.sqlite")
	nodes := trio(t, map[string]string{"network": "bench", "odb": "sqlite:" + old})
	b := makeBusy(t, nodes[1], "m")
	b.more(t)
	if _, err := nodes[2].API.CopyODB(t.Context(), dsnOf("postgres", server), nil); err != nil {
		b.stop()
		t.Fatal(err)
	}
	b.more(t)
	b.end(t)
	for i, n := range nodes {
		nodetest.Eventually(t, func() error {
			if s := status(t, n); s.ODB.Kind != "postgres" || s.ODB.State != "up" || !s.Level {
				return fmt.Errorf("%s: %+v", n.Name, s)
			}
			return nil
		})
		path := fmt.Sprintf("/after%d", i)
		n.Apply(channelAt(path))
		serveAll(t, nodes, path)
	}
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	if err := nodes[1].Stop(); err != nil {
		t.Fatal(err)
	}
	nodes[1] = nodetest.Start(t, nodetest.Options{Dir: nodes[1].Dir})
	nodes[1].Apply(channelAt("/again"))
	serveAll(t, nodes, "/again")
}

// A node that lost its packages and starts while the ODB is away gets them from
// another node and serves.
func TestPackageFromAnotherNode(t *testing.T) {
	t.Parallel()
	server := testservers.Postgres(t)
	nodes := trio(t, map[string]string{"network": "bench", "odb": dsnOf("postgres", server)})
	serveAll(t, nodes, "/hello")
	second := nodes[1]
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	packages := filepath.Join(second.Dir, "data", "packages")
	kept, err := os.ReadDir(packages)
	if err != nil || len(kept) == 0 {
		t.Fatalf("the node kept no package: %v", err)
	}
	if err := os.RemoveAll(packages); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	odbState(t, nodes[0], "down")
	var log logText
	nodes[1] = nodetest.Start(t, nodetest.Options{Dir: second.Dir, Log: &log})
	serveAll(t, nodes, "/hello")
	again, err := os.ReadDir(packages)
	if err != nil || len(again) != len(kept) {
		t.Errorf("kept again: %v, %v\n%s", again, err, log.String())
	}
	if s := status(t, nodes[1]); s.ODB.State != "down" || s.Problems != 0 {
		t.Errorf("status: %+v", s)
	}
	if strings.Contains(log.String(), server.Password) {
		t.Error("the log shows a password")
	}
}
