package dates

import (
	"math"
	"time"

	"signalbox.internal/node/library/fault"
)

// Amount is how far Add goes. Years to days move on the calendar of the time's zone
// and keep the time of day; hours to milliseconds are exact durations.
type Amount struct {
	Years, Months, Weeks, Days            int64
	Hours, Minutes, Seconds, Milliseconds int64
}

// largest amount of days and of milliseconds: all years that there are, and more.
const (
	maxDays   = 4_000_000
	maxMillis = maxDays * 24 * 3600 * 1000
)

// Add moves t in its own zone: first by years and months (a day that the month does
// not have becomes its last: 31 January and a month is 28 or 29 February), then by
// weeks and days, then by the durations. Too far has code "date.range".
func Add(t time.Time, a Amount) (time.Time, error) {
	for _, n := range []int64{a.Years, a.Months, a.Weeks, a.Days} {
		if n > maxDays || n < -maxDays {
			return time.Time{}, fault.New("date.range", "%d is too far", n)
		}
	}
	for _, n := range []int64{a.Hours, a.Minutes, a.Seconds, a.Milliseconds} {
		if n > maxMillis || n < -maxMillis {
			return time.Time{}, fault.New("date.range", "%d is too far", n)
		}
	}
	t = calendar(t, int(12*a.Years+a.Months), int(7*a.Weeks+a.Days))
	if _, err := checkYear(t); err != nil {
		return time.Time{}, err
	}
	seconds := float64(a.Hours)*3600 + float64(a.Minutes)*60 + float64(a.Seconds) + float64(a.Milliseconds)/1000
	if math.Abs(seconds) > maxMillis/1000 {
		return time.Time{}, fault.New("date.range", "%.0f seconds are too far", seconds)
	}
	exact := t.Unix() + a.Hours*3600 + a.Minutes*60 + a.Seconds + a.Milliseconds/1000
	nanos := int64(t.Nanosecond()) + a.Milliseconds%1000*int64(time.Millisecond)
	return checkYear(time.Unix(exact, nanos).In(t.Location()))
}

// calendar moves the wall time of t.
func calendar(t time.Time, months, days int) time.Time {
	if months == 0 && days == 0 {
		return t
	}
	w := wallOf(t)
	if months != 0 {
		total := w.year*12 + w.month - 1 + months
		w.year, w.month = floorDiv(total, 12), total-floorDiv(total, 12)*12+1
		w.day = min(w.day, daysIn(w.year, w.month))
	}
	w.day += days
	return w.in(t.Location())
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Unit is what Diff counts.
type Unit string

// The units of Diff.
const (
	Years        Unit = "years"
	Months       Unit = "months"
	Weeks        Unit = "weeks"
	Days         Unit = "days"
	Hours        Unit = "hours"
	Minutes      Unit = "minutes"
	Seconds      Unit = "seconds"
	Milliseconds Unit = "milliseconds"
)

// Diff counts the whole units from one time to another, negative when to is earlier.
// Years to days are counted on the calendar of a zone, so that a day is one day even
// when it has 23 hours. An unknown unit has code "date.unit".
func Diff(from, to time.Time, unit Unit, loc *time.Location) (int64, error) {
	if to.Before(from) {
		n, err := Diff(to, from, unit, loc)
		return -n, err
	}
	from, to = from.In(loc), to.In(loc)
	switch unit {
	case Years:
		return months(from, to) / 12, nil
	case Months:
		return months(from, to), nil
	case Weeks:
		return days(from, to) / 7, nil
	case Days:
		return days(from, to), nil
	case Hours:
		return seconds(from, to) / 3600, nil
	case Minutes:
		return seconds(from, to) / 60, nil
	case Seconds:
		return seconds(from, to), nil
	case Milliseconds:
		nanos := int64(to.Nanosecond()-from.Nanosecond()) + int64(time.Second)
		return (to.Unix()-from.Unix()-1)*1000 + nanos/int64(time.Millisecond), nil
	}
	return 0, fault.New("date.unit", "%s is not a unit", fault.Quote(string(unit)))
}

func seconds(from, to time.Time) int64 {
	n := to.Unix() - from.Unix()
	if to.Nanosecond() < from.Nanosecond() {
		n--
	}
	return n
}

func months(from, to time.Time) int64 {
	n := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	if n > 0 && calendar(from, n, 0).After(to) {
		n--
	}
	return int64(n)
}

func days(from, to time.Time) int64 {
	a := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, time.UTC)
	n := (b.Unix() - a.Unix()) / (24 * 3600)
	if n > 0 && calendar(from, 0, int(n)).After(to) {
		n--
	}
	return n
}

// StartOf gives the first instant of the minute, hour, day, week, month, quarter or
// year that holds t, in t's zone. Weeks start on the given day. Another unit has code
// "date.unit".
func StartOf(t time.Time, unit string, weekStart time.Weekday) (time.Time, error) {
	w := wallOf(t)
	midnight := wall{year: w.year, month: w.month, day: w.day}
	switch unit {
	case "minute":
		return t.Add(-inMinute(t)), nil
	case "hour":
		return t.Add(-inMinute(t) - time.Duration(w.minute)*time.Minute), nil
	case "day":
	case "week":
		midnight.day -= (int(t.Weekday()) - int(weekStart) + 7) % 7
	case "month":
		midnight.day = 1
	case "quarter":
		midnight.month, midnight.day = (w.month-1)/3*3+1, 1
	case "year":
		midnight.month, midnight.day = 1, 1
	default:
		return time.Time{}, fault.New("date.unit", "%s is not minute, hour, day, week, month, quarter or year", fault.Quote(unit))
	}
	return checkYear(midnight.in(t.Location()))
}

func inMinute(t time.Time) time.Duration {
	return time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}

// Weekday finds a day of the week by its English name; another name has code
// "date.unit".
func Weekday(name string) (time.Weekday, error) {
	r := &reader{text: name}
	if r.day(false) && r.end() {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == r.weekday {
				return d, nil
			}
		}
	}
	return 0, fault.New("date.unit", "%s is not a day of the week", fault.Quote(name))
}
