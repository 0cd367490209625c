package odb

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// SecuritySpec is a credential: a channel demands it or an outgoing presents it.
type SecuritySpec struct {
	Type     string `json:"type" title:"Type" help:"How the caller proves who it is." enum:"basic,apikey,jwt" default:"basic"`
	Enabled  bool   `json:"enabled" title:"Enabled" help:"A disabled credential opens nothing." default:"true"`
	Username string `json:"username" title:"User" help:"User of HTTP Basic; of an API key the name that services see." when:"type=basic,apikey"`
	Password Secret `json:"password" title:"Password" help:"Password of HTTP Basic." when:"type=basic" required:"true"`
	Realm    string `json:"realm" title:"Realm" help:"Realm shown to the client." when:"type=basic" default:"Signalbox"`

	Header string `json:"header" title:"Header" help:"Header that carries the key." when:"type=apikey" default:"X-API-Key"`
	Prefix string `json:"prefix" title:"Prefix" help:"Text before the key in the header, such as Bearer." when:"type=apikey"`
	Key    Secret `json:"key" title:"Key" help:"The API key." when:"type=apikey" required:"true"`

	Algorithms []string          `json:"algorithms" title:"Algorithms" help:"Signature algorithms that are accepted; all of one family (HS, or RS/PS/ES/EdDSA)." when:"type=jwt" default:"RS256" enum:"HS256,HS384,HS512,RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA"`
	Secret     Secret            `json:"secret" title:"Shared secret" help:"Secret of the HS algorithms, at least 32 bytes." when:"type=jwt"`
	PublicKeys string            `json:"public_keys" title:"Public keys" help:"PEM public keys or certificates, or a JWKS document." when:"type=jwt" multiline:"true"`
	JWKSFile   string            `json:"jwks_file" title:"JWKS file" help:"File of a JWKS document on every node; read again when it changes." when:"type=jwt"`
	JWKSURL    string            `json:"jwks_url" title:"JWKS URL" help:"Address of a JWKS document; fetched again every jwks_every and, at most once in 10 s, for an unknown key id." when:"type=jwt"`
	JWKSEvery  Duration          `json:"jwks_every" title:"JWKS refresh" help:"How often the JWKS URL is fetched again." when:"type=jwt" default:"15m"`
	JWKSAllow  []string          `json:"jwks_allow" title:"JWKS allowed networks" help:"Private, loopback and metadata addresses of the JWKS URL are refused unless a network here has them." when:"type=jwt"`
	Issuer     string            `json:"issuer" title:"Issuer" help:"Required value of iss; empty accepts any." when:"type=jwt"`
	Audience   []string          `json:"audience" title:"Audience" help:"One of these must be in aud; empty accepts any." when:"type=jwt"`
	Claims     map[string]string `json:"claims" title:"Required claims" help:"Claims that must have these values (a list claim must contain it; a scope claim counts its words). A good token without them gets 403." when:"type=jwt"`
	UserClaim  string            `json:"user_claim" title:"User claim" help:"Claim that services see as the user." when:"type=jwt" default:"sub"`
	Leeway     Duration          `json:"leeway" title:"Leeway" help:"How far clocks may differ." when:"type=jwt" default:"30s"`

	Description string `json:"description" title:"Description" help:"For people." multiline:"true"`
}

// Validate checks what tags cannot: that a secret is not empty, and where a
// token's keys come from.
func (s *SecuritySpec) Validate() Faults {
	var f Faults
	switch s.Type {
	case "basic":
		if s.Username == "" || strings.ContainsAny(s.Username, ":\r\n") {
			f.Add("/username", "is %q; a user without colon or line break is needed", s.Username)
		}
	case "apikey":
		if !validHeader(s.Header, s.Prefix) {
			f.Add("/header", "is not a valid header")
		}
		if k := s.Key.Clear(); k != "" && (len(k) < 8 || strings.ContainsAny(k, "\r\n\x00")) {
			f.Add("/key", "at least 8 characters without line breaks are needed")
		}
	case "jwt":
		s.validateJWT(&f)
	}
	return f
}

func (s *SecuritySpec) validateJWT(f *Faults) {
	shared := slices.ContainsFunc(s.Algorithms, func(a string) bool { return strings.HasPrefix(a, "HS") })
	public := slices.ContainsFunc(s.Algorithms, func(a string) bool { return !strings.HasPrefix(a, "HS") })
	sources := 0
	for _, set := range []bool{s.PublicKeys != "", s.JWKSFile != "", s.JWKSURL != ""} {
		if set {
			sources++
		}
	}
	switch {
	case len(s.Algorithms) == 0:
		f.Add("/algorithms", "at least one algorithm is needed")
	case shared && public:
		f.Add("/algorithms", "HS algorithms and public-key algorithms cannot be mixed: a public key could then be used as a shared secret")
	case shared && s.Secret.IsZero():
		f.Add("/secret", "secret is required for the HS algorithms")
	case shared && sources > 0:
		f.Add("/public_keys", "public keys do not apply to the HS algorithms")
	case public && !s.Secret.IsZero():
		f.Add("/secret", "a shared secret does not apply to public-key algorithms")
	case public && sources != 1:
		f.Add("/public_keys", "exactly one of public_keys, jwks_file and jwks_url is needed")
	}
	if c := s.Secret.Clear(); c != "" && len(c) < 32 {
		f.Add("/secret", "has %d bytes; at least 32 are needed", len(c))
	}
	if s.JWKSURL != "" {
		if u, err := url.Parse(s.JWKSURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			f.Add("/jwks_url", "is not an http or https address")
		}
	}
	for i, a := range s.JWKSAllow {
		if _, err := ParsePrefix(a); err != nil {
			f.Add("/jwks_allow/"+strconv.Itoa(i), "%v", err)
		}
	}
	if s.JWKSURL != "" && s.JWKSEvery < Duration(1e9) {
		f.Add("/jwks_every", "is %s; at least 1s is needed", s.JWKSEvery)
	}
}
