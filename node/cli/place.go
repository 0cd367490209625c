package cli

import (
	"fmt"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
)

// place writes a message of the compiler as editors and terminals know it,
// file:line:column: text, with the line of the source and a mark under the column.
// found is the package of the message; nil shows the message alone.
func (s *screen) place(found *deploy.Found, m client.BuildMessage) {
	source := ""
	if found != nil && m.File != "" {
		source = string(found.Files[m.File])
		m.File = found.Path(m.File)
	}
	text := m.Text
	m.Text = ""
	at := strings.TrimSuffix(m.String(), ": ")
	if at != "" {
		at = s.paint(bold, clean(at)+":") + " "
	}
	first, rest, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
	s.line("%s%s", at, cleanLine(first))
	for l := range strings.Lines(rest) {
		s.line("    %s", cleanLine(strings.TrimRight(l, "\r\n")))
	}
	s.excerpt(source, m.Line, m.Column)
}

// excerpt writes one line of a source and marks a column, counted in characters
// from 1. Nothing is written when the line is not there.
func (s *screen) excerpt(source string, line, column int) {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) || source == "" {
		return
	}
	shown := cleanLine(strings.TrimRight(lines[line-1], "\r"))
	margin := fmt.Sprintf("%5d | ", line)
	s.line("%s%s", s.paint(dim, margin), shown)
	runes := []rune(shown)
	if column < 1 || column > len(runes)+1 {
		return
	}
	// Tabs stay tabs, so that the mark stands under its character at any tab width.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(runes[:column-1]))
	s.line("%s%s%s", s.paint(dim, "      | "), indent, s.paint(red, "^"))
}
