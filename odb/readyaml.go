package odb

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxTokens bounds what the YAML parser sees at once: it takes a time that grows
// with the square of the tokens.
const maxTokens = 20_000

// yamlPart is one document of a stream.
type yamlPart struct {
	text string
	line int // lines before it
}

// splitDocuments cuts a stream at its document markers. A line that begins with
// --- or ... is one wherever it stands: nothing else in YAML may begin so.
func splitDocuments(text string) []yamlPart {
	var parts []yamlPart
	part, line := yamlPart{}, 0
	var body strings.Builder
	end := func() {
		part.text = body.String()
		parts = append(parts, part)
		body.Reset()
		part = yamlPart{line: line}
	}
	for l := range strings.Lines(text) {
		marker := ""
		if len(l) >= 3 && (len(l) == 3 || strings.ContainsAny(l[3:4], " \t\r\n")) {
			marker = l[:3]
		}
		if marker == "---" || marker == "..." {
			end()
			l = "   " + l[3:] // what follows a marker belongs to the document
		}
		body.WriteString(l)
		line++
	}
	end()
	return parts
}

// read parses one document; nil when there is nothing in it.
func (p yamlPart) read() (tree any, err error) {
	if p.empty() {
		return nil, nil
	}
	if len(p.text) > maxDocument {
		return nil, fmt.Errorf("the document at line %d has %d bytes; at most %d are allowed", p.line+1, len(p.text), maxDocument)
	}
	defer func() {
		// The parser is not ours, and what it reads comes from anywhere.
		if r := recover(); r != nil {
			tree, err = nil, fmt.Errorf("the document at line %d is not YAML", p.line+1)
		}
	}()
	tokens := lexer.Tokenize(p.text)
	if err := p.bounded(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, p.syntaxError(err)
	}
	r := yamlReader{part: p, anchors: map[string]ast.Node{}, open: map[string]bool{}, budget: maxDocument}
	for _, doc := range file.Docs {
		v, err := r.value(doc.Body, 0)
		if err != nil {
			return nil, err
		}
		if v != nil && tree != nil {
			return nil, fmt.Errorf("the document at line %d is not one value", p.line+1)
		}
		if v != nil {
			tree = v
		}
	}
	return tree, nil
}

// empty reports whether there are only comments and directives.
func (p yamlPart) empty() bool {
	for l := range strings.Lines(p.text) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' && l[0] != '%' {
			return false
		}
	}
	return true
}

// bounded refuses what would take the parser too long or too deep.
func (p yamlPart) bounded(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		return fmt.Errorf("the document at line %d has more than %d parts", p.line+1, maxTokens)
	}
	depth, line, nested := 0, 0, 0 // nested counts what opens a level on one line
	for _, t := range tokens {
		if t.Position.Line != line {
			line, nested = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			nested++
		default:
		}
		if depth > maxDocumentDeep || nested > maxDocumentDeep {
			return p.at(t, "%w", errTooDeep)
		}
	}
	return nil
}

// at makes an error that tells a token's place in the file.
func (p yamlPart) at(t *token.Token, format string, args ...any) error {
	return fmt.Errorf("line %d, column %d: %w", p.line+t.Position.Line, t.Position.Column, fmt.Errorf(format, args...))
}

var placeInText = regexp.MustCompile(`\[(\d+):(\d+)\]`)

// syntaxError tells the parser's error with the file's line numbers and without
// the source, in which a secret may stand.
func (p yamlPart) syntaxError(err error) error {
	e, ok := errors.AsType[yaml.Error](err)
	if !ok || e.GetToken() == nil {
		return fmt.Errorf("the document at line %d is not YAML", p.line+1)
	}
	msg := placeInText.ReplaceAllStringFunc(e.GetMessage(), func(m string) string {
		place := placeInText.FindStringSubmatch(m)
		n, _ := strconv.Atoi(place[1]) // digits
		return fmt.Sprintf("line %d, column %s", p.line+n, place[2])
	})
	return p.at(e.GetToken(), "%s", msg)
}

