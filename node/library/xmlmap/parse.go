package xmlmap

import (
	"strings"

	"signalbox.internal/node/library/ordered"
)

// Parse maps an XML document to an object with one key, the root element. It refuses
// a document that is not well-formed ("xml.syntax", "xml.namespace", with line and
// column in Details), has definitions in its DOCTYPE ("xml.doctype"), is larger than
// the limits ("xml.limit") or whose character set is not known or not kept
// ("charset.unknown", "charset.invalid"); wrong options have code "xml.options".
func Parse(doc []byte, o ParseOptions) (*ordered.Object, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	tree, err := read(doc, o)
	if err != nil {
		return nil, err
	}
	root := tree.kids[0]
	return ordered.Of(root.name.key, newMapper(o).value(root)), nil
}

// mapper turns nodes into values.
type mapper struct {
	preserve, trim bool
	arrays         map[string][]path // by the last name of the path
}

// path is a pattern of Arrays.
type path struct {
	names []string // without the last
	root  bool     // starts at the root
}

func newMapper(o ParseOptions) *mapper {
	m := &mapper{preserve: o.Preserve, trim: o.Trim, arrays: map[string][]path{}}
	for _, text := range o.Arrays {
		names := splitPath(strings.Trim(text, "/"))
		last := names[len(names)-1]
		m.arrays[last] = append(m.arrays[last], path{names[:len(names)-1], text[0] == '/'})
	}
	return m
}

// splitPath splits at slashes outside of "{uri}".
func splitPath(text string) []string {
	var names []string
	braces, from := 0, 0
	for i, c := range text {
		switch {
		case c == '{':
			braces++
		case c == '}' && braces > 0:
			braces--
		case c == '/' && braces == 0:
			names, from = append(names, text[from:i]), i+1
		}
	}
	return append(names, text[from:])
}

// value maps an element.
func (m *mapper) value(n *node) any {
	elements := 0
	for _, kid := range n.kids {
		if kid.name != nil {
			elements++
		}
	}
	if elements == 0 && len(n.attrs) == 0 {
		return m.string(n.content())
	}
	obj := &ordered.Object{}
	for _, a := range n.attrs {
		obj.Set("@"+a.name.key, m.string(a.val))
	}
	switch {
	case elements > 0 && m.preserve:
		obj.Set("#children", m.sequence(n))
		return obj
	case elements == 0:
		if text := m.string(n.content()); text != "" {
			obj.Set("#text", text)
		}
		return obj
	}
	if text := n.content(); !isSpace(text) {
		obj.Set("#text", m.string(text))
	}
	m.group(obj, n)
	return obj
}

// group adds child elements by name, those of one name as an array.
func (m *mapper) group(obj *ordered.Object, n *node) {
	for _, kid := range n.kids {
		if kid.name == nil {
			continue
		}
		val := m.value(kid)
		old, there := obj.Get(kid.name.key)
		switch list, ok := old.([]any); {
		case ok:
			obj.Set(kid.name.key, append(list, val))
		case there:
			obj.Set(kid.name.key, []any{old, val})
		case m.isArray(kid):
			obj.Set(kid.name.key, []any{val})
		default:
			obj.Set(kid.name.key, val)
		}
	}
}

func (m *mapper) sequence(n *node) []any {
	list := make([]any, 0, len(n.kids))
	for _, kid := range n.kids {
		if kid.name != nil {
			list = append(list, ordered.Of(kid.name.key, m.value(kid)))
		} else if text := m.string(kid.text); text != "" {
			list = append(list, text)
		}
	}
	return list
}

func (m *mapper) isArray(n *node) bool {
	for _, p := range m.arrays[n.name.key] {
		at, i := n.parent, len(p.names)-1
		for i >= 0 && at.name != nil && at.name.key == p.names[i] {
			at, i = at.parent, i-1
		}
		if i < 0 && (!p.root || at.name == nil) {
			return true
		}
	}
	return false
}

func (m *mapper) string(s string) string {
	if m.trim {
		return trim(s)
	}
	return s
}

// content is the element's own text, that of its children left out.
func (n *node) content() string {
	switch {
	case len(n.kids) == 0:
		return ""
	case len(n.kids) == 1:
		return n.kids[0].text
	}
	var b strings.Builder
	for _, kid := range n.kids {
		b.WriteString(kid.text)
	}
	return b.String()
}
