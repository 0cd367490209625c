package odb

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

const idDigits = "0123456789abcdefghjkmnpqrstvwxyz"

var idEncoding = base32.NewEncoding(idDigits).WithPadding(base32.NoPadding)

// NewID returns a fresh id of 26 characters: 48 bits of time, then 80 random
// ones, so ids sort roughly by their making and never meet. The time is
// cosmetic; nothing may be concluded from it.
func NewID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // documented never to fail
	return idEncoding.EncodeToString(b[:])
}

// IsID reports whether s has the form of an id from [NewID].
func IsID(s string) bool { return len(s) == 26 && strings.Trim(s, idDigits) == "" }
