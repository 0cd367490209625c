package xmlmap

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"signalbox.internal/node/library/charset"
	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// node is the document (no name, no parent), an element (a name) or a text.
type node struct {
	parent *node
	name   *qname
	text   string
	attrs  []attr
	kids   []*node
	at     int // place among the parent's kids
	order  int // place in the document
}

type attr struct {
	name *qname
	val  string
}

func (n *node) isText() bool { return n.name == nil && n.parent != nil }

// reader builds the tree of one document.
type reader struct {
	dec   *xml.Decoder
	names *namer
	nodes int // nodes that may still come
	limit int
	count int
	doc   *node
	cur   *node
	text  []byte // text of cur since its last child
	marks []int  // scope marks of the open elements
	raw   []xml.Name
	first bool // nothing was read yet
}

// read parses a document into a tree.
func read(doc []byte, o ParseOptions) (*node, error) {
	limit := cmp.Or(o.MaxBytes, MaxBytes)
	if len(doc) > limit {
		return nil, tooLarge(limit)
	}
	if !o.Unicode {
		var err error
		if doc, err = charset.XML(doc); err != nil {
			return nil, err
		}
	}
	if len(doc) > limit {
		return nil, tooLarge(limit)
	}
	doc = bytes.TrimPrefix(doc, []byte("\uFEFF"))
	r := &reader{
		dec: xml.NewDecoder(bytes.NewReader(doc)), names: newNamer(o, limit),
		limit: cmp.Or(o.MaxNodes, MaxNodes), doc: &node{}, first: true,
	}
	r.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	r.nodes, r.cur = r.limit, r.doc
	if err := r.run(); err != nil {
		return nil, r.place(err)
	}
	return r.doc, nil
}

func tooLarge(limit int) error {
	return fault.New("xml.limit", "the document is larger than %d bytes", limit).With(ordered.Of("limit", limit))
}

// place adds line and column to an error.
func (r *reader) place(err error) error {
	line, col := r.dec.InputPos()
	if se, ok := errors.AsType[*xml.SyntaxError](err); ok {
		err = fault.New("xml.syntax", "%s", se.Msg)
	}
	fe, ok := errors.AsType[*fault.Error](err)
	if !ok {
		fe = fault.New("xml.syntax", "%s", strings.TrimPrefix(err.Error(), "xml: "))
	}
	at := fault.New(fe.Code, "line %d, column %d: %s", line, col, fe.Message)
	return at.With(ordered.Of("line", line, "column", col))
}

func (r *reader) run() error {
	for {
		tok, err := r.dec.RawToken()
		if errors.Is(err, io.EOF) && tok == nil {
			return r.end()
		}
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			err = r.open(tok)
		case xml.EndElement:
			err = r.close(tok)
		case xml.CharData:
			err = r.chars(tok)
		case xml.Directive:
			err = r.directive(string(tok))
		case xml.ProcInst:
			err = r.instruction(tok)
		}
		if err != nil {
			return err
		}
		r.first = false
	}
}

func (r *reader) end() error {
	switch {
	case r.cur != r.doc:
		return fault.New("xml.syntax", "the document ends inside element %s", fault.Quote(r.cur.name.key))
	case len(r.doc.kids) == 0:
		return fault.New("xml.syntax", "the document has no element")
	}
	return nil
}

