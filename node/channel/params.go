package channel

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library"
	"signalbox.internal/node/problem"
)

const paramsMerge = "merge"

// query is the decoded query of a request, its names in the order of their first
// appearance.
type query struct {
	names  []string
	values map[string][]string
}

// maxQuery bounds the number of pairs in a query.
const maxQuery = 1000

// readQuery decodes the query and shows it to the service; nil when there is none.
func (x *exchange) readQuery() (*query, *problem.Doc) {
	raw := x.r.URL.RawQuery
	if raw == "" {
		return nil, nil
	}
	q, detail := parseQuery(raw)
	if detail != "" {
		return nil, &problem.Doc{Status: http.StatusBadRequest, Code: codeQuery, Detail: detail}
	}
	x.info.Query = q.values
	return q, nil
}

// parseQuery reads name=value pairs. It says what is wrong instead of leaving out
// what it cannot read.
func parseQuery(raw string) (q *query, fault string) {
	q = &query{values: map[string][]string{}}
	n := 0
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if n++; n > maxQuery {
			return nil, "the query has too many parameters"
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, "the query has a wrong escape or bytes that are not UTF-8"
		}
		if _, seen := q.values[name]; !seen {
			q.names = append(q.names, name)
		}
		q.values[name] = append(q.values[name], value)
	}
	return q, ""
}

// merges reports whether parameters become fields of the input.
func (x *exchange) merges() bool { return x.e.spec.Params == paramsMerge }

// merge puts the parameters into the object and makes it the input: the path wins
// over the body, the body over the query. Values are texts, made numbers, booleans
// and lists where the service's schema has only those.
func (x *exchange) merge(o *library.Object, q *query) *problem.Doc {
	if q == nil && len(x.e.params) == 0 {
		return x.encode(o)
	}
	shapes := x.shapes()
	if q != nil {
		for _, name := range q.names {
			if _, taken := o.Get(name); !taken {
				o.Set(name, shapes[name].value(q.values[name]))
			}
		}
	}
	for _, p := range x.e.params {
		o.Set(p.name, shapes[p.name].one(x.info.Params[p.name]))
	}
	return x.encode(o)
}

// shapes returns how the service's input schema wants its properties, read anew
// when the service has another schema.
func (x *exchange) shapes() map[string]shape {
	info, ok := x.m.services.Get(x.e.spec.Service)
	if !ok || len(info.Input) == 0 {
		return nil
	}
	cached := x.e.shapes.Load()
	if cached == nil || &cached.schema[0] != &info.Input[0] || len(cached.schema) != len(info.Input) {
		cached = &shapes{schema: info.Input, of: shapesOf(info.Input)}
		x.e.shapes.Store(cached)
	}
	return cached.of
}
