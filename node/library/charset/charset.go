// Package charset turns bytes of a named character set into UTF-8.
//
// It offers the sets that business documents in Europe use: UTF-8, UTF-16, US-ASCII,
// ISO-8859-1, -2 and -15, windows-1250, -1251 and -1252. It does not guess: a set is
// named by the caller, by a byte order mark or by an XML declaration. Bytes that a
// set does not define are an error, never a replacement character.
// It imports only library/fault.
package charset

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"signalbox.internal/node/library/fault"
)

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16BE = []byte{0xFE, 0xFF}
	bomUTF16LE = []byte{0xFF, 0xFE}
)

// UTF8 gives data as UTF-8 without a byte order mark. A mark in data wins over the
// label; an empty label means UTF-8. An unknown label has code "charset.unknown",
// bytes that do not belong to the set have "charset.invalid". The result may share
// memory with data.
func UTF8(label string, data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, bomUTF8):
		return checkUTF8(data[len(bomUTF8):])
	case bytes.HasPrefix(data, bomUTF16BE):
		return fromUTF16(data[len(bomUTF16BE):], binary.BigEndian)
	case bytes.HasPrefix(data, bomUTF16LE):
		return fromUTF16(data[len(bomUTF16LE):], binary.LittleEndian)
	}
	switch name := strings.ToLower(strings.TrimSpace(label)); name {
	case "", "utf-8", "utf8":
		return checkUTF8(data)
	case "us-ascii", "ascii":
		return fromASCII(data)
	case "utf-16be", "utf-16":
		return fromUTF16(data, binary.BigEndian)
	case "utf-16le":
		return fromUTF16(data, binary.LittleEndian)
	default:
		cm := oneByte(name)
		if cm == nil {
			return nil, fault.New("charset.unknown", "character set %s is not known", fault.Quote(label))
		}
		return fromOneByte(cm, name, data)
	}
}

func oneByte(name string) *charmap.Charmap {
	switch name {
	case "iso-8859-1", "latin1":
		return charmap.ISO8859_1
	case "iso-8859-2", "latin2":
		return charmap.ISO8859_2
	case "iso-8859-15", "latin9":
		return charmap.ISO8859_15
	case "windows-1250", "cp1250":
		return charmap.Windows1250
	case "windows-1251", "cp1251":
		return charmap.Windows1251
	case "windows-1252", "cp1252":
		return charmap.Windows1252
	}
	return nil
}

func invalid(name string, at int) error {
	return fault.New("charset.invalid", "byte %d is not valid in %s", at, name).
		With(map[string]any{"charset": name, "offset": at})
}

func checkUTF8(data []byte) ([]byte, error) {
	if utf8.Valid(data) {
		return data, nil
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return nil, invalid("utf-8", at)
		}
		at += size
	}
}

func fromASCII(data []byte) ([]byte, error) {
	for at, b := range data {
		if b >= utf8.RuneSelf {
			return nil, invalid("us-ascii", at)
		}
	}
	return data, nil
}

func fromOneByte(cm *charmap.Charmap, name string, data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)+len(data)/8)
	for at, b := range data {
		r := cm.DecodeByte(b)
		if r == utf8.RuneError {
			return nil, invalid(name, at)
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, invalid("utf-16", len(data)-1)
	}
	out := make([]byte, 0, len(data))
	for at := 0; at < len(data); at += 2 {
		r := rune(order.Uint16(data[at:]))
		if utf16.IsSurrogate(r) {
			if at+4 > len(data) {
				return nil, invalid("utf-16", at)
			}
			pair := utf16.DecodeRune(r, rune(order.Uint16(data[at+2:])))
			if pair == utf8.RuneError {
				return nil, invalid("utf-16", at)
			}
			r, at = pair, at+2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
