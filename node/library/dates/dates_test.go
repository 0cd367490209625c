package dates

import (
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/library/fault"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t *testing.T, text, name string) time.Time {
	t.Helper()
	got, err := Instant(text, zone(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestZone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want, code string }{
		"utc":          {"UTC", "2026-07-01T12:00:00Z", ""},
		"empty":        {"", "2026-07-01T12:00:00Z", ""},
		"warsaw":       {"Europe/Warsaw", "2026-07-01T14:00:00+02:00", ""},
		"half an hour": {"Asia/Kolkata", "2026-07-01T17:30:00+05:30", ""},
		"fixed":        {"+02:00", "2026-07-01T14:00:00+02:00", ""},
		"fixed west":   {"-0330", "2026-07-01T08:30:00-03:30", ""},
		"fixed zero":   {"+00:00", "2026-07-01T12:00:00Z", ""},
		"local":        {"Local", "", "date.zone"},
		"unknown":      {"Europe/Wroclaw", "", "date.zone"},
		"path":         {"../../etc/passwd", "", "date.zone"},
		"two lines":    {"CET\nCuba", "", "date.zone"},
		"part":         {"urope/Warsaw", "", "date.zone"},
		"bad offset":   {"+25:00", "", "date.zone"},
		"sign":         {"+", "", "date.zone"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc, err := Zone(tc.in)
			if fault.Code(err) != tc.code {
				t.Fatalf("Zone(%q): %v, want %q", tc.in, err, tc.code)
			}
			if err != nil {
				return
			}
			if got := RFC3339(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(loc)); got != tc.want {
				t.Errorf("noon is %s, want %s", got, tc.want)
			}
		})
	}
}

// Every name that Zones lists must load from the embedded data alone, too.
func TestZonesLoad(t *testing.T) {
	t.Setenv("ZONEINFO", t.TempDir())
	list := Zones("")
	if len(list) < 500 {
		t.Fatalf("%d zones", len(list))
	}
	for _, name := range list {
		if _, err := Zone(name); err != nil {
			t.Error(err)
		}
	}
	if got := Zones("Europe/Wa"); len(got) != 1 || got[0] != "Europe/Warsaw" {
		t.Errorf("Zones(Europe/Wa) = %v", got)
	}
	if got := Zones("Nowhere"); len(got) != 0 {
		t.Errorf("Zones(Nowhere) = %v", got)
	}
}

