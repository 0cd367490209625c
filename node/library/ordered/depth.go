package ordered

import (
	"bytes"

	"signalbox.internal/node/library/fault"
)

// Limits of Decode; MaxDepth is also the default of CheckDepth.
const (
	MaxDepth  = 200     // nested arrays and objects
	MaxValues = 500_000 // scalars, arrays and objects: each takes far more memory than text
)

// CheckDepth refuses JSON whose arrays and objects nest deeper than limit (zero or
// less means MaxDepth): `[]` has depth 1, a string depth 0. It answers an Error with
// code "json.depth". It allocates nothing and checks only depth, not syntax: for
// text that is no JSON the answer says nothing.
func CheckDepth(data []byte, limit int) error {
	if limit <= 0 {
		limit = MaxDepth
	}
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i+1)
		case '[', '{':
			if depth++; depth > limit {
				return fault.New("json.depth", "JSON is nested deeper than %d levels, at byte %d", limit, i).
					With(Of("limit", limit, "offset", i))
			}
		case ']', '}':
			depth--
		}
	}
	return nil
}

// count counts the values of JSON: scalars, arrays and objects.
func count(data []byte) int {
	n := 1
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i+1)
		case ',', '[', '{':
			n++
		}
	}
	return n
}

// stringEnd finds the closing quote of the string whose first byte is at from; the
// end of data when there is none.
func stringEnd(data []byte, from int) int {
	for at := from; ; at++ {
		n := bytes.IndexByte(data[at:], '"')
		if n < 0 {
			return len(data)
		}
		at += n
		slashes := 0
		for i := at - 1; i >= from && data[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
	}
}
