package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Started says that a call runs and under which id its outcome will be.
type Started struct {
	CID     string `json:"cid"`
	Service string `json:"service"`
}

// Invocation is a call that was started without waiting for it.
type Invocation struct {
	CID         string          `json:"cid"`
	Service     string          `json:"service"`
	State       string          `json:"state" jsonschema:"running, done or failed"`
	Started     time.Time       `json:"started"`
	Finished    *time.Time      `json:"finished,omitempty"`
	DurationMS  float64         `json:"duration_ms"`
	Status      int             `json:"status,omitempty" jsonschema:"that the service set for a channel"`
	ContentType string          `json:"content_type,omitempty"`
	Answer      json.RawMessage `json:"answer,omitempty" jsonschema:"what the service answered, when it is JSON"`
	Body        *File           `json:"body,omitempty" jsonschema:"what it answered otherwise"`
	Cut         bool            `json:"cut,omitempty" jsonschema:"the answer is too large to be kept"`
	Problem     *Problem        `json:"problem,omitempty" jsonschema:"of a failed one: why"`
}

// Start calls a service without waiting for its answer; cid may be empty.
func (c *Client) Start(ctx context.Context, name string, input json.RawMessage, cid string) (Started, error) {
	if len(input) == 0 {
		input = json.RawMessage("null")
	}
	req := request{method: http.MethodPost, path: path("services", name, "invoke"), query: url.Values{"async": {"true"}}, header: http.Header{}, body: input}
	if cid != "" {
		req.header.Set("X-Correlation-ID", cid)
	}
	var out Started
	err := c.call(ctx, req, &out)
	return out, err
}

// Invocation tells how a call that was started is, at the node that runs it.
func (c *Client) Invocation(ctx context.Context, cid string) (Invocation, error) {
	var out Invocation
	err := c.get(ctx, path("invocations", cid), nil, &out)
	return out, err
}
