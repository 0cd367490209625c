package xmlmap

import "signalbox.internal/node/library/fault"

// scope knows which namespace each prefix has at the current element.
type scope struct {
	uris  map[string][]string // prefix to its declarations, the innermost last
	stack []string            // prefixes in the order of their declarations
}

func newScope() *scope {
	return &scope{uris: map[string][]string{"xml": {xmlURI}}}
}

// declare gives prefix a namespace until drop; an empty uri takes the default one away.
func (s *scope) declare(prefix, uri string) error {
	switch {
	case prefix == "xml" && uri == xmlURI:
		return nil
	case prefix == "xml" || prefix == "xmlns" || uri == xmlURI:
		return fault.New("xml.namespace", "the namespace prefix %s cannot be declared as %s", fault.Quote(prefix), fault.Quote(uri))
	case prefix != "" && !isName(prefix):
		return fault.New("xml.syntax", "%s is not a name", fault.Quote(prefix))
	case prefix != "" && uri == "":
		return fault.New("xml.namespace", "the namespace prefix %s has an empty namespace", fault.Quote(prefix))
	}
	s.uris[prefix] = append(s.uris[prefix], uri)
	s.stack = append(s.stack, prefix)
	return nil
}

// mark is the state to which drop goes back.
func (s *scope) mark() int { return len(s.stack) }

func (s *scope) drop(mark int) {
	for _, prefix := range s.stack[mark:] {
		s.uris[prefix] = s.uris[prefix][:len(s.uris[prefix])-1]
	}
	s.stack = s.stack[:mark]
}

// lookup gives the namespace of prefix; the empty prefix without declaration has none.
func (s *scope) lookup(prefix string) (string, bool) {
	if list := s.uris[prefix]; len(list) > 0 {
		return list[len(list)-1], true
	}
	return "", prefix == ""
}
