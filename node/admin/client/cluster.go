package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"signalbox.internal/odb"
)

// Health says whether a node can serve.
type Health struct {
	Ready bool `json:"ready"`
}

// Me is who the API takes the caller for.
type Me struct {
	Account string     `json:"account"`
	Role    odb.Role   `json:"role"`
	Token   string     `json:"token,omitempty" jsonschema:"id of the token, not the token"`
	Expires *time.Time `json:"expires,omitempty" jsonschema:"when token or session end; absent: never"`
	Bearer  string     `json:"bearer,omitempty" jsonschema:"only of a sign-in that asked for it: the bearer token; it is not kept and cannot be shown again"`
	CSRF    string     `json:"csrf,omitempty" jsonschema:"of a cookie session: value of X-CSRF-Token that each write sends"`
}

// Status is the cluster at a glance.
type Status struct {
	Cluster  string     `json:"cluster"`
	Revision int64      `json:"revision"`
	Nodes    NodeCounts `json:"nodes"`
	Level    bool       `json:"level" jsonschema:"all nodes are at the revision"`
	Leader   string     `json:"leader,omitempty"`
	Term     int64      `json:"term,omitempty"`
	ODB      Part       `json:"odb"`
	Redis    *Part      `json:"redis,omitempty"`
	Problems int        `json:"problems" jsonschema:"definitions that are not in force, counted on each node"`
	Version  string     `json:"version"`

	Requests   *Requests   `json:"requests,omitempty" jsonschema:"what channels did on all nodes in the last minute"`
	LastChange *LastChange `json:"last_change,omitempty" jsonschema:"absent: nothing was ever changed, or the ODB is away"`
	LastBackup *LastBackup `json:"last_backup,omitempty" jsonschema:"absent: the cluster was never backed up, or the ODB is away"`
}

// Requests is what the channels of the whole cluster did.
type Requests struct {
	Recent   Recent   `json:"recent"`
	Coverage Coverage `json:"coverage"`
}

// Recent is what happened in about the last minute. Of several nodes the times are
// of all their calls together.
type Recent struct {
	Seconds         float64 `json:"seconds" jsonschema:"how long it covers"`
	Count           int64   `json:"count"`
	Errors          int64   `json:"errors" jsonschema:"of channels: answers from 500 up"`
	Refused         int64   `json:"refused" jsonschema:"of channels: answers from 400 to 499"`
	PerSecond       float64 `json:"per_second"`
	ErrorsPerSecond float64 `json:"errors_per_second"`
	MeanMS          float64 `json:"mean_ms"`
	P50MS           float64 `json:"p50_ms"`
	P95MS           float64 `json:"p95_ms"`
	P99MS           float64 `json:"p99_ms"`
}

// Coverage tells whose figures were added up: what a node that did not answer did is
// not in them.
type Coverage struct {
	Nodes   int      `json:"nodes" jsonschema:"so many answered"`
	Of      int      `json:"of"`
	Missing []string `json:"missing" jsonschema:"names of those that did not"`
}

// LastChange tells of the newest revision.
type LastChange struct {
	Revision int64     `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Reason   string    `json:"reason,omitempty"`
}

// NodeCounts counts nodes by state.
type NodeCounts struct {
	Up      int `json:"up"`
	Down    int `json:"down"`
	Unknown int `json:"unknown"`
}

// Part is something that the cluster depends on.
type Part struct {
	Kind  string    `json:"kind"`
	State string    `json:"state" jsonschema:"up, down or unknown; of the ODB also behind: it is there, but older than what the node has served"`
	Since time.Time `json:"since"`
	Where string    `json:"where,omitempty" jsonschema:"file or host, without credentials"`
	Error string    `json:"error,omitempty"`
}

// AcceptedODB says what was given up for an ODB that was behind.
type AcceptedODB struct {
	Revision int64 `json:"revision" jsonschema:"in force now"`
	Was      int64 `json:"was" jsonschema:"in force before"`
}

// NodeProblem is a definition that one node could not put into force.
type NodeProblem struct {
	Node string `json:"node"`
	odb.Problem
}

// Node is one box.
type Node struct {
	Name     string    `json:"name"`
	ID       string    `json:"id"`
	State    string    `json:"state" jsonschema:"up, down or unknown"`
	Since    time.Time `json:"since"`
	Rotation string    `json:"rotation" jsonschema:"online, draining or maintenance"`
	InFlight int64     `json:"in_flight"`
	Roles    []string  `json:"roles"`
	Leader   bool      `json:"leader"`
	Term     int64     `json:"term"`
	Revision int64     `json:"revision"`
	Ready    bool      `json:"ready"`
	Version  string    `json:"version"`
	Traffic  string    `json:"traffic"`
	Control  string    `json:"control"`
	PID      int       `json:"pid"`
	Gossip   string    `json:"gossip"`
	Joined   time.Time `json:"joined"`
	Heard    time.Time `json:"heard" jsonschema:"last sign of life; the year 1: none since the answering node started"`
	SeenBy   []string  `json:"seen_by" jsonschema:"names of the other nodes that hear it"`
	Why      string    `json:"why,omitempty" jsonschema:"why it is not up or not ready, in words"`
	Problems int       `json:"problems" jsonschema:"definitions that it could not put into force"`
	Local    bool      `json:"local" jsonschema:"it is the node that answers"`
	Started  time.Time `json:"started" jsonschema:"start of its process; the year 1: it does not answer"`
	// CertificateEnds is of the certificate that it shows; it renews it before.
	CertificateEnds *time.Time `json:"certificate_ends,omitempty" jsonschema:"end of the certificate that it shows; absent: it does not answer"`
	// Supervised says whether it may be told to restart.
	Supervised bool `json:"supervised" jsonschema:"something starts it again when it ends to be restarted"`
}

// Figures are live counts and times of one service or channel, since from.
type Figures struct {
	Service  string    `json:"service,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Count    int64     `json:"count"`
	Errors   int64     `json:"errors" jsonschema:"of a channel: answers from 500 up"`
	Refused  int64     `json:"refused" jsonschema:"of a channel: answers from 400 to 499"`
	InFlight int64     `json:"in_flight"`
	MeanMS   float64   `json:"mean_ms"`
	P50MS    float64   `json:"p50_ms"`
	P95MS    float64   `json:"p95_ms"`
	P99MS    float64   `json:"p99_ms"`
	MaxMS    float64   `json:"max_ms"`
	From     time.Time `json:"from" jsonschema:"of several nodes the earliest"`
	To       time.Time `json:"to"`
	Recent   Recent    `json:"recent" jsonschema:"the same of the last minute only"`
}

