package outgoing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"signalbox.internal/node/netguard"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

const (
	maxRedirects     = 10
	maxAnswerHeaders = 256 << 10
	fairTime         = time.Second // a caller that leaves the far side less time proves nothing
)

// httpSide is the client of one HTTP definition.
type httpSide struct {
	name    string
	spec    *odb.OutgoingSpec
	base    baseURL
	header  http.Header // of every request
	host    string      // Host header, when the definition sets it
	client  *http.Client
	pool    *http.Transport
	present func(*http.Request) error // nil without a credential
	breaker *breaker
	redactor
}

// openHTTP makes the client of a definition. It does not connect.
func openHTTP(name string, spec *odb.OutgoingSpec, secrets Secrets, credentials Credentials) (*httpSide, error) {
	base, err := parseBase(spec.URL)
	if err != nil {
		return nil, err
	}
	h := &httpSide{name: name, spec: spec, base: base, header: http.Header{"User-Agent": {"signalbox"}}, breaker: newBreaker(spec.Breaker)}
	for key, value := range spec.Query {
		h.base.query.Set(key, value)
	}
	for key, value := range spec.Headers {
		if key = http.CanonicalHeaderKey(key); key == "Host" {
			h.host = value
		} else if err := setHeader(h.header, key, value); err != nil {
			return nil, err
		}
	}
	if spec.Security != "" {
		if h.present, err = credentials.Present(spec.Security); err != nil {
			return nil, fmt.Errorf("present the security definition %s: %w", spec.Security, err)
		}
	}
	if _, err := h.base.fixed().build(spec.PingPath, nil, nil); err != nil {
		return nil, fmt.Errorf("read the ping path: %w", err)
	}
	dialer, err := guardedDialer(spec)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := tlsOf(name, spec, secrets)
	if err != nil {
		return nil, err
	}
	h.pool = &http.Transport{
		// No Proxy: the environment of the process decides nothing.
		DialContext: dialer.DialContext, TLSClientConfig: tlsConfig, TLSHandshakeTimeout: spec.ConnectTimeout.Std(),
		ForceAttemptHTTP2: true, MaxConnsPerHost: 256, MaxIdleConnsPerHost: 32, MaxIdleConns: 64,
		IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: maxAnswerHeaders,
	}
	h.client = &http.Client{Transport: h.pool, CheckRedirect: h.redirect}
	return h, nil
}

// redirect lets a redirect be followed where the definition allows it and it
// stays with the host that the credentials are for; else it is the answer.
func (h *httpSide) redirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case !h.spec.FollowRedirect || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirected more than %d times", maxRedirects)
	}
	next.Host = via[0].Host
	return nil
}

// attempt is one try of a request.
type attempt struct {
	answer  Response
	err     error
	sent    bool // the request may have reached the far side
	refused bool // the breaker let nothing through
	number  int
}

// try makes one attempt, when the breaker lets it.
func (h *httpSide) try(ctx context.Context, p plan) attempt {
	done, err := h.breaker.allow()
	if err != nil {
		return attempt{err: err, refused: true}
	}
	start := time.Now()
	a := h.send(ctx, p)
	done(h.verdict(ctx, a, time.Since(start)))
	return a
}

// send makes one attempt and reads the answer whole.
func (h *httpSide) send(ctx context.Context, p plan) (a attempt) {
	limited, cancel := context.WithTimeoutCause(ctx, h.spec.Timeout.Std(), errTooSlow)
	defer cancel()
	var sent atomic.Bool
	defer func() {
		a.sent = sent.Load()
		if a.err != nil && ctx.Err() == nil && limited.Err() != nil {
			a.err = errTooSlow
		}
	}()
	r, err := h.request(limited, p, &sent)
	if err != nil {
		return attempt{err: err}
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return attempt{err: err}
	}
	defer answer.Body.Close()
	a.answer, a.err = h.read(answer)
	return a
}

// errTooSlow is the error of an attempt that took longer than the definition allows.
var errTooSlow = errors.New("it did not answer in time")

// verdict is what the breaker learns from an attempt.
func (h *httpSide) verdict(ctx context.Context, a attempt, took time.Duration) outcome {
	_, ours := errors.AsType[*service.Error](a.err)
	switch {
	case a.err == nil && unavailable(a.answer.Status):
		return failed
	case a.err == nil || errors.Is(a.err, errTooLarge):
		return succeeded
	case ours, ctx.Err() != nil && (!errors.Is(ctx.Err(), context.DeadlineExceeded) || took < fairTime):
		return noVerdict
	}
	return failed
}

// failure makes the error that a service sees out of the last attempt.
func (h *httpSide) failure(ctx context.Context, a attempt, sent bool) error {
	details := map[string]any{"attempts": a.number, "sent": sent}
	if known, ok := errors.AsType[*service.Error](a.err); ok {
		return known
	}
	switch guard, _ := errors.AsType[*netguard.Error](a.err); {
	case a.refused:
		return h.fail(http.StatusServiceUnavailable, service.CodeOutDown, "the circuit breaker is open: the far side kept failing",
			map[string]any{"retry_after_ms": h.breaker.retryAfter().Milliseconds()})
	case ctx.Err() != nil:
		return stopped(ctx, h.name)
	case guard != nil:
		return &downError{seen: h.fail(http.StatusInternalServerError, service.CodeNotAllow, guard.Error(), details)}
	case errors.Is(a.err, errTooLarge):
		return h.fail(http.StatusBadGateway, service.CodeTooLarge, a.err.Error(), details)
	case errors.Is(a.err, errTooSlow):
		return &downError{seen: h.fail(http.StatusGatewayTimeout, service.CodeTimeout, fmt.Sprintf("no answer within %s", h.spec.Timeout), details)}
	}
	return &downError{seen: h.fail(http.StatusBadGateway, service.CodeOutgoing, reason(a.err), details)}
}

// fail makes an error with the connection in its details.
func (h *httpSide) fail(status int, code, message string, details map[string]any) *service.Error {
	if details == nil {
		details = map[string]any{}
	}
	details["connection"] = h.name
	return &service.Error{Status: status, Code: code, Message: h.name + ": " + h.clean(message), Details: details}
}

// answeredDown notes an answer that says that the far side cannot serve.
func (h *httpSide) answeredDown(status int) error {
	return &downError{answered: true, seen: h.fail(status, service.CodeOutgoing, fmt.Sprintf("it answered with status %d", status), nil)}
}

// ping sends the definition's health request; any answer below 500 is a sign of life.
func (h *httpSide) ping(ctx context.Context) error {
	u, err := h.base.fixed().build(h.spec.PingPath, nil, nil)
	if err != nil {
		return h.fail(http.StatusInternalServerError, service.CodeArguments, err.Error(), nil)
	}
	a := h.send(ctx, plan{method: h.spec.PingMethod, url: u, header: h.header, host: h.host, safe: true})
	switch {
	case a.err != nil && !errors.Is(a.err, errTooLarge):
		a.number = 1
		return h.failure(ctx, a, a.sent)
	case a.answer.Status >= http.StatusInternalServerError:
		return h.answeredDown(a.answer.Status)
	}
	return nil
}

func (h *httpSide) breakerState() string { return h.breaker.state() }

func (h *httpSide) close() error {
	h.pool.CloseIdleConnections()
	return nil
}
