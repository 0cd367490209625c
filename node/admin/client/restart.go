package client

import (
	"context"
	"net/url"
	"time"
)

// The states of a rolling restart.
const (
	RestartNone     = "none"     // there was none yet
	RestartRunning  = "running"  // it goes on
	RestartAborting = "aborting" // it ends as soon as the node at work is back in its rotation
	RestartDone     = "done"     // all nodes are restarted
	RestartFailed   = "failed"   // it stopped at a node; those after it were left alone
	RestartAborted  = "aborted"  // somebody ended it; those that were left were left alone
)

// The steps of a node in a rolling restart.
const (
	StepWaiting    = "waiting"    // its turn has not come
	StepDraining   = "draining"   // it gets no new requests and ends those it has
	StepRestarting = "restarting" // it is told to end; its new process does not answer yet
	StepReturning  = "returning"  // its new process answers and gets level and ready
	StepDone       = "done"       // it is restarted and back in its rotation
	StepFailed     = "failed"     // see error
	StepLeft       = "left"       // it was left alone, because of what happened before its turn
)

// RollingRestart is the last restart of several nodes, one after the other. The
// cluster drives it: it goes on when the node that was asked restarts too, or dies.
type RollingRestart struct {
	ID        string     `json:"id,omitempty"`
	State     string     `json:"state" jsonschema:"none, running, aborting, done, failed or aborted"`
	By        string     `json:"by,omitempty" jsonschema:"account that began it"`
	Begun     time.Time  `json:"begun" jsonschema:"the year 1: there was none yet"`
	Ended     *time.Time `json:"ended,omitempty"`
	AbortedBy string     `json:"aborted_by,omitempty"`
	// TimeoutSeconds is for each of the two waits of a node.
	TimeoutSeconds int64  `json:"timeout_seconds" jsonschema:"longest time for a node to drain, and again to come back"`
	Driver         string `json:"driver,omitempty" jsonschema:"node that carries it on"`
	Error          string `json:"error,omitempty" jsonschema:"why it stopped"`

	Nodes []RestartStep `json:"nodes" jsonschema:"in the order of their turns"`
}

// Over reports whether nothing happens any more.
func (r RollingRestart) Over() bool { return r.State != RestartRunning && r.State != RestartAborting }

// RestartStep is how far a node has come.
type RestartStep struct {
	Name     string     `json:"name"`
	ID       string     `json:"id"`
	State    string     `json:"state" jsonschema:"waiting, draining, restarting, returning, done, failed or left"`
	Since    time.Time  `json:"since" jsonschema:"of state"`
	Begun    *time.Time `json:"begun,omitempty" jsonschema:"of its turn"`
	Ended    *time.Time `json:"ended,omitempty" jsonschema:"of its turn"`
	Rotation string     `json:"rotation,omitempty" jsonschema:"that it had before its turn, and gets back"`
	Drained  bool       `json:"drained,omitempty" jsonschema:"it was taken out of rotation for this"`
	Before   time.Time  `json:"before" jsonschema:"start of the process that was there before"`
	Started  time.Time  `json:"started" jsonschema:"start of its process, as last seen"`
	Revision int64      `json:"revision,omitempty" jsonschema:"that it has to reach again"`
	InFlight int64      `json:"in_flight" jsonschema:"requests that run on it, as last seen"`
	Error    string     `json:"error,omitempty" jsonschema:"why it failed or was left alone"`
}

// BeginRestart asks for a rolling restart.
type BeginRestart struct {
	Nodes          []string `json:"nodes,omitempty" jsonschema:"names or ids; absent: all nodes"`
	TimeoutSeconds int64    `json:"timeout_seconds,omitempty" jsonschema:"longest time for a node to drain, and again to come back: 1 to 86400; 300 when absent"`
}

// RestartPlan says what a rolling restart would do, and what speaks against it.
type RestartPlan struct {
	Possible bool           `json:"possible" jsonschema:"no check that fails keeps it from beginning"`
	Checks   []RestartCheck `json:"checks"`
	Nodes    []RestartStep  `json:"nodes" jsonschema:"in the order of their turns"`
}

// RestartCheck is one thing that is looked at before.
type RestartCheck struct {
	ID     string `json:"id" jsonschema:"idle, answers, supervised, up, level, whole, spare or rotation"`
	OK     bool   `json:"ok"`
	Blocks bool   `json:"blocks" jsonschema:"unless it is ok a restart is refused"`
	Text   string `json:"text,omitempty" jsonschema:"what is not ok"`
}

// PlanRestart returns what a rolling restart of nodes, by name or id, would do; of
// all nodes when none is given.
func (c *Client) PlanRestart(ctx context.Context, nodes ...string) (RestartPlan, error) {
	q := url.Values{}
	for _, n := range nodes {
		q.Add("node", n)
	}
	var p RestartPlan
	err := c.get(ctx, path("restart", "plan"), q, &p)
	return p, err
}

// BeginRestart begins a rolling restart. It returns at once.
func (c *Client) BeginRestart(ctx context.Context, in BeginRestart) (RollingRestart, error) {
	var r RollingRestart
	err := c.post(ctx, path("restart"), in, &r)
	return r, err
}

// Restart returns how far the last rolling restart has come.
func (c *Client) Restart(ctx context.Context) (RollingRestart, error) {
	var r RollingRestart
	err := c.get(ctx, path("restart"), nil, &r)
	return r, err
}

// AbortRestart ends a rolling restart. The node at work gets back into its
// rotation first; the others are left alone.
func (c *Client) AbortRestart(ctx context.Context) (RollingRestart, error) {
	var r RollingRestart
	err := c.post(ctx, path("restart", "abort"), nil, &r)
	return r, err
}
