package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"signalbox.internal/node/stats"
)

func recorder(t testing.TB, reg prometheus.Registerer) *stats.Recorder {
	t.Helper()
	r, err := stats.New(reg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func TestQuantilesAgainstSorting(t *testing.T) {
	r := recorder(t, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	for range 20_000 {
		d := time.Duration(math.Exp(rng.Float64()*14)) * time.Microsecond // 1 µs to 1.2 s
		took = append(took, d)
		r.ServiceStart("s")
		r.ServiceEnd("s", d, "")
	}
	slices.Sort(took)
	f := r.Of(stats.Service, "s")
	for _, q := range []struct {
		name string
		at   float64
		got  float64
	}{{"p50", 0.5, ms(f.Total.Quantile(0.5))}, {"p95", 0.95, ms(f.Total.Quantile(0.95))}, {"p99", 0.99, ms(f.Total.Quantile(0.99))}} {
		exact := float64(took[int(q.at*float64(len(took)))].Microseconds()) / 1000
		if q.got < exact*0.99 || q.got > exact*1.14 {
			t.Errorf("%s = %.3f ms, exact %.3f ms", q.name, q.got, exact)
		}
	}
	if want := took[len(took)-1].Nanoseconds(); f.Total.MaxNS != want {
		t.Errorf("max = %v, want %v", f.Total.MaxNS, want)
	}
}

func TestCountsUnderConcurrency(t *testing.T) {
	r := recorder(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				r.ChannelStart("c")
				r.ChannelEnd("c", 200+100*(i%4), time.Millisecond)
			}
		})
	}
	wg.Wait()
	f := r.Of(stats.Channel, "c")
	if f.Total.Count != 8000 || f.Total.Errors != 2000 || f.Total.Refused != 2000 || f.Total.InFlight != 0 {
		t.Errorf("got %+v; want 8000 ended, 2000 errors, 2000 refused, none in flight", f)
	}
}

func TestExtremeDurations(t *testing.T) {
	r := recorder(t, nil)
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Hour, math.MaxInt64} {
		r.ServiceStart("s")
		r.ServiceEnd("s", d, "boom")
	}
	if f := r.Of(stats.Service, "s"); f.Total.Count != 5 || f.Total.Errors != 5 {
		t.Errorf("got %+v, want 5 calls and 5 errors", f)
	}
}

func TestUnusedNameHasZeroes(t *testing.T) {
	f := recorder(t, nil).Of(stats.Service, "never")
	if f.Total.Count != 0 || f.Total.Quantile(0.99) != 0 || f.Since.IsZero() {
		t.Errorf("got %+v", f)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	r := recorder(t, reg)
	r.ServiceStart("orders")
	r.ServiceEnd("orders", 3*time.Millisecond, "")
	r.ServiceStart("orders")
	r.ServiceEnd("orders", 40*time.Millisecond, "internal")
	r.ServiceStart("orders")
	r.ChannelStart("in")
	r.ChannelEnd("in", 404, 2*time.Minute)
	want := `
# HELP signalbox_service_errors_total Calls that ended in an error.
# TYPE signalbox_service_errors_total counter
signalbox_service_errors_total{service="orders"} 1
# HELP signalbox_service_in_flight Calls that have started and not ended.
# TYPE signalbox_service_in_flight gauge
signalbox_service_in_flight{service="orders"} 1
# HELP signalbox_channel_refused_total Calls that were refused.
# TYPE signalbox_channel_refused_total counter
signalbox_channel_refused_total{channel="in"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want),
		"signalbox_service_errors_total", "signalbox_service_in_flight", "signalbox_channel_refused_total"); err != nil {
		t.Error(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "signalbox_service_duration_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		within := map[float64]uint64{}
		for _, b := range h.GetBucket() {
			within[b.GetUpperBound()] = b.GetCumulativeCount()
		}
		if h.GetSampleCount() != 2 || within[0.0025] != 0 || within[0.005] != 1 || within[0.05] != 2 {
			t.Errorf("histogram %v with %d samples", within, h.GetSampleCount())
		}
		return
	}
	t.Error("no service duration among the metrics")
}

func BenchmarkServiceCall(b *testing.B) {
	r := recorder(b, nil)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.ServiceStart("s")
			r.ServiceEnd("s", 120*time.Microsecond, "")
		}
	})
}
