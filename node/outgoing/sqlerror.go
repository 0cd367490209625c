package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"signalbox.internal/node/netguard"
	"signalbox.internal/node/service"
	"signalbox.internal/odb/oraconn"
)

// The kinds of constraints that details.constraint names.
const (
	constraintUnique     = "unique"
	constraintForeignKey = "foreign_key"
	constraintNotNull    = "not_null"
	constraintCheck      = "check"
)

// maxMessage is how much of another system's text goes into a message, in bytes.
const maxMessage = 500

// sqlFailure makes the error that a service sees out of whatever a statement
// ended with. down says that the database cannot be used now.
func (s *sqlSide) failure(ctx context.Context, err error) (e *service.Error, down bool) {
	details := map[string]any{"connection": s.name}
	fail := func(status int, code, message string) *service.Error {
		return &service.Error{
			Status: status, Code: code, Message: s.name + ": " + s.clean(message), Details: details,
			Cause: errors.New(s.clean(err.Error())),
		}
	}
	if known, ok := errors.AsType[*service.Error](err); ok {
		return known, false
	}
	if r, ok := errors.AsType[*resultError](err); ok {
		if r.tooLarge {
			return fail(http.StatusInternalServerError, service.CodeTooLarge, r.message), false
		}
		return fail(http.StatusInternalServerError, service.CodeSQL, r.message), false
	}
	if r, ok := errors.AsType[*tooManyRows](err); ok {
		e := fail(http.StatusInternalServerError, service.CodeTooLarge, r.Error())
		e.Cause = r
		return e, false
	}
	if ctx.Err() != nil {
		return stopped(ctx, s.name), false
	}
	if g, ok := errors.AsType[*netguard.Error](err); ok {
		return fail(http.StatusInternalServerError, service.CodeNotAllow, g.Error()), true
	}
	f, fromDB := s.dialect.fault(err)
	c, connecting := errors.AsType[*connectError](err)
	switch {
	case connecting:
		details["sent"] = false
		return fail(http.StatusBadGateway, service.CodeOutgoing, "the database could not be reached: "+c.err.Error()), true
	case fromDB && !f.lost:
		f.describe(details)
		return fail(http.StatusInternalServerError, service.CodeSQL, f.message), false
	case fromDB || broken(err):
		details["sent"] = true
		f.describe(details)
		return fail(http.StatusBadGateway, service.CodeOutgoing, "the connection to the database broke: "+err.Error()), true
	}
	return fail(http.StatusInternalServerError, service.CodeSQL, err.Error()), false
}

// describe adds what the database told to the details of an error.
func (f dbFault) describe(details map[string]any) {
	if f.sqlstate != "" {
		details["sqlstate"] = f.sqlstate
	}
	if f.number != 0 {
		details["number"] = f.number
	}
	if f.constraint != "" {
		details["constraint"] = f.constraint
	}
	if f.name != "" {
		details["constraint_name"] = f.name
	}
	if f.transient {
		details["transient"] = true
	}
}

// broken reports whether err means that the session was lost.
func broken(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, oraconn.ErrPanic)
}

// stopped is the error of a call whose context ended.
func stopped(ctx context.Context, name string) *service.Error {
	e := *service.AsError(context.Cause(ctx))
	if e.Code == service.CodeInternal {
		e = *service.AsError(ctx.Err())
	}
	e.Message = name + ": " + e.Message
	e.Details = map[string]any{"connection": name}
	if e.Code == service.CodeTimeout {
		e.Message = name + " did not answer in time"
	}
	return &e
}

// redactor takes credentials out of messages.
type redactor []string

// clean returns text in one line of bounded length, without any secret.
func (r redactor) clean(text string) string {
	for _, secret := range r {
		text = strings.ReplaceAll(text, secret, "•••")
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "�")), " ")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}
