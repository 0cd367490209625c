package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// value is a field of a Config that can be read from text and written back.
type value interface {
	set(text string) error // the error goes on from the setting's name: "is …; … is needed"
	String() string
}

type textValue struct {
	p     *string
	check func(string) error
}

func (v textValue) String() string { return *v.p }

func (v textValue) set(text string) error {
	text = strings.TrimSpace(text)
	if err := v.check(text); err != nil {
		return err
	}
	*v.p = text
	return nil
}

type boolValue struct{ p *bool }

func (v boolValue) String() string { return strconv.FormatBool(*v.p) }

func (v boolValue) set(text string) error {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		*v.p = true
	case "false", "0", "no", "off":
		*v.p = false
	default:
		return fmt.Errorf("is %q; true or false is needed", text)
	}
	return nil
}

type intValue struct {
	p        *int
	min, max int
}

func (v intValue) String() string { return strconv.Itoa(*v.p) }

func (v intValue) set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < v.min || n > v.max {
		return fmt.Errorf("is %q; a whole number from %d to %d is needed", text, v.min, v.max)
	}
	*v.p = n
	return nil
}

type durationValue struct {
	p        *time.Duration
	min, max time.Duration
}

func (v durationValue) String() string { return shortDuration(*v.p) }

func (v durationValue) set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < v.min || d > v.max {
		return fmt.Errorf("is %q; a length of time from %s to %s is needed, such as 250ms, 2s or 1h30m", text, shortDuration(v.min), shortDuration(v.max))
	}
	*v.p = d
	return nil
}

// shortDuration writes d without the zeros of time.Duration: 1h, not 1h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

type sizeValue struct {
	p        *int64
	min, max int64
}

func (v sizeValue) String() string { return formatSize(*v.p) }

func (v sizeValue) set(text string) error {
	n, err := parseSize(text)
	if err != nil || n < v.min || n > v.max {
		return fmt.Errorf("is %q; a size from %s to %s is needed, such as 65536, 64KiB or 1MiB", text, formatSize(v.min), formatSize(v.max))
	}
	*v.p = n
	return nil
}

type unit struct {
	name  string
	bytes int64
}

func units() []unit {
	return []unit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}
}

func parseSize(text string) (int64, error) {
	num, factor := strings.TrimSpace(text), int64(1)
	for _, u := range units() {
		if n, ok := strings.CutSuffix(num, u.name); ok {
			num, factor = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, errors.New("not a size")
	}
	return n * factor, nil
}

func formatSize(n int64) string {
	for _, u := range units()[:3] {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func anyText(string) error { return nil }

func checkPath(s string) error {
	if strings.TrimSpace(s) == "" || strings.ContainsRune(s, 0) {
		return errors.New("is no path; the path of a folder is needed")
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("is %q; one of %s is needed", s, strings.Join(words, ", "))
		}
		return nil
	}
}

const maxName = 63

func checkName(s string) error {
	bad := strings.ContainsFunc(s, func(r rune) bool { return !isNameRune(r) })
	if s == "" || len(s) > maxName || bad || strings.ContainsAny(s[:1], "-_.") {
		return fmt.Errorf("is %q; a name of at most %d letters, digits and any of . _ - is needed, starting with a letter or a digit", s, maxName)
	}
	return nil
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
}

func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	_, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || strings.ContainsAny(host, " /") {
		return fmt.Errorf("is %q; an address such as :11223, 127.0.0.1:11223 or [::1]:11223 is needed", s)
	}
	return nil
}

// checkODB takes the databases that this program speaks. What is refused is not
// repeated, since a DSN may carry a password.
func checkODB(s string) error {
	dsn, err := odb.ParseDSN(s)
	if err != nil {
		return err
	}
	if strings.ContainsAny(dsn.File, "?#") {
		return errors.New("has options; sqlite: and a plain file is needed, such as sqlite:odb.sqlite")
	}
	return nil
}

// hideCredentials takes the password out of a URL. It is not read as one: what
// is no proper URL may have a password too.
func hideCredentials(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	address, _, _ := strings.Cut(rest, "?")
	at := strings.LastIndexByte(address, '@')
	if !ok || at < 0 {
		return s
	}
	user, _, _ := strings.Cut(address[:at], ":")
	return scheme + "://" + user + ":•••" + rest[at:]
}

// checkIP takes an IP address or nothing.
func checkIP(text string) error {
	if text != "" && net.ParseIP(text) == nil {
		return fmt.Errorf("is %q; an IP address such as 192.168.1.10, or nothing, is needed", text)
	}
	return nil
}
