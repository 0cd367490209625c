package node

import "github.com/prometheus/client_golang/prometheus"

// refusals shows on /metrics what the parts refuse, by part and reason: nothing
// is dropped in silence.
type refusals struct{ n *Node }

func refusedDesc() *prometheus.Desc {
	return prometheus.NewDesc("signalbox_refused_total", "Requests that were refused, by who refused them and why.", []string{"part", "reason"}, nil)
}

// Describe implements prometheus.Collector.
func (r refusals) Describe(ch chan<- *prometheus.Desc) { ch <- refusedDesc() }

// Collect implements prometheus.Collector.
func (r refusals) Collect(ch chan<- prometheus.Metric) {
	desc := refusedDesc()
	for part, counts := range map[string]map[string]int64{
		"balancer": r.n.balancer.Stats().Refused, "channel": r.n.channels.Refused(), "security": r.n.security.Refusals(),
	} {
		for reason, n := range counts {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), part, reason)
		}
	}
}
