package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Error is the only error that travels out of a service; every other becomes
// code "internal", whose cause goes to the log under the call's cid.
type Error struct {
	Code    string `json:"code"`              // stable, for programs: "order.unknown_customer"
	Message string `json:"message"`           // for people
	Status  int    `json:"status,omitempty"`  // HTTP status; 0 means 500
	Details any    `json:"details,omitempty"` // JSON-encodable
	Stack   string `json:"-"`                 // where it happened in the service's source; never sent to callers
	Cause   error  `json:"-"`                 // what lies behind; never sent to callers

	reported bool // in the log already, by the call that it began in
}

// Error returns code and message.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s (%v)", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// The codes that the node itself gives.
const (
	CodeInternal  = "internal"            // 500: the service failed; look under the cid
	CodeTimeout   = "timeout"             // 504: the deadline passed
	CodeCanceled  = "canceled"            // 499: the caller went away
	CodeInvalid   = "invalid_input"       // 400: the input does not fit the schema
	CodeOutput    = "invalid_output"      // 500: the answer does not fit the schema
	CodeNotFound  = "service_not_found"   // 404
	CodeDisabled  = "service_disabled"    // 503
	CodeBusy      = "service_busy"        // 503: max_in_flight reached
	CodeDepth     = "invoke_too_deep"     // 508: services invoke each other without end
	CodeMemory    = "out_of_memory"       // 500: the service used more than it may
	CodeStack     = "stack_overflow"      // 500: endless recursion
	CodeOperation = "unknown_operation"   // 500: no such host operation
	CodeArguments = "invalid_arguments"   // 500: a host operation's arguments are wrong
	CodeTooLarge  = "too_large"           // 413: an argument, input or result passes its limit
	CodeOutgoing  = "outgoing_failed"     // 502: another system failed
	CodeOutDown   = "outgoing_down"       // 503: breaker open or connection disabled
	CodeNoOut     = "outgoing_not_found"  // 500: no such connection
	CodeSQL       = "sql_failed"          // 500: the database refused
	CodeNotAllow  = "address_not_allowed" // 500: SSRF guard
)

// Errorf makes an Error with status.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// AsError turns any error into an [*Error]. What is not one is "internal" (or
// "timeout", "canceled") with err as its cause.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: CodeTimeout, Status: http.StatusGatewayTimeout, Message: "the call took longer than it may", Cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: CodeCanceled, Status: 499, Message: "the caller went away", Cause: err}
	}
	return &Error{Code: CodeInternal, Status: http.StatusInternalServerError, Message: "the service failed", Cause: err}
}

// HTTPStatus returns the status to answer with.
func (e *Error) HTTPStatus() int {
	if e.Status >= 400 && e.Status <= 599 {
		return e.Status
	}
	return http.StatusInternalServerError
}
