// Package ordered holds JSON values whose objects keep the order of their keys,
// which XML and CSV need and Go's maps lose.
//
// It offers Object, Decode and Append (JSON in and out, the latter with a size
// limit) and CheckDepth. It does not decode into structs; encoding/json does.
// It imports only library/fault.
package ordered

import "iter"

// indexFrom is the number of keys from which an object keeps an index.
const indexFrom = 12

// Object is a JSON object that keeps its keys in the order of their first Set.
// The zero value is an empty object. It is not safe for concurrent writes.
type Object struct {
	keys  []string
	vals  []any
	index map[string]int // nil while the object is small
}

// Of makes an object of alternating keys and values. It panics when a key is not
// a string, so it is for literals only.
func Of(pairs ...any) *Object {
	o := &Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Len is the number of keys.
func (o *Object) Len() int { return len(o.keys) }

// Get gives the value of key and whether it is there.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.vals[i], true
	}
	return nil, false
}

// Set puts a value under key: in its old place, or at the end when key is new.
func (o *Object) Set(key string, val any) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = val
		return
	}
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, val)
	switch {
	case o.index != nil:
		o.index[key] = len(o.keys) - 1
	case len(o.keys) >= indexFrom:
		o.index = make(map[string]int, 2*indexFrom)
		for i, k := range o.keys {
			o.index[k] = i
		}
	}
}

// Delete removes key; a key that is not there is no error.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.keys = append(o.keys[:i], o.keys[i+1:]...)
	o.vals = append(o.vals[:i], o.vals[i+1:]...)
	if o.index != nil {
		delete(o.index, key)
		for j := i; j < len(o.keys); j++ {
			o.index[o.keys[j]] = j
		}
	}
}

// All walks the pairs in order. The object must not change meanwhile.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, k := range o.keys {
			if !yield(k, o.vals[i]) {
				return
			}
		}
	}
}

// MarshalJSON writes the object with its keys in order.
func (o *Object) MarshalJSON() ([]byte, error) { return Append(nil, o, 0) }

// UnmarshalJSON reads an object and keeps the order of its keys.
func (o *Object) UnmarshalJSON(data []byte) error {
	v, err := Decode(data)
	if err != nil {
		return err
	}
	got, ok := v.(*Object)
	if !ok {
		return syntax(data, "this is not an object")
	}
	*o = *got
	return nil
}

func (o *Object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}
