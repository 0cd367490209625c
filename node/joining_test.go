package node_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// joining is a box that asks to join.
type joining struct {
	dir  string
	code chan string
	done chan error
}

func startJoin(t *testing.T, name string, in node.JoinConfig) *joining {
	t.Helper()
	j := &joining{dir: filepath.Join(t.TempDir(), name), code: make(chan string, 1), done: make(chan error, 1)}
	in.Dir = j.dir
	in.Values = map[string]string{"name": name, "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "gossip": "127.0.0.1:0", "announce": "false"}
	in.Waiting = func(code, _ string) { j.code <- code }
	go func() {
		_, err := node.Join(t.Context(), in)
		j.done <- err
	}()
	return j
}

// waits returns the request of the box at the cluster, with the code that the box shows.
func (j *joining) waits(t *testing.T, n *nodetest.Node) (client.WaitingBox, string) {
	t.Helper()
	var code string
	select {
	case code = <-j.code:
	case err := <-j.done:
		t.Fatalf("join ended: %v", err)
	}
	all, err := n.API.JoinRequests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Name == filepath.Base(j.dir) {
			return r, code
		}
	}
	t.Fatalf("it is not among those who wait: %+v", all)
	return client.WaitingBox{}, ""
}

// controlOf is the host:port of a node's control port.
func controlOf(n *nodetest.Node) string { return strings.TrimPrefix(n.Control, "https://") }

// fingerprint is the SHA-256 of a node's authority.
func fingerprint(t *testing.T, n *nodetest.Node) string {
	t.Helper()
	text, err := os.ReadFile(n.CA)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := cluster.ReadCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return cluster.Fingerprint(cert)
}

// An administrator lets a box in that shows the same code, and no other.
func TestJoinByApproval(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	for name, in := range map[string]node.JoinConfig{
		"token":      {Token: newToken(t, first, client.CreateJoinToken{Approve: true}).Token},
		"address":    {Addresses: []string{"127.0.0.1:1", controlOf(first)}},
		"discovered": {Addresses: []string{controlOf(first)}, CA: fingerprint(t, first)},
	} {
		t.Run(name, func(t *testing.T) {
			j := startJoin(t, name, in)
			r, code := j.waits(t, first)
			if r.Code != code || len(code) != 9 {
				t.Fatalf("the box shows %q, the cluster %q", code, r.Code)
			}
			err := first.API.DecideJoin(t.Context(), r.ID, client.DecideJoin{Approve: true, Code: "2222-2222"})
			if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusConflict {
				t.Errorf("another code let it in: %v", err)
			}
			if err := first.API.DecideJoin(t.Context(), r.ID, client.DecideJoin{Approve: true, Code: strings.ToLower(code)}); err != nil {
				t.Fatal(err)
			}
			if err := <-j.done; err != nil {
				t.Fatal(err)
			}
			if n := nodetest.Start(t, nodetest.Options{Dir: j.dir}); n.Do("GET", "/signalbox/ping", "").Status != 200 {
				t.Error("it does not serve")
			}
		})
	}
}

// A box that was interrupted while it waited asks again with the same token, of
// which no further use is spent.
func TestJoinGoesOnAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	token := newToken(t, first, client.CreateJoinToken{Approve: true}).Token
	dir := filepath.Join(t.TempDir(), "box")
	ctx, interrupt := context.WithCancel(t.Context())
	in := node.JoinConfig{Dir: dir, Values: map[string]string{"name": "box"}, Token: token, Waiting: func(string, string) { interrupt() }}
	if _, err := node.Join(ctx, in); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	approve := make(chan error, 1)
	in.Waiting = func(code, _ string) {
		all, err := first.API.JoinRequests(t.Context())
		if err == nil && (len(all) != 1 || all[0].Code != code) {
			err = fmt.Errorf("the box shows %s, there wait %+v", code, all)
		}
		if err == nil {
			err = first.API.DecideJoin(t.Context(), all[0].ID, client.DecideJoin{Approve: true, Code: code})
		}
		approve <- err
	}
	if _, err := node.Join(t.Context(), in); err != nil {
		t.Error(err)
	}
	if err := <-approve; err != nil {
		t.Error(err)
	}
}

