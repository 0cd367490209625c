package odb

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest name of a definition, in characters.
const MaxName = 150

// CleanName trims name and puts it into Unicode's composed form (NFC), so that
// the same name typed on two keyboards is the same row in every database.
func CleanName(name string) string { return norm.NFC.String(strings.TrimSpace(name)) }

// CheckName says what is wrong with a cleaned name; nil when nothing is.
// Databases differ in what they hold to be equal (trailing blanks, Unicode
// forms, empty strings), so names are kept to what all of them agree on.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name is empty")
	case name != CleanName(name):
		return fmt.Errorf("the name %q has blanks around it or is not in Unicode form NFC", name)
	case utf8.RuneCountInString(name) > MaxName:
		return fmt.Errorf("the name has more than %d characters", MaxName)
	}
	for i, r := range name {
		plain := unicode.IsLetter(r) || unicode.IsDigit(r)
		if !plain && (i == 0 || !unicode.IsMark(r) && !strings.ContainsRune(" ._-:()@+", r)) {
			return fmt.Errorf("the name %q has the character %q at %d; a name starts with a letter or a digit and goes on with those, blanks and any of ._-:()@+", name, r, i)
		}
	}
	return nil
}
