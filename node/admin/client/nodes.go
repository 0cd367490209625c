package client

import (
	"context"
	"net/http"
	"time"

	"signalbox.internal/odb"
)

// SetRotation is what a node is to do.
type SetRotation struct {
	Rotation odb.Rotation `json:"rotation" jsonschema:"online, draining or maintenance"`
}

// NodeDetail is all that a node tells of itself.
type NodeDetail struct {
	Node        Node          `json:"node"`
	Error       string        `json:"error,omitempty" jsonschema:"why it tells nothing of itself; the lists are empty then"`
	Connections []Connection  `json:"connections" jsonschema:"health of outgoing connections as this node finds it"`
	Services    []Figures     `json:"services"`
	Channels    []Figures     `json:"channels"`
	Problems    []odb.Problem `json:"problems" jsonschema:"definitions that it could not put into force, and why"`
	MemoryBytes int64         `json:"memory_bytes" jsonschema:"that its process has from the system for Go"`
	Goroutines  int           `json:"goroutines"`
	GoVersion   string        `json:"go_version"`
}

// Topology is the picture of a cluster.
type Topology struct {
	At    time.Time  `json:"at"`
	Nodes []Node     `json:"nodes"`
	Links []Link     `json:"links"`
	Split bool       `json:"split" jsonschema:"nodes that are up do not hear each other, or some do not answer and may run behind a cut: see parts and missing"`
	Parts [][]string `json:"parts" jsonschema:"names of nodes that answer and hear each other; more than one when the cluster is split"`
	// Missing may be off or behind a cut: from here nobody can tell.
	Missing []string `json:"missing" jsonschema:"names of nodes that do not answer and did not say that they stop"`
}

// Link is the way from one node to another, as the first measures it.
type Link struct {
	From    string     `json:"from" jsonschema:"name of a node"`
	To      string     `json:"to" jsonschema:"name of a node"`
	RTTMS   float64    `json:"rtt_ms"`
	Loss    float64    `json:"loss" jsonschema:"share of small packets that did not come back, 0 to 1"`
	SkewMS  float64    `json:"skew_ms" jsonschema:"clock of to minus that of from"`
	Answer  *time.Time `json:"answer,omitempty" jsonschema:"last one; absent: none yet"`
	TCPOnly bool       `json:"tcp_only" jsonschema:"UDP does not come through: gossip goes by TCP"`
	Silent  bool       `json:"silent" jsonschema:"none of the last packets came back"`
}

// KeyRotation says how far a change of gossip keys came.
type KeyRotation struct {
	Key      string      `json:"key" jsonschema:"id of the new key"`
	Complete bool        `json:"complete" jsonschema:"every node uses the new key and has forgotten the old ones"`
	Nodes    []KeyedNode `json:"nodes"`
}

// KeyedNode is a node in a change of gossip keys.
type KeyedNode struct {
	Name  string   `json:"name"`
	Keys  []string `json:"keys" jsonschema:"ids, that of the one in use first"`
	Error string   `json:"error,omitempty"`
}

// Topology shows the cluster's nodes and the ways between them.
func (c *Client) Topology(ctx context.Context) (Topology, error) {
	var t Topology
	err := c.get(ctx, path("topology"), nil, &t)
	return t, err
}

// Node returns what a node, by name or id, tells of itself.
func (c *Client) Node(ctx context.Context, node string) (NodeDetail, error) {
	var d NodeDetail
	err := c.get(ctx, path("nodes", node), nil, &d)
	return d, err
}

// SetRotation gives a node, by name or id, something else to do.
func (c *Client) SetRotation(ctx context.Context, node string, r odb.Rotation) (Node, error) {
	raw, err := encode(SetRotation{Rotation: r})
	if err != nil {
		return Node{}, err
	}
	var n Node
	err = c.call(ctx, request{method: http.MethodPut, path: path("nodes", node, "rotation"), body: raw}, &n)
	return n, err
}

// RemoveNode shuts a node out of the cluster.
func (c *Client) RemoveNode(ctx context.Context, node string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path("nodes", node)}, nil)
}

// RestartNode has a node, by name or id, end gracefully and be started again by
// what supervises it. It returns how the node was before; when Started is another,
// it is the new process.
func (c *Client) RestartNode(ctx context.Context, node string) (Node, error) {
	var n Node
	err := c.post(ctx, path("nodes", node, "restart"), nil, &n)
	return n, err
}

// GossipKeys lists the ids of the keys that each node encrypts gossip with.
func (c *Client) GossipKeys(ctx context.Context) ([]KeyedNode, error) {
	var l List[KeyedNode]
	err := c.get(ctx, path("gossip-keys"), nil, &l)
	return l.Items, err
}

// RotateGossipKeys changes the key that encrypts gossip.
func (c *Client) RotateGossipKeys(ctx context.Context) (KeyRotation, error) {
	var out KeyRotation
	err := c.post(ctx, path("gossip-keys", "rotate"), nil, &out)
	return out, err
}
