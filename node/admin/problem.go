package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/problem"
	"signalbox.internal/odb"
)

const internalDetail = "the request failed inside the node; the log has the reason under this correlation id"

// refuse makes a problem.
func refuse(status int, code, format string, args ...any) *client.Problem {
	return &client.Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// problemOf makes a problem of any error. What is not meant for callers is
// replaced by the hint to look under the cid.
func problemOf(err error) *client.Problem {
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return p
	}
	if b, ok := errors.AsType[*BuildError](err); ok {
		p := refuse(http.StatusUnprocessableEntity, client.CodeBuild, "the code does not compile; nothing was changed")
		p.Messages = b.Messages
		return p
	}
	e, ours := errors.AsType[*odb.Error](err)
	switch {
	case ours && e.Kind == odb.Invalid:
		return invalid(e)
	case ours && e.Kind == odb.NotFound:
		return refuse(http.StatusNotFound, client.CodeNotFound, "%s", e.Error())
	case ours && e.Kind == odb.Conflict:
		return refuse(http.StatusConflict, client.CodeConflict, "%s", e.Error())
	case ours && e.Kind == odb.Denied:
		return refuse(http.StatusForbidden, client.CodeForbidden, "%s", e.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusGatewayTimeout, client.CodeTimeout, "the request took longer than it may; look at the state before you repeat a change")
	case errors.Is(err, context.Canceled):
		return refuse(499, client.CodeTimeout, "the caller went away")
	case closedODB(err) != nil:
		p := refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "%s", closedODB(err).Error())
		p.RetryAfter = 5 * time.Second
		return p
	case ours && e.Kind == odb.Unavailable:
		return unavailable(err)
	}
	return refuse(http.StatusInternalServerError, client.CodeInternal, internalDetail)
}

// closedODB returns why the ODB takes no changes now, when that is the reason.
func closedODB(err error) error {
	if f, ok := errors.AsType[*odb.Frozen](err); ok {
		return f
	}
	if m, ok := errors.AsType[*odb.Moved](err); ok {
		return m
	}
	return nil
}

// invalid makes the problem of a faulty input.
func invalid(e *odb.Error) *client.Problem {
	if len(e.Faults) == 0 {
		return refuse(http.StatusUnprocessableEntity, client.CodeInvalid, "%s", e.Error())
	}
	what := e.Op
	if e.Key != "" {
		what += " " + e.Key
	}
	count := fmt.Sprintf("%d faults", len(e.Faults))
	if len(e.Faults) == 1 {
		count = "1 fault"
	}
	p := refuse(http.StatusUnprocessableEntity, client.CodeInvalid, "%s: the input has %s", what, count)
	p.Errors = e.Faults
	return p
}

// writeProblem answers with p and the request's correlation id.
func writeProblem(w http.ResponseWriter, r *http.Request, p *client.Problem) {
	out := *p
	out.Type = "about:blank"
	out.Title = problem.StatusText(out.Status)
	out.CID = r.Header.Get("X-Correlation-ID")
	h := w.Header()
	h.Del("ETag")
	h.Del("Location")
	if out.Status >= http.StatusInternalServerError {
		h.Del(staleHeader) // nothing was read
	}
	if out.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((out.RetryAfter+time.Second-1)/time.Second), 10))
	}
	body, err := marshal(out)
	if err != nil { // a service's details are the only part that may not encode
		out.Details = nil
		body, _ = marshal(out)
	}
	write(w, out.Status, problem.ContentType, body)
}

// write sends an answer whole.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// marshal is json.Marshal without the escaping of < > &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}
