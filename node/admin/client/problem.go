package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// The codes of problems that the API itself gives. Services and the ODB add
// their own ("invalid_input", …), which mean what they mean there.
const (
	CodeBadRequest    = "bad_request"           // 400: not JSON, or a parameter is wrong
	CodeInvalid       = "invalid"               // 422: Errors lists every fault
	CodeBuild         = "build_failed"          // 422: Messages lists what the compiler says
	CodeUnauthorized  = "unauthorized"          // 401: no token, or one that is not valid
	CodeForbidden     = "forbidden"             // 403: the role does not allow it
	CodeNotFound      = "not_found"             // 404
	CodeMethod        = "method_not_allowed"    // 405
	CodeConflict      = "conflict"              // 409: someone else changed it; Current is what it is now
	CodeTooLarge      = "too_large"             // 413
	CodeMediaType     = "unsupported_type"      // 415: bodies are application/json
	CodePrecondition  = "precondition_required" // 428: If-Match is missing
	CodeTooMany       = "too_many_requests"     // 429: too many wrong tokens or passwords
	CodeInternal      = "internal"              // 500: look under the cid in the node's log
	CodeUnavailable   = "unavailable"           // 503: the ODB cannot be reached, or the node is too busy
	CodeTimeout       = "timeout"               // 504
	CodeNotApplicable = "not_applicable"        // 400: this kind of object cannot do that
)

// Problem is what the API answers when it refuses or fails
// (application/problem+json, RFC 9457). As an error it is a [*Problem].
type Problem struct {
	Type     string          `json:"type" jsonschema:"always about:blank; the code tells problems apart"`
	Title    string          `json:"title" jsonschema:"the status in words"`
	Status   int             `json:"status" jsonschema:"HTTP status"`
	Code     string          `json:"code" jsonschema:"stable, for programs"`
	Detail   string          `json:"detail,omitempty" jsonschema:"what failed, on what and why, for people"`
	CID      string          `json:"cid,omitempty" jsonschema:"correlation id, the same as in the node's log"`
	Errors   []odb.Fault     `json:"errors,omitempty" jsonschema:"every fault of the input with its JSON pointer"`
	Current  json.RawMessage `json:"current,omitempty" jsonschema:"of a conflict: the object as it is now"`
	Messages []BuildMessage  `json:"messages,omitempty" jsonschema:"of a deployment that does not compile: what the compiler says"`
	Service  string          `json:"service,omitempty" jsonschema:"of a failed service: its name; without it the API itself speaks"`
	Details  json.RawMessage `json:"details,omitempty" jsonschema:"of a failed service: what it says beyond the message"`
	Cause    string          `json:"cause,omitempty" jsonschema:"of a failed service or deployment: what lies behind; only for developers"`
	Stack    string          `json:"stack,omitempty" jsonschema:"of a failed service: where it happened; only for developers"`

	RetryAfter time.Duration `json:"-"` // from the header Retry-After; 0 when there is none
}

// Error returns the detail and every fault in one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	if p.Detail == "" {
		fmt.Fprintf(&b, "the admin API answered %d %s", p.Status, p.Title)
	}
	if len(p.Errors) > 0 {
		b.WriteString(": " + odb.Faults(p.Errors).Error())
	}
	for _, m := range p.Messages {
		b.WriteString("\n" + m.String())
	}
	return b.String()
}

// readProblem makes a problem of any answer that is not a success, also of one
// that a proxy between gave.
func readProblem(resp *http.Response, raw []byte) *Problem {
	p := &Problem{}
	isProblem := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json")
	if !isProblem || json.Unmarshal(raw, p) != nil {
		*p = Problem{Detail: fmt.Sprintf("%s answered %s without a problem document; is it the control address of a node?", resp.Request.URL.Host, resp.Status)}
	}
	p.Status = resp.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(resp.StatusCode)
	}
	if p.CID == "" {
		p.CID = resp.Header.Get("X-Correlation-ID")
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}
