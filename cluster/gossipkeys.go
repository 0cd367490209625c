package cluster

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/memberlist"
)

// GossipKeysFile is the name of the file with the keys that encrypt gossip.
const GossipKeysFile = "gossip.keys"

const gossipKeyBytes = 32

// gossipKeysHead is the first line of a gossip key file, generationWord begins the
// one with its generation.
const (
	gossipKeysHead = "# Signalbox gossip keys: the first one encrypts, all of them decrypt."
	generationWord = "generation "
)

// GossipRing is what a node hands to another: the keys, the one in use first, and
// a number that grows each time another one comes into use. Of two rings the one
// of the higher generation is the newer.
type GossipRing struct {
	Generation int64    `json:"generation"`
	Keys       [][]byte `json:"keys"`
}

// GossipKeys is the ring of keys that encrypt gossip, kept in one file. A change
// is in the file before it is in force. It may be used by any number of goroutines.
type GossipKeys struct {
	path string
	mu   sync.Mutex
	keys [][]byte // the first is in use
	gen  int64
	ring *memberlist.Keyring
}

// OpenGossipKeys reads the keys at path; when there is no file it makes one with
// a fresh key. A file that others may read is refused.
func OpenGossipKeys(path string) (*GossipKeys, error) {
	k := &GossipKeys{path: path}
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		k.keys = [][]byte{NewGossipKey()}
		err = k.write(GossipRing{Keys: k.keys})
	} else if err == nil {
		var r GossipRing
		r, err = parseGossipKeys(text)
		k.keys, k.gen = r.Keys, r.Generation
	}
	if err == nil {
		k.ring, err = memberlist.NewKeyring(k.keys, k.keys[0])
	}
	if err != nil {
		return nil, fmt.Errorf("open gossip keys %s: %w", path, err)
	}
	return k, nil
}

// WriteGossipKeys makes a file of the keys that a member handed to a new node.
func WriteGossipKeys(path string, r GossipRing) error {
	if err := r.check(); err != nil {
		return err
	}
	return (&GossipKeys{path: path}).write(r)
}

func (r GossipRing) check() error {
	for _, key := range r.Keys {
		if len(key) != gossipKeyBytes {
			return fmt.Errorf("a gossip key has %d bytes, not %d", len(key), gossipKeyBytes)
		}
	}
	if len(r.Keys) == 0 {
		return errors.New("there is no gossip key")
	}
	return nil
}

// NewGossipKey returns a fresh key.
func NewGossipKey() []byte {
	key := make([]byte, gossipKeyBytes)
	_, _ = rand.Read(key) // documented never to fail
	return key
}

// GossipKeyID returns what a key is called by in commands and logs; it says nothing of the key.
func GossipKeyID(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:4])
}

func parseGossipKeys(text []byte) (r GossipRing, err error) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if n, ok := strings.CutPrefix(line, generationWord); ok {
			if r.Generation, err = strconv.ParseInt(n, 10, 64); err != nil || r.Generation < 0 {
				return r, errors.New("its generation is no number")
			}
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != gossipKeyBytes {
			return r, fmt.Errorf("a line is not a key of %d bytes in base 64", gossipKeyBytes)
		}
		r.Keys = append(r.Keys, key)
	}
	if len(r.Keys) == 0 {
		return r, errors.New("there is no key in it")
	}
	return r, nil
}

// Ring returns the keys: for a node that joins or was off while they changed.
func (k *GossipKeys) Ring() GossipRing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return GossipRing{Generation: k.gen, Keys: cloneKeys(k.keys)}
}

// IDs returns the ids of the keys, that of the one in use first.
func (k *GossipKeys) IDs() []string {
	var ids []string
	for _, key := range k.Ring().Keys {
		ids = append(ids, GossipKeyID(key))
	}
	return ids
}

