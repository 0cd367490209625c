package xmlmap

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/library/fault"
)

// writer writes elements.
type writer struct {
	out    []byte
	limit  int
	indent int
	chosen map[string]string // prefix to namespace, as the options say
	scope  *scope
	path   []string // names of the open elements
	fresh  int      // prefixes made so far
	flat   int      // open elements inside which nothing is indented
}

func newWriter(o FormatOptions) *writer {
	return &writer{
		limit: cmp.Or(o.MaxBytes, MaxBytes), indent: o.Indent, chosen: o.Namespaces, scope: newScope(),
	}
}

// element writes one element, or one for each item of an array.
func (w *writer) element(name string, v any) error {
	list, ok := v.([]any)
	if !ok {
		return w.one(name, v)
	}
	for _, item := range list {
		if _, nested := item.([]any); nested {
			w.path = append(w.path, name)
			return errValue("an array inside an array has no XML form")
		}
		if err := w.one(name, item); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) one(name string, v any) error {
	if w.path = append(w.path, name); len(w.path) > MaxDepth {
		return fault.New("xml.limit", "elements are nested deeper than %d levels", MaxDepth)
	}
	var p parts
	if pairs, ok := pairsOf(v); ok {
		var err error
		if p, err = partsOf(pairs); err != nil {
			return err
		}
	} else if p.text, ok = scalar(v); !ok {
		var err error
		if v, err = plain(v); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
		return w.element(name, v)
	}
	if err := w.write(name, p); err != nil {
		return err
	}
	if len(w.out) > w.limit {
		return tooLarge(w.limit)
	}
	w.path = w.path[:len(w.path)-1]
	return nil
}

func (w *writer) write(name string, p parts) error {
	mark := w.scope.mark()
	defer w.scope.drop(mark)
	tag, err := w.start(name, p.attrs)
	if err != nil {
		return err
	}
	if p.empty() {
		w.out = append(w.out, "/>"...)
		return nil
	}
	w.out = append(w.out, '>')
	if err := w.content(p); err != nil {
		return err
	}
	w.out = append(w.out, "</"...)
	w.out = append(w.out, tag...)
	w.out = append(w.out, '>')
	return nil
}

func (w *writer) content(p parts) error {
	mixed := p.mixed()
	if mixed {
		w.flat++
		defer func() { w.flat-- }()
	}
	if err := w.escape(p.text, false); err != nil {
		return err
	}
	for _, kv := range p.elements {
		if err := w.element(kv.key, kv.val); err != nil {
			return err
		}
	}
	for _, child := range p.children {
		if err := w.child(child); err != nil {
			return err
		}
	}
	if len(p.elements)+len(p.children) > 0 {
		w.newline(len(w.path) - 1)
	}
	return nil
}

// child writes one item of "#children".
func (w *writer) child(v any) error {
	if text, ok := v.(string); ok {
		return w.escape(text, false)
	}
	pairs, ok := pairsOf(v)
	if !ok || len(pairs) != 1 || strings.HasPrefix(pairs[0].key, "@") || strings.HasPrefix(pairs[0].key, "#") {
		return errValue("an item of #children is neither a string nor an object with one element")
	}
	return w.element(pairs[0].key, pairs[0].val)
}

// newline starts a line at a level when the options ask for lines.
func (w *writer) newline(level int) {
	if w.indent == 0 || w.flat > 0 || len(w.out) == 0 {
		return
	}
	w.out = append(w.out, '\n')
	for range level * w.indent {
		w.out = append(w.out, ' ')
	}
}

// start writes the start tag without its end and gives the name to close with.
func (w *writer) start(name string, attrs []pair) (string, error) {
	if len(w.path) > 1 {
		w.newline(len(w.path) - 1)
	}
	space, _, own := cutSpace(name)
	decls, attrs, err := w.declarations(attrs, own && space == "")
	if err != nil {
		return "", err
	}
	tag, more, err := w.resolve(name, false)
	if err != nil {
		return "", err
	}
	decls = append(decls, more...)
	w.out = append(w.out, '<')
	w.out = append(w.out, tag...)
	body := make([]pair, 0, len(attrs))
	for _, a := range attrs {
		key, more, err := w.resolve(a.key, true)
		if err != nil {
			return "", err
		}
		decls = append(decls, more...)
		body = append(body, pair{key, a.val})
	}
	all := append(decls, body...)
	if err := unique(len(all), func(i int) string { return all[i].key }); err != nil {
		return "", err
	}
	for _, a := range all {
		if err := w.attribute(a); err != nil {
			return "", err
		}
	}
	return tag, nil
}

func (w *writer) attribute(a pair) error {
	text, ok := scalar(a.val)
	if !ok {
		return errValue("attribute " + fault.Quote(a.key) + " is not a string, number, boolean or null")
	}
	w.out = append(w.out, ' ')
	w.out = append(w.out, a.key...)
	w.out = append(w.out, `="`...)
	if err := w.escape(text, true); err != nil {
		return err
	}
	w.out = append(w.out, '"')
	return nil
}

// declarations takes namespace declarations out of the attributes, and on the root
// adds those of the options; not the default one when the root itself has none.
func (w *writer) declarations(attrs []pair, none bool) (decls, rest []pair, err error) {
	if len(w.path) == 1 {
		for _, prefix := range slices.Sorted(maps.Keys(w.chosen)) {
			if prefix == "" && none {
				continue
			}
			if decls, err = w.declare(decls, prefix, w.chosen[prefix]); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, a := range attrs {
		prefix, ok := strings.CutPrefix(a.key, "xmlns:")
		if !ok && a.key != "xmlns" {
			rest = append(rest, a)
			continue
		}
		if !ok {
			prefix = ""
		}
		uri, isText := a.val.(string)
		if !isText || ok && !isName(prefix) {
			return nil, nil, errValue("attribute " + fault.Quote(a.key) + " does not declare a namespace")
		}
		want, fixed := w.chosen[prefix]
		if fixed && want != uri {
			return nil, nil, fault.New("xml.namespace", "prefix %q is %s in the options and %s in the value", prefix, fault.Quote(want), fault.Quote(uri))
		}
		if fixed && len(w.path) == 1 {
			continue
		}
		if decls, err = w.declare(decls, prefix, uri); err != nil {
			return nil, nil, err
		}
	}
	return decls, rest, nil
}

func (w *writer) declare(decls []pair, prefix, uri string) ([]pair, error) {
	if err := w.scope.declare(prefix, uri); err != nil {
		return nil, err
	}
	if prefix == "" {
		return append(decls, pair{"xmlns", uri}), nil
	}
	return append(decls, pair{"xmlns:" + prefix, uri}), nil
}

// resolve turns a key into a name to write, with the declarations it needs.
func (w *writer) resolve(key string, attr bool) (string, []pair, error) {
	if space, local, ok := cutSpace(key); ok {
		return w.inSpace(space, local, attr)
	}
	prefix, local, prefixed := strings.Cut(key, ":")
	if !prefixed {
		prefix, local = "", key
	}
	if !isName(local) || prefixed && !isName(prefix) {
		return "", nil, errValue(fault.Quote(key) + " is not a name in XML")
	}
	if _, known := w.scope.lookup(prefix); !known {
		return "", nil, fault.New("xml.namespace", "the namespace prefix %s is not declared, neither in the options nor as %s",
			fault.Quote(prefix), fault.Quote("@xmlns:"+prefix))
	}
	if uri, fixed := w.chosen[""]; fixed && !prefixed && !attr {
		return w.byDefault(uri, local)
	}
	return key, nil, nil
}

// cutSpace splits "{uri}local".
func cutSpace(key string) (space, local string, ok bool) {
	end := strings.LastIndexByte(key, '}')
	if !strings.HasPrefix(key, "{") || end < 0 {
		return "", "", false
	}
	return key[1:end], key[end+1:], true
}

// inSpace names something of a given namespace by a prefix in scope, or by a new one.
func (w *writer) inSpace(space, local string, attr bool) (string, []pair, error) {
	if !isName(local) {
		return "", nil, errValue(fault.Quote(local) + " is not a name in XML")
	}
	if space == "" && attr {
		return local, nil, nil
	}
	if space == "" {
		return w.byDefault("", local)
	}
	for prefix, uri := range w.chosen {
		if now, _ := w.scope.lookup(prefix); prefix != "" && uri == space && now == space {
			return prefix + ":" + local, nil, nil
		}
	}
	prefix := ""
	for taken := true; taken; {
		w.fresh++
		prefix = "ns" + strconv.Itoa(w.fresh)
		_, taken = w.scope.lookup(prefix)
	}
	decls, err := w.declare(nil, prefix, space)
	return prefix + ":" + local, decls, err
}

// byDefault names an element without a prefix and sees to its default namespace.
func (w *writer) byDefault(uri, local string) (string, []pair, error) {
	if now, _ := w.scope.lookup(""); now == uri {
		return local, nil, nil
	}
	decls, err := w.declare(nil, "", uri)
	return local, decls, err
}

// escape writes text or an attribute's value.
func (w *writer) escape(s string, attr bool) error {
	if len(s) > w.limit {
		return tooLarge(w.limit)
	}
	if !isText(s) {
		return errValue("the text holds a character that XML does not allow: " + fault.Quote(s))
	}
	from := 0
	for i := range len(s) {
		esc := entity(s[i], attr)
		if esc == "" {
			continue
		}
		w.out = append(w.out, s[from:i]...)
		w.out = append(w.out, esc...)
		from = i + 1
	}
	w.out = append(w.out, s[from:]...)
	return nil
}

func entity(b byte, attr bool) string {
	switch {
	case b == '&':
		return "&amp;"
	case b == '<':
		return "&lt;"
	case b == '>':
		return "&gt;"
	case b == '\r':
		return "&#xD;"
	case b == '"' && attr:
		return "&quot;"
	case b == '\n' && attr:
		return "&#xA;"
	case b == '\t' && attr:
		return "&#x9;"
	}
	return ""
}
