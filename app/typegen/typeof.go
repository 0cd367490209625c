package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// basic are Go's own types as JSON shows them.
var basic = map[string]string{
	"string": "string", "bool": "boolean", "any": "unknown", "error": "never",
	"int": "number", "int8": "number", "int16": "number", "int32": "number", "int64": "number",
	"uint": "number", "uint8": "number", "uint16": "number", "uint32": "number", "uint64": "number",
	"float32": "number", "float64": "number",
}

// typeOf returns the TypeScript type of an expression in the package of r.
func (g *generator) typeOf(r ref, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if isParam(r, e.Name) {
			return e.Name
		}
		if _, ours := r.src.types[e.Name]; ours {
			return g.use(ref{r.src, e.Name})
		}
		if t, ok := basic[e.Name]; ok {
			return t
		}
	case *ast.SelectorExpr:
		if t, ok := g.selected(e); ok {
			return t
		}
	case *ast.StarExpr:
		return g.typeOf(r, e.X)
	case *ast.ArrayType:
		if id, ok := e.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return "string"
		}
		t := g.typeOf(r, e.Elt)
		if strings.Contains(t, " ") {
			t = "(" + t + ")"
		}
		return t + "[]"
	case *ast.MapType:
		return fmt.Sprintf("Record<string, %s>", g.typeOf(r, e.Value))
	case *ast.IndexExpr:
		return g.typeOf(r, e.X) + "<" + g.typeOf(r, e.Index) + ">"
	case *ast.InterfaceType:
		return "unknown"
	}
	g.faults = append(g.faults, fmt.Errorf("%s: typegen knows no TypeScript for a %T; teach typeOf, or name the type in foreign", r, e))
	return "unknown"
}

// selected returns the type of package.Name.
func (g *generator) selected(e *ast.SelectorExpr) (string, bool) {
	pkg, ok := e.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	if t, ok := foreign[pkg.Name+"."+e.Sel.Name]; ok {
		return t, true
	}
	for _, s := range g.sources {
		if _, ok := s.types[e.Sel.Name]; ok && s.name == pkg.Name {
			return g.use(ref{s, e.Sel.Name}), true
		}
	}
	return "", false
}

// use has a type declared and returns its name.
func (g *generator) use(r ref) string {
	if t, ok := foreign[r.String()]; ok {
		return t
	}
	if r.src.custom[r.name] {
		g.faults = append(g.faults, fmt.Errorf("%s writes its own JSON: say in foreign which", r))
	}
	g.queue = append(g.queue, r)
	return g.names[r.String()]
}

// isParam says whether a name is a type parameter of the type at hand.
func isParam(r ref, name string) bool {
	spec := r.src.types[r.name]
	if spec == nil || spec.TypeParams == nil {
		return false
	}
	for _, f := range spec.TypeParams.List {
		for _, n := range f.Names {
			if n.Name == name {
				return true
			}
		}
	}
	return false
}
