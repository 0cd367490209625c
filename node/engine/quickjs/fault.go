package quickjs

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

// fault is an error as it crosses between node and script, behind faultMark.
type fault struct {
	Kind    string          `json:"kind,omitempty"` // of what a script threw: service, internal, memory or stack
	Code    string          `json:"code,omitempty"`
	Message string          `json:"message"`
	Status  int             `json:"status,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
	Cause   int             `json:"cause,omitempty"` // number of the cause that the task keeps
	Stack   string          `json:"stack,omitempty"`
	Causes  []string        `json:"causes,omitempty"`
}

// faultMark begins a fault; JSON never begins with it.
const faultMark = "\x01"

func isFault(text string) bool { return strings.HasPrefix(text, faultMark) }

// decodeFault reads what a script threw; false when text is no fault.
func decodeFault(text string) (f fault, ok bool) {
	text, ok = strings.CutPrefix(text, faultMark)
	if !ok || json.Unmarshal([]byte(text), &f) != nil {
		return fault{}, false
	}
	return f, true
}

// encodeFault makes text of the error of a host operation.
func encodeFault(err error) string {
	f := fault{Code: service.CodeInternal, Message: "the operation failed"}
	var e *service.Error
	if c, ok := errors.AsType[*caused](err); ok {
		e, f.Cause = c.error, c.cause
	} else if l, ok := errors.AsType[*library.Error](err); ok {
		e = &service.Error{Code: l.Code, Message: l.Message, Details: l.Details}
	} else {
		e = service.AsError(err)
	}
	f.Code, f.Message, f.Status = e.Code, e.Message, e.Status
	if e.Details != nil {
		if details, err := json.Marshal(e.Details); err == nil {
			f.Details = details
		}
	}
	text, err := json.Marshal(f)
	if err != nil {
		return faultMark + `{"code":"internal","message":"the operation failed"}`
	}
	return faultMark + string(text)
}

// thrown makes the call's error of what the script threw.
func (t *task) thrown(text string) *service.Error {
	f, ok := decodeFault(text)
	if !ok {
		t.spoilt = true
		return internal(errors.New("the script's fault is not readable"))
	}
	switch f.Kind {
	case "memory":
		t.spoilt = true
		return t.outOfMemory(t.module.mapper.stack(f.Stack))
	case "stack":
		t.spoilt = true
		return overflow(t.module.mapper.stack(f.Stack))
	case "service":
		return t.serviceError(f)
	}
	e := internal(errors.New(strings.Join(append([]string{f.Message}, f.Causes...), "; caused by ")))
	e.Stack = t.module.mapper.stack(f.Stack)
	return e
}

// serviceError makes the error that a service means its caller to see.
func (t *task) serviceError(f fault) *service.Error {
	e := &service.Error{Code: f.Code, Message: f.Message, Status: f.Status}
	if e.Code == "" {
		e.Code = service.CodeInternal
	}
	if len(f.Details) > 0 && string(f.Details) != "null" {
		e.Details = f.Details
	}
	if f.Cause > 0 && f.Cause <= len(t.causes) {
		e.Cause = t.causes[f.Cause-1]
	} else if len(f.Causes) > 0 {
		e.Cause = errors.New(strings.Join(f.Causes, "; caused by "))
	}
	if e.HTTPStatus() >= http.StatusInternalServerError { // the log shows it; a caller's own fault needs none
		e.Stack = t.module.mapper.stack(f.Stack)
	}
	return e
}
