package dates

import (
	"strconv"
	"time"

	"signalbox.internal/node/library/fault"
)

// Instant reads what an operation takes as a date: text as Parse reads it by "auto".
// With a zone the time is shown there, without (nil) as written, text without offset
// in UTC.
func Instant(text string, loc *time.Location) (time.Time, error) {
	in := loc
	if in == nil {
		in = time.UTC
	}
	t, err := Parse(text, "auto", in)
	if err == nil && loc != nil {
		t = t.In(loc)
	}
	return t, err
}

// Millis reads a JSON number of milliseconds since 1970, in a zone; nil means UTC.
func Millis(number string, loc *time.Location) (time.Time, error) {
	ms, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return time.Time{}, fault.New("date.text", "%s is not a whole number of milliseconds", fault.Quote(number))
	}
	if loc == nil {
		loc = time.UTC
	}
	return checkYear(time.UnixMilli(ms).In(loc))
}
