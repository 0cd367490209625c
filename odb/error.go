package odb

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorKind classifies an [Error]; the admin API, the CLI and retries branch on
// it and on nothing else.
type ErrorKind int

// The kinds of errors. Internal is the kind of every error that is not ours.
const (
	Internal    ErrorKind = iota // a fault of ours or of the machine
	Invalid                      // the caller's input is wrong; Faults say where
	NotFound                     // the object does not exist
	Conflict                     // someone else changed it, or it exists, or it is in use
	Denied                       // the caller may not do this
	Unavailable                  // the database cannot be reached now; try again
)

// String returns the word that stands for k in logs and in problem documents.
func (k ErrorKind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case Denied:
		return "denied"
	case Unavailable:
		return "unavailable"
	case Internal:
	}
	return "internal"
}

// Error says what was being done to which object when Err happened.
type Error struct {
	Op     string    // what was done: "update channel"
	Key    string    // on what: "channel/orders.create"; empty when there is no one object
	Kind   ErrorKind // which class of fault
	Faults Faults    // every fault of an Invalid input; else empty
	Err    error     // why
}

// Error joins the parts that there are as "op key: cause".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Key != "" {
		b.WriteString(" " + e.Key)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	switch {
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	case len(e.Faults) > 0:
		b.WriteString(e.Faults.Error())
	default:
		b.WriteString(e.Kind.String())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf finds the kind of err; an error that is not ours is Internal.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Errorf makes an [Error]; format and args make its cause, %w included.
func Errorf(kind ErrorKind, op, key, format string, args ...any) *Error {
	return &Error{Op: op, Key: key, Kind: kind, Err: fmt.Errorf(format, args...)}
}

// Fault is one thing wrong with an input, at a place in it.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901); empty means the whole input
	Message string `json:"message"` // what is wrong and what would be right
}

// Faults lists all that is wrong with one input, so that nobody mends them one by one.
type Faults []Fault

// Add appends a fault at pointer.
func (f *Faults) Add(pointer, format string, args ...any) {
	*f = append(*f, Fault{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// Error lists the faults in one line.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, x := range f {
		parts[i] = x.Message
		if x.Pointer != "" {
			parts[i] = x.Pointer + ": " + x.Message
		}
	}
	return strings.Join(parts, "; ")
}

// In returns the faults with prefix before each pointer.
func (f Faults) In(prefix string) Faults {
	out := make(Faults, len(f))
	for i, x := range f {
		out[i] = Fault{Pointer: prefix + x.Pointer, Message: x.Message}
	}
	return out
}

// Err returns nil when there is no fault, else an Invalid [Error] about key.
func (f Faults) Err(op, key string) error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Op: op, Key: key, Kind: Invalid, Faults: f}
}
