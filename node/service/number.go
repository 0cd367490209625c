package service

import (
	"encoding/json"
	"strconv"
	"strings"

	"signalbox.internal/odb"
)

// Bounds of numbers in an input. The validator calculates exactly, so a short
// text such as 1e999999999 would otherwise cost it gigabytes.
const (
	maxDigits   = 400
	maxExponent = 400
)

// numberFaults reports the numbers in value that are beyond all use.
func numberFaults(value any, at string, faults *odb.Faults) {
	switch v := value.(type) {
	case json.Number:
		if !plausible(string(v)) {
			faults.Add(at, "is a number of more than %d digits or with an exponent beyond %d", maxDigits, maxExponent)
		}
	case map[string]any:
		for key, item := range v {
			numberFaults(item, at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), faults)
		}
	case []any:
		for i, item := range v {
			numberFaults(item, at+"/"+strconv.Itoa(i), faults)
		}
	}
}

func plausible(n string) bool {
	if len(n) > maxDigits {
		return false
	}
	i := strings.IndexAny(n, "eE")
	if i < 0 {
		return true
	}
	exp, err := strconv.Atoi(strings.TrimPrefix(n[i+1:], "+"))
	return err == nil && exp <= maxExponent && exp >= -maxExponent
}

// hasSuspect tells cheaply whether text may hold a number that plausible refuses:
// one has an exponent or is long.
func hasSuspect(text []byte) bool {
	digits := 0
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits > maxDigits/2 {
				return true
			}
		case (c == 'e' || c == 'E') && digits > 0 && i+1 < len(text) && strings.IndexByte("+-0123456789", text[i+1]) >= 0:
			return true
		case c != '.':
			digits = 0
		}
	}
	return false
}
