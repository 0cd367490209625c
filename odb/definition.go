package odb

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// Definition is one configured object in the ODB.
type Definition struct {
	ID       string          `json:"id"`       // immutable, from [NewID]
	Kind     string          `json:"kind"`     // one of [KindNames]
	Name     string          `json:"name"`     // unique within the kind; may change
	Version  int64           `json:"version"`  // 1 when created, +1 with each change of it
	Revision int64           `json:"revision"` // the revision that wrote this version
	Spec     json.RawMessage `json:"spec"`     // canonical, see [Encode]; secrets only as references
	Updated  time.Time       `json:"updated"`  // the database's clock
}

// Key returns "kind/name", the way messages and logs name a definition.
func (d Definition) Key() string { return d.Kind + "/" + d.Name }

// Ref is a reference from a spec to another definition.
type Ref struct {
	Pointer string // place in the spec
	Kind    string // the kind referred to
	Name    string // its name
}

// Refs returns every reference in a spec, in the order of its fields.
func Refs(spec Spec) []Ref {
	var refs []Ref
	walk(reflect.ValueOf(spec).Elem(), Fields(spec), "", func(v reflect.Value, f Field, at string) {
		if f.Ref != "" && f.Type == TypeString && v.String() != "" {
			refs = append(refs, Ref{Pointer: at, Kind: f.Ref, Name: v.String()})
		}
	})
	return refs
}

// MapRefs replaces the name in every reference of a spec by what rename returns
// for it and reports whether one changed.
func MapRefs(spec Spec, rename func(kind, name string) string) bool {
	changed := false
	walk(reflect.ValueOf(spec).Elem(), Fields(spec), "", func(v reflect.Value, f Field, _ string) {
		if f.Ref == "" || f.Type != TypeString || v.String() == "" {
			return
		}
		if to := rename(f.Ref, v.String()); to != v.String() {
			v.SetString(to)
			changed = true
		}
	})
	return changed
}

// EachSecret calls visit for every secret field of a spec that is set, with its
// pointer; visit may replace it. It stops at the first error.
func EachSecret(spec Spec, visit func(pointer string, s *Secret) error) error {
	var err error
	walk(reflect.ValueOf(spec).Elem(), Fields(spec), "", func(v reflect.Value, f Field, at string) {
		if s, ok := reflect.TypeAssert[*Secret](v.Addr()); ok && err == nil && !s.IsZero() {
			err = visit(at, s)
		}
	})
	return err
}

// walk calls visit for every leaf value of an object, list elements included.
func walk(v reflect.Value, fields []Field, at string, visit func(reflect.Value, Field, string)) {
	for _, f := range fields {
		walkValue(v.Field(f.index), f, at+"/"+f.Name, visit)
	}
}

func walkValue(v reflect.Value, f Field, at string, visit func(reflect.Value, Field, string)) {
	switch f.Type {
	case TypeObject:
		walk(v, f.Fields, at, visit)
	case TypeList:
		for i := range v.Len() {
			walkValue(v.Index(i), *f.Item, at+"/"+strconv.Itoa(i), visit)
		}
	default:
		visit(v, f, at)
	}
}
