package odb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// FormatDocuments writes definitions as YAML documents. The same definitions
// give the same bytes, and [ParseDocuments] reads back what was written.
func FormatDocuments(defs []Definition) ([]byte, error) {
	var w yamlWriter
	for i, d := range defs {
		if i > 0 {
			w.WriteString("---\n")
		}
		if err := w.document(d); err != nil {
			return nil, Errorf(Internal, "export", d.Key(), "%w", err)
		}
	}
	return w.Bytes(), nil
}

// yamlWriter writes canonical JSON as YAML. It is our own because only a few
// lines decide that every text comes back as the same text, in any YAML reader.
type yamlWriter struct{ bytes.Buffer }

func (w *yamlWriter) document(d Definition) error {
	w.WriteString("kind: " + yamlLine(d.Kind) + "\n")
	w.WriteString("name: " + yamlLine(d.Name) + "\n")
	w.WriteString("spec:")
	dec := json.NewDecoder(bytes.NewReader(d.Spec))
	dec.UseNumber()
	if err := w.value(dec, 2); err != nil {
		return fmt.Errorf("read spec: %w", err)
	}
	return nil
}

// value writes the next value of dec after a colon or a dash, what it contains
// at the given indent.
func (w *yamlWriter) value(dec *json.Decoder, indent int) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return w.container(dec, t, indent)
	case string:
		w.WriteString(" " + yamlText(t, indent) + "\n")
	case nil:
		w.WriteString(" null\n")
	default:
		fmt.Fprintf(w, " %v\n", t)
	}
	return nil
}

func (w *yamlWriter) container(dec *json.Decoder, open json.Delim, indent int) error {
	for n := 0; dec.More(); n++ {
		if n == 0 {
			w.WriteByte('\n')
		}
		if open == '[' {
			if err := w.item(dec, indent-2); err != nil {
				return err
			}
			continue
		}
		key, err := dec.Token()
		if err != nil {
			return err
		}
		w.WriteString(strings.Repeat(" ", indent) + yamlLine(fmt.Sprint(key)) + ":")
		if err := w.value(dec, indent+2); err != nil {
			return err
		}
	}
	if b := w.Bytes(); b[len(b)-1] == ':' || b[len(b)-1] == '-' {
		w.WriteString(map[json.Delim]string{'[': " []\n", '{': " {}\n"}[open])
	}
	_, err := dec.Token()
	return err
}

// item writes one element of a list; the dash of one that is itself a list or
// an object stands on a line of its own.
func (w *yamlWriter) item(dec *json.Decoder, indent int) error {
	w.WriteString(strings.Repeat(" ", indent) + "-")
	return w.value(dec, indent+4) // deeper than a list below it would be
}

// yamlLine writes a text that must not take several lines, such as a key.
func yamlLine(s string) string {
	if plainText(s) {
		return s
	}
	return quoted(s)
}

func yamlText(s string, indent int) string {
	switch {
	case plainText(s):
		return s
	case blockText(s):
		return block(s, strings.Repeat(" ", indent))
	}
	return quoted(s)
}

var (
	// plainForm has no character that means something to YAML wherever it may
	// stand, and neither begins nor ends with one that means something there.
	plainForm = regexp.MustCompile(`^[\pL\pN_/.]([\pL\pM\pN_/.@+=(){}<>;!$^~*&|?,:%'" \\-]*[\pL\pM\pN_/.@+=(){}<>;!$^~*&|?'"\\-])?$`)
	// numberLike is what some YAML reader takes for a number or a time.
	numberLike = regexp.MustCompile(`^[.0-9][0-9a-fA-FxXoO_.,:eE+-]*$|^[0-9]{4}-[0-9]`)
	// reserved are the words that some YAML reader takes for something else.
	reserved = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n|\.inf|\.nan)$`)
)

// plainText reports whether s may stand without quotes.
func plainText(s string) bool {
	return plainForm.MatchString(s) && !reserved.MatchString(s) && !numberLike.MatchString(s) &&
		!strings.Contains(s, ": ") && !strings.Contains(s, " #") && !strings.HasPrefix(s, "...")
}

// blockText reports whether s may stand as an indented block: several lines
// without anything that a block cannot show or would lose.
func blockText(s string) bool {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") || strings.HasSuffix(s, "\n\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.TrimRight(line, " \t") != line {
			return false
		}
	}
	if s[0] == ' ' || s[0] == '\n' || s[0] == '\t' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !visible(r) })
}

func block(s, indent string) string {
	var b strings.Builder
	b.WriteByte('|')
	body, final := strings.CutSuffix(s, "\n")
	if !final {
		b.WriteByte('-')
	}
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String()
}

func visible(r rune) bool { return unicode.IsPrint(r) && r != unicode.ReplacementChar }

// quoted writes s in double quotes, on one line.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case visible(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
