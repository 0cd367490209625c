package decimal

import (
	"strings"

	"signalbox.internal/node/library/fault"
)

// Format writes n for people: group (may be empty) stands between thousands, point
// before the places. Neither may hold a digit, a sign or more than 8 bytes, and they
// must differ, else the code is "decimal.format".
func (n Number) Format(group, point string) (string, error) {
	if point == "" || point == group || !mark(point) || !mark(group) {
		return "", fault.New("decimal.format", "group %s and point %s cannot write a number", fault.Quote(group), fault.Quote(point))
	}
	text := n.String()
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteByte(whole[i])
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	return b.String(), nil
}

func mark(s string) bool {
	return len(s) <= 8 && !strings.ContainsAny(s, "0123456789+-")
}
