package charset

import (
	"testing"

	"signalbox.internal/node/library/fault"
)

func TestUTF8(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ label, in, want, code string }{
		"default":         {"", "ż", "ż", ""},
		"mark":            {"", "\xef\xbb\xbfż", "ż", ""},
		"mark wins":       {"iso-8859-2", "\xef\xbb\xbfż", "ż", ""},
		"latin 1":         {"ISO-8859-1", "\xe9\x80", "é\u0080", ""},
		"latin 2":         {" iso-8859-2 ", "\xb1\xe6\xea\xb3\xf1\xf3\xb6\xbc\xbf", "ąćęłńóśźż", ""},
		"latin 9":         {"iso-8859-15", "\xa4", "€", ""},
		"windows 1250":    {"windows-1250", "\xb9\xe6\xea\xb3\xf1\xf3\x9c\x9f\xbf\x80", "ąćęłńóśźż€", ""},
		"windows 1251":    {"cp1251", "\xcf\xf0\xe8", "При", ""},
		"windows 1252":    {"windows-1252", "\x80\x84\x93", "€„“", ""},
		"ascii":           {"us-ascii", "abc", "abc", ""},
		"utf-16 mark":     {"", "\xff\xfez\x01", "ź", ""},
		"utf-16 big":      {"utf-16", "\x01z\xd8=\xde\x00", "ź😀", ""},
		"utf-16 little":   {"utf-16le", "z\x01=\xd8\x00\xde", "ź😀", ""},
		"undefined":       {"windows-1252", "a\x81", "", "charset.invalid"},
		"not ascii":       {"ascii", "\x80", "", "charset.invalid"},
		"not utf-8":       {"utf-8", "a\xc5", "", "charset.invalid"},
		"half of a pair":  {"utf-16be", "\xd8=", "", "charset.invalid"},
		"wrong half":      {"utf-16be", "\xde\x00\xd8=", "", "charset.invalid"},
		"pair and letter": {"utf-16be", "\xd8=\x00a", "", "charset.invalid"},
		"odd":             {"utf-16be", "\x00a\x00", "", "charset.invalid"},
		"unknown":         {"ebcdic", "a", "", "charset.unknown"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UTF8(tc.label, []byte(tc.in))
			if string(got) != tc.want || fault.Code(err) != tc.code {
				t.Errorf("got %q, %v, want %q %s", got, err, tc.want, tc.code)
			}
		})
	}
}
