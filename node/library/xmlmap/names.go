package xmlmap

import "signalbox.internal/node/library/fault"

// qname is a name as the result shows it. Equal names of a document share one.
type qname struct {
	key    string // "cbc:ID", "{urn:x}ID", "ID"
	prefix string // the part of key before the local name, without the colon
	local  string
	space  string // the namespace, "" for none
	decl   bool   // a namespace declaration, no attribute in XPath's eyes
}

type rawName struct {
	prefix, local, space string
	attr                 bool
}

// namer turns names of the document into names of the result.
type namer struct {
	scope   *scope
	chosen  map[string]string // namespace to prefix; nil keeps the document's prefixes
	none    bool              // the empty prefix is taken by a chosen namespace
	strip   bool
	names   map[rawName]*qname
	room    int // bytes that new names may still take
	byteMax int
}

func newNamer(o ParseOptions, limit int) *namer {
	n := &namer{scope: newScope(), strip: o.Strip, names: map[rawName]*qname{}, room: limit, byteMax: limit}
	if len(o.Namespaces) > 0 {
		n.chosen = make(map[string]string, len(o.Namespaces))
		for prefix, uri := range o.Namespaces {
			n.chosen[uri] = prefix
		}
		_, n.none = o.Namespaces[""]
	}
	return n
}

// name resolves an element's or attribute's name in the current scope.
func (n *namer) name(prefix, local string, attr bool) (*qname, error) {
	space, known := "", true
	if prefix != "" || !attr {
		space, known = n.scope.lookup(prefix)
	}
	if !known {
		return nil, fault.New("xml.namespace", "the namespace prefix %s is not declared", fault.Quote(prefix))
	}
	raw := rawName{prefix, local, space, attr}
	if q := n.names[raw]; q != nil {
		return q, nil
	}
	if !isName(local) || prefix != "" && !isName(prefix) {
		return nil, fault.New("xml.syntax", "%s is not a name", fault.Quote(prefix+":"+local))
	}
	if n.strip && attr && local == "xmlns" {
		return nil, fault.New("xml.namespace", "attribute %s would declare a namespace without its prefix", fault.Quote(prefix+":xmlns"))
	}
	q := &qname{prefix: n.prefix(raw), local: local, space: space}
	if n.room -= len(q.prefix) + 1 + len(local); n.room < 0 {
		return nil, fault.New("xml.limit", "the names of the document take more than %d bytes", n.byteMax)
	}
	switch {
	case q.prefix == "":
		q.key = local
	case q.prefix[0] == '{':
		q.key = q.prefix + local
	default:
		q.key = q.prefix + ":" + local
	}
	n.names[raw] = q
	return q, nil
}

// prefix chooses what stands before the local name. For a namespace without a chosen
// prefix that is "{uri}", which no XPath name can match.
func (n *namer) prefix(raw rawName) string {
	switch {
	case n.strip:
		return ""
	case n.chosen == nil || raw.space == xmlURI:
		return raw.prefix
	case raw.space == "" && (raw.attr || !n.none):
		return ""
	}
	if prefix, ok := n.chosen[raw.space]; ok && (prefix != "" || !raw.attr) {
		return prefix
	}
	return "{" + raw.space + "}"
}

// declaration names a namespace declaration as an attribute of the result; nil when
// the result leaves declarations out.
func (n *namer) declaration(prefix string) *qname {
	if n.strip || n.chosen != nil {
		return nil
	}
	raw := rawName{prefix: "xmlns", local: prefix, attr: true}
	if q := n.names[raw]; q != nil {
		return q
	}
	q := &qname{key: "xmlns", local: prefix, prefix: "xmlns", decl: true}
	if prefix != "" {
		q.key = "xmlns:" + prefix
	}
	n.names[raw] = q
	return q
}
