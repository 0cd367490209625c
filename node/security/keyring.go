package security

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// The parts of a sealed value: o1.<key id>.<base64 of salt, nonce, ciphertext>.
const (
	sealFormat = "o1"
	saltBytes  = 16
	keyBytes   = 32
	sealInfo   = "signalbox sealed value o1"
)

// keyringHead is the first line of a key ring file.
const keyringHead = "# Signalbox key ring: the last key seals, all of them open. Whoever has this file can open every secret of the cluster."

// ringKey is one key of the ring. Its id is random and says nothing of it.
type ringKey struct {
	id  string
	key [keyBytes]byte
}

// Keyring holds the keys that seal secrets, in one file beside the ODB and never
// in it. It may be used by any number of goroutines.
type Keyring struct {
	path string
	mu   sync.RWMutex
	keys []ringKey // never empty; the last is the primary
}

// OpenKeyring reads the key ring at path; when there is none it makes one with a
// fresh key (file 0600, folder 0700). It refuses a file that others may read and
// a folder that others may enter.
func OpenKeyring(path string) (*Keyring, error) {
	k := &Keyring{path: path}
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make key ring: %w", err)
		}
		if _, err := k.Rotate(); err != nil {
			return nil, err
		}
		text, err = readPrivate(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open key ring: %w", err)
	}
	if k.keys, err = parseKeyring(text); err != nil {
		return nil, fmt.Errorf("open key ring %s: %w", path, err)
	}
	return k, nil
}

// Path returns the name of the ring's file.
func (k *Keyring) Path() string { return k.path }

// String names the ring and hides its keys.
func (k *Keyring) String() string { return "key ring " + k.path }

// GoString hides the keys from %#v.
func (k *Keyring) GoString() string { return k.String() }

// Primary returns the id of the key that seals.
func (k *Keyring) Primary() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[len(k.keys)-1].id
}

// Rotate adds a fresh key, makes it the primary and returns its id. The old ones
// stay, to open what they sealed. On an error the ring is as it was.
func (k *Keyring) Rotate() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, next := make([]byte, 4), ringKey{}
	_, _ = rand.Read(id) // never fails: the program ends instead
	_, _ = rand.Read(next.key[:])
	next.id = hex.EncodeToString(id)
	for _, old := range k.keys {
		if old.id == next.id {
			return "", fmt.Errorf("rotate key ring: the key id %s was drawn twice; try again", next.id)
		}
	}
	keys := append(slices.Clip(k.keys), next)
	if err := writePrivate(k.path, formatKeyring(keys)); err != nil {
		return "", fmt.Errorf("rotate key ring: %w", err)
	}
	k.keys = keys
	return next.id, nil
}

// IDs returns the ids of the keys, oldest first; the last is the primary.
func (k *Keyring) IDs() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	ids := make([]string, len(k.keys))
	for i, key := range k.keys {
		ids[i] = key.id
	}
	return ids
}

// Forget takes keys out of the ring: what they sealed can never be opened again.
// The primary stays, and an id that is not there is none too many. On an error the
// ring is as it was.
func (k *Keyring) Forget(ids ...string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if primary := k.keys[len(k.keys)-1].id; slices.Contains(ids, primary) {
		return fmt.Errorf("forget keys: %s is the primary key, which seals", primary)
	}
	keys := slices.DeleteFunc(slices.Clone(k.keys), func(key ringKey) bool { return slices.Contains(ids, key.id) })
	if err := writePrivate(k.path, formatKeyring(keys)); err != nil {
		return fmt.Errorf("forget keys: %w", err)
	}
	k.keys = keys
	return nil
}

// SealedBy returns the id of the key that sealed what ref ("sealed:o1.KEY.TEXT")
// holds; empty when ref is none of that form.
func SealedBy(ref string) string {
	rest, ok := strings.CutPrefix(ref, "sealed:"+sealFormat+".")
	id, _, dot := strings.Cut(rest, ".")
	if !ok || !dot {
		return ""
	}
	return id
}

