package security

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
)

// Text returns the whole ring as its file has it: for another node of the cluster
// and for nobody else.
func (k *Keyring) Text() []byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return formatKeyring(k.keys)
}

// Draw adds a fresh key that opens but does not seal yet, and returns its id: every
// node has to have it before one seals with it.
func (k *Keyring) Draw() (string, error) {
	id, next := make([]byte, 4), ringKey{}
	_, _ = rand.Read(id) // never fails: the program ends instead
	_, _ = rand.Read(next.key[:])
	next.id = hex.EncodeToString(id)
	added, err := k.add([]ringKey{next})
	if err == nil && len(added) == 0 {
		err = fmt.Errorf("draw key: the key id %s was drawn twice; try again", next.id)
	}
	return next.id, err
}

// Adopt adds those keys of another node's ring that want lists and that are not
// there, and returns their ids. nil wants all.
func (k *Keyring) Adopt(text []byte, want []string) ([]string, error) {
	keys, err := parseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("adopt keys: %w", err)
	}
	if want != nil {
		keys = slices.DeleteFunc(keys, func(r ringKey) bool { return !slices.Contains(want, r.id) })
	}
	return k.add(keys)
}

// add puts keys before the primary, which stays.
func (k *Keyring) add(more []ringKey) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var added []string
	keys := slices.Clone(k.keys)
	for _, r := range more {
		if !slices.ContainsFunc(keys, func(have ringKey) bool { return have.id == r.id }) {
			keys = slices.Insert(keys, len(keys)-1, r)
			added = append(added, r.id)
		}
	}
	if len(added) == 0 {
		return nil, nil
	}
	if err := writePrivate(k.path, formatKeyring(keys)); err != nil {
		return nil, fmt.Errorf("adopt keys: %w", err)
	}
	k.keys = keys
	return added, nil
}

// Promote makes a key of the ring the primary.
func (k *Keyring) Promote(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.keys, func(r ringKey) bool { return r.id == id })
	if i < 0 {
		return fmt.Errorf("promote key: the key %.16q is not in the ring", id)
	}
	keys := slices.Clone(k.keys)
	keys = append(slices.Delete(keys, i, i+1), k.keys[i])
	if err := writePrivate(k.path, formatKeyring(keys)); err != nil {
		return fmt.Errorf("promote key: %w", err)
	}
	k.keys = keys
	return nil
}
