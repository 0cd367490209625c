package lb

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
)

// cidHeader is the canonical name of the header that carries the correlation id.
const cidHeader = "X-Correlation-Id"

// The length that a client's correlation id may have, in bytes.
const (
	minCID = 8
	maxCID = 64
)

// correlate keeps a well-formed correlation id of a request or gives it a new one,
// and returns the header's values.
func correlate(h http.Header) []string {
	if v := h[cidHeader]; len(v) == 1 && wellFormed(v[0]) {
		return v
	}
	v := []string{newCID()}
	h[cidHeader] = v
	return v
}

// wellFormed reports whether id may be kept: 8 to 64 of A-Z a-z 0-9 . _ -
func wellFormed(id string) bool {
	if len(id) < minCID || len(id) > maxCID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// newCID makes an id of 128 random bits. It is a name, not a secret.
func newCID() string {
	var raw [16]byte
	var text [32]byte
	for i, n := range [2]uint64{rand.Uint64(), rand.Uint64()} {
		for j := range 8 {
			raw[8*i+j] = byte(n >> (8 * j))
		}
	}
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
