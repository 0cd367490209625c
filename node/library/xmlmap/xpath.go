package xmlmap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/antchfx/xpath"

	"signalbox.internal/node/library/fault"
)

// Limits of one XPath evaluation.
const (
	maxExpr  = 4096       // bytes of an expression
	maxSteps = 20_000_000 // moves in the tree; about a second of work
)

// refused finds calls of functions that are not offered: of those that compile regular
// expressions the XPath library keeps every pattern for ever, and string-join makes a
// text of any size from a long separator.
var refused = regexp.MustCompile(`\b(matches|replace|string-join)\s*\(`)

// literals finds the strings of an expression.
var literals = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// XPath evaluates an XPath 1.0 expression on a document. The result is a string, a
// float64 (nil for NaN and infinities), a bool, or, for nodes, a []any of their values
// in document order: an element as Parse maps it, an attribute or a text as string.
// Names in the expression are names as the options make them: with Namespaces the
// chosen prefixes, with Strip local names, else as written in the document.
//
// A wrong expression has code "xpath.syntax", one that fails or asks for what is not
// offered "xpath.value", too much work "xml.limit"; errors of the document are those of
// Parse. The work stops when ctx ends.
//
// Beyond XPath 1.0, sum() passes over texts that are not bare numbers, and there are
// ends-with() and lower-case().
func XPath(ctx context.Context, doc []byte, expr string, o ParseOptions) (any, error) {
	return evaluate(ctx, doc, expr, o, maxSteps)
}

// evaluate is XPath with another limit of steps.
func evaluate(ctx context.Context, doc []byte, expr string, o ParseOptions, steps int) (any, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	compiled, err := compile(expr, o.Namespaces)
	if err != nil {
		return nil, err
	}
	tree, err := read(doc, o)
	if err != nil {
		return nil, err
	}
	e := &evaluation{ctx: ctx, left: steps, weight: 1 + strings.Count(expr, "("), nodes: cmp.Or(o.MaxNodes, MaxNodes)}
	return e.run(compiled, tree, newMapper(o))
}

func compile(expr string, ns map[string]string) (_ *xpath.Expr, err error) {
	if strings.TrimSpace(expr) == "" || len(expr) > maxExpr {
		return nil, fault.New("xpath.syntax", "the expression is empty or longer than %d bytes", maxExpr)
	}
	if call := refused.FindString(literals.ReplaceAllString(expr, "''")); call != "" {
		return nil, fault.New("xpath.value", "the function %s is not offered", strings.TrimSpace(strings.TrimSuffix(call, "(")))
	}
	defer func() {
		if p := recover(); p != nil {
			err = wrongExpr(expr, p)
		}
	}()
	var compiled *xpath.Expr
	if len(ns) > 0 {
		compiled, err = xpath.CompileWithNS(expr, ns)
	} else {
		compiled, err = xpath.Compile(expr)
	}
	if err != nil {
		return nil, wrongExpr(expr, err)
	}
	return compiled, nil
}

func wrongExpr(expr string, why any) error {
	msg := strings.TrimPrefix(fmt.Sprint(why), "xpath: ")
	return fault.New("xpath.syntax", "%s is not an expression: %s", fault.Quote(expr), msg)
}

// evaluation bounds the work of one expression. The XPath library knows no limit, so
// the cursor counts its moves and leaves by a panic that run takes back.
type evaluation struct {
	ctx    context.Context
	left   int // steps that may still be made
	check  int // steps until the context is looked at
	weight int // how often the expression may read one value again
	nodes  int // nodes that the result may still hold
}

// stop is the panic of an evaluation that may not go on.
type stop struct{ err error }

func (e *evaluation) spend(steps int) {
	e.left -= steps
	if e.left < 0 {
		panic(stop{fault.New("xml.limit", "the expression needs more steps than allowed")})
	}
	const every = 4096
	if e.check += steps; e.check >= every {
		e.check = 0
		if err := fault.Context(e.ctx); err != nil {
			panic(stop{err})
		}
	}
}

func (e *evaluation) run(expr *xpath.Expr, tree *node, m *mapper) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, stopped(expr.String(), p)
		}
	}()
	switch got := expr.Evaluate(&cursor{e: e, n: tree, attr: -1}).(type) {
	case *xpath.NodeIterator:
		return e.collect(got, m)
	case float64:
		if math.IsNaN(got) || math.IsInf(got, 0) {
			return nil, nil
		}
		return got, nil
	case string, bool:
		return got, nil
	default:
		return nil, fault.New("xpath.value", "%s gives neither nodes nor a string, number or boolean", fault.Quote(expr.String()))
	}
}

// stopped turns a panic of the XPath library into an error.
func stopped(expr string, p any) error {
	if s, ok := p.(stop); ok {
		return s.err
	}
	if err, ok := p.(error); ok {
		if e, ok := errors.AsType[*fault.Error](err); ok {
			return e
		}
	}
	return fault.New("xpath.value", "%s cannot be evaluated: %v", fault.Quote(expr), p)
}

// place is a node or an attribute.
type place struct {
	n    *node
	attr int
}

func (e *evaluation) collect(it *xpath.NodeIterator, m *mapper) (any, error) {
	var found []place
	seen := map[place]bool{}
	for it.MoveNext() {
		c, ok := it.Current().(*cursor)
		if !ok {
			continue
		}
		if at := (place{c.n, c.attr}); !seen[at] {
			seen[at] = true
			found = append(found, at)
		}
	}
	slices.SortFunc(found, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.n.order, b.n.order), cmp.Compare(a.attr, b.attr))
	})
	list := make([]any, 0, len(found))
	for _, at := range found {
		v, err := e.value(at, m)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// value maps what was found; the whole result is bounded, for found elements may hold
// one another.
func (e *evaluation) value(at place, m *mapper) (any, error) {
	if at.attr >= 0 {
		return m.string(at.n.attrs[at.attr].val), nil
	}
	if at.n.isText() {
		return m.string(at.n.text), nil
	}
	if at.n.parent == nil {
		at.n = at.n.kids[0] // the document: its root element
	}
	if e.nodes -= at.n.size(); e.nodes < 0 {
		return nil, fault.New("xml.limit", "the expression finds too many nodes")
	}
	e.spend(1)
	return m.value(at.n), nil
}

func (n *node) size() int {
	size := 1 + len(n.attrs)
	for _, kid := range n.kids {
		size += kid.size()
	}
	return size
}
