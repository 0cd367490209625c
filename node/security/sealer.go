package security

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"signalbox.internal/odb"
)

// maxSecretFile is the largest file that a file: reference may lead to, in bytes.
const maxSecretFile = 64 << 10

// SealerConfig is what a sealer needs.
type SealerConfig struct {
	Keyring *Keyring                    // required
	Lookup  func(string) (string, bool) // finds an environment variable; nil finds none
}

// Sealer replaces secrets in clear by references and opens references. It may be
// used by any number of goroutines.
type Sealer struct {
	ring   *Keyring
	lookup func(string) (string, bool)
}

// NewSealer returns a sealer.
func NewSealer(cfg SealerConfig) (*Sealer, error) {
	if cfg.Keyring == nil {
		return nil, errors.New("sealer config: the key ring is missing")
	}
	if cfg.Lookup == nil {
		cfg.Lookup = func(string) (string, bool) { return "", false }
	}
	return &Sealer{ring: cfg.Keyring, lookup: cfg.Lookup}, nil
}

// Seal replaces every secret in clear of spec by a sealed reference. current is
// the same definition's spec as it is stored, or nil: a secret that did not change
// keeps its reference, so that the same text saved twice is no change. Sealed
// references from elsewhere (another definition, another cluster) and empty
// secrets are refused. The error is an Invalid [*odb.Error] with every fault.
func (s *Sealer) Seal(kind, name string, spec, current odb.Spec) error {
	stored := secretsOf(current)
	var faults odb.Faults
	err := odb.EachSecret(spec, func(pointer string, secret *odb.Secret) error {
		old, had := stored[pointer]
		ref := secret.Ref()
		switch {
		case ref != "" && had && ref == old.Ref():
		case strings.HasPrefix(ref, "sealed:"):
			if text, err := s.Open(kind, name, pointer, *secret); err != nil || text == "" {
				faults.Add(pointer, "the sealed secret does not belong here: it was sealed for another definition or on another cluster; give the secret itself")
			}
		case ref == "":
			if had && s.same(kind, name, pointer, old, *secret) {
				*secret = old
				return nil
			}
			sealed, err := s.seal(kind, name, pointer, secret.Clear())
			*secret = sealed
			return err
		}
		return nil
	})
	if err != nil {
		return odb.Errorf(odb.Internal, "seal secrets", kind+"/"+name, "%w", err)
	}
	return faults.Err("seal secrets", kind+"/"+name)
}

// Reseal makes the sealed secrets of spec, which belong to kind/oldName, belong to
// kind/newName, and seals them with the primary key: for renames, and with equal
// names after a rotation of keys. References to variables and files stay.
func (s *Sealer) Reseal(kind, oldName, newName string, spec odb.Spec) error {
	var faults odb.Faults
	err := odb.EachSecret(spec, func(pointer string, secret *odb.Secret) error {
		if !strings.HasPrefix(secret.Ref(), "sealed:") {
			return nil
		}
		text, err := s.Open(kind, oldName, pointer, *secret)
		if err != nil {
			faults.Add(pointer, "the sealed secret cannot be opened; give the secret itself")
			return nil
		}
		sealed, err := s.seal(kind, newName, pointer, text)
		if err == nil {
			*secret = sealed
		}
		return err
	})
	if err != nil {
		return odb.Errorf(odb.Internal, "reseal secrets", kind+"/"+oldName, "%w", err)
	}
	return faults.Err("reseal secrets", kind+"/"+oldName)
}

// Open returns the text of a secret that stands at pointer in the spec of
// kind/name: sealed (it must have been sealed for this place), in an environment
// variable, in a file or a systemd credential (at most 64 KiB; one line break at
// its end does not count), or still in clear. An unset and an empty secret are errors. Variables and files
// are read anew each time. No error tells what the secret is.
func (s *Sealer) Open(kind, name, pointer string, secret odb.Secret) (string, error) {
	text, err := s.open(kind, name, pointer, secret)
	if err == nil && text == "" {
		err = errors.New("the secret is empty")
	}
	if err != nil {
		return "", odb.Errorf(odb.Invalid, "open secret "+pointer+" of", kind+"/"+name, "%w", err)
	}
	return text, nil
}

