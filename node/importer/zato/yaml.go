package zato

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

// section is a top-level key with the objects under it.
type section struct {
	key    string
	line   int
	items  []item
	whole  any  // the value, when it was read as one
	scalar bool // the value is neither a list nor an object
}

// item is one element of a section's list.
type item struct {
	value any
	line  int // 0 is not known
}

// sectionsOf takes apart a file that was read as one value.
func sectionsOf(tree any) ([]section, error) {
	if tree == nil {
		return nil, nil
	}
	obj, ok := tree.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object; an enmasse file has lists under the names of types")
	}
	keys := make([]string, 0, len(obj))
	for key := range obj {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out := make([]section, 0, len(keys))
	for _, key := range keys {
		out = append(out, sectionOf(key, obj[key], 0))
	}
	return out, nil
}

// sectionOf makes a section of a value: a list of objects, or one object, as the
// settings of alerts are.
func sectionOf(key string, value any, line int) section {
	s := section{key: key, line: line, whole: value}
	switch v := value.(type) {
	case nil:
	case []any:
		for _, x := range v {
			s.items = append(s.items, item{value: x, line: line})
		}
	case map[string]any:
		s.items = []item{{value: v, line: line}}
	case string:
		s.items, s.scalar = []item{{value: v, line: line}}, true
	default:
		s.scalar = true
	}
	return s
}

// piece is a part of a file from the line of a top-level key to the next.
type piece struct {
	text string
	line int // lines before it
}

// parseYAML reads a file in pieces, an object at a time: the parser's time grows
// with the square of what it sees at once, and an object knows its line. A file
// that cannot be taken apart so (flow style, anchors used across objects) is read
// as a whole.
func parseYAML(text string) ([]section, error) {
	text = withoutMarker(text)
	sections, err := parsePieces(text)
	if err == nil {
		return sections, nil
	}
	tree, wholeErr := odb.ParseYAML(text, 0)
	if wholeErr != nil {
		return nil, err
	}
	return sectionsOf(tree)
}

// withoutMarker blanks the marker before the one document of a file.
func withoutMarker(text string) string {
	var b strings.Builder
	first := true
	for l := range strings.Lines(text) {
		if first && strings.TrimSpace(l) != "" && !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "%") {
			first = false
			if strings.TrimSpace(l) == "---" {
				l = "\n"
			}
		}
		b.WriteString(l)
	}
	return b.String()
}

func parsePieces(text string) ([]section, error) {
	pieces, err := cut(text)
	if err != nil {
		return nil, err
	}
	var out []section
	seen := map[string]bool{}
	for _, p := range pieces {
		s, err := p.section()
		if err != nil {
			return nil, err
		}
		if seen[s.key] {
			return nil, fmt.Errorf("line %d: the key %q is there twice, of which Zato reads only one", p.line+1, shown(s.key))
		}
		seen[s.key] = true
		out = append(out, s)
	}
	return out, nil
}

// cut cuts a text before each line that begins in the first column with a key.
func cut(text string) ([]piece, error) {
	var out []piece
	var body strings.Builder
	line, begun := 0, false
	for l := range strings.Lines(text) {
		if c := l[0]; !strings.ContainsRune(" \t#-\n", rune(c)) {
			if begun {
				out[len(out)-1].text = body.String()
				body.Reset()
			}
			out = append(out, piece{line: line})
			begun = true
		}
		switch {
		case begun:
			body.WriteString(l)
		case !blank(l):
			return nil, fmt.Errorf("line %d: there is no name of a type; an enmasse file has lists under the names of types", line+1)
		}
		line++
	}
	if begun {
		out[len(out)-1].text = body.String()
	}
	return out, nil
}

// blank reports whether a line has nothing but a comment in it.
func blank(l string) bool {
	l = strings.TrimSpace(l)
	return l == "" || l[0] == '#'
}

var bareKey = regexp.MustCompile(`^["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?[ \t]*:[ \t]*(#.*)?\n$`)

// section reads one piece: its list an element at a time where that can be seen
// from the lines, else as one value.
func (p piece) section() (section, error) {
	head, rest, _ := strings.Cut(p.text, "\n")
	if m := bareKey.FindStringSubmatch(head + "\n"); m != nil {
		if elements, ok := elements(rest, p.line+1); ok {
			s := section{key: m[1], line: p.line + 1}
			for _, e := range elements {
				tree, err := odb.ParseYAML(e.text, e.line)
				if err != nil {
					return s, err
				}
				list, ok := tree.([]any)
				if !ok || len(list) != 1 {
					return s, fmt.Errorf("line %d: this is no element of a list", e.line+1)
				}
				s.items = append(s.items, item{value: list[0], line: e.line + 1})
			}
			return s, nil
		}
	}
	tree, err := odb.ParseYAML(p.text, p.line)
	if err != nil {
		return section{}, err
	}
	obj, ok := tree.(map[string]any)
	if !ok || len(obj) != 1 {
		return section{}, fmt.Errorf("line %d: there is no name of a type; an enmasse file has lists under the names of types", p.line+1)
	}
	for key, value := range obj {
		return sectionOf(key, value, p.line+1), nil
	}
	return section{}, nil
}

// elements cuts the lines of a list before each of its dashes; ok is false when
// they do not all stand in one column.
func elements(text string, line int) (out []piece, ok bool) {
	column := -1
	var body strings.Builder
	for l := range strings.Lines(text) {
		indent := len(l) - len(strings.TrimLeft(l, " "))
		dash := strings.HasPrefix(l[indent:], "- ") || strings.TrimSpace(l) == "-"
		switch {
		case blank(l):
		case column < 0 && dash:
			column = indent
		case column < 0 || indent < column || indent == column && !dash:
			return nil, false
		}
		if column >= 0 && indent == column && dash {
			if len(out) > 0 {
				out[len(out)-1].text = body.String()
				body.Reset()
			}
			out = append(out, piece{line: line})
		}
		if len(out) > 0 {
			body.WriteString(l)
		}
		line++
	}
	if len(out) > 0 {
		out[len(out)-1].text = body.String()
	}
	return out, true
}
