package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"signalbox.internal/odb"
)

// List is one page of a list, or all of a short one.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" jsonschema:"value of ?after= that gives the next page; empty on the last"`
}

// Kind describes a type of definition.
type Kind struct {
	Name   string          `json:"name"`
	Title  string          `json:"title"`
	Help   string          `json:"help"`
	Fields []odb.Field     `json:"fields" jsonschema:"the fields of a spec in the order in which they are shown"`
	Schema json.RawMessage `json:"schema" jsonschema:"JSON Schema of a spec"`
	Count  int             `json:"count" jsonschema:"how many definitions of the kind there are"`
	Fixed  bool            `json:"fixed,omitempty" jsonschema:"names are written in code: a definition cannot be renamed"`
	Pings  bool            `json:"pings,omitempty" jsonschema:"a definition has a far side that can be asked how it is"`
}

// Query selects and orders definitions; zero fields do not restrict.
type Query struct {
	Text  string // part of the name or of the spec, in any case
	Sort  string // "name" (default), "updated", "version"; with "-" before it the other way round
	Limit int    // at most so many; 0 means 100, at most 1000
	After string // List.Next of the page before
}

// CreateDefinition is a definition to be made.
type CreateDefinition struct {
	Name   string          `json:"name"`
	Spec   json.RawMessage `json:"spec" jsonschema:"as the kind's schema says; a secret may be in clear, it is sealed before it is stored"`
	Reason string          `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// UpdateDefinition replaces a spec.
type UpdateDefinition struct {
	Spec   json.RawMessage `json:"spec" jsonschema:"as the kind's schema says; a secret may be in clear, it is sealed before it is stored"`
	Reason string          `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// RenameDefinition gives a definition another name.
type RenameDefinition struct {
	Name   string `json:"name" jsonschema:"the new name"`
	Reason string `json:"reason,omitempty" jsonschema:"why, for the change log"`
}

// Written is a definition after a write, and what became of it.
type Written struct {
	odb.Definition
	Changed  bool          `json:"changed" jsonschema:"false when it was like this already; then there is no new revision"`
	Running  bool          `json:"running" jsonschema:"whether the node that answered runs the revision already"`
	Problems []odb.Problem `json:"problems,omitempty" jsonschema:"why the node cannot put the definition into force"`
}

// Reference is a definition that refers to another.
type Reference struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Pointer string `json:"pointer" jsonschema:"place of the reference in the spec"`
}

// Kinds lists the kinds of definitions.
func (c *Client) Kinds(ctx context.Context) ([]Kind, error) {
	var l List[Kind]
	err := c.get(ctx, path("kinds"), nil, &l)
	return l.Items, err
}

// Kind describes one kind.
func (c *Client) Kind(ctx context.Context, kind string) (Kind, error) {
	var k Kind
	err := c.get(ctx, path("kinds", kind), nil, &k)
	return k, err
}

// Definitions lists one page of the definitions of a kind.
func (c *Client) Definitions(ctx context.Context, kind string, q Query) (List[odb.Definition], error) {
	v := url.Values{}
	set(v, "q", q.Text)
	set(v, "sort", q.Sort)
	setInt(v, "limit", q.Limit)
	set(v, "after", q.After)
	var l List[odb.Definition]
	err := c.get(ctx, path("definitions", kind), v, &l)
	return l, err
}

// AllDefinitions lists every definition of a kind that q selects, page by page.
func (c *Client) AllDefinitions(ctx context.Context, kind string, q Query) ([]odb.Definition, error) {
	if q.Limit == 0 {
		q.Limit = 1000
	}
	var all []odb.Definition
	for {
		l, err := c.Definitions(ctx, kind, q)
		if err != nil {
			return nil, err
		}
		all = append(all, l.Items...)
		if l.Next == "" {
			return all, nil
		}
		q.After = l.Next
	}
}

// Definition returns one definition. Its secrets are references, never clear text.
func (c *Client) Definition(ctx context.Context, kind, name string) (odb.Definition, error) {
	var d odb.Definition
	err := c.get(ctx, path("definitions", kind, name), nil, &d)
	return d, err
}

// CreateDefinition makes a definition; a Conflict when the name is taken.
func (c *Client) CreateDefinition(ctx context.Context, kind string, in CreateDefinition) (Written, error) {
	var w Written
	err := c.post(ctx, path("definitions", kind), in, &w)
	return w, err
}

// UpdateDefinition replaces the spec of a definition that is at version; 0
// creates it and refuses when it exists.
func (c *Client) UpdateDefinition(ctx context.Context, d odb.Definition, reason string) (Written, error) {
	raw, err := encode(UpdateDefinition{Spec: d.Spec, Reason: reason})
	if err != nil {
		return Written{}, err
	}
	req := request{method: http.MethodPut, path: path("definitions", d.Kind, d.Name), header: http.Header{}, body: raw}
	if d.Version == 0 {
		req.header.Set("If-None-Match", "*")
	} else {
		req.header.Set("If-Match", etag(d.Version))
	}
	var w Written
	err = c.call(ctx, req, &w)
	return w, err
}

// DeleteDefinition deletes a definition that is at d.Version.
func (c *Client) DeleteDefinition(ctx context.Context, d odb.Definition, reason string) (Applied, error) {
	req := request{method: http.MethodDelete, path: path("definitions", d.Kind, d.Name), header: http.Header{}}
	req.header.Set("If-Match", etag(d.Version))
	if reason != "" {
		req.header.Set("X-Change-Reason", url.QueryEscape(reason))
	}
	var a Applied
	err := c.call(ctx, req, &a)
	return a, err
}

// RenameDefinition renames a definition that is at d.Version; what refers to it
// follows in the same revision.
func (c *Client) RenameDefinition(ctx context.Context, d odb.Definition, in RenameDefinition) (Written, error) {
	raw, err := encode(in)
	if err != nil {
		return Written{}, err
	}
	req := request{method: http.MethodPost, path: path("definitions", d.Kind, d.Name, "rename"), header: http.Header{}, body: raw}
	req.header.Set("If-Match", etag(d.Version))
	var w Written
	err = c.call(ctx, req, &w)
	return w, err
}

// DefinitionHistory returns the revisions that touched a definition, newest
// first, with what they changed in it.
func (c *Client) DefinitionHistory(ctx context.Context, kind, name string, q HistoryQuery) (List[Revision], error) {
	var l List[Revision]
	err := c.get(ctx, path("definitions", kind, name, "history"), q.values(), &l)
	return l, err
}

// References returns the definitions that refer to one.
func (c *Client) References(ctx context.Context, kind, name string) ([]Reference, error) {
	var l List[Reference]
	err := c.get(ctx, path("definitions", kind, name, "references"), nil, &l)
	return l.Items, err
}

// Ping asks the far side of an outgoing connection now. A far side that does
// not answer is a result, not an error.
func (c *Client) Ping(ctx context.Context, name string) (Ping, error) {
	var p Ping
	err := c.post(ctx, path("definitions", "outgoing", name, "ping"), nil, &p)
	return p, err
}
