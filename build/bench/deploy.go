package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"signalbox.internal/node/admin/client"
)

// apiOf returns a client of the admin API at url.
func apiOf(url, caFile, token string) (*client.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return client.New(client.Config{URLs: []string{url}, Token: token, CAs: pool, UserAgent: "signalbox-bench/1"})
}

// deployPackages is how many packages the figure speaks of.
const deployPackages = 1000

func smallPackage(n, answer int) client.Package {
	code := fmt.Sprintf(`import { service, t } from "@signalbox/sdk";
export const s = service({
  name: "small.s%04d",
  input: t.object({ n: t.int() }), output: t.object({ n: t.int() }),
  handle(_ctx, input) { return { n: input.n + %d }; },
});
`, n, answer)
	return client.NewPackage(fmt.Sprintf("small-%04d", n), map[string][]byte{"main.ts": []byte(code)})
}

// deploy measures a deployment of many packages and a single one among them.
func (b *bench) deploy(ctx context.Context) error {
	node, ready, err := startNode(ctx, b.self, "peer", "node", filepath.Join(b.dir, "deploy"))
	if err != nil {
		return err
	}
	defer node.stop()
	api, err := apiOf(ready.Control, ready.CA, ready.Token)
	if err != nil {
		return err
	}
	count := deployPackages
	if b.short {
		count = 50
	}
	var req client.DeployRequest
	for i := range count {
		req.Packages = append(req.Packages, smallPackage(i, 1))
	}
	began := time.Now()
	if _, err := api.Deploy(ctx, req); err != nil {
		return err
	}
	took := time.Since(began)
	b.add(fmt.Sprintf("deploy %d packages in one apply", count), took < 10*time.Second, "under 10 s", "%.2f s", took.Seconds())
	var again []float64
	for i := range 11 {
		began := time.Now()
		if _, err := api.Deploy(ctx, client.DeployRequest{Packages: []client.Package{smallPackage(i, 2)}}); err != nil {
			return err
		}
		again = append(again, float64(time.Since(began).Microseconds())/1000)
	}
	ms := median(again)
	b.add(fmt.Sprintf("re-deploy one among %d, whole round trip", count), ms < 50, "under 50 ms", "%.0f ms", ms)
	return nil
}