// yamlReader turns the parser's nodes into what JSON would give. Numbers keep
// the digits that stand in the file, so that 1.0 in a map of texts stays 1.0 and
// no large number is rounded; what JSON would not take as a number is a text.
type yamlReader struct {
	part    yamlPart
	anchors map[string]ast.Node
	open    map[string]bool // anchors inside of which we are
	budget  int             // bytes that may still come, against aliases of aliases
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (r *yamlReader) value(n ast.Node, depth int) (any, error) {
	if n == nil {
		return nil, nil
	}
	if depth > maxDocumentDeep {
		return nil, r.part.at(n.GetToken(), "%w", errTooDeep)
	}
	switch n := n.(type) {
	case *ast.NullNode, *ast.CommentGroupNode, *ast.DirectiveNode:
		return nil, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return r.number(n)
	case *ast.StringNode:
		if n.Token.Type == token.StringType { // without quotes: the parser leaves some numbers as texts
			return r.number(n)
		}
		return n.Value, r.spend(n, len(n.Value))
	case *ast.LiteralNode:
		return n.Value.Value, r.spend(n, len(n.Value.Value))
	case *ast.SequenceNode:
		return r.list(n, depth)
	case *ast.MappingNode:
		return r.object(n.Values, depth)
	case *ast.MappingValueNode:
		return r.object([]*ast.MappingValueNode{n}, depth)
	case *ast.AnchorNode, *ast.AliasNode:
		return r.named(n, depth)
	case *ast.TagNode:
		if text, ok := n.Value.(ast.ScalarNode); ok && n.Start.Value == "!!str" {
			return text.GetToken().Value, r.spend(n, len(text.GetToken().Value))
		}
		return nil, r.part.at(n.Start, "the tag %s is not supported", n.Start.Value)
	}
	return nil, r.part.at(n.GetToken(), "this is not supported")
}

// spend takes the size of a value off the budget.
func (r *yamlReader) spend(n ast.Node, size int) error {
	if r.budget -= size + 1; r.budget < 0 {
		return r.part.at(n.GetToken(), "the document's aliases make it larger than %d bytes", maxDocument)
	}
	return nil
}

// number reads a scalar without quotes that is not a word of YAML's own.
func (r *yamlReader) number(n ast.Node) (any, error) {
	text := n.GetToken().Value
	if s, ok := n.(*ast.StringNode); ok {
		text = s.Value
	}
	if err := r.spend(n, len(text)); err != nil {
		return nil, err
	}
	if jsonNumber.MatchString(text) {
		return json.Number(text), nil
	}
	return text, nil
}

func (r *yamlReader) list(n *ast.SequenceNode, depth int) (any, error) {
	out := make([]any, len(n.Values))
	for i, item := range n.Values {
		var err error
		if out[i], err = r.value(item, depth+1); err != nil {
			return nil, err
		}
	}
	return out, r.spend(n, len(out))
}

func (r *yamlReader) object(pairs []*ast.MappingValueNode, depth int) (any, error) {
	out := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		if pair.Key.IsMergeKey() {
			return nil, r.part.at(pair.Key.GetToken(), "merge keys (<<) are not supported")
		}
		scalar, ok := pair.Key.(ast.ScalarNode)
		if !ok {
			return nil, r.part.at(pair.Key.GetToken(), "a key is a text")
		}
		key := scalar.GetToken().Value
		if _, twice := out[key]; twice {
			return nil, r.part.at(scalar.GetToken(), "the key %q is there twice", key)
		}
		if err := r.spend(scalar, len(key)); err != nil {
			return nil, err
		}
		var err error
		if out[key], err = r.value(pair.Value, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// named reads an anchor's value, or that of the anchor that an alias names.
func (r *yamlReader) named(n ast.Node, depth int) (any, error) {
	var name string
	switch n := n.(type) {
	case *ast.AnchorNode:
		name = n.Name.GetToken().Value
		r.anchors[name] = n.Value
	case *ast.AliasNode:
		name = n.Value.GetToken().Value
	}
	value, known := r.anchors[name]
	switch {
	case !known:
		return nil, r.part.at(n.GetToken(), "there is no anchor %q before this alias", name)
	case r.open[name]:
		return nil, r.part.at(n.GetToken(), "the alias %q is inside of what it stands for", name)
	}
	r.open[name] = true
	defer delete(r.open, name)
	return r.value(value, depth+1)
}
