package xmlmap

import (
	"strings"

	"github.com/antchfx/xpath"
)

// cursor walks the tree for the XPath library (its NodeNavigator). Every move counts.
type cursor struct {
	e    *evaluation
	n    *node
	attr int // the attribute of n, -1 for n itself
}

func (c *cursor) NodeType() xpath.NodeType {
	switch {
	case c.attr >= 0:
		return xpath.AttributeNode
	case c.n.parent == nil:
		return xpath.RootNode
	case c.n.name == nil:
		return xpath.TextNode
	}
	return xpath.ElementNode
}

func (c *cursor) name() *qname {
	switch {
	case c.attr >= 0:
		return c.n.attrs[c.attr].name
	case c.n.name != nil:
		return c.n.name
	}
	return &qname{}
}

func (c *cursor) LocalName() string    { return c.name().local }
func (c *cursor) Prefix() string       { return c.name().prefix }
func (c *cursor) NamespaceURL() string { return c.name().space }

// Value is the attribute's value or all text inside; long texts count as many steps.
func (c *cursor) Value() string {
	var val string
	switch {
	case c.attr >= 0:
		val = c.n.attrs[c.attr].val
	case c.n.isText():
		val = c.n.text
	case len(c.n.kids) == 1 && c.n.kids[0].isText():
		val = c.n.kids[0].text
	default:
		var b strings.Builder
		c.write(&b, c.n)
		val = b.String()
	}
	c.e.spend(1 + len(val)/16*c.e.weight)
	return val
}

func (c *cursor) write(b *strings.Builder, n *node) {
	c.e.spend(1 + len(n.text)/16)
	b.WriteString(n.text)
	for _, kid := range n.kids {
		c.write(b, kid)
	}
}

func (c *cursor) Copy() xpath.NodeNavigator {
	const cost = 4
	c.e.spend(cost)
	twin := *c
	return &twin
}

func (c *cursor) MoveToRoot() {
	c.e.spend(1)
	for c.attr = -1; c.n.parent != nil; {
		c.n = c.n.parent
	}
}

func (c *cursor) MoveToParent() bool {
	c.e.spend(1)
	if c.attr >= 0 {
		c.attr = -1
		return true
	}
	if c.n.parent == nil {
		return false
	}
	c.n = c.n.parent
	return true
}

func (c *cursor) MoveToNextAttribute() bool {
	c.e.spend(1)
	for at := c.attr + 1; at < len(c.n.attrs); at++ {
		if !c.n.attrs[at].name.decl {
			c.attr = at
			return true
		}
	}
	return false
}

func (c *cursor) MoveToChild() bool {
	c.e.spend(1)
	if c.attr >= 0 || len(c.n.kids) == 0 {
		return false
	}
	c.n = c.n.kids[0]
	return true
}

func (c *cursor) MoveToFirst() bool { return c.sibling(-c.n.at) }

func (c *cursor) MoveToNext() bool { return c.sibling(1) }

func (c *cursor) MoveToPrevious() bool { return c.sibling(-1) }

// sibling moves by some places among the parent's children.
func (c *cursor) sibling(by int) bool {
	c.e.spend(1)
	if c.attr >= 0 || c.n.parent == nil {
		return false
	}
	to := c.n.at + by
	if to < 0 || to >= len(c.n.parent.kids) {
		return false
	}
	c.n = c.n.parent.kids[to]
	return true
}

func (c *cursor) MoveTo(other xpath.NodeNavigator) bool {
	c.e.spend(1)
	from, ok := other.(*cursor)
	if !ok {
		return false
	}
	c.n, c.attr = from.n, from.attr
	return true
}
