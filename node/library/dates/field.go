package dates

import (
	"strings"
	"time"

	"signalbox.internal/node/library/fault"
)

// field reads one token of a pattern.
func (r *reader) field(tok token) bool {
	w := &r.wall
	least := min(tok.count, 2)
	switch tok.letter {
	case 0:
		if !strings.HasPrefix(r.text[r.at:], tok.text) {
			return false
		}
		r.at += len(tok.text)
		return true
	case 'y':
		return r.year(tok.count)
	case 'M':
		if tok.count > 2 {
			return r.month(tok.count == 3)
		}
		return r.to(&w.month, least, 2)
	case 'd':
		return r.to(&w.day, least, 2)
	case 'E':
		return r.day(tok.count == 3)
	case 'H':
		return r.to(&w.hour, least, 2)
	case 'h':
		r.twelve = true
		return r.to(&w.hour, least, 2) && w.hour >= 1 && w.hour <= 12
	case 'm':
		return r.to(&w.minute, least, 2)
	case 's':
		return r.to(&w.second, least, 2)
	case 'S':
		return r.fraction(tok.count, tok.count)
	case 'a':
		half, ok := r.name("AM", "PM")
		r.pm = half == 1
		return ok
	case mailZone:
		return r.mail()
	default:
		return r.patternOffset(tok)
	}
}

func (r *reader) year(count int) bool {
	if !r.to(&r.wall.year, count, count) {
		return false
	}
	if count == 2 {
		const pivot = 70 // yy below it is of this century
		if r.wall.year += 1900; r.wall.year < 1900+pivot {
			r.wall.year += 100
		}
	}
	return true
}

// name reads one of some names, in any case of letters, and gives its place.
func (r *reader) name(names ...string) (int, bool) {
	rest := r.text[r.at:]
	for i, name := range names {
		if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			r.at += len(name)
			return i, true
		}
	}
	return 0, false
}

func (r *reader) month(short bool) bool {
	var names []string
	for m := time.January; m <= time.December; m++ {
		names = append(names, cut(m.String(), short))
	}
	i, ok := r.name(names...)
	r.wall.month = i + 1
	return ok
}

func (r *reader) day(short bool) bool {
	var names []string
	for d := time.Sunday; d <= time.Saturday; d++ {
		names = append(names, cut(d.String(), short))
	}
	i, ok := r.name(names...)
	r.weekday = time.Weekday(i).String()
	return ok
}

// patternOffset reads XXX, XX, xxx or xx as exactly as Format writes it.
func (r *reader) patternOffset(tok token) bool {
	from := r.at
	letters := ""
	if tok.letter == 'X' {
		letters = "Z"
	}
	if !r.zulu(letters) {
		return false
	}
	size := len("+0200")
	if tok.count == 3 {
		size = len("+02:00")
	}
	return r.text[from] == 'Z' || r.at-from == size
}

// mail reads the zone of RFC 1123.
func (r *reader) mail() bool {
	if _, ok := r.name("GMT", "UTC", "UT"); ok {
		r.zone = time.UTC
		return true
	}
	return r.zulu("")
}

// time makes the time of what was read.
func (r *reader) time(loc *time.Location) (time.Time, error) {
	if !r.end() {
		return time.Time{}, r.wrong()
	}
	w := r.wall
	if r.twelve {
		w.hour %= 12
		if r.pm {
			w.hour += 12
		}
	}
	if w.month < 1 || w.month > 12 || w.day < 1 || w.day > daysIn(w.year, w.month) {
		return time.Time{}, fault.New("date.text", "%s means no day of the calendar", fault.Quote(r.text))
	}
	if w.hour > 23 || w.minute > 59 || w.second > 59 {
		return time.Time{}, fault.New("date.text", "%s means no time of a day", fault.Quote(r.text))
	}
	if r.zone != nil {
		loc = r.zone
	}
	t := w.in(loc)
	if day := time.Date(w.year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC).Weekday().String(); r.weekday != "" && r.weekday != day {
		return time.Time{}, fault.New("date.text", "%s says %s, but the day is a %s", fault.Quote(r.text), r.weekday, day)
	}
	return checkYear(t)
}
