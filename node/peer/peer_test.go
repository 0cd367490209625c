package peer_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"signalbox.internal/cluster"
	"signalbox.internal/node/peer"
)

// box has what a node of a cluster has to show.
type box struct {
	cfg  cluster.PeerConfig
	id   string
	addr string
	srv  *peer.Server
}

func keys(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func authority(t *testing.T) *cluster.Authority {
	t.Helper()
	a, err := cluster.OpenAuthority(keys(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newBox(t *testing.T, a *cluster.Authority, member func(string) bool) *box {
	t.Helper()
	id, err := cluster.OpenIdentity(keys(t))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(id, "box", []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return &box{id: id.ID(), cfg: cluster.PeerConfig{Certificate: func() *tls.Certificate { return &cert }, Pool: a.Pool(), Member: member}}
}

// serve has a box answer on a control port beside the admin API.
func (b *box) serve(t *testing.T) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `"`+peer.Caller(r.Context())+`"`)
	})
	mux.HandleFunc("POST /no", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not today", http.StatusConflict) })
	control := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "people "+r.Proto) }),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*b.cfg.Certificate()}, NextProtos: []string{"h2", "http/1.1"}},
	}
	b.srv = peer.NewServer(b.cfg, mux, slog.New(slog.DiscardHandler))
	b.srv.Attach(control)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- control.Serve(tls.NewListener(l, control.TLSConfig)) }()
	t.Cleanup(func() {
		_ = b.srv.Shutdown(context.Background())
		_ = control.Close()
		<-ended
	})
}

func TestPeersCallEachOther(t *testing.T) {
	t.Parallel()
	a := authority(t)
	all := func(string) bool { return true }
	one, two := newBox(t, a, all), newBox(t, a, all)
	two.serve(t)
	c := peer.NewClient(one.cfg)
	t.Cleanup(c.Close)
	to := peer.Target{ID: two.id, Control: two.addr}
	for range 3 { // over one connection
		var who string
		if err := c.Call(t.Context(), to, "/who", nil, &who); err != nil || who != one.id {
			t.Fatalf("the caller is %q, %v", who, err)
		}
	}
	err := c.Call(t.Context(), to, "/no", map[string]int{"n": 1}, nil)
	var refusal *peer.Refusal
	if !errors.As(err, &refusal) || refusal.Status != http.StatusConflict || refusal.Reason != "not today" {
		t.Errorf("a refusal came as %v", err)
	}
	if _, err := c.Fetch(t.Context(), to, "/who", 5); err == nil {
		t.Error("an answer that is too long was taken")
	}
	wrong := peer.Target{ID: one.id, Control: two.addr}
	if err := c.Call(t.Context(), wrong, "/who", nil, nil); err == nil || !strings.Contains(err.Error(), two.id) {
		t.Errorf("another node than asked for answered: %v", err)
	}
	// People get the admin API, by HTTP/2 as before.
	people := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: a.Pool(), MinVersion: tls.VersionTLS13}}}
	defer people.CloseIdleConnections()
	res, err := people.Get("https://" + two.addr + "/who")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if string(text) != "people HTTP/2.0" {
		t.Errorf("people get %q", text)
	}
}

func TestStrangersGetNoAnswer(t *testing.T) {
	t.Parallel()
	a, foreign := authority(t), authority(t)
	var removed atomic.Value
	removed.Store("")
	member := func(id string) bool { return id != removed.Load() }
	one, two := newBox(t, a, member), newBox(t, a, member)
	two.serve(t)
	to := peer.Target{ID: two.id, Control: two.addr}

	stranger := newBox(t, foreign, member)
	stranger.cfg.Pool = a.Pool() // it knows whom to trust, and is not trusted
	c := peer.NewClient(stranger.cfg)
	t.Cleanup(c.Close)
	if err := c.Call(t.Context(), to, "/who", nil, nil); err == nil {
		t.Error("a node of another cluster got an answer")
	}
	// A client of the right cluster does not speak to a foreign server.
	foreignServer := newBox(t, foreign, member)
	foreignServer.serve(t)
	c2 := peer.NewClient(one.cfg)
	t.Cleanup(c2.Close)
	if err := c2.Call(t.Context(), peer.Target{ID: foreignServer.id, Control: foreignServer.addr}, "/who", nil, nil); err == nil {
		t.Error("a node of another cluster was believed")
	}
	removed.Store(one.id)
	c3 := peer.NewClient(one.cfg)
	t.Cleanup(c3.Close)
	if err := c3.Call(t.Context(), to, "/who", nil, nil); err == nil {
		t.Error("a removed node got an answer")
	}
}
