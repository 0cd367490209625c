package dates

import (
	"strings"

	"signalbox.internal/node/library/fault"
)

const maxPattern = 200 // bytes

// token is a field of a pattern or, without letter, literal text.
type token struct {
	letter byte
	count  int
	text   string
}

// mailZone is the letter of the zone of RFC 1123, "GMT" or "+0200"; no pattern has it.
const mailZone = '@'

// fields are the letters of patterns and how often each may stand.
func allowed(letter byte, count int) bool {
	switch letter {
	case 'y':
		return count == 2 || count == 4
	case 'M':
		return count <= 4
	case 'd', 'H', 'h', 'm', 's':
		return count <= 2
	case 'E':
		return count == 3 || count == 4
	case 'S':
		return count <= 9
	case 'a':
		return count == 1
	case 'X', 'x':
		return count == 2 || count == 3
	case 'V':
		return count == 2
	}
	return false
}

// compile reads a pattern.
func compile(pattern string) ([]token, error) {
	if pattern == "" || len(pattern) > maxPattern {
		return nil, fault.New("date.pattern", "the pattern is empty or longer than %d bytes", maxPattern)
	}
	var list []token
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			text, size, ok := quoted(pattern[i:])
			if !ok {
				return nil, fault.New("date.pattern", "a quote in %s is not closed", fault.Quote(pattern))
			}
			list = append(list, token{text: text})
			i += size
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if !allowed(c, n) {
				return nil, unknownField(pattern[i:i+n], pattern)
			}
			list = append(list, token{letter: c, count: n})
			i += n
		default:
			list = append(list, token{text: pattern[i : i+1]})
			i++
		}
	}
	return list, nil
}

// quoted reads text in quotes; a doubled quote is one, inside and alone.
func quoted(s string) (text string, size int, ok bool) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

func unknownField(field, pattern string) error {
	hint := "there are yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h mm m ss s S a XXX XX xxx xx VV, and 'text'"
	switch field[0] {
	case 'Y':
		hint = "the year is yyyy"
	case 'D':
		hint = "the day is dd"
	case 'z', 'Z':
		hint = "the offset is XXX (+02:00) or XX (+0200), the zone VV"
	}
	return fault.New("date.pattern", "%s in pattern %s is not known; %s", fault.Quote(field), fault.Quote(pattern), hint)
}
