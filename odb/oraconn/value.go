package oraconn

import (
	"errors"

	ora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"
)

// Clob binds a text of any length. A plain text that is too long for VARCHAR2 the
// driver would send as a LONG. An empty one is NULL, as everywhere on Oracle.
func Clob(text string) any { return ora.Clob{String: text, Valid: text != ""} }

// Blob binds bytes of any number; none are NULL.
func Blob(b []byte) any { return ora.Blob{Data: b} }

// Code returns the number of an error that the database or its listener gave (1
// of ORA-00001); 0 when err is none.
func Code(err error) int {
	if e, ok := errors.AsType[*network.OracleError](err); ok {
		return e.ErrCode
	}
	return 0
}

// Message returns what the database or its listener said, without what others
// added to the error; empty when neither said anything.
func Message(err error) string {
	if e, ok := errors.AsType[*network.OracleError](err); ok {
		return e.Error()
	}
	return ""
}