func (r *reader) open(tok xml.StartElement) error {
	if r.cur == r.doc && len(r.doc.kids) > 0 {
		return fault.New("xml.syntax", "the document has a second root element")
	}
	if len(r.raw) >= MaxDepth {
		return fault.New("xml.limit", "elements are nested deeper than %d levels", MaxDepth)
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.marks = append(r.marks, r.names.scope.mark())
	r.raw = append(r.raw, tok.Name)
	for _, a := range tok.Attr {
		if prefix, ok := declares(a.Name); ok {
			if err := r.names.scope.declare(prefix, a.Value); err != nil {
				return err
			}
		}
	}
	name, err := r.names.name(tok.Name.Space, tok.Name.Local, false)
	if err != nil {
		return err
	}
	n := &node{name: name}
	if err := r.add(n); err != nil {
		return err
	}
	r.cur = n
	return r.attributes(tok.Attr)
}

// attributes gives the current element its attributes, namespace declarations first;
// two of one name are refused.
func (r *reader) attributes(list []xml.Attr) error {
	if r.nodes -= len(list); r.nodes < 0 {
		return r.tooMany()
	}
	n := r.cur
	for _, a := range list {
		if prefix, ok := declares(a.Name); ok {
			if name := r.names.declaration(prefix); name != nil {
				n.attrs = append(n.attrs, attr{name, a.Value})
			}
		}
	}
	for _, a := range list {
		if _, ok := declares(a.Name); ok {
			continue
		}
		name, err := r.names.name(a.Name.Space, a.Name.Local, true)
		if err != nil {
			return err
		}
		n.attrs = append(n.attrs, attr{name, a.Value})
	}
	return unique(len(n.attrs), func(i int) string { return n.attrs[i].name.key })
}

// declares says whether an attribute declares a namespace, and the prefix.
func declares(name xml.Name) (prefix string, ok bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// unique refuses a name that n names hold twice.
func unique(n int, name func(int) string) error {
	const few = 8
	if n > few {
		seen := make(map[string]bool, n)
		for i := range n {
			if seen[name(i)] {
				return twice(name(i))
			}
			seen[name(i)] = true
		}
		return nil
	}
	for i := range n {
		for j := range i {
			if name(i) == name(j) {
				return twice(name(i))
			}
		}
	}
	return nil
}

func twice(name string) error {
	return fault.New("xml.syntax", "attribute %s is there twice", fault.Quote(name))
}

func (r *reader) close(tok xml.EndElement) error {
	if r.cur == r.doc {
		return fault.New("xml.syntax", "</%s> closes no element", fault.Quote(tok.Name.Local))
	}
	last := len(r.raw) - 1
	if r.raw[last] != tok.Name {
		return fault.New("xml.syntax", "element %s is closed by another name, %s", fault.Quote(r.cur.name.key), fault.Quote(tok.Name.Local))
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.names.scope.drop(r.marks[last])
	r.marks, r.raw, r.cur = r.marks[:last], r.raw[:last], r.cur.parent
	return nil
}

func (r *reader) chars(text xml.CharData) error {
	if r.cur != r.doc {
		r.text = append(r.text, text...)
		return nil
	}
	if !isSpace(string(text)) {
		return fault.New("xml.syntax", "there is text outside the root element")
	}
	return nil
}

// flush makes the text read since the last child a node.
func (r *reader) flush() error {
	if len(r.text) == 0 {
		return nil
	}
	n := &node{text: string(r.text)}
	r.text = r.text[:0]
	return r.add(n)
}

func (r *reader) add(n *node) error {
	if r.nodes--; r.nodes < 0 {
		return r.tooMany()
	}
	r.count++
	n.parent, n.at, n.order = r.cur, len(r.cur.kids), r.count
	r.cur.kids = append(r.cur.kids, n)
	return nil
}

func (r *reader) tooMany() error {
	return fault.New("xml.limit", "the document has more than %d elements, attributes and texts", r.limit)
}

// directive takes a DOCTYPE that only names things and refuses one that defines any:
// definitions are how entity bombs and file reads come in.
func (r *reader) directive(text string) error {
	if !strings.HasPrefix(text, "DOCTYPE") || r.cur != r.doc || len(r.doc.kids) > 0 {
		return fault.New("xml.syntax", "<!%s does not belong here", fault.Quote(text))
	}
	var quote rune
	for _, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			return fault.New("xml.doctype", "a DOCTYPE with definitions is not taken; send the document without it")
		}
	}
	return nil
}

func (r *reader) instruction(pi xml.ProcInst) error {
	if strings.EqualFold(pi.Target, "xml") && !r.first {
		return fault.New("xml.syntax", "the XML declaration is not at the start")
	}
	return nil
}
