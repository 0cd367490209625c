package odb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Secret is a credential inside a spec. At rest and on the wire it is only a
// reference: `{"ref": "sealed:…"}`, `{"ref": "env:NAME"}`, `{"ref": "file:PATH"}`
// or, of a systemd credential, `{"ref": "cred:NAME"}`.
// A caller may hand in a plain string; it lives in memory until it is sealed
// (node/security does that) and is never printed, logged or encoded.
type Secret struct {
	ref   string
	clear string
}

// SecretRef returns the secret that ref ("sealed:…", "env:NAME", "file:PATH",
// "cred:NAME") leads to.
func SecretRef(ref string) Secret { return Secret{ref: ref} }

// ClearSecret returns a secret that is still in clear and must be sealed before it is stored.
func ClearSecret(text string) Secret { return Secret{clear: text} }

// Ref returns the reference; empty while the secret is in clear or not set.
func (s Secret) Ref() string { return s.ref }

// Clear returns the text that a caller handed in and that is not sealed yet.
// Only what seals or opens secrets may call it.
func (s Secret) Clear() string { return s.clear }

// IsZero reports whether no secret is set.
func (s Secret) IsZero() bool { return s == Secret{} }

// String hides the secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "•••"
}

// Format hides the secret from fmt, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// errClearSecret is what marshalling a secret in clear yields.
var errClearSecret = errors.New("a secret in clear cannot be encoded; seal it first")

// MarshalJSON writes the reference and refuses a secret in clear.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.clear != "" {
		return nil, errClearSecret
	}
	if s.ref == "" {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]string{"ref": s.ref})
}

// UnmarshalJSON reads a reference object or a string in clear.
func (s *Secret) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*s = Secret{}
		return nil
	}
	var text string
	if json.Unmarshal(b, &text) == nil {
		*s = Secret{clear: text}
		return nil
	}
	var obj map[string]string
	ref, ok := "", false
	if json.Unmarshal(b, &obj) == nil {
		ref, ok = obj["ref"]
	}
	if !ok || len(obj) != 1 {
		return errSecretForm
	}
	if err := checkSecretRef(ref); err != nil {
		return err
	}
	*s = Secret{ref: ref}
	return nil
}

// errSecretForm is what anything but a text or a reference yields.
var errSecretForm = errors.New(`a secret is a string or {"ref": "env:NAME"}, {"ref": "file:PATH"}, {"ref": "cred:NAME"} or {"ref": "sealed:…"}`)

// maxCredential is the longest name of a systemd credential.
const maxCredential = 200

// credentialName is the form of such a name, as a regular expression: a name of
// one file, never a path.
const credentialName = `[A-Za-z0-9_][A-Za-z0-9._@+-]{0,199}`

var credential = regexp.MustCompile(`^` + credentialName + `$`)

func checkSecretRef(ref string) error {
	scheme, rest, ok := strings.Cut(ref, ":")
	if !ok || rest == "" {
		return fmt.Errorf("the secret's reference has no scheme; use env:NAME, file:PATH, cred:NAME or sealed:…")
	}
	switch scheme {
	case "sealed", "env", "file":
		return nil
	case "cred":
		if !credential.MatchString(rest) {
			return fmt.Errorf("%.60q is not the name of a systemd credential: a letter, digit or _, then those and any of .@+-, at most %d characters", rest, maxCredential)
		}
		return nil
	}
	return fmt.Errorf("the secret's reference has the unknown scheme %q; use env:NAME, file:PATH, cred:NAME or sealed:…", scheme)
}
