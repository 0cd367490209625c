package security

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a set of keys, and the shortest RSA key that is trusted, in bits.
const (
	maxKeys    = 100
	maxKeyText = 1 << 20
	minRSA     = 2048
)

// verifyKey checks signatures. kid and alg are empty when the source names none.
type verifyKey struct {
	kid, alg string
	key      any
}

// keySet is an immutable set of keys.
type keySet struct{ keys []verifyKey }

// fitting returns the keys that may have made a signature with alg under the key
// id: the algorithm must fit the key's type, never the other way round.
func (s *keySet) fitting(kid, alg string) []verifyKey {
	var out []verifyKey
	for _, k := range s.keys {
		if (kid == "" || k.kid == "" || k.kid == kid) && (k.alg == "" || k.alg == alg) && fits(alg, k.key) {
			out = append(out, k)
		}
	}
	return out
}

// lacksKeyOf reports whether a token names a key that the set does not have.
func (s *keySet) lacksKeyOf(token string) bool {
	kid := keyIDOf(token)
	return kid != "" && !slices.ContainsFunc(s.keys, func(k verifyKey) bool { return k.kid == kid })
}

// fits reports whether alg may be used with key.
func fits(alg string, key any) bool {
	switch k := key.(type) {
	case []byte:
		return len(k) >= minSecret(alg)
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return alg == "ES256" && k.Curve == elliptic.P256() ||
			alg == "ES384" && k.Curve == elliptic.P384() || alg == "ES512" && k.Curve == elliptic.P521()
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// minSecret is the shortest shared secret of an algorithm (RFC 7518 3.2), in bytes.
func minSecret(alg string) int {
	switch alg {
	case "HS256":
		return 32
	case "HS384":
		return 48
	case "HS512":
		return 64
	}
	return 1 << 30 // not an algorithm of shared secrets
}

// sharedSecret makes the source of one secret.
func sharedSecret(secret string, algs []string) (*keySource, error) {
	for _, alg := range algs {
		if len(secret) < minSecret(alg) {
			return nil, fmt.Errorf("the shared secret has %d bytes; %s needs at least %d", len(secret), alg, minSecret(alg))
		}
	}
	s := &keySource{}
	s.keys.Store(&keySet{keys: []verifyKey{{key: []byte(secret)}}})
	return s, nil
}

// fixedKeys makes the source of keys that stand in the definition.
func fixedKeys(text string, algs []string) (*keySource, error) {
	set, err := parseKeys([]byte(text), algs)
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	s := &keySource{}
	s.keys.Store(set)
	return s, nil
}

// parseKeys reads PEM public keys and certificates, or a JWKS document. Keys that
// fit none of the algorithms are left out; when none is left it is an error.
func parseKeys(text []byte, algs []string) (*keySet, error) {
	var all []verifyKey
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		all, err = parseJWKS(text)
	} else {
		all, err = parsePEM(text)
	}
	if err != nil {
		return nil, err
	}
	set := &keySet{}
	for _, k := range all {
		if slices.ContainsFunc(algs, func(alg string) bool { return (k.alg == "" || k.alg == alg) && fits(alg, k.key) }) {
			set.keys = append(set.keys, k)
		}
	}
	switch {
	case len(set.keys) == 0:
		return nil, fmt.Errorf("none of its %d keys can be used with %s", len(all), strings.Join(algs, ", "))
	case len(set.keys) > maxKeys:
		return nil, fmt.Errorf("there are %d keys; at most %d are taken", len(set.keys), maxKeys)
	}
	return set, nil
}

// parseJWKS reads a JWKS document. Keys of unknown kinds, for encryption, private
// ones and shared secrets are left out: a published secret is none.
func parseJWKS(text []byte) ([]verifyKey, error) {
	var doc struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("decode JWKS: %w", err)
	}
	if doc.Keys == nil {
		return nil, errors.New("decode JWKS: there is no list of keys")
	}
	var keys []verifyKey
	for _, raw := range doc.Keys[:min(len(doc.Keys), 10*maxKeys)] {
		var private struct {
			D *json.RawMessage `json:"d"`
			K *json.RawMessage `json:"k"`
		}
		var jwk jose.JSONWebKey
		if json.Unmarshal(raw, &private) != nil || private.D != nil || private.K != nil || jwk.UnmarshalJSON(raw) != nil {
			continue
		}
		if jwk.Use == "enc" || weak(jwk.Key) {
			continue
		}
		keys = append(keys, verifyKey{kid: jwk.KeyID, alg: jwk.Algorithm, key: jwk.Key})
	}
	return keys, nil
}

// weak reports whether a key is too short to be trusted or of no known kind.
func weak(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < minRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return false
	}
	return true
}

func parsePEM(text []byte) ([]verifyKey, error) {
	var keys []verifyKey
	rest := text
	for len(bytes.TrimSpace(rest)) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("the text is neither PEM nor a JWKS document")
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		if weak(key) {
			return nil, fmt.Errorf("key %d is of no known kind, or an RSA key under %d bits", len(keys)+1, minRSA)
		}
		keys = append(keys, verifyKey{key: key})
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (any, error) {
	switch {
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, errors.New("a private key does not belong here; give the public key")
	case block.Type == "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("parse certificate: %w", err)
		}
		return cert.PublicKey, nil
	case block.Type == "RSA PUBLIC KEY":
		return wrapKey(x509.ParsePKCS1PublicKey(block.Bytes))
	case block.Type == "PUBLIC KEY":
		return wrapKey(x509.ParsePKIXPublicKey(block.Bytes))
	}
	return nil, fmt.Errorf("the PEM block %.40q is neither a public key nor a certificate", block.Type)
}

func wrapKey[K any](key K, err error) (any, error) {
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	return key, nil
}
