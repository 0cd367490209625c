package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"signalbox.internal/cluster"
)

// maxAnswer is the longest answer in JSON that is read, in bytes.
const maxAnswer = 8 << 20

// Client calls other nodes. Any number of goroutines may use it.
type Client struct {
	http *http.Client
}

// Target is a node to be called.
type Target struct {
	ID      string
	Control string // host:port of its control port
}

// targetKey is where a request's context has its target.
type targetKey struct{}

// NewClient returns a client that shows the node's certificate.
func NewClient(cfg cluster.PeerConfig) *Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		t, ok := ctx.Value(targetKey{}).(Target)
		if !ok {
			return nil, errors.New("the call has no target")
		}
		d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: cfg.ClientTLS(t.ID)}
		return d.DialContext(ctx, network, t.Control)
	}
	return &Client{http: &http.Client{
		Transport: &http.Transport{
			DialTLSContext: dial, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Refusal is a node's answer that it does not do what it was asked.
type Refusal struct {
	Status int
	Reason string
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%s (%d)", r.Reason, r.Status) }

// Call asks a node: in goes as JSON (nil: a GET without a body), its answer is
// read into out (nil: it is not looked at).
func (c *Client) Call(ctx context.Context, t Target, path string, in, out any) error {
	body, err := c.open(ctx, t, path, in)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was read
	if out == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(body, maxAnswer))
		return err
	}
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read answer of %s: %w", t.Control, err)
	}
	return nil
}

// Fetch asks a node for bytes, at most limit of them.
func (c *Client) Fetch(ctx context.Context, t Target, path string, limit int64) ([]byte, error) {
	body, err := c.open(ctx, t, path, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("the answer of %s is longer than %d bytes", t.Control, limit)
	}
	return b, err
}

func (c *Client) open(ctx context.Context, t Target, path string, in any) (io.ReadCloser, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("write question: %w", err)
		}
		method, body = http.MethodPost, bytes.NewReader(text)
	}
	ctx = context.WithValue(ctx, targetKey{}, t)
	// The id, for the pool of connections: another node may come to an address.
	req, err := http.NewRequestWithContext(ctx, method, "https://"+t.ID+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask node: %w", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask node at %s: %w", t.Control, err)
	}
	if res.StatusCode/100 == 2 {
		return res.Body, nil
	}
	defer res.Body.Close() //nolint:errcheck // only read
	reason, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return nil, errors.Join(&Refusal{Status: res.StatusCode, Reason: string(bytes.TrimSpace(reason))}, err)
}
