package backup

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox.internal/odb"
)

// Bounds of a passphrase that a backup is made with.
const (
	minPassphrase = 12 // characters
	maxPassphrase = 1000
	minSteps      = 8 // different steps between neighbouring characters
)

// CheckPassphrase refuses a passphrase that is too weak to make a backup with; the
// error is Invalid, at /passphrase, and does not repeat it. Whoever has the file
// can guess offline and without end, so length is all that counts: at least 12
// characters that are no repetition and no run along the alphabet or the digits.
// It is not asked of a passphrase that opens a file.
func CheckPassphrase(p string) error {
	var faults odb.Faults
	n := utf8.RuneCountInString(p)
	switch {
	case !utf8.ValidString(p):
		faults.Add("/passphrase", "is not UTF-8")
	case n < minPassphrase || n > maxPassphrase:
		faults.Add("/passphrase", "has %d characters; %d to %d are needed. Five words picked at random are good", n, minPassphrase, maxPassphrase)
	case strings.ContainsFunc(p, unicode.IsControl):
		faults.Add("/passphrase", "has a line break or another control character in it")
	case steps(p) < minSteps:
		faults.Add("/passphrase", "is too simple: it repeats itself. Five words picked at random are good")
	}
	return faults.Err("check", "passphrase")
}

// steps counts the different pairs of neighbouring characters, without those that
// are the same or next to each other: "aaaa" and "1234" have none.
func steps(p string) int {
	seen := map[string]bool{}
	last := rune(-1)
	for _, r := range strings.ToLower(p) {
		if d := r - last; last >= 0 && (d < -1 || d > 1) {
			seen[fmt.Sprintf("%c%c", last, r)] = true
		}
		last = r
	}
	return len(seen)
}
