package channel

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// node is a place in the tree of path patterns, one level a segment.
type node struct {
	text  map[string]*node // by the literal segment that leads on
	param *node            // for {name}: any segment that is not empty
	rest  []*endpoint      // {name...}: whatever follows, the empty segment included
	ends  []*endpoint      // patterns that end here, one a method
}

// insert puts an endpoint at the place of its pattern. Two of one method and shape
// are an error.
func (n *node) insert(e *endpoint) error {
	list := &n.ends
	for _, s := range e.pattern.Segments {
		switch {
		case s.Rest:
			list = &n.rest
		case s.Param != "":
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			list = &n.ends
		default:
			if n.text == nil {
				n.text = map[string]*node{}
			}
			if n.text[s.Literal] == nil {
				n.text[s.Literal] = &node{}
			}
			n = n.text[s.Literal]
			list = &n.ends
		}
	}
	for _, other := range *list {
		if other.method == e.method {
			return fmt.Errorf("the channel %s answers %s %s already", other.name, e.method, e.spec.Path)
		}
	}
	*list = append(*list, e)
	return nil
}

// find returns the endpoint with the most specific pattern that matches the
// segments and serves the method; nil when there is none. At each level a literal
// segment goes before {name} and that before {name...}. It looks at no place twice.
func (n *node) find(segments []string, method string) *endpoint {
	if len(segments) == 0 {
		return pick(n.ends, method)
	}
	if next := n.text[segments[0]]; next != nil {
		if e := next.find(segments[1:], method); e != nil {
			return e
		}
	}
	if n.param != nil && segments[0] != "" {
		if e := n.param.find(segments[1:], method); e != nil {
			return e
		}
	}
	return pick(n.rest, method)
}

// pick chooses the endpoint that serves a method: by its name, HEAD by GET, or ANY.
func pick(list []*endpoint, method string) *endpoint {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var any *endpoint
	for _, e := range list {
		switch e.method {
		case method:
			return e
		case methodAny:
			any = e
		}
	}
	return any
}

// methods returns every method that the patterns which match the segments serve,
// as Allow lists them; empty when no pattern matches.
func (n *node) methods(segments []string) []string {
	var found []string
	n.each(segments, func(e *endpoint) { found = append(found, e.method) })
	if len(found) == 0 {
		return nil
	}
	if slices.Contains(found, methodAny) {
		found = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	}
	if slices.Contains(found, http.MethodGet) {
		found = append(found, http.MethodHead)
	}
	found = append(found, http.MethodOptions)
	slices.Sort(found)
	return slices.Compact(found)
}

// each visits every endpoint whose pattern matches the segments.
func (n *node) each(segments []string, visit func(*endpoint)) {
	if len(segments) == 0 {
		for _, e := range n.ends {
			visit(e)
		}
		return
	}
	if next := n.text[segments[0]]; next != nil {
		next.each(segments[1:], visit)
	}
	if n.param != nil && segments[0] != "" {
		n.param.each(segments[1:], visit)
	}
	for _, e := range n.rest {
		visit(e)
	}
}

// segments appends the parts of a path between its slashes to dst, each decoded
// once: an escaped slash stays inside its segment.
func segments(dst []string, u *url.URL) ([]string, bool) {
	path := u.Path
	if u.RawPath != "" {
		path = u.RawPath
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, false
	}
	for more := true; more; {
		var s string
		s, rest, more = strings.Cut(rest, "/")
		if u.RawPath != "" && strings.IndexByte(s, '%') >= 0 {
			plain, err := url.PathUnescape(s)
			if err != nil {
				return nil, false
			}
			s = plain
		}
		dst = append(dst, s)
	}
	return dst, true
}
