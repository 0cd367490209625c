package library

import (
	"context"
	"time"

	"signalbox.internal/node/library/dates"
)

func dateOps(now func() time.Time) map[string]work {
	return map[string]work{
		"date.now":   func(_ context.Context, a *arguments) (any, error) { return dateNow(now, a) },
		"date.parse": dateParse, "date.format": dateFormat, "date.add": dateAdd,
		"date.diff": dateDiff, "date.startOf": dateStartOf, "date.zones": dateZones,
	}
}

// zone reads a time zone; nil when it is left out.
func (a *arguments) zone() *time.Location {
	name := a.textOr("zone", "")
	if name == "" {
		return nil
	}
	loc, err := dates.Zone(name)
	if err != nil {
		a.refuse(err)
	}
	return loc
}

// date reads a date and shows it in a zone, when there is one.
func (a *arguments) date(name string, loc *time.Location) time.Time {
	raw, ok := a.need(name)
	if !ok {
		return time.Time{}
	}
	var t time.Time
	var err error
	if raw[0] != '"' {
		t, err = dates.Millis(string(raw), loc)
	} else {
		text := ""
		a.decode(name, raw, &text, "a string")
		t, err = dates.Instant(text, loc)
	}
	if err != nil {
		a.refuse(err)
	}
	return t
}

func orUTC(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}

// shown is the result of an operation that gives a date.
func shown(t time.Time, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return dates.RFC3339(t), nil
}

func dateNow(now func() time.Time, a *arguments) (any, error) {
	loc := a.zone()
	return shown(now().In(orUTC(loc)).Truncate(time.Millisecond), a.done())
}

func dateParse(_ context.Context, a *arguments) (any, error) {
	text, format, loc := a.text("text"), a.textOr("format", "auto"), a.zone()
	if err := a.done(); err != nil {
		return nil, err
	}
	return shown(dates.Parse(text, format, orUTC(loc)))
}

func dateFormat(_ context.Context, a *arguments) (any, error) {
	t, format := a.date("date", a.zone()), a.textOr("format", "rfc3339")
	if err := a.done(); err != nil {
		return nil, err
	}
	return dates.Format(t, format)
}

func dateAdd(_ context.Context, a *arguments) (any, error) {
	t := a.date("date", a.zone())
	by := dates.Amount{
		Years: a.wholeOr("years", 0), Months: a.wholeOr("months", 0),
		Weeks: a.wholeOr("weeks", 0), Days: a.wholeOr("days", 0),
		Hours: a.wholeOr("hours", 0), Minutes: a.wholeOr("minutes", 0),
		Seconds: a.wholeOr("seconds", 0), Milliseconds: a.wholeOr("milliseconds", 0),
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	return shown(dates.Add(t, by))
}

func dateDiff(_ context.Context, a *arguments) (any, error) {
	loc := orUTC(a.zone())
	from, to, unit := a.date("from", loc), a.date("to", loc), a.text("unit")
	if err := a.done(); err != nil {
		return nil, err
	}
	return dates.Diff(from, to, dates.Unit(unit), loc)
}

func dateStartOf(_ context.Context, a *arguments) (any, error) {
	t, unit := a.date("date", a.zone()), a.text("unit")
	weekStart, err := dates.Weekday(a.textOr("weekStart", "monday"))
	if err != nil {
		a.refuse(err)
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	return shown(dates.StartOf(t, unit, weekStart))
}

func dateZones(_ context.Context, a *arguments) (any, error) {
	prefix := a.textOr("prefix", "")
	return dates.Zones(prefix), a.done()
}