func TestJoinRefused(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	j := startJoin(t, "box", node.JoinConfig{Addresses: []string{controlOf(first)}})
	r, _ := j.waits(t, first)
	if err := first.API.DecideJoin(t.Context(), r.ID, client.DecideJoin{}); err != nil {
		t.Fatal(err)
	}
	if err := <-j.done; err == nil || !strings.Contains(err.Error(), "refused it") {
		t.Errorf("the box hears %v", err)
	}
	if _, err := os.Stat(filepath.Join(j.dir, "node.toml")); err == nil {
		t.Error("a node is there")
	}
	if _, err := os.Stat(filepath.Join(j.dir, "keys", "ca.key")); err == nil {
		t.Error("the cluster's key is there")
	}
	// A decision is one: another is a conflict.
	err := first.API.DecideJoin(t.Context(), r.ID, client.DecideJoin{Approve: true})
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusConflict {
		t.Errorf("after the refusal: %v", err)
	}
}

// Tokens that are expired or of another cluster, and secrets that are guessed.
func TestJoinTokenIsNotGood(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(first.Dir, "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test
	expired := cluster.NewJoinToken(fingerprint(t, first), []string{controlOf(first)})
	if err := db.CreateJoinToken(t.Context(), odb.JoinToken{
		ID: expired.ID, Hash: cluster.HashJoinSecret(expired.Secret), Uses: 9, Left: 9, By: "admin", Expires: time.Now().Add(-time.Second),
	}); err != nil {
		t.Fatal(err)
	}
	good, err := cluster.ParseJoinToken(newToken(t, first, client.CreateJoinToken{}).Token)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := cluster.ParseJoinToken(newToken(t, first, client.CreateJoinToken{}).Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.API.DeleteJoinToken(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	guess := cluster.NewJoinToken(good.CA, good.Addresses)
	guess.ID = good.ID
	try := func(token cluster.JoinToken) error {
		text, err := token.Text()
		if err != nil {
			t.Fatal(err)
		}
		return <-startJoin(t, "box", node.JoinConfig{Token: text}).done
	}
	for name, token := range map[string]cluster.JoinToken{"expired": expired, "revoked": revoked, "guessed": guess} {
		if err := try(token); err == nil || !strings.Contains(err.Error(), "not valid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := 3; ; i++ {
		err := try(guess)
		if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusTooManyRequests {
			if i < 5 || i > 15 || p.RetryAfter <= 0 {
				t.Errorf("guess %d has to wait %s", i, p.RetryAfter)
			}
			break
		}
		if i > 20 {
			t.Fatalf("guess %d is answered %v", i, err)
		}
	}
	// Nobody gets anything while the address has to wait, the good secret neither.
	if err := try(good); err == nil {
		t.Error("the good one was let in though its address has to wait")
	}
}

// recorder is a TLS server with a chain of its own that records what it is told.
func recorder(t *testing.T, cert tls.Certificate) (address string, heard func() string) {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var b strings.Builder
	var conns sync.WaitGroup
	tries := 0
	conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				text, _ := io.ReadAll(c) //nolint:errcheck // ends with the connection
				_ = c.Close()
				mu.Lock()
				defer mu.Unlock()
				tries++
				b.Write(text)
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); conns.Wait() })
	return ln.Addr().String(), func() string {
		nodetest.Eventually(t, func() error {
			mu.Lock()
			defer mu.Unlock()
			if tries == 0 {
				return errors.New("nobody has called")
			}
			return nil
		})
		mu.Lock()
		defer mu.Unlock()
		return b.String()
	}
}

func certificateOf(t *testing.T, dir, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	a, err := cluster.OpenAuthority(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := cluster.OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(id, name, []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(cert.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	return cert, ca
}

// A box sends nothing to a server that is not of its token's cluster, also when
// that server shows the cluster's certificate without having been issued by it.
func TestJoinSendsNothingToStrangers(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	token, err := cluster.ParseJoinToken(newToken(t, first, client.CreateJoinToken{}).Token)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(first.CA)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := cluster.ReadCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := certificateOf(t, filepath.Join(t.TempDir(), "other"), "other")
	borrowed := other
	borrowed.Certificate = [][]byte{other.Certificate[0], ca.Raw}
	bare := other
	bare.Certificate = other.Certificate[:1]
	for name, tc := range map[string]struct {
		cert  tls.Certificate
		token bool
		ca    string
	}{
		"token, another cluster":      {other, true, ""},
		"token, borrowed authority":   {borrowed, true, ""},
		"no token, another cluster":   {other, false, token.CA},
		"no token, borrowed":          {borrowed, false, token.CA},
		"no token, borrowed, unknown": {borrowed, false, ""},
		"no token, bare":              {bare, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, heard := recorder(t, tc.cert)
			in := node.JoinConfig{Addresses: []string{address}, CA: tc.ca}
			if tc.token {
				sent := token
				sent.Addresses = []string{address}
				if in.Token, err = sent.Text(); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-startJoin(t, "box", in).done; err == nil || !strings.Contains(err.Error(), "authority") && !strings.Contains(err.Error(), "certificate") {
				t.Errorf("join: %v", err)
			}
			if h := heard(); h != "" {
				t.Errorf("it was told %d bytes: %.80q", len(h), h)
			}
		})
	}
}

// A cluster whose ODB is a file takes no box that cannot reach the file, says so,
// and the token is still good for one that can.
func TestJoinFromAnotherBox(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	token := newToken(t, first, client.CreateJoinToken{}).Token
	dir := filepath.Join(t.TempDir(), "box")
	in := node.JoinConfig{Dir: dir, Values: map[string]string{"name": "box"}, Token: token}
	_, err := node.JoinFromBox(t.Context(), in, "another box")
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusConflict || !strings.Contains(p.Error(), "signalbox odb copy --to") {
		t.Errorf("from another box: %v", err)
	}
	in.Values = map[string]string{"name": "test"}
	if _, err := node.Join(t.Context(), in); err == nil || !strings.Contains(err.Error(), `has the name "test"`) {
		t.Errorf("with a name that is taken: %v", err)
	}
	in.Values = map[string]string{"name": "box"}
	if _, err := node.Join(t.Context(), in); err != nil {
		t.Errorf("from this box: %v", err)
	}
	if _, err := node.Join(t.Context(), in); err == nil || !strings.Contains(err.Error(), "there is a node in") {
		t.Errorf("into the same folder: %v", err)
	}
}

// Nodes that announce themselves are found, and find each other again.
func TestNodesAnnounceThemselves(t *testing.T) {
	t.Parallel()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	port := c.LocalAddr().(*net.UDPAddr).Port
	_ = c.Close()
	loud := map[string]string{"network": "bench", "announce": "true"}
	first := nodetest.Start(t, nodetest.Options{Settings: loud, DiscoveryPort: port})
	j := startJoin(t, "second", node.JoinConfig{Token: newToken(t, first, client.CreateJoinToken{}).Token})
	if err := <-j.done; err != nil {
		t.Fatal(err)
	}
	// It forgets where the others are; what it was told when it joined is wrong now.
	for _, file := range []string{"data/seeds.json", "data/members.json"} {
		_ = os.Remove(filepath.Join(j.dir, file))
	}
	settings := filepath.Join(j.dir, "node.toml")
	text, err := os.ReadFile(settings)
	if err == nil {
		err = os.WriteFile(settings, []byte(strings.Replace(string(text), "announce = false", "announce = true", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Start(t, nodetest.Options{Dir: j.dir, DiscoveryPort: port})
	found, err := node.Discover(t.Context(), node.DiscoverConfig{For: 2 * time.Second, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0].Node != "second" || found[1].Node != "test" || found[1].CA != fingerprint(t, first) ||
		len(found[1].Control) != 1 || found[1].Control[0] != controlOf(first) {
		t.Errorf("found %+v", found)
	}
	if s := first.Seeds(); !strings.Contains(strings.Join(s, " "), "127.0.0.1:") {
		t.Errorf("the first node looks at %v", s)
	}
}
