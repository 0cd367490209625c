package client

import (
	"context"
	"net/http"

	"signalbox.internal/odb"
)

// JoinAsk is what a box sends that wants to become a node.
type JoinAsk struct {
	Token   string `json:"token,omitempty" jsonschema:"id of the join token; absent: an administrator has to approve"`
	Secret  string `json:"secret,omitempty" jsonschema:"of the join token"`
	Name    string `json:"name" jsonschema:"that the node is to have"`
	Request []byte `json:"request" jsonschema:"certificate signing request of the node's key, DER"`
	Nonce   []byte `json:"nonce" jsonschema:"32 random bytes; the same when it asks again"`
	Box     string `json:"box,omitempty" jsonschema:"tells whether both are on one machine"`
}

// JoinCommit goes before a JoinAsk without a token: it binds the box to its key
// and nonce before it hears the cluster's part of the code.
type JoinCommit struct {
	Commit []byte `json:"commit" jsonschema:"SHA-256 of the nonce and the request"`
}

// JoinSalt is the cluster's part of the code.
type JoinSalt struct {
	Salt []byte `json:"salt"`
}

// JoinAnswer is how far a join has come.
type JoinAnswer struct {
	State  odb.JoinState `json:"state" jsonschema:"waiting or approved"`
	Code   string        `json:"code,omitempty" jsonschema:"to be compared with what the box shows"`
	Bundle *JoinBundle   `json:"bundle,omitempty"`
}

// JoinBundle is what makes a box a node. It is nothing but secrets.
type JoinBundle struct {
	Cluster    string   `json:"cluster"`
	CACert     []byte   `json:"ca_cert"`
	CAKey      []byte   `json:"ca_key"`
	GossipKeys [][]byte `json:"gossip_keys"`
	// GossipGeneration grows with each change of the keys.
	GossipGeneration int64    `json:"gossip_generation"`
	Secrets          []byte   `json:"secrets" jsonschema:"the key ring"`
	ODB              string   `json:"odb" jsonschema:"DSN"`
	Network          string   `json:"network"`
	Gossip           []string `json:"gossip" jsonschema:"addresses of members"`
}

// CreateJoinToken asks for a join token.
type CreateJoinToken struct {
	TTLSeconds int64  `json:"ttl_seconds,omitempty" jsonschema:"how long it is good for; 3600 when absent"`
	Uses       int    `json:"uses,omitempty" jsonschema:"how many boxes may join with it; 1 when absent"`
	Approve    bool   `json:"approve,omitempty" jsonschema:"an administrator approves each box besides"`
	Note       string `json:"note,omitempty"`
}

// NewJoinToken is a fresh join token. Its text is shown once.
type NewJoinToken struct {
	odb.JoinToken
	Token string `json:"token"`
}

// DecideJoin is an administrator's word on a box that waits.
type DecideJoin struct {
	Approve bool   `json:"approve"`
	Code    string `json:"code,omitempty" jsonschema:"that the box shows; when given it must be the one of the request"`
}

// CommitToJoin sends a commitment and returns the cluster's part of the code.
func (c *Client) CommitToJoin(ctx context.Context, in JoinCommit) (JoinSalt, error) {
	var out JoinSalt
	err := c.post(ctx, path("join", "commit"), in, &out)
	return out, err
}

// Join asks to become a node, or how far that is.
func (c *Client) Join(ctx context.Context, in JoinAsk) (JoinAnswer, error) {
	var out JoinAnswer
	err := c.post(ctx, path("join"), in, &out)
	return out, err
}

// CreateJoinToken makes a join token.
func (c *Client) CreateJoinToken(ctx context.Context, in CreateJoinToken) (NewJoinToken, error) {
	var out NewJoinToken
	err := c.post(ctx, path("join-tokens"), in, &out)
	return out, err
}

// JoinTokens lists join tokens.
func (c *Client) JoinTokens(ctx context.Context) ([]odb.JoinToken, error) {
	var out List[odb.JoinToken]
	err := c.get(ctx, path("join-tokens"), nil, &out)
	return out.Items, err
}

// DeleteJoinToken revokes a join token.
func (c *Client) DeleteJoinToken(ctx context.Context, id string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path("join-tokens", id)}, nil)
}

// WaitingBox is a box that asks to join, and what was decided of it.
type WaitingBox struct {
	odb.JoinRequest
}

// JoinRequests lists the boxes that asked to join.
func (c *Client) JoinRequests(ctx context.Context) ([]WaitingBox, error) {
	var out List[WaitingBox]
	err := c.get(ctx, path("join-requests"), nil, &out)
	return out.Items, err
}

// DecideJoin approves or refuses a box that waits.
func (c *Client) DecideJoin(ctx context.Context, id string, in DecideJoin) error {
	return c.post(ctx, path("join-requests", id), in, nil)
}
