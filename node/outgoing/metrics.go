package outgoing

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics publishes what the connections do. Labels are names of definitions and
// codes of errors, so the number of series stays bounded.
type metrics struct {
	m        *Manager
	took     *prometheus.HistogramVec
	errors   *prometheus.CounterVec
	inFlight *prometheus.Desc
	up       *prometheus.Desc
}

func newMetrics(m *Manager) *metrics {
	label := []string{"outgoing"}
	return &metrics{
		m: m,
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "signalbox_outgoing_duration_seconds", Help: "How long calls took.",
			Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
		}, label),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_outgoing_errors_total", Help: "Calls that ended in an error, by its code.",
		}, []string{"outgoing", "code"}),
		inFlight: prometheus.NewDesc("signalbox_outgoing_in_flight", "Calls that have started and not ended.", label, nil),
		up:       prometheus.NewDesc("signalbox_outgoing_up", "1 when the far side is up, 0 when it is down; absent while that is not known.", label, nil),
	}
}

// observe counts one call; code is empty when it went well.
func (s *metrics) observe(name string, took time.Duration, code string) {
	s.took.WithLabelValues(name).Observe(took.Seconds())
	if code != "" {
		s.errors.WithLabelValues(name, code).Inc()
	}
}

// forget drops the series of a definition that is gone.
func (s *metrics) forget(name string) {
	s.took.DeleteLabelValues(name)
	s.errors.DeletePartialMatch(prometheus.Labels{"outgoing": name})
}

// Describe implements prometheus.Collector.
func (s *metrics) Describe(ch chan<- *prometheus.Desc) {
	s.took.Describe(ch)
	s.errors.Describe(ch)
	ch <- s.inFlight
	ch <- s.up
}

// Collect implements prometheus.Collector.
func (s *metrics) Collect(ch chan<- prometheus.Metric) {
	s.took.Collect(ch)
	s.errors.Collect(ch)
	for _, h := range s.m.Health() {
		ch <- prometheus.MustNewConstMetric(s.inFlight, prometheus.GaugeValue, float64(h.InFlight), h.Name)
		switch h.State {
		case Up:
			ch <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, 1, h.Name)
		case Down:
			ch <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, 0, h.Name)
		case Unknown:
		}
	}
}
