package outgoing

import "encoding/json"

// maxNesting is how deep JSON from outside may be nested; what is deeper is given as text.
const maxNesting = 200

// goodJSON reports whether text is one JSON value nested at most maxNesting deep.
func goodJSON(text []byte) bool {
	return shallow(text) && json.Valid(text)
}

// shallow counts brackets outside of strings.
func shallow(text []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return false
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return true
}
