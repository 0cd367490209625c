package security

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signalbox.internal/odb"
)

const secret32 = "0123456789abcdef0123456789abcdef"

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newRSA(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	k, err := rsaKey()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func newEC(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func pemOf(tb testing.TB, public crypto.PublicKey) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func jwksOf(tb testing.TB, keys ...jose.JSONWebKey) string {
	tb.Helper()
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

type claims = map[string]any

// token signs claims; exp is an hour after the clock's start unless it is given
// (nil takes it out).
func token(tb testing.TB, alg jose.SignatureAlgorithm, key any, head map[jose.HeaderKey]any, with claims) string {
	tb.Helper()
	all := claims{"exp": newClock().at.Add(time.Hour).Unix(), "sub": "ann"}
	maps.Copy(all, with)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	payload, err := json.Marshal(all)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: head})
	if err != nil {
		tb.Fatal(err)
	}
	sig, err := signer.Sign(payload)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// jwtDef makes a definition of type jwt from the fields given.
func jwtDef(tb testing.TB, name string, fields map[string]any) odb.Definition {
	tb.Helper()
	all := map[string]any{"type": "jwt"}
	maps.Copy(all, fields)
	raw, err := json.Marshal(all)
	if err != nil {
		tb.Fatal(err)
	}
	return def(name, string(raw))
}

// outcome authenticates with a bearer token and says what came of it in a word.
func outcome(h *harness, token string, names ...string) string {
	id, err := h.Authenticate(request("Authorization", "Bearer "+token), names)
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Reason()
	}
	return "ok " + id.Name
}

func TestAlgorithms(t *testing.T) {
	t.Parallel()
	rsa1, ec256, ec384, ec521 := newRSA(t), newEC(t, elliptic.P256()), newEC(t, elliptic.P384()), newEC(t, elliptic.P521())
	edPub, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t)
	h.env["HS"] = strings.Repeat(secret32, 2)
	hs := []byte(h.env["HS"])
	ref := map[string]any{"ref": "env:HS"}
	type c struct {
		algs []string
		keys string
		alg  jose.SignatureAlgorithm
		key  any
		want string
	}
	rsaPEM, ecPEM := pemOf(t, rsa1.Public()), pemOf(t, ec256.Public())
	tests := map[string]c{
		"HS256": {[]string{"HS256"}, "", jose.HS256, hs, "ok ann"},
		"HS384": {[]string{"HS384"}, "", jose.HS384, hs, "ok ann"},
		"HS512": {[]string{"HS256", "HS512"}, "", jose.HS512, hs, "ok ann"},
		"RS256": {[]string{"RS256"}, rsaPEM, jose.RS256, rsa1, "ok ann"},
		"RS512": {[]string{"RS512"}, rsaPEM, jose.RS512, rsa1, "ok ann"},
		"PS384": {[]string{"PS384"}, rsaPEM, jose.PS384, rsa1, "ok ann"},
		"ES256": {[]string{"ES256"}, ecPEM, jose.ES256, ec256, "ok ann"},
		"ES384": {[]string{"ES384"}, pemOf(t, ec384.Public()), jose.ES384, ec384, "ok ann"},
		"ES512": {[]string{"ES512"}, pemOf(t, ec521.Public()), jose.ES512, ec521, "ok ann"},
		"EdDSA": {[]string{"EdDSA"}, pemOf(t, edPub), jose.EdDSA, edKey, "ok ann"},
		"several keys, second fits": {
			[]string{"RS256", "ES256"}, rsaPEM + ecPEM, jose.ES256, ec256, "ok ann",
		},
		"other HS":                        {[]string{"HS256"}, "", jose.HS512, hs, "bad_token"},
		"other RS":                        {[]string{"RS256"}, rsaPEM, jose.RS512, rsa1, "bad_token"},
		"PS where RS":                     {[]string{"RS256"}, rsaPEM, jose.PS256, rsa1, "bad_token"},
		"wrong secret":                    {[]string{"HS256"}, "", jose.HS256, []byte(secret32), "bad_token"},
		"wrong key":                       {[]string{"ES256"}, ecPEM, jose.ES256, newEC(t, elliptic.P256()), "bad_token"},
		"public key as secret (PEM)":      {[]string{"RS256"}, rsaPEM, jose.HS256, []byte(rsaPEM), "bad_token"},
		"public key as secret, named too": {[]string{"RS256", "PS256"}, rsaPEM, jose.HS256, []byte(strings.TrimSpace(rsaPEM)), "bad_token"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fields := map[string]any{"algorithms": tc.algs}
			if tc.keys == "" {
				fields["secret"] = ref
			} else {
				fields["public_keys"] = tc.keys
			}
			h.apply(t, jwtDef(t, "tokens", fields))
			if got := outcome(h, token(t, tc.alg, tc.key, nil, nil), "tokens"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// b64 makes a part of a token from text.
func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	key := newEC(t, elliptic.P256())
	mine := newEC(t, elliptic.P256())
	h := newHarness(t)
	h.apply(t, jwtDef(t, "tokens", map[string]any{"algorithms": []string{"ES256"}, "public_keys": pemOf(t, key.Public())}))
	good := token(t, jose.ES256, key, nil, nil)
	if got := outcome(h, good, "tokens"); got != "ok ann" {
		t.Fatalf("the good token: %s", got)
	}
	head, body, sig := strings.Split(good, ".")[0], strings.Split(good, ".")[1], strings.Split(good, ".")[2]
	jwk, err := json.Marshal(jose.JSONWebKey{Key: mine.Public()})
	if err != nil {
		t.Fatal(err)
	}
	embedded := token(t, jose.ES256, mine, map[jose.HeaderKey]any{"jwk": json.RawMessage(jwk), "jku": "https://evil.example/keys"}, nil)
	tests := map[string]string{
		"alg none":            b64(`{"alg":"none"}`) + "." + body + ".",
		"alg None":            b64(`{"alg":"None"}`) + "." + body + "." + sig,
		"no alg":              b64(`{}`) + "." + body + "." + sig,
		"no signature":        head + "." + body + ".",
		"other body":          head + "." + b64(`{"sub":"root","exp":99999999999}`) + "." + sig,
		"zero signature":      head + "." + body + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"signature cut":       good[:len(good)-4],
		"embedded key":        embedded,
		"crit":                token(t, jose.ES256, key, map[jose.HeaderKey]any{"crit": []string{"exp"}}, nil),
		"crit b64":            token(t, jose.ES256, key, map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": true}, nil),
		"two parts":           head + "." + body,
		"four parts":          good + "." + sig,
		"JSON form":           `{"payload":"` + body + `","protected":"` + head + `","signature":"` + sig + `"}`,
		"not base64":          "%." + body + "." + sig,
		"empty":               "..",
		"long":                head + "." + strings.Repeat("A", 15<<10) + "." + sig,
		"payload not JSON":    signed(t, key, "x"),
		"payload a list":      signed(t, key, "[1]"),
		"payload null":        signed(t, key, "null"),
		"payload two objects": signed(t, key, `{"exp":9999999999}{}`),
	}
	for name, forged := range tests {
		if got := outcome(h, forged, "tokens"); got != "bad_token" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func signed(tb testing.TB, key *ecdsa.PrivateKey, payload string) string {
	tb.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	sig, err := signer.Sign([]byte(payload))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func TestClaims(t *testing.T) {
	t.Parallel()
	start := newClock().at
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	rules := map[string]any{
		"issuer": "https://idp.example", "audience": []string{"orders", "rates"},
		"claims": map[string]string{"tier": "gold", "scope": "read", "roles": "clerk", "n": "7", "ok": "true"},
	}
	full := claims{
		"iss": "https://idp.example", "aud": "orders", "tier": "gold", "scope": "write read", "roles": []string{"x", "clerk"}, "n": 7, "ok": true,
	}
	tests := map[string]struct {
		rules map[string]any
		with  claims
		want  string
	}{
		"plain":                  {nil, nil, "ok ann"},
		"no exp":                 {nil, claims{"exp": nil}, "bad_token"},
		"exp is a text":          {nil, claims{"exp": "9999999999"}, "bad_token"},
		"exp with fraction":      {nil, claims{"exp": float64(at(time.Minute)) + 0.5}, "ok ann"},
		"exp huge":               {nil, claims{"exp": json.Number("1e300")}, "ok ann"},
		"exp out of range":       {nil, claims{"exp": json.Number("1e999")}, "bad_token"},
		"expired":                {nil, claims{"exp": at(-time.Hour)}, "expired_token"},
		"expired within leeway":  {nil, claims{"exp": at(-29 * time.Second)}, "ok ann"},
		"expired at leeway":      {nil, claims{"exp": at(-30 * time.Second)}, "expired_token"},
		"leeway of the rules":    {map[string]any{"leeway": "0s"}, claims{"exp": at(0)}, "expired_token"},
		"not yet":                {nil, claims{"nbf": at(time.Hour)}, "bad_token"},
		"not yet, within leeway": {nil, claims{"nbf": at(29 * time.Second)}, "ok ann"},
		"nbf is a text":          {nil, claims{"nbf": "0"}, "bad_token"},
		"user claim":             {map[string]any{"user_claim": "email"}, claims{"email": "a@b.example"}, "ok a@b.example"},
		"user claim a number":    {map[string]any{"user_claim": "uid"}, claims{"uid": json.Number("12345678901234567890")}, "ok 12345678901234567890"},
		"no user claim":          {map[string]any{"user_claim": "email"}, nil, "ok "},

		"all rules":          {rules, full, "ok ann"},
		"aud a list":         {rules, with(full, "aud", []string{"x", "rates"}), "ok ann"},
		"other aud":          {rules, with(full, "aud", "x"), "bad_token"},
		"no aud":             {rules, with(full, "aud", nil), "bad_token"},
		"aud an object":      {rules, with(full, "aud", claims{"orders": true}), "bad_token"},
		"other issuer":       {rules, with(full, "iss", "https://idp.example/"), "bad_token"},
		"no issuer":          {rules, with(full, "iss", nil), "bad_token"},
		"other tier":         {rules, with(full, "tier", "silver"), "missing_claim"},
		"no tier":            {rules, with(full, "tier", nil), "missing_claim"},
		"scope part of word": {rules, with(full, "scope", "reader"), "missing_claim"},
		"scope a list":       {rules, with(full, "scope", []string{"read"}), "ok ann"},
		"tier has words":     {rules, with(full, "tier", "gold plus"), "missing_claim"},
		"roles without":      {rules, with(full, "roles", []string{"x"}), "missing_claim"},
		"roles as a text":    {rules, with(full, "roles", "clerk"), "ok ann"},
		"number differs":     {rules, with(full, "n", 8), "missing_claim"},
		"not true":           {rules, with(full, "ok", false), "missing_claim"},
		"expired and lacks":  {rules, with(with(full, "tier", nil), "exp", at(-time.Hour)), "expired_token"},
	}
	h := newHarness(t)
	h.env["HS"] = secret32
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fields := map[string]any{"algorithms": []string{"HS256"}, "secret": map[string]any{"ref": "env:HS"}}
			maps.Copy(fields, tc.rules)
			h.apply(t, jwtDef(t, "tokens", fields))
			if got := outcome(h, token(t, jose.HS256, []byte(secret32), nil, tc.with), "tokens"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func with(c claims, name string, value any) claims {
	c = maps.Clone(c)
	c[name] = value
	return c
}

func TestMissingClaimIsForbidden(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.env["HS"] = secret32
	h.apply(t, jwtDef(t, "tokens", map[string]any{"algorithms": []string{"HS256"}, "secret": map[string]any{"ref": "env:HS"}, "claims": map[string]string{"tier": "gold"}}))
	_, err := h.Authenticate(request("Authorization", "Bearer "+token(t, jose.HS256, []byte(secret32), nil, nil)), []string{"tokens"})
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Status != 403 || r.Code != CodeForbidden || !strings.Contains(r.Detail, "tier") || len(r.Challenges) != 1 {
		t.Errorf("got %+v (%v)", r, err)
	}
}

func TestTokenOfAnotherDefinition(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.env["A"], h.env["B"], h.env["KEY"] = secret32, strings.ToUpper(secret32), "key-12345678"
	h.apply(
		t, jwtDef(t, "a", map[string]any{"algorithms": []string{"HS256"}, "secret": map[string]any{"ref": "env:A"}, "issuer": "a"}),
		jwtDef(t, "b", map[string]any{"algorithms": []string{"HS256"}, "secret": map[string]any{"ref": "env:B"}, "issuer": "b"}),
		def("machine", `{"type":"apikey","key":{"ref":"env:KEY"}}`),
	)
	ofB := token(t, jose.HS256, []byte(h.env["B"]), nil, claims{"iss": "b"})
	forgedB := token(t, jose.HS256, []byte(strings.Repeat("x", 32)), nil, claims{"iss": "b"})
	for name, tc := range map[string]struct {
		token string
		names []string
		want  string
	}{
		"its own":           {ofB, []string{"b"}, "ok ann"},
		"either":            {ofB, []string{"a", "b"}, "ok ann"},
		"another's":         {ofB, []string{"a"}, "other_definition"},
		"key is wanted":     {ofB, []string{"machine"}, "other_definition"},
		"forged another's":  {forgedB, []string{"a"}, "bad_token"},
		"expired another's": {token(t, jose.HS256, []byte(h.env["B"]), nil, claims{"iss": "b", "exp": 1}), []string{"a"}, "bad_token"},
	} {
		if got := outcome(h, tc.token, tc.names...); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	weakRSA := `{"keys":[{"kty":"RSA","n":"` + base64.RawURLEncoding.EncodeToString(append([]byte{0x80}, make([]byte, 127)...)) + `","e":"AQAB"}]}`
	ec := newEC(t, elliptic.P256())
	der, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	tests := map[string]struct{ algs, keys, want string }{
		"not PEM":              {"RS256", "hello", "neither PEM nor"},
		"private":              {"ES256", private, "private key"},
		"private JWK":          {"ES256", jwksOf(t, jose.JSONWebKey{Key: ec}), "none of its 0"},
		"shared secret as JWK": {"ES256", jwksOf(t, jose.JSONWebKey{Key: []byte(secret32)}), "none of its 0"},
		"short RSA":            {"RS256", weakRSA, "none of its 0"},
		"encryption key":       {"ES256", jwksOf(t, jose.JSONWebKey{Key: ec.Public(), Use: "enc"}), "none of its 0"},
		"fits no algorithm":    {"RS256", pemOf(t, ec.Public()), "none of its 1 keys can be used with RS256"},
		"other curve":          {"ES384", pemOf(t, ec.Public()), "none of its 1"},
		"alg of the key":       {"ES256", jwksOf(t, jose.JSONWebKey{Key: ec.Public(), Algorithm: "ES384"}), "none of its 1"},
		"no keys":              {"RS256", `{"keys":[]}`, "none of its 0"},
		"no list":              {"RS256", `{}`, "no list"},
		"cut JWKS":             {"RS256", `{"keys":`, "decode JWKS"},
		"other PEM":            {"RS256", "-----BEGIN X-----\nAAAA\n-----END X-----\n", "neither a public key"},
		"broken PEM":           {"RS256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "parse public key"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			problems := h.Apply(t.Context(), snapshot(t, jwtDef(t, "tokens", map[string]any{"algorithms": []string{tc.algs}, "public_keys": tc.keys})))
			if len(problems) != 1 || !strings.Contains(problems[0].Reason, tc.want) {
				t.Fatalf("problems = %+v, want %q", problems, tc.want)
			}
			if got := outcome(h, "a.b.c", "tokens"); got != "unavailable" {
				t.Errorf("a token gets %s, want unavailable", got)
			}
		})
	}
	h := newHarness(t)
	h.env["HS"] = secret32
	problems := h.Apply(t.Context(), snapshot(t, jwtDef(t, "tokens", map[string]any{"algorithms": []string{"HS512"}, "secret": map[string]any{"ref": "env:HS"}})))
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "needs at least 64") || strings.Contains(problems[0].Reason, secret32) {
		t.Errorf("short secret: %+v", problems)
	}
}

func TestKeyIDsAndCertificates(t *testing.T) {
	t.Parallel()
	one, two, cert := newEC(t, elliptic.P256()), newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, cert.Public(), cert)
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t)
	h.apply(t,
		jwtDef(t, "set", map[string]any{"algorithms": []string{"ES256"}, "public_keys": jwksOf(t, jose.JSONWebKey{Key: one.Public(), KeyID: "1"}, jose.JSONWebKey{Key: two.Public(), KeyID: "2", Use: "sig", Algorithm: "ES256"})}),
		jwtDef(t, "cert", map[string]any{"algorithms": []string{"ES256"}, "public_keys": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}),
	)
	kid := func(id string) map[jose.HeaderKey]any { return map[jose.HeaderKey]any{"kid": id} }
	for name, tc := range map[string]struct {
		token, definition, want string
	}{
		"first":               {token(t, jose.ES256, one, kid("1"), nil), "set", "ok ann"},
		"second":              {token(t, jose.ES256, two, kid("2"), nil), "set", "ok ann"},
		"without id":          {token(t, jose.ES256, two, nil, nil), "set", "ok ann"},
		"under another's id":  {token(t, jose.ES256, two, kid("1"), nil), "set", "bad_token"},
		"unknown id":          {token(t, jose.ES256, two, kid("3"), nil), "set", "bad_token"},
		"certificate":         {token(t, jose.ES256, cert, nil, nil), "cert", "ok ann"},
		"certificate with id": {token(t, jose.ES256, cert, kid("x"), nil), "cert", "ok ann"},
	} {
		if got := outcome(h, tc.token, tc.definition); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func FuzzToken(f *testing.F) {
	key := newEC(f, elliptic.P256())
	h := newHarness(f)
	h.apply(f, jwtDef(f, "tokens", map[string]any{"algorithms": []string{"ES256"}, "public_keys": pemOf(f, key.Public())}))
	good := token(f, jose.ES256, key, map[jose.HeaderKey]any{"kid": "1"}, nil)
	f.Add(good)
	f.Add(b64(`{"alg":"none"}`) + "." + b64(`{"sub":"x"}`) + ".")
	f.Add(b64(`{"alg":"ES256","crit":[1]}`) + ".e30.AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		got := outcome(h, text, "tokens")
		if strings.HasPrefix(got, "ok") && strings.Split(text, ".")[1] != strings.Split(good, ".")[1] {
			t.Fatalf("%q opened: %s", text, got)
		}
	})
}

func FuzzKeys(f *testing.F) {
	key := newEC(f, elliptic.P256())
	f.Add(pemOf(f, key.Public()))
	f.Add(jwksOf(f, jose.JSONWebKey{Key: key.Public(), KeyID: "1"}))
	f.Add(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"},{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-256","x":"","y":"","x5c":["x"]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		set, err := parseKeys([]byte(text), []string{"RS256", "ES256", "EdDSA"})
		if err != nil {
			return
		}
		for _, k := range set.keys {
			if weak(k.key) {
				t.Errorf("took a weak key: %T", k.key)
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	h := newHarness(b)
	h.env["HS"] = secret32
	ec := newEC(b, elliptic.P256())
	h.apply(b,
		jwtDef(b, "hs", map[string]any{"algorithms": []string{"HS256"}, "secret": map[string]any{"ref": "env:HS"}}),
		jwtDef(b, "rs", map[string]any{"algorithms": []string{"RS256"}, "public_keys": pemOf(b, newRSA(b).Public())}),
		jwtDef(b, "es", map[string]any{"algorithms": []string{"ES256"}, "public_keys": pemOf(b, ec.Public())}),
	)
	for name, text := range map[string]string{
		"hs": token(b, jose.HS256, []byte(secret32), nil, nil), "rs": token(b, jose.RS256, newRSA(b), nil, nil), "es": token(b, jose.ES256, ec, nil, nil),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r, names := request("Authorization", "Bearer "+text), []string{name}
			for b.Loop() {
				if _, err := h.Authenticate(r, names); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
