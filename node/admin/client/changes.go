package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// Document is one file of definitions, YAML or JSON.
type Document struct {
	Name string `json:"name" jsonschema:"of the file, for messages"`
	Text string `json:"text" jsonschema:"YAML or JSON, one or many documents"`
}

// PlanRequest is the configuration as it shall be.
type PlanRequest struct {
	Documents []Document `json:"documents"`
	Prune     bool       `json:"prune,omitempty" jsonschema:"delete definitions of the documents' kinds that no document has"`
}

// ApplyRequest is a plan that is to be carried out.
type ApplyRequest struct {
	Documents []Document `json:"documents"`
	Prune     bool       `json:"prune,omitempty" jsonschema:"delete definitions of the documents' kinds that no document has"`
	Revision  int64      `json:"revision,omitempty" jsonschema:"refuse unless the ODB is at this revision, the one of the plan; 0 does not care"`
	Reason    string     `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// Change is one definition that a plan, an apply or a diff touches.
type Change struct {
	Op      odb.Op          `json:"op"`
	Kind    string          `json:"kind"`
	Name    string          `json:"name"`
	NewName string          `json:"new_name,omitempty" jsonschema:"of a rename"`
	Diff    []odb.FieldDiff `json:"diff" jsonschema:"field by field; sealed secrets are shown as dots"`
}

// Plan says what would change.
type Plan struct {
	Revision int64    `json:"revision" jsonschema:"the revision that was compared with"`
	Changes  []Change `json:"changes"`
}

// Applied says what changed.
type Applied struct {
	Revision int64         `json:"revision" jsonschema:"the new revision; the old one when nothing changed or in a dry run"`
	Changes  []Change      `json:"changes"`
	DryRun   bool          `json:"dry_run,omitempty" jsonschema:"nothing was changed"`
	Running  bool          `json:"running" jsonschema:"whether the node that answered runs the revision already"`
	Problems []odb.Problem `json:"problems,omitempty" jsonschema:"changed definitions that the node cannot put into force"`
	Warnings []string      `json:"warnings,omitempty" jsonschema:"of a dry run: what will not be as it was"`
}

// Revision is one committed change set.
type Revision struct {
	Revision int64          `json:"revision"`
	At       time.Time      `json:"at"`
	Actor    string         `json:"actor" jsonschema:"account, or the node itself"`
	Source   string         `json:"source,omitempty" jsonschema:"cli, api, desktop, browser, deploy folder, node start"`
	Addr     string         `json:"addr,omitempty" jsonschema:"the actor's address; empty on the node's own box"`
	Reason   string         `json:"reason,omitempty"`
	Changes  []LoggedChange `json:"changes"`
}

// LoggedChange is one change of a revision.
type LoggedChange struct {
	Op      odb.Op          `json:"op"`
	Kind    string          `json:"kind"`
	Name    string          `json:"name" jsonschema:"after the change; of a delete, before it"`
	OldName string          `json:"old_name,omitempty" jsonschema:"of a rename"`
	Version int64           `json:"version"`
	Diff    []odb.FieldDiff `json:"diff,omitempty" jsonschema:"with ?diff=true"`
}

// HistoryQuery selects revisions; zero fields do not restrict.
type HistoryQuery struct {
	Kind, Name string // only revisions that touched this kind, or this definition
	Before     int64  // only revisions below it
	Limit      int    // at most so many; 0 means 100, at most 1000
	Diff       bool   // with what changed in each definition
	Actor      string // only of this account
	Search     string // part of the actor, the reason or of kind/name of what was changed
	From, To   time.Time
}

func (q HistoryQuery) values() url.Values {
	v := url.Values{}
	set(v, "kind", q.Kind)
	set(v, "name", q.Name)
	set(v, "actor", q.Actor)
	set(v, "q", q.Search)
	for name, t := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !t.IsZero() {
			v.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	setInt(v, "before", q.Before)
	setInt(v, "limit", q.Limit)
	if q.Diff {
		v.Set("diff", "true")
	}
	return v
}

// Diff is what differs between two revisions.
type Diff struct {
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Changes []Change `json:"changes"`
}

// State is the configuration as of a revision.
type State struct {
	Revision    int64            `json:"revision"`
	Definitions []odb.Definition `json:"definitions"`
}

// RollbackRequest asks for the state of an earlier revision again.
type RollbackRequest struct {
	Revision int64  `json:"revision" jsonschema:"the revision whose state shall be restored"`
	DryRun   bool   `json:"dry_run,omitempty" jsonschema:"only say what would change, deletes included"`
	Reason   string `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// Plan compares documents with the configuration and changes nothing.
func (c *Client) Plan(ctx context.Context, in PlanRequest) (Plan, error) {
	var p Plan
	err := c.post(ctx, path("plan"), in, &p)
	return p, err
}

// Apply makes the configuration what the documents say: one revision or nothing.
func (c *Client) Apply(ctx context.Context, in ApplyRequest) (Applied, error) {
	var a Applied
	err := c.post(ctx, path("apply"), in, &a)
	return a, err
}

// Export returns the definitions of some kinds, single ones as KIND/NAME, or all
// as YAML documents. Equal configurations give equal bytes.
func (c *Client) Export(ctx context.Context, what ...string) ([]byte, error) {
	query := url.Values{}
	for _, w := range what {
		if strings.Contains(w, "/") {
			query.Add("definition", w)
		} else {
			query.Add("kind", w)
		}
	}
	_, raw, err := c.raw(ctx, request{method: http.MethodGet, path: path("export"), query: query})
	return raw, err
}

// History returns revisions, newest first.
func (c *Client) History(ctx context.Context, q HistoryQuery) (List[Revision], error) {
	var l List[Revision]
	err := c.get(ctx, path("history"), q.values(), &l)
	return l, err
}

// Diff compares two revisions; to 0 means the newest.
func (c *Client) Diff(ctx context.Context, from, to int64) (Diff, error) {
	v := url.Values{"from": {strconv.FormatInt(from, 10)}}
	setInt(v, "to", to)
	var d Diff
	err := c.get(ctx, path("diff"), v, &d)
	return d, err
}

// State returns the configuration as of a revision; 0 means the newest.
func (c *Client) State(ctx context.Context, revision int64) (State, error) {
	v := url.Values{}
	setInt(v, "revision", revision)
	var s State
	err := c.get(ctx, path("state"), v, &s)
	return s, err
}

// Rollback restores the state of a revision in a new revision.
func (c *Client) Rollback(ctx context.Context, in RollbackRequest) (Applied, error) {
	var a Applied
	err := c.post(ctx, path("rollback"), in, &a)
	return a, err
}
