package security

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// maxCredential is the longest Authorization value that is looked at, in bytes.
const maxCredential = 16 << 10

// Authenticate finds out who sends r. Any one of the named definitions opens. The
// error is a [*Refusal]: unknown or no credentials (401, with the challenges of
// the named definitions), good credentials of another definition or a token that
// lacks a claim (403), or credentials that cannot be judged now (503).
func (m *Manager) Authenticate(r *http.Request, names []string) (*Identity, error) {
	a := attempt{m: m, t: m.table.Load(), r: r}
	for _, name := range names { // no early exit: the time must not tell which one it was
		if c := a.t.byName[name]; c != nil && c.enabled {
			a.try(c)
		}
	}
	if a.found != nil {
		return a.found, nil
	}
	refusal := a.refuse(names)
	m.refused[refusal.reason].Add(1)
	return nil, refusal
}

// CredentialHeaders returns the canonical names of all request headers that carry
// credentials of any definition: what services must not see. Read only.
func (m *Manager) CredentialHeaders() []string { return m.table.Load().strip }

// attempt is what is found out about one request.
type attempt struct {
	m     *Manager
	t     *table
	r     *http.Request
	found *Identity

	basicRead, basicOK bool
	basic              digest

	given       bool   // a credential of an accepted type is there
	expired     bool   // a token was good but is over
	badToken    bool   // a token was there and not good
	lacksClaim  string // the claim that a good token lacks
	unavailable string // code of what could not be judged
}

// try holds one definition against the request.
func (a *attempt) try(c *credential) {
	var text digest
	switch c.kind {
	case "basic":
		var ok bool
		if text, ok = a.basicDigest(); !ok {
			return
		}
	case "apikey":
		key, ok := c.key.find(a.r)
		if !ok || len(key) > maxCredential {
			return
		}
		text = a.m.digest("apikey", c.key.name, []byte(key))
	case "jwt":
		a.tryToken(c)
		return
	default:
		return
	}
	a.given = true
	if c.fault != "" {
		a.unavailable = CodeNoCredentials
		return
	}
	if subtle.ConstantTimeCompare(c.digest[:], text[:]) == 1 && a.found == nil {
		a.found = &c.identity
	}
}

func (a *attempt) tryToken(c *credential) {
	token, ok := authorization(a.r, "Bearer")
	if !ok || a.found != nil {
		return
	}
	a.given = true
	if c.fault != "" {
		a.unavailable = CodeNoKeys
		return
	}
	id, verdict, claim := c.jwt.check(a.r.Context(), token, c.name)
	switch verdict {
	case tokenGood:
		a.found = id
	case tokenExpired:
		a.expired = true
	case tokenLacks:
		a.lacksClaim = claim
	case tokenNoKeys:
		a.unavailable = CodeNoKeys
	case tokenBad:
		a.badToken = true
	}
}

// basicDigest reads the Basic credentials of the request, once.
func (a *attempt) basicDigest() (digest, bool) {
	if !a.basicRead {
		a.basicRead = true
		if text, ok := authorization(a.r, "Basic"); ok {
			a.basic, a.basicOK = a.m.basicDigest(text)
		}
	}
	return a.basic, a.basicOK
}

// basicDigest decodes user and password on the stack.
func (m *Manager) basicDigest(text string) (digest, bool) {
	var in, out [256]byte
	plain, err := base64.StdEncoding.AppendDecode(out[:0], append(in[:0], text...))
	if err != nil || !slices.Contains(plain, ':') {
		return digest{}, false
	}
	return m.digest("basic", "", plain), true
}

// authorization returns what follows scheme in the one Authorization header; false
// when it is of another scheme or there are several.
func authorization(r *http.Request, scheme string) (string, bool) {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return "", false
	}
	v := values[0]
	if len(v) > maxCredential || len(v) <= len(scheme) || v[len(scheme)] != ' ' || !strings.EqualFold(v[:len(scheme)], scheme) {
		return "", false
	}
	v = strings.Trim(v[len(scheme)+1:], " ")
	return v, v != ""
}

// refuse says why nothing opened.
func (a *attempt) refuse(names []string) *Refusal {
	if owner := a.owner(names); owner != "" {
		return forbidden(reasonOther, "the credentials are good, but not for this", "").by(owner)
	}
	switch {
	case a.lacksClaim != "":
		return forbidden(reasonClaims, "the token lacks the claim "+a.lacksClaim+" with a value that opens this", "insufficient_scope")
	case a.unavailable != "":
		return unavailable(a.unavailable)
	}
	r := &Refusal{Status: http.StatusUnauthorized, Code: CodeUnknown, reason: reasonUnknown, Detail: "the credentials are not known here"}
	switch {
	case a.expired:
		r.reason, r.Detail = reasonExpired, "the token has expired"
	case a.badToken:
		r.reason, r.Detail = reasonToken, "the token is not valid here"
	case !a.given:
		r.reason, r.Detail = reasonNone, "credentials are needed"
	}
	r.Challenges = a.t.challenges(names, a.expired || a.badToken)
	return r
}

// maxOthers bounds how many other definitions a refused token is held against.
const maxOthers = 8

// owner finds a definition beyond names that the request's credentials are good for.
func (a *attempt) owner(names []string) string {
	if text, ok := a.basicDigest(); ok {
		if name, ok := a.t.owners[text]; ok {
			return name
		}
	}
	for _, h := range a.t.keys {
		if key, ok := h.find(a.r); ok && len(key) <= maxCredential {
			if name, ok := a.t.owners[a.m.digest("apikey", h.name, []byte(key))]; ok {
				return name
			}
		}
	}
	token, ok := authorization(a.r, "Bearer")
	if !ok {
		return ""
	}
	issuer, tried := issuerOf(token), 0
	for _, c := range a.t.jwts {
		if slices.Contains(names, c.name) || c.jwt.issuer != "" && c.jwt.issuer != issuer || !c.jwt.ready() {
			continue
		}
		if tried++; tried > maxOthers {
			break
		}
		if _, verdict, _ := c.jwt.checkWith(c.jwt.source.current(), token, c.name); verdict == tokenGood {
			return c.name
		}
	}
	return ""
}
