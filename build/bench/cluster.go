package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
)

// clusterNodes is how many nodes the figures of the cluster are about.
const clusterNodes = 5

// cluster measures how soon a fresh box serves, and how soon a change is in force
// on every node: by hint, and with all hints lost.
func (b *bench) cluster(ctx context.Context) error {
	dir := filepath.Join(b.dir, "cluster")
	up, ready, err := startNode(ctx, b.binary, "up", "--nodes", fmt.Sprint(clusterNodes), "--dir", dir,
		"--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "--log-level", "error", "-o", "json")
	if err != nil {
		return err
	}
	changes, rounds, few := 200, 5, 10
	if b.short {
		changes, rounds, few = 20, 1, 2
	}
	hinted, err := spread(ctx, ready.traffics(), []readyLine{ready}, changes)
	var joins []float64
	for i := 0; i < rounds && err == nil; i++ {
		var took time.Duration
		took, err = b.joinOnce(ctx, dir, fmt.Sprintf("fresh%d", i))
		joins = append(joins, took.Seconds())
	}
	up.stop()
	if err != nil {
		return err
	}
	polled, err := b.deafSpread(ctx, dir, few)
	if err != nil {
		return err
	}
	b.add("a fresh box joins and serves", median(joins) < 2, "under 2 s", "%.2f s", median(joins))
	b.add(fmt.Sprintf("a change is on all %d nodes, by hint, p99", clusterNodes), percentile(hinted, 99) < 300*time.Millisecond, "under 300 ms",
		"%.0f ms (p50 %.0f ms)", ms(percentile(hinted, 99)), ms(percentile(hinted, 50)))
	b.add("the same with all hints lost, p99", percentile(polled, 99) < 2*time.Second, "under 2 s",
		"%.0f ms (p50 %.0f ms)", ms(percentile(polled, 99)), ms(percentile(polled, 50)))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(all []time.Duration, p int) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*p/100)]
}

// traffics are the traffic addresses of all nodes of a ready line.
func (r readyLine) traffics() []string {
	var out []string
	for _, n := range r.Nodes {
		out = append(out, n.Traffic)
	}
	return out
}

// spread makes changes by one of the writers after the other and measures, from
// the moment that a change is asked for, how long it takes until every node serves it.
func spread(ctx context.Context, traffics []string, writers []readyLine, changes int) ([]time.Duration, error) {
	var apis []*client.Client
	for _, w := range writers {
		api, err := apiOf(w.Control, w.CA, w.Token)
		if err != nil {
			return nil, err
		}
		defer api.Close()
		apis = append(apis, api)
	}
	var took []time.Duration
	for i := range changes {
		text := fmt.Sprintf("kind: channel\nname: pace\nspec: {method: POST, path: /pace/%d, service: signalbox.echo}\n", i)
		began := time.Now()
		if _, err := apis[i%len(apis)].Apply(ctx, client.ApplyRequest{Documents: []client.Document{{Name: "pace.yaml", Text: text}}}); err != nil {
			return nil, err
		}
		g, work := errgroup.WithContext(ctx)
		for _, t := range traffics {
			g.Go(func() error { return serves(work, fmt.Sprintf("%s/pace/%d", t, i)) })
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// serves asks until the answer is 200.
func serves(ctx context.Context, url string) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body) // the connection is used again
		_ = res.Body.Close()
		if err != nil || res.StatusCode == http.StatusOK {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return errors.New("the change is not in force after 30 s at " + url)
}

// joinOnce makes a node of an empty folder by the commands that a person would
// type, and measures them up to readiness.
func (b *bench) joinOnce(ctx context.Context, cluster, name string) (time.Duration, error) {
	token, err := exec.CommandContext(ctx, b.binary, "token", "create", "--dir", cluster).Output() //nolint:gosec // our own binary
	if err != nil {
		return 0, fmt.Errorf("make a join token: %w", err)
	}
	dir := filepath.Join(b.dir, name)
	ports := []string{"--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "--gossip", "127.0.0.1:0", "--advertise", "127.0.0.1"}
	args := append([]string{"join", strings.TrimSpace(string(token)), "--dir", dir, "--node", name}, ports...)
	began := time.Now()
	if out, err := exec.CommandContext(ctx, b.binary, args...).CombinedOutput(); err != nil { //nolint:gosec // our own binary
		return 0, fmt.Errorf("join: %w\n%s", err, out)
	}
	p, _, err := startNode(ctx, b.binary, "run", "--dir", dir, "--log-level", "error", "-o", "json")
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	p.stop()
	return took, nil
}

// deafSpread runs the nodes of a box so that they heed no hints.
func (b *bench) deafSpread(ctx context.Context, dir string, changes int) ([]time.Duration, error) {
	var all []readyLine
	var traffics []string
	for i := range clusterNodes {
		p, ready, err := startNode(ctx, b.self, "peer", "deaf", filepath.Join(dir, fmt.Sprintf("node-%d", i+1)))
		if err != nil {
			return nil, err
		}
		defer p.stop()
		all, traffics = append(all, ready), append(traffics, ready.Traffic)
	}
	return spread(ctx, traffics, all, changes)
}

// deafNode runs the node of a folder, which heeds no hints, and prints its ready line.
func deafNode(ctx context.Context, dir string) error {
	node.TuneMemory()
	cfg, _, err := config.Load(dir, func(string) (string, bool) { return "", false }, nil)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	n, err := node.Open(ctx, node.Options{Config: cfg, Deaf: true, Log: log})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-n.Ready():
	}
	info := n.Info()
	token, err := os.ReadFile(filepath.Join(dir, "keys", "local.token"))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(readyLine{
			Ready: true, Traffic: info.Traffic, Control: info.Control, CA: info.CA, Token: strings.TrimSpace(string(token)),
		})
	}
	return errors.Join(err, <-done)
}
