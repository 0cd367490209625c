package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// source is one package as its files declare it.
type source struct {
	name   string
	prefix string // before a name that another package has too
	order  []string
	types  map[string]*ast.TypeSpec
	docs   map[string]string
	enums  map[string][]string // values of the constants of a named text type
	consts []constant          // untyped constants with a text
	custom map[string]bool     // types that write their own JSON
	gives  []ast.Expr          // what the methods of Client answer
}

type constant struct{ name, value string }

// read parses the package in dir.
func read(dir, prefix string) (*source, error) {
	s := &source{
		name: filepath.Base(dir), prefix: prefix,
		types: map[string]*ast.TypeSpec{}, docs: map[string]string{}, enums: map[string][]string{}, custom: map[string]bool{},
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.IsDir() || !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, f.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			s.declare(d)
		}
	}
	if len(s.types) == 0 {
		return nil, fmt.Errorf("package %s declares no types", dir)
	}
	return s, nil
}

func (s *source) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && (d.Name.Name == "MarshalJSON" || d.Name.Name == "MarshalText") {
			s.custom[receiver(d.Recv.List[0].Type)] = true
		}
		if d.Recv != nil && d.Name.IsExported() && d.Type.Results != nil && receiver(d.Recv.List[0].Type) == "Client" {
			for _, result := range d.Type.Results.List {
				s.gives = append(s.gives, result.Type)
			}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.order = append(s.order, spec.Name.Name)
				s.types[spec.Name.Name] = spec
				doc := spec.Doc
				if doc == nil {
					doc = d.Doc
				}
				s.docs[spec.Name.Name] = strings.TrimSpace(doc.Text())
			case *ast.ValueSpec:
				if d.Tok == token.CONST {
					s.constant(spec)
				}
			}
		}
	}
}

func (s *source) constant(spec *ast.ValueSpec) {
	for i, name := range spec.Names {
		if i >= len(spec.Values) {
			return
		}
		lit, ok := spec.Values[i].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			return
		}
		if typ, ok := spec.Type.(*ast.Ident); ok {
			s.enums[typ.Name] = append(s.enums[typ.Name], value)
		} else if spec.Type == nil {
			s.consts = append(s.consts, constant{name.Name, value})
		}
	}
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// isMessage says whether a type is a struct that travels as JSON.
func (s *source) isMessage(name string) bool {
	st, ok := s.types[name].Type.(*ast.StructType)
	if !ok || !ast.IsExported(name) {
		return false
	}
	for _, f := range st.Fields.List {
		if f.Tag != nil && strings.Contains(f.Tag.Value, "json:") {
			return true
		}
	}
	if len(st.Fields.List) != 1 || len(st.Fields.List[0].Names) > 0 {
		return false
	}
	whole, ok := st.Fields.List[0].Type.(*ast.SelectorExpr) // nothing but a type of another package
	return ok && fmt.Sprint(whole.X) == "odb"
}
