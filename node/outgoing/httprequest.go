package outgoing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"signalbox.internal/node/service"
)

// Retry says when a failed request is sent again.
type Retry int

// The rules of retries.
const (
	RetryIfSafe Retry = iota // idempotent methods, and others when nothing was sent
	RetryNever               // one attempt
	RetryKeyed               // as RetryIfSafe, and also POST and PATCH, which must carry an Idempotency-Key
)

// Request is a call of an HTTP connection.
type Request struct {
	Method      string            // empty means GET, or POST when there is a body
	Path        string            // below the definition's URL
	Params      map[string]string // of {name} in the URL and the path
	Query       url.Values        // over the definition's; an empty list takes one out
	Header      map[string]string // over the definition's
	Body        []byte            // nil sends none
	ContentType string            // of the body
	Timeout     time.Duration     // of the whole call; 0 leaves it to ctx and the definition
	Retry       Retry
	CID         string // sent on as X-Correlation-ID
}

// plan is a request that has been checked and can be sent many times.
type plan struct {
	method string
	url    *url.URL
	header http.Header
	host   string
	body   []byte
	safe   bool // may be sent again although it may have arrived
	once   bool // never more than one attempt
	keyed  bool // carries an idempotency key, so net/http would send it again by itself
}

var methodText = regexp.MustCompile(`^[A-Z][A-Z_-]{0,19}$`)

// managed are the headers that belong to the transport.
func managed(name string) bool {
	return strings.HasPrefix(name, "Proxy-") || slices.Contains([]string{
		"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Accept-Encoding", "Expect",
	}, name)
}

// plan checks a request.
func (h *httpSide) plan(r Request) (plan, error) {
	p := plan{method: r.Method, body: r.Body, header: h.header.Clone(), host: h.host, once: r.Retry == RetryNever}
	if p.method == "" {
		p.method = http.MethodGet
		if r.Body != nil {
			p.method = http.MethodPost
		}
	}
	if !methodText.MatchString(p.method) || p.method == http.MethodConnect || p.method == http.MethodTrace {
		return plan{}, fmt.Errorf("the method %q is not allowed", p.method)
	}
	var err error
	if p.url, err = h.base.build(r.Path, r.Params, r.Query); err != nil {
		return plan{}, err
	}
	if r.ContentType != "" {
		p.header.Set("Content-Type", r.ContentType)
	}
	for name, value := range r.Header {
		name = http.CanonicalHeaderKey(name)
		if name == "Host" {
			return plan{}, fmt.Errorf("the header Host may be set by the definition only")
		}
		if err := setHeader(p.header, name, value); err != nil {
			return plan{}, err
		}
	}
	if r.CID != "" && p.header.Get("X-Correlation-Id") == "" {
		p.header.Set("X-Correlation-Id", r.CID)
	}
	p.keyed = p.header.Get("Idempotency-Key") != "" || p.header.Get("X-Idempotency-Key") != ""
	p.safe = slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}, p.method)
	if r.Retry == RetryKeyed && !p.safe {
		if !p.keyed {
			return plan{}, fmt.Errorf("retry of %s needs an Idempotency-Key header, by which the far side knows the request again", p.method)
		}
		p.safe = true
	}
	return p, nil
}

// setHeader puts a checked header into header.
func setHeader(header http.Header, name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the header %q is not valid", name)
	case managed(name):
		return fmt.Errorf("the header %s cannot be set: it belongs to the connection", name)
	}
	header.Set(name, value)
	return nil
}

// request makes the next attempt's request. sent becomes true when there is a
// connection to send it on.
func (h *httpSide) request(ctx context.Context, p plan, sent *atomic.Bool) (*http.Request, error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	var body io.Reader
	if p.body != nil {
		body = bytes.NewReader(p.body)
	}
	r, err := http.NewRequestWithContext(ctx, p.method, p.url.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if p.keyed && !p.safe {
		// net/http takes an idempotency key as leave to send the request again; we do not.
		r.GetBody = nil
		if r.Body == nil || r.Body == http.NoBody {
			r.Body = io.NopCloser(bytes.NewReader(nil))
		}
	}
	r.Header, r.Host = p.header.Clone(), p.host
	if h.present != nil {
		if err := h.present(r); err != nil {
			return nil, &service.Error{
				Code: service.CodeOutDown, Status: http.StatusServiceUnavailable, Cause: err, Details: map[string]any{"connection": h.name},
				Message: fmt.Sprintf("the credential of the outgoing connection %q cannot be presented", h.name),
			}
		}
	}
	return r, nil
}
