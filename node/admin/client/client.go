package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Prefix is the path below which every route of the API lies.
const Prefix = "/api/v1"

// MaxAnswer is the largest answer that the client reads, in bytes.
const MaxAnswer = 256 << 20

// Config says where the API is and how to sign in.
type Config struct {
	URLs      []string       // control addresses, "https://host:8183"; tried in turn; at least one
	Token     string         // bearer token; empty signs in as nobody
	CAs       *x509.CertPool // certificate authorities of the cluster; nil means the system's
	HTTP      *http.Client   // nil makes one with CAs; one that is given must not follow redirects with the token
	UserAgent string         // "signalbox-cli/1.2"; the change log's source is taken from it
}

// Client calls the admin API. Any number of goroutines may use it.
type Client struct {
	urls  []*url.URL
	token string
	agent string
	http  *http.Client
	last  atomic.Int64 // index of the address that answered last
}

// New checks cfg and returns a client; it does not connect. http addresses are
// taken only on the loopback interface, so that no token travels in clear.
func New(cfg Config) (*Client, error) {
	c := &Client{token: strings.TrimSpace(cfg.Token), agent: cmp.Or(cfg.UserAgent, "signalbox-client"), http: cfg.HTTP}
	var faults []error
	if len(cfg.URLs) == 0 {
		faults = append(faults, errors.New("no URL is given"))
	}
	for _, raw := range cfg.URLs {
		u, err := parseURL(raw)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		c.urls = append(c.urls, u)
	}
	if strings.ContainsAny(c.token+c.agent, "\r\n\x00") {
		faults = append(faults, errors.New("the token or the user agent has a line break"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("admin client config: %w", err)
	}
	if c.http == nil {
		c.http = newHTTP(cfg.CAs)
	}
	return c, nil
}

// URLs returns the addresses that the client tries.
func (c *Client) URLs() []string {
	out := make([]string, len(c.urls))
	for i, u := range c.urls {
		out[i] = u.String()
	}
	return out
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(raw), "/"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL", raw)
	case u.User != nil:
		return nil, errors.New("the URL has credentials in it; hand them in as a token")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is not a control address; write for example https://node-1.example:8183", raw)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%q is not encrypted; use https", raw)
	}
	return u, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func newHTTP(cas *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSClientConfig:       &tls.Config{RootCAs: cas, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   10 * time.Second,
			IdleConnTimeout:       60 * time.Second,
			ExpectContinueTimeout: time.Second,
			MaxIdleConnsPerHost:   4,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// order puts the address that answered last before the others.
func (c *Client) order() []int {
	first := int(c.last.Load())
	order := []int{first}
	for i := range c.urls {
		if i != first {
			order = append(order, i)
		}
	}
	return order
}

// send tries the addresses in turn. It goes to the next one only when the one
// before certainly did nothing: no request was written to it, or the request
// changes nothing.
func (c *Client) send(ctx context.Context, req request) (*http.Response, error) {
	var failed *Unreachable
	for _, i := range c.order() {
		var sent atomic.Bool
		trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
		hr, err := c.build(httptrace.WithClientTrace(ctx, trace), c.urls[i], req)
		if err != nil {
			return nil, err
		}
		resp, err := c.http.Do(hr)
		if err == nil {
			c.last.Store(int64(i))
			return resp, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", req.method, req.path, context.Cause(ctx))
		}
		failed = &Unreachable{URL: c.urls[i].String(), Err: reason(err)}
		if req.method != http.MethodGet && sent.Load() {
			failed.Sent = true
			break
		}
	}
	return nil, failed
}

func (c *Client) build(ctx context.Context, base *url.URL, req request) (*http.Request, error) {
	target := base.String() + req.path
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	hr, err := http.NewRequestWithContext(ctx, req.method, target, req.reader())
	if err != nil {
		return nil, fmt.Errorf("build request %s %s: %w", req.method, req.path, err)
	}
	maps.Copy(hr.Header, req.header)
	hr.Header.Set("User-Agent", c.agent)
	hr.Header.Set("Accept", "application/json, application/problem+json, */*;q=0.5")
	if req.file != nil {
		hr.Header.Set("Content-Type", "application/octet-stream")
	} else if req.body != nil {
		hr.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		hr.Header.Set("Authorization", "Bearer "+c.token)
	}
	return hr, nil
}

// reason strips the method and URL that net/http puts before a cause.
func reason(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
