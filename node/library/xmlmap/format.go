package xmlmap

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// Format writes a value as XML, the way back of Parse. It takes what Parse and
// ordered.Decode give, Go maps (keys sorted), raw JSON and anything that
// encoding/json can write. Null and "" write an empty element, a null attribute is
// left out, numbers and booleans are written as their JSON text. Every prefix must be
// declared, by FormatOptions.Namespaces or an "@xmlns:prefix" key; a "{uri}local" key
// gets a prefix of its own. A value that has no XML form has code "xml.value", with
// the path of the place in Details; too much output has "xml.limit".
func Format(v any, o FormatOptions) ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	name, val, err := rootOf(v, o)
	if err != nil {
		return nil, err
	}
	w := newWriter(o)
	if o.Declaration {
		w.out = append(w.out, `<?xml version="1.0" encoding="UTF-8"?>`...)
		w.newline(0)
	}
	if err := w.element(name, val); err != nil {
		return nil, w.place(err)
	}
	return w.out, nil
}

// plain brings v to the types of ordered.Decode.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, json.Number, *ordered.Object, map[string]any, []any:
		return v, nil
	case json.RawMessage:
		return ordered.Decode(v)
	}
	raw, err := ordered.Append(nil, v, 0)
	if err != nil {
		return nil, err
	}
	return ordered.Decode(raw)
}

// rootOf finds the root element's name and value.
func rootOf(v any, o FormatOptions) (string, any, error) {
	list, isList := v.([]any)
	switch {
	case o.Root != "" && isList:
		return o.Root, ordered.Of(cmp.Or(o.Item, "item"), list), nil
	case o.Root != "":
		return o.Root, v, nil
	}
	pairs, ok := pairsOf(v)
	if !ok || len(pairs) != 1 || strings.HasPrefix(pairs[0].key, "@") || strings.HasPrefix(pairs[0].key, "#") {
		return "", nil, fault.New("xml.value", "the value is not an object with one key, the root element; name the root in the options")
	}
	if list, isList = pairs[0].val.([]any); isList && len(list) != 1 {
		return "", nil, fault.New("xml.value", "a document has one root element, not %d", len(list))
	} else if isList {
		return pairs[0].key, list[0], nil
	}
	return pairs[0].key, pairs[0].val, nil
}

type pair struct {
	key string
	val any
}

// pairsOf lists the pairs of an object, those of a Go map by sorted key.
func pairsOf(v any) ([]pair, bool) {
	var pairs []pair
	switch v := v.(type) {
	case *ordered.Object:
		if v == nil {
			return nil, false
		}
		pairs = make([]pair, 0, v.Len())
		for k, val := range v.All() {
			pairs = append(pairs, pair{k, val})
		}
	case map[string]any:
		pairs = make([]pair, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, pair{k, v[k]})
		}
	default:
		return nil, false
	}
	return pairs, true
}

// scalar gives the text of a string, number, boolean or null.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case *ordered.Object:
		return "", v == nil
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case int, int64, float64:
		raw, err := json.Marshal(v)
		return string(raw), err == nil
	}
	return "", false
}

// parts is an object of a value, sorted into what XML knows.
type parts struct {
	attrs    []pair // without "@"
	text     string
	children []any // "#children"
	elements []pair
}

func partsOf(pairs []pair) (parts, error) {
	var p parts
	for _, kv := range pairs {
		switch {
		case strings.HasPrefix(kv.key, "@"):
			if kv.val != nil {
				p.attrs = append(p.attrs, pair{kv.key[1:], kv.val})
			}
		case kv.key == "#text":
			text, ok := scalar(kv.val)
			if !ok {
				return p, errValue("#text is not a string, number, boolean or null")
			}
			p.text = text
		case kv.key == "#children":
			list, ok := kv.val.([]any)
			if !ok {
				return p, errValue("#children is not an array")
			}
			p.children = list
		default:
			p.elements = append(p.elements, kv)
		}
	}
	if p.children != nil && (p.text != "" || len(p.elements) > 0) {
		return p, errValue("#children stands beside #text or other elements")
	}
	return p, nil
}

// empty says whether the element has no content.
func (p parts) empty() bool {
	if p.text != "" || len(p.children) > 0 {
		return false
	}
	for _, kv := range p.elements {
		if list, ok := kv.val.([]any); !ok || len(list) > 0 {
			return false
		}
	}
	return true
}

// mixed says whether the element has text, so that white space would change it.
func (p parts) mixed() bool {
	return p.text != "" || slices.ContainsFunc(p.children, func(c any) bool {
		_, ok := c.(string)
		return ok
	})
}

func errValue(msg string) error { return fault.New("xml.value", "%s", msg) }

// place adds the path of the element that was being written.
func (w *writer) place(err error) error {
	fe, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	where := "/" + strings.Join(w.path, "/")
	if len(where) > maxURI {
		where = where[:maxURI]
	}
	return fault.New(fe.Code, "%s (at %s)", fe.Message, fault.Quote(where)).With(ordered.Of("path", where))
}