// Clocks in Warsaw go forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October;
// in Havana they go forward at midnight on 8 March.
func TestWallTimes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ zone, wall, want string }{
		"winter":         {"Europe/Warsaw", "2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00"},
		"skipped":        {"Europe/Warsaw", "2026-03-29T02:30", "2026-03-29T03:30:00+02:00"},
		"after":          {"Europe/Warsaw", "2026-03-29T03:00", "2026-03-29T03:00:00+02:00"},
		"twice":          {"Europe/Warsaw", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00"},
		"just before":    {"Europe/Warsaw", "2026-10-25T01:59:59", "2026-10-25T01:59:59+02:00"},
		"once more":      {"Europe/Warsaw", "2026-10-25T03:00", "2026-10-25T03:00:00+01:00"},
		"no midnight":    {"America/Havana", "2026-03-08", "2026-03-08T01:00:00-04:00"},
		"skipped west":   {"America/New_York", "2026-03-08T02:30", "2026-03-08T03:30:00-04:00"},
		"twice west":     {"America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
		"half an hour":   {"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45:00+11:00"},
		"lost day":       {"Pacific/Apia", "2011-12-30T12:00", "2011-12-31T12:00:00+14:00"},
		"offset given":   {"Europe/Warsaw", "2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00"},
		"far in time":    {"Europe/Warsaw", "9998-07-01T12:00", "9998-07-01T12:00:00+02:00"},
		"local mean":     {"Europe/Warsaw", "1850-01-01", "1850-01-01T00:00:00+01:24"},
		"first change":   {"Europe/Warsaw", "1915-08-04T23:50", "1915-08-04T23:50:00+01:24"},
		"offset seconds": {"Africa/Monrovia", "1960-01-01", "1960-01-01T00:44:30Z"},
		"with fractions": {"UTC", "2026-01-02 03:04:05,25", "2026-01-02T03:04:05.25Z"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := RFC3339(instant(t, tc.wall, tc.zone)); got != tc.want {
				t.Errorf("%s in %s is %s, want %s", tc.wall, tc.zone, got, tc.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, format, want, code string }{
		"rfc3339":            {"2026-03-29T01:30:00+01:00", "rfc3339", "2026-03-29T01:30:00+01:00", ""},
		"fraction":           {"2026-03-29T01:30:00.123456789Z", "rfc3339", "2026-03-29T01:30:00.123456789Z", ""},
		"auto date":          {"2026-03-29", "auto", "2026-03-29T00:00:00Z", ""},
		"auto minutes":       {"2026-03-29 01:30", "auto", "2026-03-29T01:30:00Z", ""},
		"auto sql":           {"2026-03-29 01:30:00.5 +0200", "auto", "2026-03-29T01:30:00.5+02:00", ""},
		"auto short offset":  {"2026-03-29T01:30:00-05", "auto", "2026-03-29T01:30:00-05:00", ""},
		"auto mail":          {"Sun, 29 Mar 2026 01:30:00 GMT", "auto", "2026-03-29T01:30:00Z", ""},
		"mail offset":        {"Sun, 29 Mar 2026 01:30:00 +0200", "rfc1123", "2026-03-29T01:30:00+02:00", ""},
		"pattern":            {"29.03.2026 01:30", "dd.MM.yyyy HH:mm", "2026-03-29T01:30:00Z", ""},
		"pattern tight":      {"20260329013059123", "yyyyMMddHHmmssSSS", "2026-03-29T01:30:59.123Z", ""},
		"pattern short":      {"9/3/26", "d/M/yy", "2026-03-09T00:00:00Z", ""},
		"last century":       {"09/03/70", "dd/MM/yy", "1970-03-09T00:00:00Z", ""},
		"names":              {"Sunday, 29 march 2026", "EEEE, d MMMM yyyy", "2026-03-29T00:00:00Z", ""},
		"half day":           {"2026-03-29 12:05 am", "yyyy-MM-dd hh:mm a", "2026-03-29T00:05:00Z", ""},
		"half day, noon":     {"2026-03-29 12:05 PM", "yyyy-MM-dd h:mm a", "2026-03-29T12:05:00Z", ""},
		"quotes":             {"2026 o'clock", "yyyy 'o''clock'", "2026-01-01T00:00:00Z", ""},
		"single quote":       {"2026'03", "yyyy''MM", "2026-03-01T00:00:00Z", ""},
		"offset pattern":     {"2026-03-29+02:00", "yyyy-MM-ddXXX", "2026-03-29T00:00:00+02:00", ""},
		"zulu pattern":       {"2026-03-29Z", "yyyy-MM-ddXX", "2026-03-29T00:00:00Z", ""},
		"leap day":           {"2024-02-29", "auto", "2024-02-29T00:00:00Z", ""},
		"no leap day":        {"2026-02-29", "auto", "", "date.text"},
		"month 0":            {"2026-00-10", "auto", "", "date.text"},
		"month 13":           {"2026-13-10", "auto", "", "date.text"},
		"day 0":              {"00.01.2026", "dd.MM.yyyy", "", "date.text"},
		"hour 24":            {"2026-01-01T24:00:00Z", "auto", "", "date.text"},
		"leap second":        {"2016-12-31T23:59:60Z", "auto", "", "date.text"},
		"wrong weekday":      {"Mon, 29 Mar 2026 01:30:00 GMT", "rfc1123", "", "date.text"},
		"year 0":             {"0000-01-01", "auto", "", "date.range"},
		"below year 1":       {"0001-01-01T00:00:00+10:00", "auto", "", "date.range"},
		"rest":               {"2026-01-01T10:00:00Zx", "auto", "", "date.text"},
		"rfc3339, no offset": {"2026-01-01T10:00:00", "rfc3339", "", "date.text"},
		"zulu not allowed":   {"2026-03-29Z", "yyyy-MM-ddxxx", "", "date.text"},
		"offset other form":  {"2026-03-29+0200", "yyyy-MM-ddXXX", "", "date.text"},
		"empty":              {"", "auto", "", "date.text"},
		"words":              {"tomorrow", "auto", "", "date.text"},
		"week year":          {"2026", "YYYY", "", "date.pattern"},
		"unknown field":      {"2026", "yyyy Q", "", "date.pattern"},
		"open quote":         {"2026", "yyyy 'T", "", "date.pattern"},
		"no year":            {"10:30", "HH:mm", "", "date.pattern"},
		"twice":              {"2026 26", "yyyy yy", "", "date.pattern"},
		"hour without half":  {"2026 10", "yyyy hh", "", "date.pattern"},
		"zone name":          {"2026 Europe/Warsaw", "yyyy VV", "", "date.pattern"},
		"no pattern":         {"2026", "", "", "date.pattern"},
		"long pattern":       {"2026", "yyyy" + strings.Repeat(" ", 300), "", "date.pattern"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tc.text, tc.format, time.UTC)
			if fault.Code(err) != tc.code || err == nil && RFC3339(got) != tc.want {
				t.Errorf("got %s, %v, want %s %s", RFC3339(got), err, tc.want, tc.code)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	at := instant(t, "2026-03-09T15:04:05.0678Z", "Europe/Warsaw")
	tests := map[string]string{
		"rfc3339":                           "2026-03-09T16:04:05.0678+01:00",
		"rfc1123":                           "Mon, 09 Mar 2026 16:04:05 +0100",
		"date":                              "2026-03-09",
		"yyyy-MM-dd HH:mm:ss.SSS":           "2026-03-09 16:04:05.067",
		"EEEE, d MMMM yyyy 'at' h:mm a":     "Monday, 9 March 2026 at 4:04 PM",
		"d.M.yy H XXX XX xxx xx VV EEE MMM": "9.3.26 16 +01:00 +0100 +01:00 +0100 Europe/Warsaw Mon Mar",
	}
	for format, want := range tests {
		if got, err := Format(at, format); got != want || err != nil {
			t.Errorf("%s gives %q, %v, want %q", format, got, err, want)
		}
	}
	utc := at.UTC()
	for format, want := range map[string]string{
		"rfc1123": "Mon, 09 Mar 2026 15:04:05 GMT", "XXX XX xxx xx VV": "Z Z +00:00 +0000 UTC",
	} {
		if got, err := Format(utc, format); got != want || err != nil {
			t.Errorf("%s gives %q, %v, want %q", format, got, err, want)
		}
	}
	if got, err := Format(instant(t, "2026-01-01", "-03:30"), "VV"); got != "-03:30" || err != nil {
		t.Errorf("VV of a fixed zone gives %q, %v", got, err)
	}
	if _, err := Format(at, "nope"); fault.Code(err) != "date.pattern" {
		t.Errorf("wrong pattern: %v", err)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, zone string
		by         Amount
		want       string
	}{
		"month end":         {"2026-01-31", "UTC", Amount{Months: 1}, "2026-02-28T00:00:00Z"},
		"month end, leap":   {"2024-01-31", "UTC", Amount{Months: 1}, "2024-02-29T00:00:00Z"},
		"back a month":      {"2026-03-31", "UTC", Amount{Months: -1}, "2026-02-28T00:00:00Z"},
		"back over a year":  {"2026-01-15", "UTC", Amount{Months: -13}, "2024-12-15T00:00:00Z"},
		"leap year":         {"2024-02-29", "UTC", Amount{Years: 1}, "2025-02-28T00:00:00Z"},
		"month, then days":  {"2026-01-31", "UTC", Amount{Months: 1, Days: 1}, "2026-03-01T00:00:00Z"},
		"day of 23 hours":   {"2026-03-28T12:00", "Europe/Warsaw", Amount{Days: 1}, "2026-03-29T12:00:00+02:00"},
		"24 hours":          {"2026-03-28T12:00", "Europe/Warsaw", Amount{Hours: 24}, "2026-03-29T13:00:00+02:00"},
		"into the gap":      {"2026-03-28T02:30", "Europe/Warsaw", Amount{Days: 1}, "2026-03-29T03:30:00+02:00"},
		"week over autumn":  {"2026-10-20T08:00", "Europe/Warsaw", Amount{Weeks: 1}, "2026-10-27T08:00:00+01:00"},
		"milliseconds":      {"2026-01-01", "UTC", Amount{Milliseconds: -1}, "2025-12-31T23:59:59.999Z"},
		"mixed":             {"2026-01-01", "UTC", Amount{Hours: 1, Minutes: -30, Seconds: 5}, "2026-01-01T00:30:05Z"},
		"nothing":           {"2026-10-25T00:30:00Z", "Europe/Warsaw", Amount{}, "2026-10-25T02:30:00+02:00"},
		"nothing, second":   {"2026-10-25T01:30:00Z", "Europe/Warsaw", Amount{Minutes: 0}, "2026-10-25T02:30:00+01:00"},
		"centuries in days": {"2026-01-01", "UTC", Amount{Days: 365250}, "3026-01-09T00:00:00Z"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Add(instant(t, tc.from, tc.zone), tc.by)
			if err != nil || RFC3339(got) != tc.want {
				t.Errorf("got %s, %v, want %s", RFC3339(got), err, tc.want)
			}
		})
	}
	for name, by := range map[string]Amount{
		"years": {Years: 9000}, "years back": {Years: -3000}, "overflow": {Months: 1 << 62}, "hours": {Hours: 1 << 60},
		"milliseconds": {Milliseconds: 1<<63 - 1}, "least": {Seconds: -1 << 63}, "together": {Hours: 4e13, Minutes: 9e13},
	} {
		if got, err := Add(instant(t, "2026-01-01", "UTC"), by); fault.Code(err) != "date.range" {
			t.Errorf("%s: %s, %v, want date.range", name, got, err)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to string
		unit     Unit
		want     int64
	}{
		"year":                {"2024-02-29", "2025-02-28", Years, 1},
		"not a year":          {"2024-03-01", "2025-02-28", Years, 0},
		"month":               {"2026-01-31", "2026-02-28", Months, 1},
		"not a month":         {"2026-01-15T12:00", "2026-02-15T11:59", Months, 0},
		"weeks":               {"2026-03-01", "2026-03-29", Weeks, 4},
		"short day":           {"2026-03-29", "2026-03-30", Days, 1},
		"hours of that day":   {"2026-03-29", "2026-03-30", Hours, 23},
		"not a day":           {"2026-03-29T12:00", "2026-03-30T11:59:59.999", Days, 0},
		"minutes":             {"2026-03-29T00:00", "2026-03-29T01:01:59", Minutes, 61},
		"seconds":             {"2026-03-29T00:00:00.9", "2026-03-29T00:00:02.8", Seconds, 1},
		"milliseconds":        {"2026-03-29T00:00:00.9", "2026-03-29T00:00:02.8", Milliseconds, 1900},
		"back, days":          {"2026-03-30", "2026-03-29", Days, -1},
		"back, towards zero":  {"2026-03-30T10:00", "2026-03-29T11:00", Days, 0},
		"centuries":           {"0001-01-02", "9999-12-31", Milliseconds, 315537724800000},
		"same":                {"2026-03-30", "2026-03-30", Years, 0},
		"month of other days": {"2026-03-31", "2026-04-30", Months, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, "Europe/Warsaw")
			if name == "centuries" {
				loc = time.UTC
			}
			from, to := instant(t, tc.from, loc.String()), instant(t, tc.to, loc.String())
			got, err := Diff(from, to, tc.unit, loc)
			if err != nil || got != tc.want {
				t.Errorf("got %d, %v, want %d", got, err, tc.want)
			}
		})
	}
	if _, err := Diff(time.Time{}, time.Time{}, "eons", time.UTC); fault.Code(err) != "date.unit" {
		t.Errorf("unknown unit: %v", err)
	}
}

func TestStartOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ at, zone, unit, want string }{
		"minute":         {"2026-05-14T15:16:17.5", "Asia/Kolkata", "minute", "2026-05-14T15:16:00+05:30"},
		"hour":           {"2026-05-14T15:16:17.5", "Asia/Kolkata", "hour", "2026-05-14T15:00:00+05:30"},
		"second hour":    {"2026-10-25T01:30:00Z", "Europe/Warsaw", "hour", "2026-10-25T02:00:00+01:00"},
		"day":            {"2026-10-25T15:00", "Europe/Warsaw", "day", "2026-10-25T00:00:00+02:00"},
		"no midnight":    {"2026-03-08T15:00", "America/Havana", "day", "2026-03-08T01:00:00-04:00"},
		"week":           {"2026-05-14T15:00", "UTC", "week", "2026-05-11T00:00:00Z"},
		"week on monday": {"2026-05-11T15:00", "UTC", "week", "2026-05-11T00:00:00Z"},
		"week on sunday": {"2026-05-17T15:00", "UTC", "week", "2026-05-11T00:00:00Z"},
		"month":          {"2026-05-14T15:00", "UTC", "month", "2026-05-01T00:00:00Z"},
		"quarter":        {"2026-05-14T15:00", "UTC", "quarter", "2026-04-01T00:00:00Z"},
		"year":           {"2026-05-14T15:00", "Europe/Warsaw", "year", "2026-01-01T00:00:00+01:00"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := StartOf(instant(t, tc.at, tc.zone), tc.unit, time.Monday)
			if err != nil || RFC3339(got) != tc.want {
				t.Errorf("got %s, %v, want %s", RFC3339(got), err, tc.want)
			}
		})
	}
	sunday, err := Weekday("sunday")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := StartOf(instant(t, "2026-05-14", "UTC"), "week", sunday); err != nil || RFC3339(got) != "2026-05-10T00:00:00Z" {
		t.Errorf("week from Sunday: %s, %v", got, err)
	}
	if _, err := StartOf(time.Time{}, "week", time.Sunday); fault.Code(err) != "date.range" {
		t.Errorf("before year 1: %v", err)
	}
	if _, err := StartOf(time.Now(), "decade", time.Monday); fault.Code(err) != "date.unit" {
		t.Errorf("unknown unit: %v", err)
	}
	if _, err := Weekday("sun"); fault.Code(err) != "date.unit" {
		t.Errorf("unknown day: %v", err)
	}
}

func TestMillis(t *testing.T) {
	t.Parallel()
	if got, err := Millis("1774747800123", nil); err != nil || RFC3339(got) != "2026-03-29T01:30:00.123Z" {
		t.Errorf("got %s, %v", RFC3339(got), err)
	}
	for _, text := range []string{"1.5", "1e3", "", "99999999999999999999"} {
		if _, err := Millis(text, nil); fault.Code(err) != "date.text" {
			t.Errorf("Millis(%q): %v, want date.text", text, err)
		}
	}
	if _, err := Millis("9223372036854775807", nil); fault.Code(err) != "date.range" {
		t.Errorf("largest: %v, want date.range", err)
	}
}

// FuzzPattern checks that what a pattern writes it reads again as the same text.
func FuzzPattern(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", int64(1774747800123), "Europe/Warsaw")
	f.Add("EEEE, d MMMM yyyy h:mm:ss a xx", int64(-1), "Asia/Kolkata")
	f.Add("yyMMdd HH", int64(0), "America/Havana")
	f.Add("'", int64(0), "+02:00")
	f.Fuzz(func(t *testing.T, pattern string, ms int64, name string) {
		loc, err := Zone(name)
		if err != nil {
			return
		}
		at, err := checkYear(time.UnixMilli(ms).In(loc))
		if err != nil {
			return
		}
		text, err := Format(at, pattern)
		if err != nil {
			return
		}
		back, err := Parse(text, pattern, loc)
		if err != nil {
			if c := fault.Code(err); c != "date.pattern" && c != "date.text" && c != "date.range" {
				t.Fatalf("Parse(%q, %q): %v", text, pattern, err)
			}
			return
		}
		again, err := Format(back, pattern)
		_, offset := at.Zone()
		if err != nil || again != text && offset%60 == 0 && wallOf(at) == wallOf(back) {
			t.Fatalf("%q of %s is %q, then %q, %v", pattern, at, text, again, err)
		}
	})
}

// FuzzParse compares what "auto" reads as RFC 3339 with the standard library.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-03-29T01:30:00.5+01:00", "2026-03-29", "Sun, 29 Mar 2026 01:30:00 GMT", "2026-03-29 01:30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text, "auto", time.UTC)
		if err != nil && fault.Code(err) == "" {
			t.Fatalf("untyped error %v", err)
		}
		want, stdErr := time.Parse(time.RFC3339, text)
		if stdErr != nil || want.Year() == 0 || want.UTC().Year() < 1 || want.UTC().Year() > 9999 {
			return
		}
		if strict, err := Parse(text, "rfc3339", time.UTC); err == nil && !strict.Equal(want) {
			t.Fatalf("%q is %s, want %s", text, strict, want)
		}
		if err == nil && !got.Equal(want) {
			t.Fatalf("%q is %s, want %s", text, got, want)
		}
	})
}
