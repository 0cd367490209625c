package nodetest_test

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
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
	"signalbox.internal/odb/sqldb"
)

// tryJoin joins a fresh box that must not get in and returns why it did not.
func tryJoin(t *testing.T, token string) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "box")
	_, err := node.Join(t.Context(), node.JoinConfig{
		Dir: dir, Values: map[string]string{"name": "intruder"}, Env: func(string) (string, bool) { return "", false }, Token: token,
	})
	if err == nil {
		t.Error("a box got in that must not")
		return errors.New("it got in")
	}
	if _, serr := os.Stat(filepath.Join(dir, "keys", cluster.CAKeyFile)); serr == nil {
		t.Error("a box that did not get in has the cluster's keys")
	}
	return err
}

func alter(t *testing.T, token string, f func(*cluster.JoinToken)) string {
	t.Helper()
	parsed, err := cluster.ParseJoinToken(token)
	if err != nil {
		t.Fatal(err)
	}
	f(&parsed)
	text, err := parsed.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Tokens that are used up, expired, revoked, altered or of another cluster let
// nobody in, and the joiner sends nothing to a cluster that is not the token's.
func TestTokensThatLetNobodyIn(t *testing.T) {
	t.Parallel()
	n, other := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	token := func(of *nodetest.Node, in client.CreateJoinToken) client.NewJoinToken {
		t.Helper()
		p, err := of.API.CreateJoinToken(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	used := token(n, client.CreateJoinToken{}).Token
	if _, err := node.Join(t.Context(), node.JoinConfig{
		Dir: filepath.Join(t.TempDir(), "box"), Values: map[string]string{"name": "guest"}, Token: used,
		Env: func(string) (string, bool) { return "", false },
	}); err != nil {
		t.Fatal(err)
	}
	revoked := token(n, client.CreateJoinToken{Uses: 5})
	if err := n.API.DeleteJoinToken(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	good := token(n, client.CreateJoinToken{Uses: 5}).Token
	foreign := token(other, client.CreateJoinToken{Uses: 5}).Token
	here, err := cluster.ParseJoinToken(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ token, want string }{
		"replayed": {used, "used up"},
		"expired":  {expiredToken(t, n), "expired"},
		"revoked":  {revoked.Token, "revoked"},
		"of another cluster, at this one's address": {
			alter(t, foreign, func(k *cluster.JoinToken) { k.Addresses = here.Addresses }), "another cluster",
		},
		"of another cluster, with this one's authority": {
			alter(t, foreign, func(k *cluster.JoinToken) { k.Addresses, k.CA = here.Addresses, here.CA }), "another cluster",
		},
		"with another secret": {
			alter(t, good, func(k *cluster.JoinToken) { k.Secret = strings.Repeat("ab", len(k.Secret)/2) }), "not valid",
		},
	} {
		if err := tryJoin(t, c.token); !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	nodes, err := n.API.Nodes(t.Context())
	if err != nil || len(nodes) != 2 {
		t.Errorf("members are %+v, %v", nodes, err)
	}
}

// expiredToken puts a token into the ODB that is good no more: the admin API makes
// none that live for less than a minute.
func expiredToken(t *testing.T, n *nodetest.Node) string {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(n.Dir, "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	good, err := n.API.CreateJoinToken(t.Context(), client.CreateJoinToken{})
	if err != nil {
		t.Fatal(err)
	}
	text := alter(t, good.Token, func(k *cluster.JoinToken) { *k = cluster.NewJoinToken(k.CA, k.Addresses) })
	parsed, err := cluster.ParseJoinToken(text)
	if err != nil {
		t.Fatal(err)
	}
	err = db.CreateJoinToken(t.Context(), odb.JoinToken{
		ID: parsed.ID, Hash: cluster.HashJoinSecret(parsed.Secret), Uses: 5, By: "test", Expires: time.Now().Add(-time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// keyFolder makes a stranger's key folder.
func keyFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Strangers with another gossip key, with a certificate of another authority, or
// with none but much to say get nowhere.
func TestStrangers(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{Settings: map[string]string{"network": "bench"}})
	self, err := n.API.Nodes(t.Context())
	if err != nil || len(self) != 1 {
		t.Fatalf("nodes are %+v, %v", self, err)
	}
	a, err := cluster.OpenAuthority(keyFolder(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	id, err := cluster.OpenIdentity(keyFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(id, "stranger", []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(n.CA)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := cluster.ReadCertificate(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := a.Pool()
	pool.AddCert(theirs) // it believes the node, which does not believe it
	c := peer.NewClient(cluster.PeerConfig{Certificate: func() *tls.Certificate { return &cert }, Pool: pool, Member: func(string) bool { return true }})
	t.Cleanup(c.Close)
	for _, path := range []string{"/hello", "/gossip-ring", "/secret-ring"} {
		err := c.Call(t.Context(), peer.Target{ID: self[0].ID, Control: strings.TrimPrefix(n.Control, "https://")}, path, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("a stranger asked for %s and got: %v", path, err)
		}
	}
	stranger := gossipStranger(t, cluster.Fingerprint(theirs), id.ID(), self[0].Gossip)
	for range 200 {
		shout(t, self[0].Gossip)
	}
	wait(t, 3*time.Second) // its tries to join, once a second
	for _, m := range stranger.Members() {
		if !m.Local {
			t.Errorf("the stranger sees %+v", m)
		}
	}
	if nodes, err := n.API.Nodes(t.Context()); err != nil || len(nodes) != 1 || nodes[0].State != "up" || !nodes[0].Ready {
		t.Errorf("nodes are %+v, %v", nodes, err)
	}
}

// gossipStranger takes part in gossip with a key of its own.
func gossipStranger(t *testing.T, name, id, seed string) *cluster.Gossip {
	t.Helper()
	keys, err := cluster.OpenGossipKeys(filepath.Join(keyFolder(t), cluster.GossipKeysFile))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g, err := cluster.NewGossip(cluster.GossipConfig{
		NodeID: id, Cluster: name, Keys: keys, Listener: l, Profile: cluster.Bench,
		Seeds: func() []string { return []string{seed} }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run(t.Context()) }()
	t.Cleanup(func() { <-ended })
	return g
}

// shout sends noise to a gossip port by UDP and TCP.
func shout(t *testing.T, address string) {
	t.Helper()
	noise := make([]byte, 300)
	_, _ = rand.Read(noise)
	for _, network := range []string{"udp", "tcp"} {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		if network == "tcp" {
			noise[0] = "SPX"[int(noise[1])%3] // a stream, packets, or neither
		}
		_, _ = c.Write(noise) // the node may hang up
		_ = c.Close()
	}
}
