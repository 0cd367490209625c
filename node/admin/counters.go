package admin

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// counters are the API's own figures. Their labels come from the table of routes.
type counters struct {
	requests *prometheus.CounterVec
	refusals *prometheus.CounterVec
}

func newCounters(reg prometheus.Registerer) (*counters, error) {
	c := &counters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_admin_requests_total", Help: "Requests to the admin API by route and class of status.",
		}, []string{"method", "route", "status"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_admin_refused_total", Help: "Requests to the admin API that were refused because of who called, by reason.",
		}, []string{"reason"}),
	}
	if reg == nil {
		return c, nil
	}
	return c, errors.Join(reg.Register(c.requests), reg.Register(c.refusals))
}

func (c *counters) request(rt route, status int) {
	c.requests.WithLabelValues(rt.method, rt.path, strconv.Itoa(status/100)+"xx").Inc()
}

func (c *counters) refused(reason string) { c.refusals.WithLabelValues(reason).Inc() }
