package cluster_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/cluster"
)

func privateDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) *cluster.Authority {
	t.Helper()
	a, err := cluster.OpenAuthority(dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCertificateServesTLS(t *testing.T) {
	dir := privateDir(t)
	a := open(t, dir)
	cert, err := a.NodeCertificate(identity(t, dir), "node-1", []string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	defer srv.Close()

	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}}}
	defer trusting.CloseIdleConnections()
	res, err := trusting.Get(srv.URL)
	if err != nil {
		t.Fatalf("client that trusts the cluster: %v", err)
	}
	_ = res.Body.Close()

	other := open(t, privateDir(t))
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: other.Pool()}}}
	if res, err := stranger.Get(srv.URL); err == nil {
		_ = res.Body.Close()
		t.Error("a client that trusts another cluster accepted the certificate")
	}
}

func TestAuthorityIsKept(t *testing.T) {
	dir := privateDir(t)
	first := open(t, dir).Fingerprint()
	if second := open(t, dir).Fingerprint(); second != first {
		t.Errorf("opened again, the fingerprint is %s, want %s", second, first)
	}
	if len(first) != 64 {
		t.Errorf("fingerprint %q has %d digits, want 64", first, len(first))
	}
}

func TestNodeCertificateIsKeptUntilHostsChange(t *testing.T) {
	dir := privateDir(t)
	a := open(t, dir)
	id := identity(t, dir)
	serial := func(hosts ...string) string {
		c, err := a.NodeCertificate(id, "node-1", hosts)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.String()
	}
	first := serial("127.0.0.1")
	if again := serial("127.0.0.1"); again != first {
		t.Error("the same hosts got a new certificate")
	}
	if moved := serial("127.0.0.1", net.IPv6loopback.String()); moved == first {
		t.Error("a new address did not get a new certificate")
	}
	last := serial("127.0.0.1")
	id = identity(t, privateDir(t))
	if other := serial("127.0.0.1"); other == last {
		t.Error("another key got the certificate of the first")
	}
}

func identity(t *testing.T, dir string) *cluster.Identity {
	t.Helper()
	id, err := cluster.OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestIdentityIsKept(t *testing.T) {
	dir := privateDir(t)
	first := identity(t, dir).ID()
	if again := identity(t, dir).ID(); again != first || len(first) != 26 {
		t.Errorf("ids %q and %q; want one of 26 characters", first, again)
	}
	if other := identity(t, privateDir(t)).ID(); other == first {
		t.Error("two keys have one id")
	}
	if err := os.WriteFile(filepath.Join(dir, cluster.NodeKeyFile), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.OpenIdentity(dir); err == nil {
		t.Error("a broken key was accepted or replaced")
	}
}

func TestWideModesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"folder": func(dir string) error { return os.Chmod(dir, 0o755) },
		"key":    func(dir string) error { return os.Chmod(filepath.Join(dir, "ca.key"), 0o640) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := privateDir(t)
			open(t, dir)
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			_, err := cluster.OpenAuthority(dir, "test")
			if err == nil || !strings.Contains(err.Error(), "chmod") {
				t.Errorf("OpenAuthority() = %v, want a refusal that says chmod", err)
			}
		})
	}
}

func TestBrokenKeyIsNotReplaced(t *testing.T) {
	dir := privateDir(t)
	open(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.OpenAuthority(dir, "test"); err == nil {
		t.Error("a broken key was accepted or replaced")
	}
}
