package library

import (
	"context"
	"encoding/json"
)

func xmlOps() map[string]work {
	return map[string]work{"xml.parse": xmlParse, "xml.format": xmlFormat, "xml.xpath": xmlXPath}
}

// xmlSource reads the document and how to map it.
func xmlSource(a *arguments) ([]byte, XMLOptions) {
	doc, isText := a.data()
	o := XMLOptions{
		Arrays: a.texts("arrays"), Preserve: a.flag("preserve", false), Trim: a.flag("trim", false), Unicode: isText,
	}
	raw, ok := a.get("namespaces")
	switch {
	case !ok:
	case raw[0] == '"':
		mode := ""
		a.decode("namespaces", raw, &mode, "a string")
		if o.Strip = mode == "strip"; !o.Strip && mode != "keep" {
			a.wrong("namespaces", `is neither "keep", "strip" nor an object of prefixes`)
		}
	default:
		o.Namespaces = a.namespaces(raw)
	}
	return doc, o
}

func (a *arguments) namespaces(raw json.RawMessage) map[string]string {
	var ns map[string]string
	a.decode("namespaces", raw, &ns, "an object of strings, prefix to namespace")
	return ns
}

func xmlParse(_ context.Context, a *arguments) (any, error) {
	doc, o := xmlSource(a)
	if err := a.done(); err != nil {
		return nil, err
	}
	return ParseXML(doc, o)
}

func xmlFormat(_ context.Context, a *arguments) (any, error) {
	v := a.value("value")
	o := XMLFormat{
		Root: a.textOr("root", ""), Item: a.textOr("item", "item"), Declaration: a.flag("declaration", false),
		Indent: int(min(max(a.wholeOr("indent", 0), -1), 100)), MaxBytes: MaxResult,
	}
	if raw, ok := a.get("namespaces"); ok {
		o.Namespaces = a.namespaces(raw)
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	out, err := FormatXML(v, o)
	return string(out), err
}

func xmlXPath(ctx context.Context, a *arguments) (any, error) {
	doc, o := xmlSource(a)
	expr, first := a.text("expr"), a.flag("first", false)
	if err := a.done(); err != nil {
		return nil, err
	}
	v, err := XPath(ctx, doc, expr, o)
	if list, ok := v.([]any); ok && first {
		if len(list) == 0 {
			return nil, err
		}
		return list[0], err
	}
	return v, err
}
