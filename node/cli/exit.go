package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// The exit codes, fixed for scripts.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitNotAllowed  = 5
	exitUnreachable = 6
	// exitRestart is for whoever supervises a node: start it again.
	exitRestart = 75
)

// supervisedEnv is set to 1 by whoever starts a node again that ends with exitRestart.
const supervisedEnv = "SIGNALBOX_SUPERVISED"

// failure is an error that knows its exit code and what the user may try.
type failure struct {
	code int
	err  error
	try  string // a command to type or a thing to do; empty: nothing is better than the message
}

// Error returns the message without the advice.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// trying adds advice.
func (f *failure) trying(format string, args ...any) *failure {
	f.try = fmt.Sprintf(format, args...)
	return f
}

func failf(code int, format string, args ...any) *failure {
	return &failure{code: code, err: fmt.Errorf(format, args...)}
}

// usagef is an error of the user's typing.
func usagef(format string, args ...any) *failure { return failf(exitUsage, format, args...) }

// exitCode finds the exit code of an error.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return problemCode(p)
	}
	if errors.Is(err, client.ErrUnreachable) {
		return exitUnreachable
	}
	if errors.Is(err, node.ErrRemoved) || errors.Is(err, node.ErrClone) { // it may not take part; starting it again is of no use
		return exitNotAllowed
	}
	switch odb.KindOf(err) {
	case odb.NotFound:
		return exitNotFound
	case odb.Conflict:
		return exitConflict
	case odb.Denied:
		return exitNotAllowed
	default:
		return exitFailed
	}
}

// problemCode goes by the problem's code. A status alone decides only when there
// is no code: then something between us and the node has answered.
func problemCode(p *client.Problem) int {
	switch p.Code {
	case client.CodeNotFound, "service_not_found":
		return exitNotFound
	case client.CodeConflict, client.CodePrecondition:
		return exitConflict
	case client.CodeUnauthorized, client.CodeForbidden:
		return exitNotAllowed
	case "":
	default:
		return exitFailed
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return exitNotAllowed
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return exitUnreachable
	default:
		return exitFailed
	}
}

// advice says what to try after err; empty when there is nothing to say.
func advice(err error) string {
	if f, ok := errors.AsType[*failure](err); ok && f.try != "" {
		return f.try
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return problemAdvice(p)
	}
	switch {
	case errors.Is(err, client.ErrUnreachable) && strings.Contains(err.Error(), "x509:"):
		return "name the cluster's CA certificate with --ca FILE (on the node: DIR/keys), or use --dir DIR on the node's own box"
	case errors.Is(err, client.ErrUnreachable):
		return "look whether the node runs and whether --url or --dir names its control address"
	}
	return ""
}

func problemAdvice(p *client.Problem) string {
	switch {
	case p.Code == client.CodeUnauthorized:
		return "give a valid token with SIGNALBOX_TOKEN or --token, or use --dir DIR on the node's own box"
	case p.Code == client.CodeForbidden:
		return "use a token of a role that may do this (signalbox access create --role ROLE)"
	case p.Code == client.CodeConflict && len(p.Current) > 0:
		return "look at what it is now and decide again; nothing was changed"
	case p.RetryAfter > 0:
		return fmt.Sprintf("again in %s", p.RetryAfter)
	case p.Code == client.CodeInternal && p.CID != "":
		return "look in the node's log for " + p.CID
	}
	return ""
}

// report tells the user about err on stderr and returns the exit code.
func (a *app) report(err error) int {
	text := err.Error()
	var details []string
	if p, ok := errors.AsType[*client.Problem](err); ok {
		text, details = splitProblem(text, p)
	}
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	head, rest, _ := strings.Cut(text, "\n")
	a.err.line("%s %s", a.err.paint(red, "error:"), clean(head))
	for l := range strings.SplitSeq(rest, "\n") {
		if l != "" {
			a.err.line("  %s", cleanLine(l))
		}
	}
	for _, d := range details {
		a.err.line("  %s", clean(d))
	}
	if try := advice(err); try != "" {
		a.err.line("%s %s", a.err.paint(bold, "try:"), try)
	}
	return exitCode(err)
}

// splitProblem takes the list of faults out of the one-line message of a problem
// and returns it as lines.
func splitProblem(text string, p *client.Problem) (string, []string) {
	var details []string
	short := *p
	short.Errors, short.Messages = nil, nil
	text = strings.Replace(text, p.Error(), short.Error(), 1)
	for _, f := range p.Errors {
		if f.Pointer == "" {
			details = append(details, f.Message)
			continue
		}
		details = append(details, f.Pointer+": "+f.Message)
	}
	for _, m := range p.Messages {
		details = append(details, m.String())
	}
	return text, details
}
