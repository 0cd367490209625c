package odb

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Snapshot is every definition at one revision. It is immutable: any number of
// goroutines may read it, and two reads never differ.
type Snapshot struct {
	revision int64
	defs     []Definition // sorted by order of kind, then name
	byKey    map[string]int
	specs    []Spec
}

// NewSnapshot makes a snapshot of defs, which it takes over. Each spec is
// decoded once; those that this program cannot read are reported together in an
// Invalid error, so that nothing is dropped in silence. The snapshot is good all
// the same: it has them, but no decoded spec of them.
func NewSnapshot(revision int64, defs []Definition) (*Snapshot, error) {
	order := map[string]int{}
	for i, name := range KindNames() {
		order[name] = i
	}
	slices.SortFunc(defs, func(a, b Definition) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	s := &Snapshot{revision: revision, defs: defs, byKey: make(map[string]int, len(defs)), specs: make([]Spec, len(defs))}
	var faults Faults
	for i, d := range defs {
		s.byKey[d.Key()] = i
		spec, err := Decode(d.Kind, d.Spec)
		if err != nil {
			faults.Add("", "%s: %v", d.Key(), err)
			continue
		}
		s.specs[i] = spec
	}
	return s, faults.Err("load snapshot", fmt.Sprintf("revision %d", revision))
}

// Revision returns the revision that the snapshot shows.
func (s *Snapshot) Revision() int64 { return s.revision }

// Len returns the number of definitions.
func (s *Snapshot) Len() int { return len(s.defs) }

// Get finds a definition.
func (s *Snapshot) Get(kind, name string) (Definition, bool) {
	i, ok := s.byKey[kind+"/"+name]
	if !ok {
		return Definition{}, false
	}
	return s.defs[i], true
}

// All yields every definition, by order of kind and then by name.
func (s *Snapshot) All() iter.Seq[Definition] { return slices.Values(s.defs) }

// List returns the definitions of a kind by name; of all kinds when kind is empty.
func (s *Snapshot) List(kind string) []Definition {
	var out []Definition
	for _, d := range s.defs {
		if kind == "" || d.Kind == kind {
			out = append(out, d)
		}
	}
	return out
}

// Named is a definition with its decoded spec.
type Named[S Spec] struct {
	Definition
	S S
}

// Each yields the definitions whose spec is an S, by name. The specs are shared
// with all readers of the snapshot: read only.
//
//	for _, ch := range odb.Each[*odb.ChannelSpec](snap) { … ch.Name, ch.S.Path … }
func Each[S Spec](s *Snapshot) []Named[S] {
	var out []Named[S]
	for i, spec := range s.specs {
		if t, ok := spec.(S); ok {
			out = append(out, Named[S]{s.defs[i], t})
		}
	}
	return out
}

// Find returns the decoded spec of a definition; false when there is none. The
// spec is shared: read only.
func Find[S Spec](s *Snapshot, kind, name string) (S, bool) {
	var none S
	i, ok := s.byKey[kind+"/"+name]
	if !ok {
		return none, false
	}
	t, ok := s.specs[i].(S)
	return t, ok
}

// Referrers returns the definitions that refer to kind/name.
func (s *Snapshot) Referrers(kind, name string) []Definition {
	var out []Definition
	for i, spec := range s.specs {
		if spec == nil {
			continue
		}
		if slices.ContainsFunc(Refs(spec), func(r Ref) bool { return r.Kind == kind && r.Name == name }) {
			out = append(out, s.defs[i])
		}
	}
	return out
}
