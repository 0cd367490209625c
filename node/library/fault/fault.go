// Package fault is the one error type of the built-in library: a stable code for
// programs, a message for people, details for both.
//
// It offers Error and its constructors. It logs nothing and knows no operation.
// It imports no other package of this module.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Codes that any operation may answer. The others belong to the package that makes them.
const (
	Arguments = "library.arguments" // an argument is unknown, missing or of a wrong type
	Limit     = "library.limit"     // input, work or result is larger than allowed
	Deadline  = "library.deadline"  // the call's context ended
)

// Error is what every function of the library answers when it refuses. Code never
// changes its meaning; Message is plain English without secrets; Details, when not
// nil, encodes as JSON.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details any    `json:"details,omitempty"`

	cause error
}

// New makes an error with a formatted message.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// With returns the error with details; the receiver is changed and returned.
func (e *Error) With(details any) *Error {
	e.Details = details
	return e
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap gives the context's error of a Deadline, else nil.
func (e *Error) Unwrap() error { return e.cause }

// Context turns the error of an ended context into an Error; nil stays nil.
func Context(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	return &Error{Code: Deadline, Message: "the call ended before the operation did", cause: err}
}

// Code gives the code of err, or "" when err is not of this library.
func Code(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Quote quotes text for a message and cuts it after about 60 bytes, so that a
// message never carries a whole document.
func Quote(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}
