package admin

import (
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// How long a node may take to drain, and again to come back.
const (
	usualRestartWait   = 5 * time.Minute
	longestRestartWait = 24 * time.Hour
)

func (a *API) restartRoutes() []route {
	get := http.MethodGet
	of := param{name: "node", kind: "array", help: "Name or id of a node; several times for several, absent for all."}
	return []route{
		{method: get, path: "/restart", role: odb.Viewer, id: "getRestart", summary: "How far the last rolling restart has come, node by node.", answer: client.RollingRestart{}, handle: a.getRestart},
		{method: get, path: "/restart/plan", role: odb.Viewer, id: "planRestart", summary: "What a rolling restart would do, in which order, and what speaks against it. Changes nothing.", query: []param{of}, answer: client.RestartPlan{}, handle: a.planRestart},
		{method: http.MethodPost, path: "/restart", role: odb.Operator, id: "beginRestart", summary: "Restart nodes, one at a time: drained, restarted, level and back in its rotation before the next. The cluster drives it; GET /restart tells how far it is.", status: http.StatusAccepted, body: client.BeginRestart{}, answer: client.RollingRestart{}, handle: a.beginRestart},
		{method: http.MethodPost, path: "/restart/abort", role: odb.Operator, id: "abortRestart", summary: "End a rolling restart: the node at work gets back into its rotation, the others are left alone.", answer: client.RollingRestart{}, handle: a.abortRestart},
	}
}

func (a *API) getRestart(c *call) (any, error) { return orError(a.cfg.Restarts.State(c.Context())) }

func (a *API) planRestart(c *call) (any, error) {
	return orError(a.cfg.Restarts.Plan(c.Context(), c.URL.Query()["node"]))
}

func (a *API) beginRestart(c *call) (any, error) {
	in, err := decode[client.BeginRestart](c)
	if err != nil {
		return nil, err
	}
	wait := time.Duration(in.TimeoutSeconds) * time.Second
	if in.TimeoutSeconds == 0 {
		wait = usualRestartWait
	}
	var faults odb.Faults
	if in.TimeoutSeconds < 0 || in.TimeoutSeconds > int64(longestRestartWait/time.Second) {
		faults.Add("/timeout_seconds", "is %d; 1 to %d are allowed", in.TimeoutSeconds, int64(longestRestartWait/time.Second))
	}
	if err := faults.Err("begin restart", ""); err != nil {
		return nil, err
	}
	r, err := a.cfg.Restarts.Begin(c.Context(), in.Nodes, wait, c.who.account)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range r.Nodes {
		names = append(names, n.Name)
	}
	a.audit(c, "rolling restart begun", "restart", r.ID, "nodes", strings.Join(names, ", "))
	return r, nil
}

func (a *API) abortRestart(c *call) (any, error) {
	r, err := a.cfg.Restarts.Abort(c.Context(), c.who.account)
	if err != nil {
		return nil, err
	}
	a.audit(c, "rolling restart aborted", "restart", r.ID)
	return r, nil
}
