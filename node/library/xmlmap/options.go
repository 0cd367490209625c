// Package xmlmap maps XML documents to JSON values and back, and selects in them by
// XPath.
//
// A document becomes an object with one key, the name of its root element. An element
// that has neither attributes nor child elements becomes a string, its text ("" when
// it is empty). Any other element becomes an object with, in this order: "@name" for
// each attribute, "#text" for its text (left out when it is only white space between
// child elements), and one key for each name among its child elements; children that
// share a name become an array. Format writes such a value back; Parse(Format(v)) is
// v. What the mapping loses on purpose: comments, processing instructions, the order
// between children of different names when they are mixed, and the places of text
// between child elements. The option Preserve keeps the last two: an element with
// child elements then has "#children", an array in document order of strings (text)
// and objects with one key (child elements).
//
// Names are as written in the document, prefix included, and namespace declarations
// stay as attributes ("@xmlns", "@xmlns:cbc"). With the option Namespaces the names
// carry the prefixes that the caller chose for each namespace, whatever the sender
// wrote, declarations are left out, and a name from a namespace that is not listed
// becomes "{uri}local". With Strip only local names remain.
//
// Documents come from strangers: nothing outside the document is ever read, a DOCTYPE
// with definitions inside is refused, and size, depth and number of nodes are limited.
// The package imports library/charset, library/fault and library/ordered.
package xmlmap

import (
	"maps"
	"slices"
	"strings"

	"signalbox.internal/node/library/fault"
)

// Limits that hold when an option leaves them zero.
const (
	MaxBytes = 10 << 20 // bytes of the document in UTF-8, read or written
	MaxNodes = 500_000  // elements, attributes and texts
	MaxDepth = 200      // nested elements; fixed
)

// Limits on what options hold: with them, chosen names stay small.
const (
	maxArrays     = 1000
	maxNamespaces = 64
	maxPrefix     = 64
	maxURI        = 1024
)

// ParseOptions say how Parse and XPath map a document. The zero value keeps names as
// written and groups children by name.
type ParseOptions struct {
	// Namespaces are the prefixes that names shall have, prefix to URI; the empty
	// prefix stands for names without one. Nil keeps the document's own prefixes.
	Namespaces map[string]string
	// Strip removes every prefix and namespace declaration; not together with Namespaces.
	Strip bool
	// Arrays names elements that become arrays even when there is only one: a name
	// as it appears in the result ("cac:OrderLine"), the end of a path
	// ("cac:Item/cbc:Note"), or a path from the root ("/Order/cac:OrderLine").
	Arrays []string
	// Preserve keeps the order of children and text in "#children"; not together with Arrays.
	Preserve bool
	// Trim removes white space around every text and attribute.
	Trim bool
	// Unicode says that the document is text that was decoded before: the encoding
	// it declares is not applied.
	Unicode bool

	MaxBytes int // zero means MaxBytes
	MaxNodes int // zero means MaxNodes
}

func (o ParseOptions) check() error {
	switch {
	case o.Strip && len(o.Namespaces) > 0:
		return fault.New("xml.options", "names cannot both lose their prefixes and get chosen ones")
	case len(o.Arrays) > maxArrays:
		return fault.New("xml.options", "%d arrays are more than %d", len(o.Arrays), maxArrays)
	case o.Preserve && len(o.Arrays) > 0:
		return fault.New("xml.options", "arrays have no meaning when the order is preserved")
	}
	for _, a := range o.Arrays {
		if strings.Trim(a, "/") == "" || len(a) > maxURI {
			return fault.New("xml.options", "%s is not a name or a path of elements", fault.Quote(a))
		}
	}
	return checkNamespaces(o.Namespaces)
}

// FormatOptions say how Format writes a value.
type FormatOptions struct {
	// Root is the name of the root element; empty means that the value is an object
	// with one key, which names it.
	Root string
	// Item names the elements of an array at the top, which needs Root; empty means "item".
	Item string
	// Namespaces are declared on the root element, prefix to URI; the empty prefix is
	// the default namespace.
	Namespaces map[string]string
	// Declaration writes <?xml version="1.0" encoding="UTF-8"?> first.
	Declaration bool
	// Indent is the number of spaces for each level, 0 to 16; 0 writes one line.
	// Elements with text are never indented inside.
	Indent int

	MaxBytes int // zero means MaxBytes
}

func (o FormatOptions) check() error {
	if o.Indent < 0 || o.Indent > 16 {
		return fault.New("xml.options", "indent is %d, not 0 to 16", o.Indent)
	}
	return checkNamespaces(o.Namespaces)
}

func checkNamespaces(ns map[string]string) error {
	if len(ns) > maxNamespaces {
		return fault.New("xml.options", "%d namespaces are more than %d", len(ns), maxNamespaces)
	}
	prefixOf := make(map[string]string, len(ns))
	for _, prefix := range slices.Sorted(maps.Keys(ns)) {
		uri := ns[prefix]
		switch other, twice := prefixOf[uri]; {
		case prefix != "" && (!isName(prefix) || len(prefix) > maxPrefix):
			return fault.New("xml.options", "%s is not a namespace prefix", fault.Quote(prefix))
		case prefix == "xml" || prefix == "xmlns":
			return fault.New("xml.options", "the namespace prefix %s is reserved", prefix)
		case uri == "" || uri == xmlURI || len(uri) > maxURI || !isText(uri):
			return fault.New("xml.options", "%s is not a namespace that prefix %q can have", fault.Quote(uri), prefix)
		case twice:
			return fault.New("xml.options", "prefixes %q and %q have the same namespace", other, prefix)
		}
		prefixOf[uri] = prefix
	}
	return nil
}
