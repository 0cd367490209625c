package deploy_test

import (
	"fmt"
	"testing"
	"time"

	"signalbox.internal/node/deploy"
)

// Many packages in one deployment, then one of them again.
func BenchmarkDeployMany(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		var sources []deploy.Source
		for i := range 200 {
			sources = append(sources, pkg(fmt.Sprintf("p%d", i), fmt.Sprintf("s%d=%d", i, b.N)))
		}
		w.mustDeploy(sources...)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/200, "ms/package")
	start := time.Now()
	w.mustDeploy(pkg("p7", "s7=again"))
	b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "ms/redeploy")
}
