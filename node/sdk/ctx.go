package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"signalbox.internal/node/service"
)

// Error is what a service returns for its caller to know.
type Error = service.Error

// Errorf makes an [*Error] with an HTTP status and a stable code.
func Errorf(status int, code, format string, args ...any) *Error {
	return service.Errorf(status, code, format, args...)
}

// Ctx is one call as a service's function sees it. Its context ends with the
// call's deadline or when the caller goes away. It belongs to the call: keep no
// Ctx beyond it.
type Ctx struct {
	context.Context
	call *service.Call
}

// CID returns the correlation id of the request.
func (c *Ctx) CID() string { return c.call.CID }

// User says who called; nil when nobody signed in.
func (c *Ctx) User() *service.User { return c.call.User }

// HTTP describes the HTTP request behind the call; nil when there is none.
func (c *Ctx) HTTP() *service.HTTPInfo { return c.call.HTTP }

// Respond sets status and headers of the channel's answer; 0 keeps the channel's status.
func (c *Ctx) Respond(status int, header http.Header) {
	c.call.Reply.Status, c.call.Reply.Header = status, header
}

// Host runs any host operation by name, as listed in the documentation; result
// is decoded into out unless that is nil.
func (c *Ctx) Host(op string, args, out any) error {
	in, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("encode arguments of %s: %w", op, err)
	}
	result, err := c.call.Host(c, op, in)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(result, out); err != nil {
		return fmt.Errorf("decode result of %s: %w", op, err)
	}
	return nil
}

// Log writes a line to the node's log under the request's cid. level is
// "debug", "info", "warn" or "error".
func (c *Ctx) Log(level, message string, fields map[string]any) error {
	return c.Host("log", map[string]any{"level": level, "message": message, "fields": fields}, nil)
}

// InvokeAs calls another service by name, in the versions that this call started
// with and within its deadline.
func InvokeAs[O any](c *Ctx, name string, input any) (*O, error) {
	in, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("encode input of %s: %w", name, err)
	}
	raw, err := c.call.Invoke(c, name, in)
	if err != nil {
		return nil, err
	}
	out := new(O)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("decode answer of %s: %w", name, err)
	}
	return out, nil
}

// HTTPRequest is a request through an outgoing HTTP connection. At most one of
// JSON, Text and Base64 is its body.
type HTTPRequest struct {
	Method  string            `json:"method,omitempty"` // empty: GET, with a body POST
	Path    string            `json:"path,omitempty"`   // below the connection's URL
	Params  map[string]string `json:"params,omitempty"` // of the {name} parts of URL and path
	Query   map[string]string `json:"query,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	JSON    any               `json:"json,omitempty"`
	Text    string            `json:"text,omitempty"`
	Base64  []byte            `json:"base64,omitempty"`
	Type    string            `json:"content_type,omitempty"`
	Timeout time.Duration     `json:"-"` // of one attempt; 0: the connection's
}

// HTTPAnswer is the answer of an outgoing HTTP connection, whatever its status.
type HTTPAnswer struct {
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	JSON    json.RawMessage     `json:"json"`
	Text    string              `json:"text"`
	Base64  []byte              `json:"base64"`
}

// HTTPDo sends a request through the outgoing connection of that name.
func (c *Ctx) HTTPDo(connection string, r HTTPRequest) (*HTTPAnswer, error) {
	args := struct {
		Connection string `json:"connection"`
		HTTPRequest
		TimeoutMS int64 `json:"timeout_ms,omitempty"`
	}{connection, r, r.Timeout.Milliseconds()}
	var a HTTPAnswer
	if err := c.Host("http.request", args, &a); err != nil {
		return nil, err
	}
	return &a, nil
}

// Statement is one SQL statement with named parameters (:name).
type Statement struct {
	SQL    string         `json:"sql"`
	Params map[string]any `json:"params,omitempty"`
}

// Row is one row of a query by column name. Numbers beyond 2^53, decimals and
// times are texts.
type Row map[string]any

// SQLQuery returns the rows of a query on the outgoing SQL connection of that name.
func (c *Ctx) SQLQuery(connection, sql string, params map[string]any) ([]Row, error) {
	var out struct {
		Rows []Row `json:"rows"`
	}
	err := c.Host("sql.query", map[string]any{"connection": connection, "sql": sql, "params": params}, &out)
	return out.Rows, err
}

// SQLExec runs a statement and returns the number of rows that it changed.
func (c *Ctx) SQLExec(connection, sql string, params map[string]any) (int64, error) {
	var out struct {
		Affected int64 `json:"affected"`
	}
	err := c.Host("sql.exec", map[string]any{"connection": connection, "sql": sql, "params": params}, &out)
	return out.Affected, err
}

// SQLTransaction runs statements as one transaction: all or none.
func (c *Ctx) SQLTransaction(connection string, statements ...Statement) error {
	return c.Host("sql.transaction", map[string]any{"connection": connection, "statements": statements}, nil)
}