// Install adds a key that decrypts; one that is there stays.
func (k *GossipKeys) Install(key []byte) error {
	return k.change(func(r *GossipRing) error {
		if err := (GossipRing{Keys: [][]byte{key}}).check(); err != nil {
			return err
		}
		if indexKey(r.Keys, GossipKeyID(key)) < 0 {
			r.Keys = append(r.Keys, bytes.Clone(key))
		}
		return nil
	})
}

// Use makes the key of that id, which must be installed, the one that encrypts.
// The generation must not be lower than the present one: then a newer change of
// keys was there before.
func (k *GossipKeys) Use(id string, generation int64) error {
	return k.change(func(r *GossipRing) error {
		i := indexKey(r.Keys, id)
		if i < 0 {
			return fmt.Errorf("the key %s is not installed", id)
		}
		if generation < r.Generation {
			return fmt.Errorf("the key %s is older than the one in use", id)
		}
		key := r.Keys[i]
		r.Keys, r.Generation = slices.Insert(slices.Delete(r.Keys, i, i+1), 0, key), generation
		return nil
	})
}

// Remove takes the key of that id away; the one in use stays. One that is not there is fine.
func (k *GossipKeys) Remove(id string) error {
	return k.change(func(r *GossipRing) error {
		i := indexKey(r.Keys, id)
		if i == 0 {
			return fmt.Errorf("the key %s is in use; use another one first", id)
		}
		if i > 0 {
			r.Keys = slices.Delete(r.Keys, i, i+1)
		}
		return nil
	})
}

// Keep takes all keys away but that of id, which must be the one in use.
func (k *GossipKeys) Keep(id string) error {
	return k.change(func(r *GossipRing) error {
		if indexKey(r.Keys, id) != 0 {
			return fmt.Errorf("the key %s is not the one in use", id)
		}
		r.Keys = r.Keys[:1]
		return nil
	})
}

// Adopt takes another node's ring in place of this one when that is newer, and
// reports whether it was: this node was off while the keys changed.
func (k *GossipKeys) Adopt(newer GossipRing) (bool, error) {
	if err := newer.check(); err != nil {
		return false, fmt.Errorf("take gossip keys over: %w", err)
	}
	taken := false
	err := k.change(func(r *GossipRing) error {
		if taken = newer.Generation > r.Generation; taken {
			*r = GossipRing{Generation: newer.Generation, Keys: cloneKeys(newer.Keys)}
		}
		return nil
	})
	return taken && err == nil, err
}

// change writes the new keys to the file and then puts them in force.
func (k *GossipKeys) change(f func(*GossipRing) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := GossipRing{Generation: k.gen, Keys: cloneKeys(k.keys)}
	err := f(&r)
	if err == nil {
		err = k.write(r)
	}
	if err != nil {
		return fmt.Errorf("change gossip keys: %w", err)
	}
	old := k.keys
	k.keys, k.gen = r.Keys, r.Generation
	for _, key := range r.Keys {
		if err := k.ring.AddKey(bytes.Clone(key)); err != nil {
			return fmt.Errorf("install gossip key: %w", err)
		}
	}
	if err := k.ring.UseKey(r.Keys[0]); err != nil {
		return fmt.Errorf("use gossip key: %w", err)
	}
	for _, key := range old {
		if indexKey(r.Keys, GossipKeyID(key)) < 0 {
			if err := k.ring.RemoveKey(key); err != nil {
				return fmt.Errorf("remove gossip key: %w", err)
			}
		}
	}
	return nil
}

func (k *GossipKeys) write(r GossipRing) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s%d\n", gossipKeysHead, generationWord, r.Generation)
	for _, key := range r.Keys {
		b.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	}
	return WritePrivate(k.path, []byte(b.String()))
}

func indexKey(keys [][]byte, id string) int {
	return slices.IndexFunc(keys, func(key []byte) bool { return GossipKeyID(key) == id })
}

func cloneKeys(keys [][]byte) [][]byte {
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = bytes.Clone(key)
	}
	return out
}
