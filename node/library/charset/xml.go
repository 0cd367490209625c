package charset

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
)

var declared = regexp.MustCompile(`^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)

// XML gives an XML document as UTF-8, by its byte order mark, else by the encoding of
// its declaration, else as UTF-8. A declared UTF-16 is not believed when the
// declaration itself is plain ASCII, as some tools write it. Codes are those of UTF8.
func XML(doc []byte) ([]byte, error) {
	label := ""
	switch {
	case bytes.HasPrefix(doc, []byte{0, '<', 0, '?'}):
		return fromUTF16(doc, binary.BigEndian)
	case bytes.HasPrefix(doc, []byte{'<', 0, '?', 0}):
		return fromUTF16(doc, binary.LittleEndian)
	}
	if m := declared.FindSubmatch(doc[:min(len(doc), 200)]); m != nil && !strings.HasPrefix(strings.ToLower(string(m[1])), "utf-16") {
		label = string(m[1])
	}
	return UTF8(label, doc)
}