// Stats are the live figures of one node, or of all of them together.
type Stats struct {
	Services []Figures `json:"services"`
	Channels []Figures `json:"channels"`
	Coverage Coverage  `json:"coverage"`
}

// Connection is the health of an outgoing connection.
type Connection struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Enabled bool      `json:"enabled"`
	State   string    `json:"state" jsonschema:"up, down or unknown"`
	Since   time.Time `json:"since"`
	Error   string    `json:"error,omitempty" jsonschema:"the last error, while it is down"`
}

// Ping is the answer of the far side of a connection, or the lack of one.
type Ping struct {
	Name   string  `json:"name"`
	OK     bool    `json:"ok"`
	State  string  `json:"state" jsonschema:"up, down or unknown, after the ping"`
	TookMS float64 `json:"took_ms"`
	Error  string  `json:"error,omitempty"`
}

// Event says that something changed; look at the object itself for the truth.
type Event struct {
	At       time.Time `json:"at"`
	Type     string    `json:"type" jsonschema:"revision, deploy, problems or node"`
	Revision int64     `json:"revision,omitempty"`
	Actor    string    `json:"actor,omitempty"`
	Node     string    `json:"node,omitempty" jsonschema:"that it happened to"`
	Text     string    `json:"text,omitempty"`
}

// Events is what happened after a cursor.
type Events struct {
	Events []Event `json:"events"`
	Cursor string  `json:"cursor" jsonschema:"value of ?after= for the next call"`
	Reset  bool    `json:"reset,omitempty" jsonschema:"the cursor is too old or of another run of the node: read everything anew"`
}

// Health asks whether the node serves; it needs no token. A node that answers
// but is not ready is a result, not an error.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var h Health
	err := c.get(ctx, path("health"), nil, &h)
	if p, ok := errors.AsType[*Problem](err); ok && p.Status == http.StatusServiceUnavailable && p.Code == "" {
		return Health{}, nil
	}
	return h, err
}

// Me tells who the caller is to the API.
func (c *Client) Me(ctx context.Context) (Me, error) {
	var m Me
	err := c.get(ctx, path("me"), nil, &m)
	return m, err
}

// Status returns the cluster at a glance.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.get(ctx, path("status"), nil, &s)
	return s, err
}

// Nodes lists the nodes.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	var l List[Node]
	err := c.get(ctx, path("nodes"), nil, &l)
	return l.Items, err
}

// Stats returns the live figures of the node that answers.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.get(ctx, path("stats"), nil, &s)
	return s, err
}

// StatsOfAll returns the live figures of all nodes together. A node that does not
// answer within a second is missing, and named.
func (c *Client) StatsOfAll(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.get(ctx, path("stats"), url.Values{"all": {"true"}}, &s)
	return s, err
}

// Connections lists the health of outgoing connections.
func (c *Client) Connections(ctx context.Context) ([]Connection, error) {
	var l List[Connection]
	err := c.get(ctx, path("connections"), nil, &l)
	return l.Items, err
}

// Problems lists the definitions that a node could not put into force, of all
// nodes that answer.
func (c *Client) Problems(ctx context.Context) ([]NodeProblem, error) {
	var l List[NodeProblem]
	err := c.get(ctx, path("problems"), nil, &l)
	return l.Items, err
}

// AcceptODB takes an ODB that is behind the node as it is.
func (c *Client) AcceptODB(ctx context.Context) (AcceptedODB, error) {
	var out AcceptedODB
	err := c.post(ctx, path("odb", "accept"), nil, &out)
	return out, err
}

// Events waits up to 25 s for something that happened after cursor; with an
// empty cursor it answers at once with the present one.
func (c *Client) Events(ctx context.Context, cursor string) (Events, error) {
	v := url.Values{}
	set(v, "after", cursor)
	var e Events
	err := c.get(ctx, path("events"), v, &e)
	return e, err
}

// Metrics returns the node's figures in Prometheus' text format.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	_, raw, err := c.raw(ctx, request{method: http.MethodGet, path: "/metrics"})
	return raw, err
}

// OpenAPI returns the description of the API.
func (c *Client) OpenAPI(ctx context.Context) ([]byte, error) {
	_, raw, err := c.raw(ctx, request{method: http.MethodGet, path: path("openapi.json")})
	return raw, err
}