// Seal encrypts plain with the primary key. The result opens only with the same
// additional data ad, which names the place where the value belongs.
func (k *Keyring) Seal(plain, ad []byte) (string, error) {
	k.mu.RLock()
	primary := k.keys[len(k.keys)-1]
	k.mu.RUnlock()
	box := make([]byte, saltBytes+chacha20poly1305.NonceSizeX, saltBytes+chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	_, _ = rand.Read(box)
	aead, err := primary.aead(box[:saltBytes])
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	box = aead.Seal(box, box[saltBytes:], plain, ad)
	return sealFormat + "." + primary.id + "." + base64.RawURLEncoding.EncodeToString(box), nil
}

// Open decrypts what Seal made with the same additional data. Its errors tell
// nothing of the content.
func (k *Keyring) Open(sealed string, ad []byte) ([]byte, error) {
	format, rest, _ := strings.Cut(sealed, ".")
	id, text, ok := strings.Cut(rest, ".")
	if format != sealFormat || !ok {
		return nil, fmt.Errorf("open sealed value: it does not have the form %s.KEY.TEXT", sealFormat)
	}
	key, ok := k.find(id)
	if !ok {
		return nil, fmt.Errorf("open sealed value: its key %.16q is not in the key ring: it was sealed on another cluster, or the key ring was lost", id)
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(box) < saltBytes+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, errors.New("open sealed value: it is cut or damaged")
	}
	aead, err := key.aead(box[:saltBytes])
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	nonce, ciphertext := box[saltBytes:saltBytes+chacha20poly1305.NonceSizeX], box[saltBytes+chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(nil, nonce, ciphertext, ad)
	if err != nil {
		return nil, errors.New("open sealed value: it was changed, or it belongs to another place")
	}
	return plain, nil
}

func (k *Keyring) find(id string) (ringKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys {
		if key.id == id {
			return key, true
		}
	}
	return ringKey{}, false
}

// aead derives the key of one value, so that no two values share one.
func (r ringKey) aead(salt []byte) (cipher.AEAD, error) {
	sub, err := hkdf.Key(sha256.New, r.key[:], salt, sealInfo, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return chacha20poly1305.NewX(sub)
}

func formatKeyring(keys []ringKey) []byte {
	var b bytes.Buffer
	b.WriteString(keyringHead + "\n")
	for _, k := range keys {
		b.WriteString("key " + k.id + " " + base64.RawURLEncoding.EncodeToString(k.key[:]) + "\n")
	}
	return b.Bytes()
}

func parseKeyring(text []byte) ([]ringKey, error) {
	var keys []ringKey
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 3 || fields[0] != "key" || fields[1] == "" || strings.Contains(fields[1], ".") {
			return nil, fmt.Errorf("line %d is not of the form: key ID BASE64", n)
		}
		raw, err := base64.RawURLEncoding.Strict().DecodeString(fields[2])
		if err != nil || len(raw) != keyBytes {
			return nil, fmt.Errorf("line %d has no key of %d bytes in base64", n, keyBytes)
		}
		if seen[fields[1]] {
			return nil, fmt.Errorf("line %d repeats the key id %s", n, fields[1])
		}
		seen[fields[1]] = true
		keys = append(keys, ringKey{id: fields[1], key: [keyBytes]byte(raw)})
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}

// readPrivate reads a file that nobody but its owner may read, from a folder that
// nobody but its owner may enter. Windows guards files by other means.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	file, err := f.Stat()
	if err != nil {
		return nil, err
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" {
		for _, c := range []struct {
			name string
			info fs.FileInfo
			want fs.FileMode
		}{{path, file, 0o600}, {filepath.Dir(path), dir, 0o700}} {
			if mode := c.info.Mode().Perm(); mode&0o077 != 0 {
				return nil, fmt.Errorf("%s has mode %04o: others could read the keys; set it to %04o with chmod", c.name, mode, c.want)
			}
		}
	}
	if file.Size() > 1<<20 {
		return nil, fmt.Errorf("%s has more than 1 MiB: it is no key ring", path)
	}
	text := make([]byte, file.Size())
	n, err := f.ReadAt(text, 0)
	if n < len(text) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

// writePrivate replaces a file in one step: after a crash it is the old one or the new one.
func writePrivate(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secrets-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // not every file system can; the rename itself has happened
		_ = dir.Close()
	}
	return nil
}
