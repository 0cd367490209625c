package app

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"signalbox.internal/node/admin/client"
)

const (
	vaultName     = "secrets.json" // the encrypted credentials
	keySuffix     = ".key"         // of the file with the key, when there is no passphrase
	vaultVersion  = 1
	minPassphrase = 10
)

// sealedFile is the file: what is encrypted and how its key is made. Everything but
// the box itself is authenticated with it.
type sealedFile struct {
	Version int  `json:"version"`
	KDF     *kdf `json:"argon2id,omitempty"` // absent: the key lies in a file
	Sealed  box  `json:"xchacha20poly1305"`
}

type box struct {
	Nonce []byte `json:"nonce"`
	Text  []byte `json:"text"`
}

// kdf is how a passphrase becomes a key.
type kdf struct {
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	MiB     uint32 `json:"mib"`
	Threads uint8  `json:"threads"`
}

func (k *kdf) check() error {
	if len(k.Salt) != 16 || k.Time < 1 || k.Time > 20 || k.MiB < 8 || k.MiB > 1024 || k.Threads < 1 || k.Threads > 16 {
		return errors.New("its key cannot be made as it says")
	}
	return nil
}

func (k *kdf) key(passphrase string) []byte {
	defer debug.FreeOSMemory() // its many MiB are needed for a moment only
	return argon2.IDKey([]byte(passphrase), k.Salt, k.Time, k.MiB<<10, k.Threads, chacha20poly1305.KeySize)
}

// vaultFile is an encrypted file of credentials. Its owner keeps others out while it
// is used.
type vaultFile struct {
	path    string
	kdf     *kdf
	sealed  box               // as it is on disk
	key     []byte            // nil: locked
	secrets map[string]string // by cluster
}

// newVaultFile makes an empty one; nothing is written but the key without a passphrase.
func newVaultFile(path, passphrase string) (*vaultFile, error) {
	f := &vaultFile{path: path, secrets: map[string]string{}}
	if passphrase != "" {
		f.kdf = &kdf{Salt: randomBytes(16), Time: 3, MiB: 64, Threads: 4}
		f.key = f.kdf.key(passphrase)
		return f, nil
	}
	f.key = randomBytes(chacha20poly1305.KeySize)
	return f, writePrivate(path+keySuffix, f.key)
}

// openVaultFile reads the file at path; nil when there is none. One that cannot be
// read is set aside together with its key, and the notice says so.
func openVaultFile(path string, now time.Time) (f *vaultFile, notice string, err error) {
	var file sealedFile
	err = LoadJSON(path, &file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err == nil {
		f, err = file.open(path)
	}
	if err == nil {
		return f, "", nil
	}
	cause := err
	if notice, err = setAside(path, now, cause); err != nil {
		return nil, "", err
	}
	if _, err := setAside(path+keySuffix, now, cause); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	return nil, notice, nil
}

func (s *sealedFile) open(path string) (*vaultFile, error) {
	if s.Version != vaultVersion {
		return nil, fmt.Errorf("it has version %d, and this app reads version %d", s.Version, vaultVersion)
	}
	f := &vaultFile{path: path, kdf: s.KDF, sealed: s.Sealed}
	if f.kdf != nil {
		return f, f.kdf.check()
	}
	key, err := os.ReadFile(path + keySuffix)
	if err != nil {
		return nil, fmt.Errorf("its key is missing: %w", err)
	}
	if err := f.decrypt(key); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *vaultFile) kind() VaultKind {
	if f.kdf != nil {
		return VaultPassphrase
	}
	return VaultFile
}

func (f *vaultFile) locked() bool { return f.key == nil }

func (f *vaultFile) unlock(passphrase string) error {
	if err := f.decrypt(f.kdf.key(passphrase)); err != nil {
		return refuse(http.StatusForbidden, client.CodeForbidden, "the passphrase is wrong")
	}
	return nil
}

// lock forgets the key and the credentials; the file has both.
func (f *vaultFile) lock() {
	clear(f.key)
	f.key, f.secrets = nil, nil
}

// opensWith says whether a passphrase is the file's.
func (f *vaultFile) opensWith(passphrase string) bool {
	if f.locked() {
		return true // whoever moves it is told to unlock it first
	}
	return subtle.ConstantTimeCompare(f.kdf.key(passphrase), f.key) == 1
}

// header is what the encryption vouches for beside the credentials.
func (f *vaultFile) header() ([]byte, error) {
	return json.Marshal(sealedFile{Version: vaultVersion, KDF: f.kdf})
}

func (f *vaultFile) decrypt(key []byte) error {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return errors.New("its key is damaged")
	}
	head, err := f.header()
	if err != nil {
		return err
	}
	if len(f.sealed.Nonce) != aead.NonceSize() {
		return errors.New("it is damaged")
	}
	text, err := aead.Open(nil, f.sealed.Nonce, f.sealed.Text, head)
	if err != nil {
		return errors.New("it is damaged, or was encrypted with another key")
	}
	secrets := map[string]string{}
	if err := json.Unmarshal(text, &secrets); err != nil {
		return errors.New("it is damaged inside")
	}
	f.key, f.secrets = key, secrets
	return nil
}

func (f *vaultFile) get(id string) (string, error) {
	if f.locked() {
		return "", errLocked()
	}
	return f.secrets[id], nil
}

func (f *vaultFile) put(id, secret string) error {
	if f.locked() {
		return errLocked()
	}
	before, had := f.secrets[id]
	if secret == "" {
		delete(f.secrets, id)
	} else {
		f.secrets[id] = secret
	}
	err := f.save()
	if err != nil { // memory and disk agree
		delete(f.secrets, id)
		if had {
			f.secrets[id] = before
		}
	}
	return err
}

// prune drops the credentials of all but ids.
func (f *vaultFile) prune(ids []string) error {
	before := len(f.secrets)
	maps.DeleteFunc(f.secrets, func(id, _ string) bool { return !slices.Contains(ids, id) })
	if len(f.secrets) == before {
		return nil
	}
	return f.save()
}

func (f *vaultFile) save() error {
	aead, err := chacha20poly1305.NewX(f.key)
	if err != nil {
		return vaultBroken("the credentials cannot be encrypted", err)
	}
	head, err := f.header()
	if err != nil {
		return vaultBroken("the credentials cannot be encrypted", err)
	}
	text, err := json.Marshal(f.secrets)
	if err != nil {
		return vaultBroken("the credentials cannot be encrypted", err)
	}
	nonce := randomBytes(aead.NonceSize())
	file := sealedFile{Version: vaultVersion, KDF: f.kdf, Sealed: box{Nonce: nonce, Text: aead.Seal(nil, nonce, text, head)}}
	if err := StoreJSON(f.path, file); err != nil {
		return vaultBroken("the credentials cannot be written", err)
	}
	f.sealed = file.Sealed
	if f.kdf != nil { // a key of before has nothing to open any more
		if err := os.Remove(f.path + keySuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return vaultBroken("the old key cannot be removed", err)
		}
	}
	return nil
}

// remove deletes the file and its key.
func (f *vaultFile) remove() error {
	for _, path := range []string{f.path, f.path + keySuffix} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b
}
