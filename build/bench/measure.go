package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// start measures how long `up --demo` takes to its first 200, and its memory.
func (b *bench) start(ctx context.Context) error {
	rounds := 5
	if b.short {
		rounds = 1
	}
	var fresh, old, memory []float64
	for i := range rounds {
		dir := filepath.Join(b.dir, fmt.Sprintf("start%d", i))
		for _, times := range []*[]float64{&fresh, &old} {
			took, mb, err := b.firstAnswer(ctx, dir)
			if err != nil {
				return err
			}
			*times = append(*times, took.Seconds())
			memory = append(memory, mb)
		}
	}
	b.add("up --demo, fresh folder, to the first 200", median(fresh) < 2, "under 2 s", "%.2f s", median(fresh))
	b.add("up --demo, old folder, to the first 200", median(old) < 1, "under 1 s", "%.2f s", median(old))
	b.add("memory of the idle node (RSS)", median(memory) < 80, "under 80 MB", "%.0f MB", median(memory))
	return nil
}

func (b *bench) firstAnswer(ctx context.Context, dir string) (took time.Duration, mb float64, err error) {
	began := time.Now()
	p, ready, err := startNode(ctx, b.binary, "up", "--demo", "--dir", dir, "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0", "-o", "json")
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ready.Traffic+"/demo/orders", nil)
	if err != nil {
		return 0, 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	_ = res.Body.Close()
	took = time.Since(began)
	if res.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("the first answer is %s", res.Status)
	}
	select { // idle means that start-up's garbage has been given back
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	mb, err = rss(p.cmd.Process.Pid)
	return took, mb, err
}

// requests measures a Go service behind the whole traffic port, authenticated
// and validated, beside a bare handler that answers the same bytes.
func (b *bench) requests(ctx context.Context) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	bare, err := startPeer(ctx, "http://127.0.0.1:"+port+"/bench", b.self, "peer", "bare", port)
	if err != nil {
		return err
	}
	defer bare.stop()
	node, ready, err := startNode(ctx, b.self, "peer", "node", filepath.Join(b.dir, "requests"))
	if err != nil {
		return err
	}
	defer node.stop()
	script, err := b.script("go.lua", goRequest)
	if err != nil {
		return err
	}
	ours, plain, err := b.compare(ctx, ready.Traffic+"/bench", "http://127.0.0.1:"+port+"/bench", script)
	if err != nil {
		return err
	}
	b.add("Go service, API key, validated, against bare net/http", ours/plain >= 0.6, "at least 60 %", "%.0f %% (%.0f/s against %.0f/s)", 100*ours/plain, ours, plain)
	return nil
}

// typescript measures the order service against gunicorn with gevent.
func (b *bench) typescript(ctx context.Context) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	app := filepath.Join(b.dir, "orders.py")
	if err := os.WriteFile(app, []byte(pythonOrders), 0o600); err != nil {
		return err
	}
	python, err := startPeer(ctx, "http://127.0.0.1:"+port+"/", "gunicorn", "-k", "gevent", "-w", "2", "--log-level", "error",
		"--chdir", b.dir, "-b", "127.0.0.1:"+port, "orders:app")
	if err != nil {
		return err
	}
	defer python.stop()
	node, ready, err := startNode(ctx, b.self, "peer", "node", filepath.Join(b.dir, "typescript"))
	if err != nil {
		return err
	}
	defer node.stop()
	script, err := b.script("order.lua", orderRequest())
	if err != nil {
		return err
	}
	if err := sameAnswers(ctx, ready.Traffic+"/order", "http://127.0.0.1:"+port+"/order"); err != nil {
		return err
	}
	ours, theirs, err := b.compare(ctx, ready.Traffic+"/order", "http://127.0.0.1:"+port+"/order", script)
	if err != nil {
		return err
	}
	b.add("TypeScript order service against gunicorn and gevent", ours >= theirs, "at least 100 %", "%.0f %% (%.0f/s against %.0f/s)", 100*ours/theirs, ours, theirs)
	return nil
}

func (b *bench) script(name, text string) (string, error) {
	path := filepath.Join(b.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}
