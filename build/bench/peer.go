package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
	"signalbox.internal/node/sdk"
	"signalbox.internal/node/service"
)

// peer plays one of the programs that are measured:
//
//	peer bare PORT   a bare net/http handler that answers the Go service's bytes
//	peer node DIR    a whole node with the Go service compiled in
//	peer deaf DIR    the node of a folder, which heeds no hints
func peer(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if len(args) != 2 {
		return errors.New("usage: bench peer bare PORT | bench peer node DIR | bench peer deaf DIR")
	}
	switch args[0] {
	case "bare":
		return bare(ctx, args[1])
	case "deaf":
		return deafNode(ctx, args[1])
	}
	return benchNode(ctx, args[1])
}

type benchOrder struct {
	ID   string `json:"id"`
	Qty  int    `json:"qty"`
	Note string `json:"note,omitempty"`
}

type benchAnswer struct {
	ID       string `json:"id"`
	Qty      int    `json:"qty"`
	Accepted bool   `json:"accepted"`
}

type benchCurrency struct {
	Currency string `json:"currency"`
}

type benchRate struct {
	Rate float64 `json:"rate"`
}

// bareAnswer is what the Go service answers to goRequest.
const bareAnswer = `{"id":"A-1","qty":3,"accepted":true}`

func bare(ctx context.Context, port string) error {
	body := []byte(bareAnswer)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	srv := &http.Server{Handler: h} //nolint:gosec // a peer of a benchmark on loopback
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func benchModule() (service.Module, error) {
	accept, err := sdk.Func("bench.accept", func(_ *sdk.Ctx, o *benchOrder) (*benchAnswer, error) {
		return &benchAnswer{ID: o.ID, Qty: o.Qty, Accepted: true}, nil
	})
	rate, err2 := sdk.Func("bench.rate", func(_ *sdk.Ctx, in *benchCurrency) (*benchRate, error) {
		if in.Currency == "PLN" {
			return &benchRate{Rate: 0.25}, nil
		}
		return &benchRate{Rate: 1}, nil
	})
	return sdk.NewModule("bench", []service.Service{accept, rate}, err, err2)
}

const benchDefinitions = `kind: security
name: bench
spec: {type: apikey, key: ` + benchKey + `}
---
kind: channel
name: bench
spec: {method: POST, path: /bench, service: bench.accept, security: [bench]}
---
kind: channel
name: order
spec: {method: POST, path: /order, service: bench.order}
`

// benchNode runs a node, deploys the measured services and prints its ready line.
func benchNode(ctx context.Context, dir string) error {
	node.TuneMemory()
	values := map[string]string{"name": "bench", "traffic": "127.0.0.1:0", "control": "127.0.0.1:0", "log_level": "error"}
	noEnv := func(string) (string, bool) { return "", false }
	if err := node.Init(ctx, node.InitConfig{Dir: dir, Values: values, Env: noEnv}); err != nil {
		return err
	}
	cfg, _, err := config.Load(dir, noEnv, nil)
	if err != nil {
		return err
	}
	module, err := benchModule()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	n, err := node.Open(ctx, node.Options{Config: cfg, Compiled: []service.Module{module}, Log: log})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	select {
	case <-n.Ready():
	case err := <-done:
		return err
	}
	if err := prepareNode(ctx, n.Info()); err != nil {
		stop()
		return errors.Join(err, <-done)
	}
	return <-done
}

// prepareNode deploys and applies what is measured, then says that it is ready.
func prepareNode(ctx context.Context, info node.Info) error {
	api, err := apiOf(info.Control, info.CA, info.Token)
	if err != nil {
		return err
	}
	pkg := client.NewPackage("bench-orders", map[string][]byte{"orders.ts": []byte(typescriptOrders)})
	if _, err := api.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pkg}}); err != nil {
		return err
	}
	if _, err := api.Apply(ctx, client.ApplyRequest{Documents: []client.Document{{Name: "bench.yaml", Text: benchDefinitions}}}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(readyLine{Ready: true, Traffic: info.Traffic, Control: info.Control, CA: info.CA, Token: info.Token})
}
