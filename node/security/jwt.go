package security

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signalbox.internal/odb"
)

// verdict is what a token turns out to be.
type verdict int

const (
	tokenBad     verdict = iota // not a token, not of these keys, or not for us
	tokenGood                   // opens
	tokenExpired                // was good once
	tokenLacks                  // good, but without a claim that is required
	tokenNoKeys                 // cannot be told: no keys have been loaded yet
)

// maxTries bounds how many keys a token is held against.
const maxTries = 10

// tokens checks the tokens of one definition.
type tokens struct {
	source    *keySource
	algs      []jose.SignatureAlgorithm
	issuer    string
	audience  []string
	claims    map[string]string
	userClaim string
	leeway    time.Duration
	now       func() time.Time
}

// fillToken adds the token checker to c.
func (m *Manager) fillToken(ctx context.Context, c *credential, spec *odb.SecuritySpec, prev *credential, open func(string, odb.Secret) (string, error)) error {
	t := &tokens{
		issuer: spec.Issuer, audience: spec.Audience, claims: spec.Claims,
		userClaim: spec.UserClaim, leeway: spec.Leeway.Std(), now: m.now,
	}
	for _, a := range spec.Algorithms {
		t.algs = append(t.algs, jose.SignatureAlgorithm(a))
	}
	var err error
	switch {
	case !spec.Secret.IsZero():
		var secret string
		if secret, err = open("/secret", spec.Secret); err == nil {
			t.source, err = sharedSecret(secret, spec.Algorithms)
		}
	case spec.PublicKeys != "":
		t.source, err = fixedKeys(spec.PublicKeys, spec.Algorithms)
	default:
		c.outside = spec.JWKSFile != ""
		t.source, err = m.moving(ctx, spec, prev)
	}
	if t.source == nil {
		return err
	}
	c.jwt = t
	return err
}

// ready reports whether there are keys to check with.
func (t *tokens) ready() bool { return t.source.current() != nil }

// check judges a token; with tokenLacks it names the claim. Keys that are not
// there yet, or a key id that is not known, make it look for new keys, rarely.
func (t *tokens) check(ctx context.Context, token, name string) (*Identity, verdict, string) {
	keys := t.source.current()
	if keys == nil {
		if keys = t.source.again(ctx); keys == nil {
			return nil, tokenNoKeys, ""
		}
	}
	id, v, claim := t.checkWith(keys, token, name)
	if v == tokenBad && t.source.load != nil && keys.lacksKeyOf(token) {
		if newer := t.source.again(ctx); newer != keys {
			return t.checkWith(newer, token, name)
		}
	}
	return id, v, claim
}

// checkWith judges a token with given keys.
func (t *tokens) checkWith(keys *keySet, token, name string) (*Identity, verdict, string) {
	sig, err := jose.ParseSignedCompact(token, t.algs) // refuses every other algorithm, none included
	if err != nil {
		return nil, tokenBad, ""
	}
	head := sig.Signatures[0].Protected
	for _, h := range []jose.HeaderKey{"crit", "b64"} { // extensions that must be understood: we know none
		if _, ok := head.ExtraHeaders[h]; ok {
			return nil, tokenBad, ""
		}
	}
	payload := verify(sig, keys.fitting(head.KeyID, head.Algorithm))
	if payload == nil {
		return nil, tokenBad, ""
	}
	claims, err := readClaims(payload)
	if err != nil {
		return nil, tokenBad, ""
	}
	if v := t.checkStandard(claims); v != tokenGood {
		return nil, v, ""
	}
	for _, claim := range sortedKeys(t.claims) {
		if !hasValue(claim, claims[claim], t.claims[claim]) {
			return nil, tokenLacks, claim
		}
	}
	return &Identity{Security: name, Name: text(claims[t.userClaim]), Claims: claims}, tokenGood, ""
}

// verify returns the payload when one of the keys made the signature; nil otherwise.
func verify(sig *jose.JSONWebSignature, keys []verifyKey) []byte {
	for _, k := range keys[:min(len(keys), maxTries)] {
		if payload, err := sig.Verify(k.key); err == nil {
			return payload
		}
	}
	return nil
}

// readClaims decodes a payload: one JSON object, numbers kept as written.
func readClaims(payload []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var claims map[string]any
	if err := d.Decode(&claims); err != nil {
		return nil, fmt.Errorf("decode claims: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || claims == nil {
		return nil, errors.New("decode claims: not one object")
	}
	return claims, nil
}

// checkStandard looks at exp (which must be there), nbf, iss and aud.
func (t *tokens) checkStandard(claims map[string]any) verdict {
	now := float64(t.now().UnixMilli()) / 1000
	leeway := t.leeway.Seconds()
	exp, ok := seconds(claims["exp"])
	if !ok {
		return tokenBad
	}
	if nbf, given := claims["nbf"]; given {
		if from, ok := seconds(nbf); !ok || now < from-leeway {
			return tokenBad
		}
	}
	if t.issuer != "" && claims["iss"] != t.issuer {
		return tokenBad
	}
	if len(t.audience) > 0 && !slices.ContainsFunc(t.audience, func(a string) bool { return inList(claims["aud"], a) }) {
		return tokenBad
	}
	if now >= exp+leeway {
		return tokenExpired
	}
	return tokenGood
}

func seconds(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// inList reports whether v is want or a list with want in it.
func inList(v any, want string) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(e any) bool { return text(e) == want && e != nil })
	}
	return v != nil && text(v) == want
}

// hasValue reports whether a claim has the required value: it is it, is a list
// with it, or is a scope with it among its words.
func hasValue(claim string, v any, want string) bool {
	if s, ok := v.(string); ok && (claim == "scope" || claim == "scp") {
		return slices.Contains(strings.Fields(s), want)
	}
	return inList(v, want)
}

// text writes a scalar claim as text; objects and lists are empty.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

// issuerOf reads who claims to have made a token, unverified: only to choose what
// to check it with.
func issuerOf(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	body, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(raw, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// keyIDOf reads which key a token says it is signed with, unverified; empty when none.
func keyIDOf(token string) string {
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var h struct {
		KeyID string `json:"kid"`
	}
	if json.Unmarshal(raw, &h) != nil {
		return ""
	}
	return h.KeyID
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
