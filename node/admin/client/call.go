package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// request is one call before it is addressed to a node.
type request struct {
	method string
	path   string
	query  url.Values
	header http.Header
	body   []byte    // JSON; nil sends none
	file   io.Reader // bytes, in place of body; they are read once, when a node answers
}

func (r request) reader() io.Reader {
	if r.file != nil {
		return r.file
	}
	if r.body == nil {
		return http.NoBody
	}
	return bytes.NewReader(r.body)
}

// get asks for an object.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.call(ctx, request{method: http.MethodGet, path: path, query: query}, into)
}

// post sends a body and reads an object.
func (c *Client) post(ctx context.Context, path string, body, into any) error {
	raw, err := encode(body)
	if err != nil {
		return err
	}
	return c.call(ctx, request{method: http.MethodPost, path: path, body: raw}, into)
}

// call sends req and decodes the answer into into, unless that is nil.
func (c *Client) call(ctx context.Context, req request, into any) error {
	_, raw, err := c.raw(ctx, req)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read answer of %s %s: %w", req.method, req.path, err)
	}
	return nil
}

// raw sends req and returns the answer as it is; a refusal is a [*Problem].
func (c *Client) raw(ctx context.Context, req request) (http.Header, []byte, error) {
	resp, err := c.send(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, fmt.Errorf("%s %s: %w", req.method, req.path, context.Cause(ctx))
	case err != nil:
		return nil, nil, &Unreachable{URL: resp.Request.URL.Scheme + "://" + resp.Request.URL.Host, Sent: req.method != http.MethodGet, Err: err}
	case len(raw) > MaxAnswer:
		return nil, nil, fmt.Errorf("read answer of %s %s: it is larger than %d MiB", req.method, req.path, MaxAnswer>>20)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, nil, readProblem(resp, raw)
	}
	return resp.Header, raw, nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return []byte("{}"), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return b.Bytes(), nil
}

// path joins escaped parts below [Prefix].
func path(parts ...string) string {
	var b strings.Builder
	b.WriteString(Prefix)
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// etag writes a version the way If-Match wants it.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// set adds a query parameter unless it is empty.
func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// setInt adds a query parameter unless it is 0.
func setInt[N int | int64](q url.Values, name string, value N) {
	if value != 0 {
		q.Set(name, strconv.FormatInt(int64(value), 10))
	}
}

// ErrUnreachable is what every [*Unreachable] is, for errors.Is.
var ErrUnreachable = errors.New("the admin API cannot be reached")

// Unreachable says that no node answered; URL is the last one tried.
type Unreachable struct {
	URL  string
	Sent bool // the request may have been carried out all the same
	Err  error
}

// Error names the address and the cause.
func (u *Unreachable) Error() string {
	s := fmt.Sprintf("cannot reach %s: %v", u.URL, u.Err)
	if u.Sent {
		s += " (whether the change was made is not known)"
	}
	return s
}

// Is makes it an [ErrUnreachable].
func (u *Unreachable) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns the cause.
func (u *Unreachable) Unwrap() error { return u.Err }
