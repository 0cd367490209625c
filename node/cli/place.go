package cli

import (
	"fmt"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
)

// place writes a message of the compiler to stderr as editors and terminals know
// it, file:line:column: text, with the line of the source and a mark under the
// column. found is the package of the message; nil shows the message alone.
func (a *app) place(found *deploy.Found, m client.BuildMessage) {
	source := ""
	if found != nil && m.File != "" {
		source = string(found.Files[m.File])
		m.File = found.Path(m.File)
	}
	text := m.Text
	m.Text = ""
	at := strings.TrimSuffix(m.String(), ": ")
	if at != "" {
		at = a.err.paint(bold, clean(at)+":") + " "
	}
	first, rest, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
	a.err.line("%s%s", at, cleanLine(first))
	for l := range strings.Lines(rest) {
		a.err.line("    %s", cleanLine(strings.TrimRight(l, "\r\n")))
	}
	a.excerpt(source, m.Line, m.Column)
}

// excerpt writes one line of a source and marks a column, counted in characters
// from 1. Nothing is written when the line is not there.
func (a *app) excerpt(source string, line, column int) {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) || source == "" {
		return
	}
	shown := cleanLine(strings.TrimRight(lines[line-1], "\r"))
	margin := fmt.Sprintf("%5d | ", line)
	a.err.line("%s%s", a.err.paint(dim, margin), shown)
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
	a.err.line("%s%s%s", a.err.paint(dim, "      | "), indent, a.err.paint(red, "^"))
}
