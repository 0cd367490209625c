package admin

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func (a *API) listKinds(c *call) (any, error) {
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	var items []client.Kind
	for _, k := range odb.Kinds() {
		kind, err := kindOf(k, snap)
		if err != nil {
			return nil, err
		}
		items = append(items, kind)
	}
	return client.List[client.Kind]{Items: items}, nil
}

func (a *API) showKind(c *call) (any, error) {
	k, ok := odb.KindNamed(c.param("kind"))
	if !ok {
		return nil, odb.UnknownKind(c.param("kind"))
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	return kindOf(k, snap)
}

func kindOf(k odb.Kind, snap *odb.Snapshot) (client.Kind, error) {
	schema, err := marshal(odb.Schema(k))
	return client.Kind{
		Name: k.Name, Title: k.Title, Help: k.Help, Fields: odb.Fields(k.New()),
		Schema: schema, Count: len(snap.List(k.Name)), Fixed: k.Fixed, Pings: k.Pings,
	}, err
}

// listDefinitions answers one page.
func (a *API) listDefinitions(c *call) (any, error) {
	kind := c.param("kind")
	if _, ok := odb.KindNamed(kind); !ok {
		return nil, odb.UnknownKind(kind)
	}
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	query := c.URL.Query()
	order, err := sortedBy(cmp.Or(query.Get("sort"), "name"))
	if err != nil {
		return nil, err
	}
	after, err := readCursor(query.Get("after"), cmp.Or(query.Get("sort"), "name"))
	if err != nil {
		return nil, err
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	items := matching(snap.List(kind), strings.ToLower(query.Get("q")))
	slices.SortFunc(items, order)
	if after != nil {
		from, _ := slices.BinarySearchFunc(items, *after, func(d, cursor odb.Definition) int {
			if order(d, cursor) <= 0 {
				return -1
			}
			return 1
		})
		items = items[from:]
	}
	page := client.List[odb.Definition]{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = writeCursor(items[limit-1], cmp.Or(query.Get("sort"), "name"))
	}
	return page, nil
}

// sortedBy returns the order that ?sort= names.
func sortedBy(name string) (func(a, b odb.Definition) int, error) {
	field, down := strings.CutPrefix(name, "-")
	byName := func(a, b odb.Definition) int { return cmp.Compare(a.Name, b.Name) }
	orders := map[string]func(a, b odb.Definition) int{
		"name":    byName,
		"version": func(a, b odb.Definition) int { return cmp.Or(cmp.Compare(a.Version, b.Version), byName(a, b)) },
		"updated": func(a, b odb.Definition) int { return cmp.Or(a.Updated.Compare(b.Updated), byName(a, b)) },
	}
	order, ok := orders[field]
	if !ok {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "sort is %.40q; name, version or updated is needed, with - before it for the other way round", name)
	}
	if down {
		return func(a, b odb.Definition) int { return order(b, a) }, nil
	}
	return order, nil
}

// cursor is the place in a list after which a page begins.
type cursor struct {
	Sort string         `json:"s"`
	Last odb.Definition `json:"l"` // only what orders are made of
}

func writeCursor(d odb.Definition, sort string) string {
	text, err := json.Marshal(cursor{sort, odb.Definition{Name: d.Name, Version: d.Version, Updated: d.Updated}})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func readCursor(text, sort string) (*odb.Definition, error) {
	if text == "" {
		return nil, nil
	}
	var cur cursor
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &cur)
	}
	if err != nil || cur.Sort != sort {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "after is not the next of a list in this order")
	}
	return &cur.Last, nil
}

// matching returns the definitions that have text in their name or in a value of
// their spec; sealed secrets are not searched.
func matching(defs []odb.Definition, text string) []odb.Definition {
	out := make([]odb.Definition, 0, len(defs))
	for _, d := range defs {
		if text == "" || strings.Contains(strings.ToLower(d.Name), text) || inSpec(d.Spec, text) {
			out = append(out, d)
		}
	}
	return out
}

func inSpec(spec json.RawMessage, text string) bool {
	if !strings.Contains(strings.ToLower(string(spec)), jsonText(text)) {
		return false // spares decoding most of them
	}
	var tree any
	return json.Unmarshal(spec, &tree) == nil && inValue(tree, text)
}

// jsonText is text as it stands inside a JSON string.
func jsonText(text string) string {
	b, err := marshal(text)
	if err != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(b)), `"`), `"`)
}

func inValue(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return !strings.HasPrefix(v, "sealed:") && strings.Contains(strings.ToLower(v), text)
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return inValue(x, text) })
	case map[string]any:
		for _, x := range v {
			if inValue(x, text) {
				return true
			}
		}
	}
	return false
}

func (a *API) showDefinition(c *call) (any, error) {
	_, def, err := a.find(c)
	if err != nil {
		return nil, err
	}
	c.w.Header().Set("ETag", etag(def.Version))
	return def, nil
}

// showReferences lists what refers to a definition, with the places.
func (a *API) showReferences(c *call) (any, error) {
	snap, def, err := a.find(c)
	if err != nil {
		return nil, err
	}
	return client.List[client.Reference]{Items: references(snap, def.Kind, def.Name)}, nil
}

// references lists what refers to a definition, with the places.
func references(snap *odb.Snapshot, kind, name string) []client.Reference {
	items := []client.Reference{}
	for _, d := range snap.Referrers(kind, name) {
		spec, ok := odb.Find[odb.Spec](snap, d.Kind, d.Name)
		if !ok {
			continue
		}
		for _, ref := range odb.Refs(spec) {
			if ref.Kind == kind && ref.Name == name {
				items = append(items, client.Reference{Kind: d.Kind, Name: d.Name, Pointer: ref.Pointer})
			}
		}
	}
	return items
}
