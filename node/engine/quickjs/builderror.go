package quickjs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// maxMessages is how many faults of one package are told.
const maxMessages = 50

// BuildError says why a package cannot be loaded, with the places in its source.
type BuildError struct {
	Package  string    `json:"package"`
	Messages []Message `json:"messages"`
}

// Message is one fault of a package. Line and Column count from 1; they are 0,
// and File is empty, when the fault has no place.
type Message struct {
	File   string `json:"file,omitempty"` // relative to the package
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}

// String returns the message as editors read it: file:line:column: text.
func (m Message) String() string {
	if m.File == "" {
		return m.Text
	}
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// Error lists the faults.
func (e *BuildError) Error() string {
	parts := make([]string, len(e.Messages))
	for i, m := range e.Messages {
		parts[i] = m.String()
	}
	return fmt.Sprintf("build package %s: %s", e.Package, strings.Join(parts, "; "))
}

func buildError(pkg string, messages ...Message) *BuildError {
	slices.SortStableFunc(messages, func(a, b Message) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	if more := len(messages) - maxMessages; more > 0 {
		messages = append(messages[:maxMessages:maxMessages], Message{Text: fmt.Sprintf("… and %d more", more)})
	}
	return &BuildError{Package: pkg, Messages: messages}
}

// messagesOf reads what the bundler says.
func messagesOf(said []api.Message) []Message {
	out := make([]Message, 0, len(said))
	for _, s := range said {
		m := Message{Text: strings.NewReplacer(namespaceFiles+":", "", namespaceOwn+":", "").Replace(s.Text)}
		if l := s.Location; l != nil {
			if file, ours := strings.CutPrefix(l.File, namespaceFiles+":"); ours {
				m.File, m.Line, m.Column = file, l.Line, column(l.LineText, l.Column)
			}
		}
		out = append(out, m)
	}
	return out
}

// column counts characters where the bundler counts bytes.
func column(line string, offset int) int {
	if offset > len(line) {
		return offset + 1
	}
	return utf8.RuneCountInString(line[:offset]) + 1
}
