package stats

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metricBounds are the buckets that /metrics shows, in seconds: few, since each
// costs a series a name.
var metricBounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// collector turns a recorder's counts into metrics when they are asked for, so
// that counting itself stays cheap.
type collector struct{ r *Recorder }

type metricSet struct{ took, errors, refused, inFlight *prometheus.Desc }

func descs(scope Scope) metricSet {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("signalbox_"+string(scope)+"_"+name, help, []string{string(scope)}, nil)
	}
	return metricSet{
		took:     desc("duration_seconds", "How long calls took."),
		errors:   desc("errors_total", "Calls that ended in an error."),
		refused:  desc("refused_total", "Calls that were refused."),
		inFlight: desc("in_flight", "Calls that have started and not ended."),
	}
}

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, scope := range []Scope{Service, Channel} {
		d := descs(scope)
		ch <- d.took
		ch <- d.errors
		ch <- d.refused
		ch <- d.inFlight
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	sets := map[Scope]metricSet{Service: descs(Service), Channel: descs(Channel)}
	c.r.series.Range(func(k, v any) bool {
		id, s := k.(key), v.(*series) //nolint:forcetypeassert // nothing else is stored
		d := sets[id.scope]
		sum := time.Duration(s.sumNS.Load()).Seconds()
		count, buckets := s.cumulative()
		ch <- prometheus.MustNewConstHistogram(d.took, count, sum, buckets, id.name)
		ch <- prometheus.MustNewConstMetric(d.errors, prometheus.CounterValue, float64(s.errors.Load()), id.name)
		ch <- prometheus.MustNewConstMetric(d.inFlight, prometheus.GaugeValue, float64(s.inFlight.Load()), id.name)
		if id.scope == Channel {
			ch <- prometheus.MustNewConstMetric(d.refused, prometheus.CounterValue, float64(s.refused.Load()), id.name)
		}
		return true
	})
}

// cumulative returns the number of ended calls and how many of them were within each bound.
func (s *series) cumulative() (count uint64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(metricBounds))
	next := 0
	for i := range s.buckets {
		for next < len(metricBounds) && upperBound(i).Seconds() > metricBounds[next] {
			buckets[metricBounds[next]] = count
			next++
		}
		count += uint64(max(0, s.buckets[i].Load())) //nolint:gosec // not negative
	}
	for ; next < len(metricBounds); next++ {
		buckets[metricBounds[next]] = count
	}
	return count, buckets
}
