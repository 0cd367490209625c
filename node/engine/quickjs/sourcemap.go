package quickjs

import (
	"strconv"
	"strings"
	"sync"

	"github.com/go-sourcemap/sourcemap"
)

// mapper turns places in a bundle into places in a package's sources. The source
// map is read when the first error needs it.
type mapper struct {
	read func() *sourcemap.Consumer
}

func newMapper(mappings []byte) *mapper {
	return &mapper{read: sync.OnceValue(func() *sourcemap.Consumer {
		c, err := sourcemap.Parse("bundle.js.map", mappings)
		if err != nil {
			return nil
		}
		return c
	})}
}

// stack rewrites a stack trace of the engine: frames of the package's sources
// and of built-in functions stay, those of the SDK go.
func (m *mapper) stack(trace string) string {
	var b strings.Builder
	for line := range strings.Lines(trace) {
		name, place := splitFrame(line)
		if place == "native" {
			b.WriteString("    at " + name + " (native)\n")
			continue
		}
		if at, ok := m.place(place); ok {
			b.WriteString("    at " + frameText(name, at) + "\n")
		}
	}
	return b.String()
}

// first returns the innermost place of a trace that is in the package's sources.
func (m *mapper) first(trace string) (Message, bool) {
	for line := range strings.Lines(trace) {
		_, place := splitFrame(line)
		if at, ok := m.place(place); ok {
			return at, true
		}
	}
	return Message{}, false
}

func frameText(name string, at Message) string {
	place := at.File + ":" + strconv.Itoa(at.Line) + ":" + strconv.Itoa(at.Column)
	if name == "" {
		return place
	}
	return name + " (" + place + ")"
}

// splitFrame takes "    at name (<eval>:12:5)" apart.
func splitFrame(line string) (name, place string) {
	line = strings.TrimPrefix(strings.TrimSpace(line), "at ")
	if open := strings.LastIndex(line, " ("); open >= 0 && strings.HasSuffix(line, ")") {
		return line[:open], line[open+2 : len(line)-1]
	}
	return "", line
}

// place maps "<eval>:line:column". Line 1 of every script is the SDK's.
func (m *mapper) place(text string) (Message, bool) {
	rest, ok := strings.CutPrefix(text, "<eval>:")
	if !ok {
		return Message{}, false
	}
	lineText, columnText, _ := strings.Cut(rest, ":")
	line, err := strconv.Atoi(lineText)
	if err != nil || line < 2 {
		return Message{}, false
	}
	column, err := strconv.Atoi(columnText)
	if err != nil || column < 1 {
		column = 1
	}
	return m.at(line, column)
}

// at maps a place of the bundle.
func (m *mapper) at(line, column int) (Message, bool) {
	c := m.read()
	if c == nil {
		return Message{}, false
	}
	source, _, srcLine, srcColumn, ok := c.Source(line, column-1)
	if !ok {
		return Message{}, false
	}
	file, ours := strings.CutPrefix(source, namespaceFiles+":")
	if !ours {
		return Message{}, false
	}
	return Message{File: file, Line: srcLine, Column: srcColumn + 1}, true
}
