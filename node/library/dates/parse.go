package dates

import (
	"time"

	"signalbox.internal/node/library/fault"
)

// Parse reads text by a format: "auto" (what RFC 3339, ISO 8601 dates and date-times
// and RFC 1123 write), "rfc3339", "rfc1123" or a pattern (see Format; without year it
// is refused, month and day default to 1, yy means 1970 to 2069, VV cannot be read). A
// text without offset is a wall time in loc; one with an offset keeps it. Text that
// does not fit, or means no day or hour, has code "date.text", a wrong pattern
// "date.pattern", a year outside 1 to 9999 "date.range".
func Parse(text, format string, loc *time.Location) (time.Time, error) {
	var tokens []token
	r := &reader{text: text, what: format, wall: wall{month: 1, day: 1}}
	switch format {
	case "auto":
		if len(text) > 4 && text[3] == ',' {
			tokens = mailTokens()
			break
		}
		return r.iso(loc, false)
	case "rfc3339":
		return r.iso(loc, true)
	case "rfc1123":
		tokens = mailTokens()
	default:
		var err error
		if tokens, err = compile(format); err != nil {
			return time.Time{}, err
		}
		if err := readable(tokens); err != nil {
			return time.Time{}, err
		}
	}
	for _, tok := range tokens {
		if !r.field(tok) {
			return time.Time{}, r.wrong()
		}
	}
	return r.time(loc)
}

// readable refuses patterns that cannot make a date.
func readable(tokens []token) error {
	var has [128]bool
	for _, tok := range tokens {
		if tok.letter == 0 {
			continue
		}
		if has[tok.letter] {
			return fault.New("date.pattern", "the pattern reads %q twice", tok.letter)
		}
		has[tok.letter] = true
	}
	switch {
	case !has['y']:
		return fault.New("date.pattern", "the pattern has no year")
	case has['V']:
		return fault.New("date.pattern", "a zone's name cannot be read; use XXX for an offset, and the zone argument")
	case has['h'] != has['a'] || has['h'] && has['H']:
		return fault.New("date.pattern", "hours are HH alone, or hh with a")
	case has['X'] && has['x']:
		return fault.New("date.pattern", "the pattern has two offsets")
	}
	return nil
}

// reader takes a text apart.
type reader struct {
	text string
	what string // the format, for messages
	at   int

	wall    wall
	pm      bool
	twelve  bool // the hour is of a half day
	weekday string
	zone    *time.Location // of the text's offset; nil without one
}

func (r *reader) wrong() error {
	return fault.New("date.text", "%s is not a date written as %s", fault.Quote(r.text), fault.Quote(r.what))
}

func (r *reader) end() bool { return r.at == len(r.text) }

// skip steps over one of the bytes of set.
func (r *reader) skip(set string) bool {
	for i := range len(set) {
		if r.at < len(r.text) && r.text[r.at] == set[i] {
			r.at++
			return true
		}
	}
	return false
}

// number reads least to most digits.
func (r *reader) number(least, most int) (int, bool) {
	n, from := 0, r.at
	for r.at < len(r.text) && r.at-from < most && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		n = 10*n + int(r.text[r.at]-'0')
		r.at++
	}
	return n, r.at-from >= least
}

// to reads a number into a field.
func (r *reader) to(field *int, least, most int) bool {
	n, ok := r.number(least, most)
	*field = n
	return ok
}

// fraction reads least to most digits after the point of seconds.
func (r *reader) fraction(least, most int) bool {
	from := r.at
	n, ok := r.number(least, most)
	for range 9 - (r.at - from) {
		n *= 10
	}
	r.wall.nano = n
	return ok
}

// offset reads +02:00, +0200 or +02, in seconds.
func (r *reader) offset() (int, bool) {
	const day, hour = 24, 60
	negative := r.at < len(r.text) && r.text[r.at] == '-'
	if !r.skip("+-") {
		return 0, false
	}
	hours, ok := r.number(2, 2)
	minutes := 0
	if ok && !r.end() {
		from, colon := r.at, r.skip(":")
		if minutes, ok = r.number(2, 2); !ok {
			r.at, minutes, ok = from, 0, !colon
		}
	}
	seconds := (hours*60 + minutes) * 60
	if negative {
		seconds = -seconds
	}
	return seconds, ok && hours < day && minutes < hour
}

// iso reads what ISO 8601 and RFC 3339 share.
func (r *reader) iso(loc *time.Location, strict bool) (time.Time, error) {
	w := &r.wall
	if !r.to(&w.year, 4, 4) || !r.skip("-") || !r.to(&w.month, 2, 2) || !r.skip("-") || !r.to(&w.day, 2, 2) {
		return time.Time{}, r.wrong()
	}
	if r.end() && !strict {
		return r.time(loc)
	}
	if !r.skip("Tt ") || !r.to(&w.hour, 2, 2) || !r.skip(":") || !r.to(&w.minute, 2, 2) {
		return time.Time{}, r.wrong()
	}
	switch seconds := r.skip(":"); {
	case seconds && !r.to(&w.second, 2, 2), !seconds && strict:
		return time.Time{}, r.wrong()
	case seconds && r.skip(".,") && !r.fraction(1, 9):
		return time.Time{}, r.wrong()
	}
	if r.end() && !strict {
		return r.time(loc)
	}
	if !strict {
		r.skip(" ")
	}
	if !r.zulu("Zz") {
		return time.Time{}, r.wrong()
	}
	return r.time(loc)
}

// zulu reads one of the letters for UTC, or an offset.
func (r *reader) zulu(letters string) bool {
	if r.skip(letters) {
		r.zone = time.UTC
		return true
	}
	seconds, ok := r.offset()
	r.zone = fixed(seconds)
	return ok
}
