package client

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"
)

// Service is a service as the node runs it.
type Service struct {
	Name           string          `json:"name"`
	Doc            string          `json:"doc,omitempty"`
	Package        string          `json:"package"`
	Hash           string          `json:"hash,omitempty" jsonschema:"content address of the package; empty for code compiled into the node"`
	Engine         string          `json:"engine"`
	Enabled        bool            `json:"enabled"`
	Running        bool            `json:"running" jsonschema:"false when it is defined but the node cannot run it; problem says why"`
	Problem        string          `json:"problem,omitempty"`
	TimeoutMS      int64           `json:"timeout_ms,omitempty" jsonschema:"absent: the node's default"`
	MaxInFlight    int             `json:"max_in_flight,omitempty"`
	ValidateOutput bool            `json:"validate_output,omitempty"`
	Input          json.RawMessage `json:"input,omitempty" jsonschema:"JSON Schema; absent takes any JSON"`
	Output         json.RawMessage `json:"output,omitempty" jsonschema:"JSON Schema; absent promises nothing"`
	InFlight       int64           `json:"in_flight"`
	Figures        *Figures        `json:"figures,omitempty"`
}

// Version is one version of the package that a service is in.
type Version struct {
	Hash     string    `json:"hash"`
	Package  string    `json:"package"`
	Engine   string    `json:"engine"`
	Size     int64     `json:"size"`
	Services []string  `json:"services"`
	Uploaded time.Time `json:"uploaded"`
	By       string    `json:"by,omitempty"`
	Current  bool      `json:"current" jsonschema:"the service runs this version"`
}

// File is the content of a file: as text, or as base64 when it is not UTF-8.
type File struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

// NewFile picks the form that fits the content.
func NewFile(content []byte) File {
	if utf8.Valid(content) {
		return File{Text: string(content)}
	}
	return File{Base64: content}
}

// Bytes returns the content.
func (f File) Bytes() []byte {
	if len(f.Base64) > 0 {
		return f.Base64
	}
	return []byte(f.Text)
}

// Source is the code of one version of a package.
type Source struct {
	Package string          `json:"package"`
	Hash    string          `json:"hash"`
	Files   map[string]File `json:"files" jsonschema:"by path within the package"`
}

// RollbackService asks for an earlier version of the package that a service is in.
type RollbackService struct {
	Hash   string `json:"hash,omitempty" jsonschema:"empty: the version that the service ran before the current one"`
	Reason string `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// Answer is what a service answered.
type Answer struct {
	Body        []byte
	ContentType string // "application/json" unless the service chose another
	Status      int    // what a channel would answer with
	CID         string
}

// Services lists the services.
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	var l List[Service]
	err := c.get(ctx, path("services"), nil, &l)
	return l.Items, err
}

// Service describes one service.
func (c *Client) Service(ctx context.Context, name string) (Service, error) {
	var s Service
	err := c.get(ctx, path("services", name), nil, &s)
	return s, err
}

// Invoke calls a service with JSON; nil means null. cid may be empty. An error
// of the service is a [*Problem] with the service's code.
func (c *Client) Invoke(ctx context.Context, name string, input json.RawMessage, cid string) (Answer, error) {
	if len(input) == 0 {
		input = json.RawMessage("null")
	}
	req := request{method: http.MethodPost, path: path("services", name, "invoke"), header: http.Header{}, body: input}
	if cid != "" {
		req.header.Set("X-Correlation-ID", cid)
	}
	header, raw, err := c.raw(ctx, req)
	if err != nil {
		return Answer{}, err
	}
	status, err := strconv.Atoi(cmp.Or(header.Get("X-Service-Status"), "200"))
	if err != nil {
		return Answer{}, fmt.Errorf("read answer of %s: %w", name, err)
	}
	return Answer{Body: raw, ContentType: header.Get("Content-Type"), Status: status, CID: header.Get("X-Correlation-ID")}, nil
}

// Versions lists the versions of a service's package, newest first.
func (c *Client) Versions(ctx context.Context, name string) ([]Version, error) {
	var l List[Version]
	err := c.get(ctx, path("services", name, "versions"), nil, &l)
	return l.Items, err
}

// Source returns the files of a version; hash empty means the current one.
func (c *Client) Source(ctx context.Context, name, hash string) (Source, error) {
	v := url.Values{}
	set(v, "hash", hash)
	var s Source
	err := c.get(ctx, path("services", name, "source"), v, &s)
	return s, err
}

// RollbackService puts an earlier version of a service's package into force: all
// its services change together, as in a deployment.
func (c *Client) RollbackService(ctx context.Context, name string, in RollbackService) (Deployed, error) {
	var d Deployed
	err := c.post(ctx, path("services", name, "rollback"), in, &d)
	return d, err
}
