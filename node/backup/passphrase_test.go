package backup_test

import (
	"strings"
	"testing"

	"signalbox.internal/node/backup"
	"signalbox.internal/odb"
)

func TestCheckPassphrase(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		passphrase string
		good       bool
	}{
		"words":              {"correct horse battery", true},
		"12 random ones":     {"kV9#x2Lq!7pZ", true},
		"not ASCII":          {"żółw łódź gęś mąż", true},
		"empty":              {"", false},
		"11 characters":      {"kV9#x2Lq!7p", false},
		"one letter":         {strings.Repeat("a", 40), false},
		"digits in order":    {"123456789012345", false},
		"the alphabet":       {"abcdefghijklmnop", false},
		"a word, repeated":   {"passpasspasspass", false},
		"a word with digits": {"password12345678", false},
		"a line break":       {"correct horse\nbattery", false},
		"not UTF-8":          {"correct horse \xff battery", false},
		"endless":            {strings.Repeat("correct horse", 200), false},
	} {
		err := backup.CheckPassphrase(tc.passphrase)
		if (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (odb.KindOf(err) != odb.Invalid || len(tc.passphrase) > 3 && strings.Contains(err.Error(), tc.passphrase)) {
			t.Errorf("%s: %v is not Invalid, or shows it", name, err)
		}
	}
}
