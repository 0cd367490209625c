// Package dates reads, writes and calculates with times in time zones.
//
// It offers zones by name, parsing and formatting by patterns such as "yyyy-MM-dd
// HH:mm", and arithmetic on the calendar of a zone, where a day may have 23 hours. A
// time is a Go time.Time whose location says where; nothing here depends on the zone
// or the zone files of the box. Years are 1 to 9999; names of months and days are English.
//
// A wall time that a change of clocks skips is moved forward by what was skipped
// (02:30 becomes 03:30); one that comes twice means the first.
// It imports only library/fault.
package dates

import (
	_ "embed"
	"strings"
	"time"
	_ "time/tzdata" // for boxes without zone files

	"signalbox.internal/node/library/fault"
)

//go:embed zones.txt
var zoneNames string // one a line, sorted

// Zones lists the IANA names that start with prefix, sorted.
func Zones(prefix string) []string {
	list := []string{}
	for name := range strings.Lines(zoneNames) {
		if strings.HasPrefix(name, prefix) {
			list = append(list, strings.TrimSuffix(name, "\n"))
		}
	}
	return list
}

// Zone finds a zone by its IANA name or as a fixed offset such as "+02:00"; the empty
// name is UTC. Another name, "Local" too, has code "date.zone".
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "UTC" || name == "Z" {
		return time.UTC, nil
	}
	if name[0] == '+' || name[0] == '-' {
		r := &reader{text: name}
		if offset, ok := r.offset(); ok && r.end() {
			return fixed(offset), nil
		}
	} else if !strings.ContainsAny(name, "\n ") && strings.Contains("\n"+zoneNames, "\n"+name+"\n") {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc, nil
		}
	}
	return nil, fault.New("date.zone", "%s is not a time zone", fault.Quote(name))
}

// fixed is the zone of an offset in seconds.
func fixed(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	return time.FixedZone("", offset)
}

// wall is a time as a clock and a calendar on a wall show it.
type wall struct {
	year, month, day, hour, minute, second, nano int
}

func wallOf(t time.Time) wall {
	return wall{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()}
}

// in gives the instant that the wall time means in a zone. Fields that are out of
// their range carry over (day 32 is the next month's first).
func (w wall) in(loc *time.Location) time.Time {
	t := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.nano, loc)
	utc := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.nano, time.UTC)
	used := int(utc.Unix() - t.Unix())
	_, now := t.Zone()
	start, end := t.ZoneBounds()
	if used != now { // skipped; t may lie on either side of the change
		if moved := at(utc, now, loc); !end.IsZero() && !moved.Before(end) {
			return moved
		}
		return t
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-time.Nanosecond).Zone()
	if first := at(utc, before, loc); first.Before(start) { // it comes twice
		return first
	}
	return t
}

// at is the instant at which a clock with that offset shows the wall time of utc.
func at(utc time.Time, offset int, loc *time.Location) time.Time {
	return utc.Add(-time.Duration(offset) * time.Second).In(loc)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// checkYear refuses a time whose year has not one to four digits, in its zone or in UTC.
func checkYear(t time.Time) (time.Time, error) {
	const first, last = 1, 9999
	if y, u := t.Year(), t.UTC().Year(); min(y, u) < first || max(y, u) > last {
		return time.Time{}, fault.New("date.range", "the year is not %d to %d", first, last)
	}
	return t, nil
}
