package channel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"signalbox.internal/lb"
	"signalbox.internal/node/channel"
	"signalbox.internal/node/problem"
	"signalbox.internal/node/sdk"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

type priceIn struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

type priceOut struct {
	SKU   string `json:"sku"`
	Total int    `json:"total"`
}

// chain is everything that a request passes on a node, but for the node.
type chain struct {
	balancer *lb.Balancer
	channels *channel.Manager
	security *security.Manager
}

func newChain(tb testing.TB, m service.Module, defs ...odb.Definition) *chain {
	tb.Helper()
	c, _ := newChainWithRegistry(tb, m, defs...)
	return c
}

func newChainWithRegistry(tb testing.TB, m service.Module, defs ...odb.Definition) (*chain, *service.Registry) {
	tb.Helper()
	return newChainWith(tb, channel.Config{}, m, defs...)
}

// newChainWith takes over what cfg has set.
func newChainWith(tb testing.TB, cfg channel.Config, m service.Module, defs ...odb.Definition) (*chain, *service.Registry) {
	tb.Helper()
	check := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	prepared, err := service.Prepare(m)
	check(err)
	registry := service.NewRegistry()
	var bindings []service.Binding
	for _, name := range prepared.Names() {
		bindings = append(bindings, service.Binding{Name: name, From: prepared})
	}
	check(registry.Switch(bindings))
	host, err := service.NewHost()
	check(err)
	c := &chain{}
	keyring, err := security.OpenKeyring(tb.TempDir() + "/keys/secrets.keys")
	check(err)
	sealer, err := security.NewSealer(security.SealerConfig{Keyring: keyring, Lookup: func(string) (string, bool) { return "s3cret-s3cret", true }})
	check(err)
	c.security, err = security.New(security.Config{Sealer: sealer, Log: log})
	check(err)
	cfg.Invoker = service.NewInvoker(service.Config{Registry: registry, Host: host, Log: log})
	cfg.Services, cfg.Log = registry, log
	if cfg.Security == nil {
		cfg.Security = c.security
	}
	c.channels, err = channel.New(cfg)
	check(err)
	c.balancer, err = lb.New(lb.Config{
		Local: c.channels, Log: log, Limits: func() lb.Limits { return lb.Limits{MaxInFlight: 2048, QueueFor: time.Second} },
		Refuse: func(w http.ResponseWriter, r *http.Request, status int, code, detail string, retryAfter time.Duration) {
			problem.Write(w, r, problem.Doc{Status: status, Code: code, Detail: detail, RetryAfter: retryAfter})
		},
	})
	check(err)
	c.balancer.Local().SetState(lb.Up)
	snap, err := odb.NewSnapshot(1, defs)
	check(err)
	for _, p := range append(c.security.Apply(tb.Context(), snap), c.channels.Apply(tb.Context(), snap)...) {
		tb.Fatalf("problem: %+v", p)
	}
	return c, registry
}

func define(kind, name, spec string) odb.Definition {
	return odb.Definition{ID: kind + "-" + name, Kind: kind, Name: name, Version: 1, Revision: 1, Spec: json.RawMessage(spec)}
}

// BenchmarkChain compares the whole way of an authenticated and validated call (lb,
// router, Basic, JSON body, schema, Go service) with a bare handler that reads the
// same body and answers the same bytes, over loopback HTTP in one run. The figure to
// keep is channel's requests/s at 60 % of bare's at least.
func BenchmarkChain(b *testing.B) {
	price, err := sdk.Func("price", func(_ *sdk.Ctx, in *priceIn) (*priceOut, error) {
		return &priceOut{SKU: in.SKU, Total: 3 * in.Quantity}, nil
	})
	m, err := sdk.NewModule("shop", []service.Service{price}, err)
	if err != nil {
		b.Fatal(err)
	}
	c := newChain(
		b, m,
		define("security", "partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
		define("channel", "price", `{"method":"POST","path":"/shops/{shop}/price","service":"price","params":"separate","security":["partner"]}`),
	)
	answer := []byte(`{"sku":"4711","total":6}`)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "read", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
	body := []byte(`{"sku":"4711","quantity":2}`)
	var ofBare float64
	b.Run("bare", func(b *testing.B) { ofBare = load(b, bare, body, answer) })
	b.Run("channel", func(b *testing.B) {
		rate := load(b, c.balancer, body, answer)
		if ofBare > 0 {
			b.ReportMetric(rate/ofBare, "of-bare")
		}
	})
}

// load sends requests over kept-alive connections with a client that does as little
// as a client can: the server is what is measured. It returns the requests a second.
func load(b *testing.B, h http.Handler, body, want []byte) float64 {
	b.Helper()
	ln, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	request := []byte("POST /shops/7/price HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YW5uOnMzY3JldC1zM2NyZXQ=\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n")
	request = append(request, body...)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", ln.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		buf := make([]byte, 4096)
		for pb.Next() {
			if _, err := c.Write(request); err != nil {
				b.Error(err)
				return
			}
			n := 0
			for !bytes.HasSuffix(buf[:n], want) {
				k, err := c.Read(buf[n:])
				if err != nil || n+k == len(buf) {
					b.Errorf("answer %q: %v", buf[:n+k], err)
					return
				}
				n += k
			}
			if !bytes.HasPrefix(buf, []byte("HTTP/1.1 200")) {
				b.Errorf("answer %q", buf[:n])
				return
			}
		}
	})
	b.StopTimer()
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "req/s")
	_ = srv.Close()
	<-done
	return rate
}
