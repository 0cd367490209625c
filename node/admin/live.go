package admin

import (
	"net/http"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// health tells a load balancer or a probe whether the node serves; nothing else.
func (a *API) health(c *call) (any, error) {
	ready := a.cfg.Cluster.Ready()
	if !ready {
		c.status = http.StatusServiceUnavailable
	}
	return client.Health{Ready: ready}, nil
}

func (a *API) status(c *call) (any, error) { return a.cfg.Cluster.Status(c.Context()), nil }

func (a *API) nodes(c *call) (any, error) {
	items := a.cfg.Cluster.Nodes(c.Context())
	if items == nil {
		items = []client.Node{}
	}
	return client.List[client.Node]{Items: items}, nil
}

func (a *API) stats(c *call) (any, error) {
	all, err := c.queryBool("all")
	if err != nil {
		return nil, err
	}
	s := a.cfg.Stats(c.Context(), all)
	if s.Services == nil {
		s.Services = []client.Figures{}
	}
	if s.Channels == nil {
		s.Channels = []client.Figures{}
	}
	if s.Coverage.Missing == nil {
		s.Coverage.Missing = []string{}
	}
	return s, nil
}

func (a *API) connections(*call) (any, error) {
	items := a.cfg.Outgoings.Connections()
	if items == nil {
		items = []client.Connection{}
	}
	return client.List[client.Connection]{Items: items}, nil
}

func (a *API) problems(c *call) (any, error) {
	return client.List[client.NodeProblem]{Items: append([]client.NodeProblem{}, a.cfg.Cluster.Problems(c.Context())...)}, nil
}

// ping asks the far side of an outgoing connection.
func (a *API) ping(c *call) (any, error) {
	_, def, err := a.find(c)
	if err != nil {
		return nil, err
	}
	if kind, _ := odb.KindNamed(def.Kind); !kind.Pings {
		return nil, refuse(http.StatusBadRequest, client.CodeNotApplicable, "only an outgoing connection has a far side to ping; %s is a %s", def.Name, def.Kind)
	}
	return a.cfg.Outgoings.Ping(c.Context(), def.Name)
}

// metrics answers in Prometheus' text format.
func (a *API) metrics(c *call) (any, error) {
	a.cfg.Metrics.ServeHTTP(c.w, c.Request)
	return handled{}, nil
}

func (a *API) describe(*call) (any, error) {
	doc, err := a.openapi()
	return raw{"application/json", doc}, err
}