func (s *Sealer) open(kind, name, pointer string, secret odb.Secret) (string, error) {
	if secret.Ref() == "" {
		return secret.Clear(), nil
	}
	scheme, rest, _ := strings.Cut(secret.Ref(), ":")
	switch scheme {
	case "sealed":
		text, err := s.ring.Open(rest, place(kind, name, pointer))
		return string(text), err
	case "env":
		text, ok := s.lookup(rest)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set on this node", rest)
		}
		return text, nil
	case "file":
		return s.readFile(rest)
	case "cred":
		return s.readCredential(rest)
	}
	return "", fmt.Errorf("the reference has the unknown scheme %.20q", scheme)
}

// readFile reads a secret's file. The node's own keys are not to be had that way.
func (s *Sealer) readFile(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("the file %q is not an absolute path", path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("read secret file: %w", err)
	}
	keys, err := filepath.Abs(filepath.Dir(s.ring.path))
	if err == nil {
		keys, err = filepath.EvalSymlinks(keys)
	}
	if err != nil {
		return "", fmt.Errorf("find the folder of the key ring: %w", err)
	}
	if rel, err := filepath.Rel(keys, real); err == nil && filepath.IsLocal(rel) {
		return "", fmt.Errorf("the file %s is among the node's own keys", path)
	}
	info, err := os.Stat(real)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a plain file", path)
	}
	if err != nil {
		return "", fmt.Errorf("read secret file: %w", err)
	}
	f, err := os.Open(real)
	if err != nil {
		return "", fmt.Errorf("read secret file: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readSecret(f, "the file "+path)
}

// readCredential reads a credential that systemd has put into the unit's folder
// of credentials. A link there leads nowhere else.
func (s *Sealer) readCredential(name string) (string, error) {
	dir, ok := s.lookup("CREDENTIALS_DIRECTORY")
	if !ok || dir == "" {
		return "", fmt.Errorf("there is no folder of credentials (CREDENTIALS_DIRECTORY is not set): run the node by systemd, with LoadCredential=%s:/path/of/the/file in its unit", name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("open the folder of credentials: %w", err)
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no credential %q: add LoadCredential=%s:/path/of/the/file to the node's unit and restart it", name, name)
	case err == nil && !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a plain file", name)
	}
	if err != nil {
		return "", fmt.Errorf("read credential: %w", err)
	}
	f, err := root.Open(name)
	if err != nil {
		return "", fmt.Errorf("read credential: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readSecret(f, "the credential "+name)
}

// readSecret reads a secret whole, without one line break at its end.
func readSecret(r io.Reader, what string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSecretFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", what, err)
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("%s has more than %d bytes", what, maxSecretFile)
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	return string(bytes.TrimSuffix(text, []byte("\r"))), nil
}

func (s *Sealer) seal(kind, name, pointer, text string) (odb.Secret, error) {
	sealed, err := s.ring.Seal([]byte(text), place(kind, name, pointer))
	if err != nil {
		return odb.Secret{}, err
	}
	return odb.SecretRef("sealed:" + sealed), nil
}

// same reports whether the stored secret is sealed and opens to the text of next.
func (s *Sealer) same(kind, name, pointer string, stored, next odb.Secret) bool {
	if !strings.HasPrefix(stored.Ref(), "sealed:") {
		return false
	}
	text, err := s.Open(kind, name, pointer, stored)
	return err == nil && subtle.ConstantTimeCompare([]byte(text), []byte(next.Clear())) == 1
}

// secretsOf returns the secrets of a spec by their pointers; none of nil.
func secretsOf(spec odb.Spec) map[string]odb.Secret {
	found := map[string]odb.Secret{}
	if spec != nil {
		_ = odb.EachSecret(spec, func(pointer string, secret *odb.Secret) error {
			found[pointer] = *secret
			return nil
		})
	}
	return found
}

// place is the additional data of a secret: a value moved elsewhere does not open.
func place(kind, name, pointer string) []byte {
	return []byte(kind + "\x00" + name + "\x00" + pointer)
}
