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
	"strings"
	"sync"

	"github.com/hashicorp/memberlist"
)

// GossipKeysFile is the name of the file with the keys that encrypt gossip.
const GossipKeysFile = "gossip.keys"

const gossipKeyBytes = 32

// gossipKeysHead is the first line of a gossip key file.
const gossipKeysHead = "# Signalbox gossip keys: the first one encrypts, all of them decrypt."

// GossipKeys is the ring of keys that encrypt gossip, kept in one file. A change
// is in the file before it is in force. It may be used by any number of goroutines.
type GossipKeys struct {
	path string
	mu   sync.Mutex
	keys [][]byte // the first is in use
	ring *memberlist.Keyring
}

// OpenGossipKeys reads the keys at path; when there is no file it makes one with
// a fresh key. A file that others may read is refused.
func OpenGossipKeys(path string) (*GossipKeys, error) {
	k := &GossipKeys{path: path}
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		k.keys = [][]byte{NewGossipKey()}
		err = k.write(k.keys)
	} else if err == nil {
		k.keys, err = parseGossipKeys(text)
	}
	if err == nil {
		k.ring, err = memberlist.NewKeyring(k.keys, k.keys[0])
	}
	if err != nil {
		return nil, fmt.Errorf("open gossip keys %s: %w", path, err)
	}
	return k, nil
}

// WriteGossipKeys makes a file of keys that a member handed to a new node, the
// one in use first.
func WriteGossipKeys(path string, keys [][]byte) error {
	for _, key := range keys {
		if len(key) != gossipKeyBytes {
			return fmt.Errorf("a gossip key has %d bytes, not %d", len(key), gossipKeyBytes)
		}
	}
	if len(keys) == 0 {
		return errors.New("there is no gossip key")
	}
	return (&GossipKeys{path: path}).write(keys)
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

func parseGossipKeys(text []byte) ([][]byte, error) {
	var keys [][]byte
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != gossipKeyBytes {
			return nil, fmt.Errorf("a line is not a key of %d bytes in base 64", gossipKeyBytes)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}

// Keys returns the keys, the one in use first: for a node that joins.
func (k *GossipKeys) Keys() [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return cloneKeys(k.keys)
}

// IDs returns the ids of the keys, that of the one in use first.
func (k *GossipKeys) IDs() []string {
	var ids []string
	for _, key := range k.Keys() {
		ids = append(ids, GossipKeyID(key))
	}
	return ids
}

// Install adds a key that decrypts; one that is there stays.
func (k *GossipKeys) Install(key []byte) error {
	return k.change(func(keys [][]byte) ([][]byte, error) {
		if err := memberlist.ValidateKey(key); err != nil || len(key) != gossipKeyBytes {
			return nil, fmt.Errorf("a key has %d bytes", gossipKeyBytes)
		}
		if indexKey(keys, GossipKeyID(key)) >= 0 {
			return keys, nil
		}
		return append(keys, bytes.Clone(key)), nil
	})
}

// Use makes the key of that id, which must be installed, the one that encrypts.
func (k *GossipKeys) Use(id string) error {
	return k.change(func(keys [][]byte) ([][]byte, error) {
		i := indexKey(keys, id)
		if i < 0 {
			return nil, fmt.Errorf("the key %s is not installed", id)
		}
		key := keys[i]
		return slices.Insert(slices.Delete(keys, i, i+1), 0, key), nil
	})
}

// Remove takes the key of that id away; the one in use stays. One that is not there is fine.
func (k *GossipKeys) Remove(id string) error {
	return k.change(func(keys [][]byte) ([][]byte, error) {
		switch i := indexKey(keys, id); i {
		case -1:
			return keys, nil
		case 0:
			return nil, fmt.Errorf("the key %s is in use; use another one first", id)
		default:
			return slices.Delete(keys, i, i+1), nil
		}
	})
}

// change writes the new keys to the file and then puts them in force.
func (k *GossipKeys) change(f func([][]byte) ([][]byte, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, err := f(cloneKeys(k.keys))
	if err == nil {
		err = k.write(keys)
	}
	if err != nil {
		return fmt.Errorf("change gossip keys: %w", err)
	}
	old := k.keys
	k.keys = keys
	for _, key := range keys {
		if err := k.ring.AddKey(bytes.Clone(key)); err != nil {
			return fmt.Errorf("install gossip key: %w", err)
		}
	}
	if err := k.ring.UseKey(keys[0]); err != nil {
		return fmt.Errorf("use gossip key: %w", err)
	}
	for _, key := range old {
		if indexKey(keys, GossipKeyID(key)) < 0 {
			if err := k.ring.RemoveKey(key); err != nil {
				return fmt.Errorf("remove gossip key: %w", err)
			}
		}
	}
	return nil
}

func (k *GossipKeys) write(keys [][]byte) error {
	var b strings.Builder
	b.WriteString(gossipKeysHead + "\n")
	for _, key := range keys {
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
