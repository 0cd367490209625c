package dates

import (
	"strconv"
	"strings"
	"time"
)

// Format writes t: "rfc3339", "rfc1123" (a zero offset as GMT, as HTTP wants it),
// "date" (yyyy-MM-dd) or a pattern. A wrong pattern has code "date.pattern".
//
// Fields of patterns: yyyy yy (year), MMMM MMM MM M (October Oct 10), dd d, EEEE EEE
// (Thursday Thu), HH H (0-23), hh h with a (1-12, AM or PM), mm m, ss s, S to
// SSSSSSSSS (fraction, cut), XXX XX (+02:00 +0200, zero is Z), xxx xx (the same, zero
// is +00:00), VV (name of the zone). Other letters stand in quotes: 'T'.
func Format(t time.Time, format string) (string, error) {
	switch format {
	case "rfc3339":
		return RFC3339(t), nil
	case "rfc1123":
		return write(t, mailTokens()), nil
	case "date":
		format = "yyyy-MM-dd"
	}
	tokens, err := compile(format)
	if err != nil {
		return "", err
	}
	return write(t, tokens), nil
}

// RFC3339 writes t with its offset, and with a fraction when there is one. An offset
// with seconds, as local mean times had, cannot be written: then it is in UTC.
func RFC3339(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano)
}

// mailTokens is the format of RFC 1123.
func mailTokens() []token {
	return []token{
		{letter: 'E', count: 3},
		{text: ", "},
		{letter: 'd', count: 2},
		{text: " "},
		{letter: 'M', count: 3},
		{text: " "},
		{letter: 'y', count: 4},
		{text: " "},
		{letter: 'H', count: 2},
		{text: ":"},
		{letter: 'm', count: 2},
		{text: ":"},
		{letter: 's', count: 2},
		{text: " "},
		{letter: mailZone},
	}
}

func write(t time.Time, tokens []token) string {
	var b strings.Builder
	for _, tok := range tokens {
		if tok.letter == 0 {
			b.WriteString(tok.text)
		} else {
			b.WriteString(field(t, tok))
		}
	}
	return b.String()
}

func field(t time.Time, tok token) string {
	switch tok.letter {
	case 'y':
		if tok.count == 2 {
			return digits(t.Year()%100, 2)
		}
		return digits(t.Year(), 4)
	case 'M':
		return month(t, tok.count)
	case 'd':
		return digits(t.Day(), tok.count)
	case 'E':
		return cut(t.Weekday().String(), tok.count == 3)
	case 'H':
		return digits(t.Hour(), tok.count)
	case 'h':
		return digits((t.Hour()+11)%12+1, tok.count)
	case 'm':
		return digits(t.Minute(), tok.count)
	case 's':
		return digits(t.Second(), tok.count)
	case 'S':
		return digits(t.Nanosecond(), 9)[:tok.count]
	case 'a':
		return t.Format("PM")
	case 'V':
		return zoneName(t)
	default:
		return offset(t, tok)
	}
}

func month(t time.Time, count int) string {
	if count > 2 {
		return cut(t.Month().String(), count == 3)
	}
	return digits(int(t.Month()), count)
}

func cut(name string, short bool) string {
	if short {
		return name[:3]
	}
	return name
}

// zoneName is the IANA name; a fixed offset has none and is written as such.
func zoneName(t time.Time) string {
	if name := t.Location().String(); name != "" {
		return name
	}
	return offset(t, token{letter: 'x', count: 3})
}

func offset(t time.Time, tok token) string {
	_, seconds := t.Zone()
	if seconds == 0 && tok.letter == 'X' {
		return "Z"
	}
	if seconds == 0 && tok.letter == mailZone {
		return "GMT"
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	colon := ""
	if tok.count == 3 {
		colon = ":"
	}
	return sign + digits(seconds/3600, 2) + colon + digits(seconds/60%60, 2)
}

// digits writes n with at least width digits.
func digits(n, width int) string {
	s := strconv.Itoa(n)
	if len(s) < width {
		return strings.Repeat("0", width-len(s)) + s
	}
	return s
}
