package zato

import (
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// securitySection names the type of credential that a section of its own has in
// exports of 3.0; empty for other sections.
func securitySection(section string) string {
	if slices.Contains(sortedKeys(securityTypes()), section) {
		return section
	}
	return ""
}

// securityTypes are the types of credentials, with the reason why one is not
// made; those with an empty reason are.
func securityTypes() map[string]string {
	return map[string]string{
		"basic_auth":         "",
		"apikey":             "",
		"bearer_token":       "",
		"oauth":              "OAuth 1.0 signatures are not checked here",
		"jwt":                "these tokens are handed out by Zato's own log-in service, which is not here; use basic, or jwt with the keys of an identity provider",
		"ntlm":               "there is no NTLM here",
		"wss":                "there is no WS-Security here",
		"aws":                "there are no AWS signatures here",
		"openstack":          "there is no OpenStack here",
		"openstack_security": "there is no OpenStack here",
		"xpath_sec":          "credentials are not taken from a message's body here",
		"tech_acc":           "technical accounts have only a hash of their password",
		"vault_conn_sec":     "credentials are not checked with a vault here",
		"tls_channel_sec":    "client certificates are not checked on channels here",
		"tls_key_cert":       "a client certificate is a field of the outgoing connection here: tls.cert and tls.key",
		"tls_ca_cert":        "CA certificates are a field of the outgoing connection here: tls.ca",
		"mtls":               "client certificates are not checked on channels here",
		"spnego":             "there is no Kerberos here",
	}
}

// securityAttributes says what becomes of the attributes of credentials.
func securityAttributes() []attribute {
	return slices.Concat(
		mapped("type", "type"),
		mapped("username, header", "username"),
		mapped("password, key", "password", "secret"),
		mapped("realm", "realm"),
		mapped("header", "header", "static_header"),
		mapped("prefix", "static_prefix"),
		mapped("key", "static_token"),
		mapped("issuer", "issuer"),
		mapped("audience", "audience"),
		mapped("jwks_url", "jwks_url"),
		mapped("claims", "claims"),
		noted(isTrue, "the limit of the credential is not carried over; a channel has a rate_limit", "is_rate_limit_active"),
		noted(isSet, "the limit of the credential is not carried over; a channel has a rate_limit", "rate_limiting", "quota_tier"),
		harmless("goes with is_rate_limit_active", "rate_limit_def", "rate_limit_type", "rate_limit_check_parent_def"),
		harmless("of how Zato stores the credential, or of another type", "password_type", "sec_type", "auth_server_url", "auth_endpoint",
			"client_id_field", "client_secret_field", "grant_type", "scopes", "extra_fields", "data_format", "client_auth_method", "jwt_algorithm",
			"key_id", "private_key", "proto_version", "sig_method", "max_nonce_log", "ttl", "mode", "use_digest", "reject_empty_nonce_creat",
			"reject_stale_tokens", "reject_expiry_limit", "nonce_freshness_time"),
	)
}

// security makes a credential.
func (c *converter) security(j *job) {
	reason, known := securityTypes()[j.o.sub]
	switch {
	case j.o.sub == "":
		j.leave("give it one", "it has no type")
	case !known:
		j.leave("", "there is no type %q of credentials that we know", shownName(j.o.sub))
	case reason != "":
		j.leave("", "%s", reason)
	}
	switch j.o.sub {
	case "basic_auth":
		j.set("type", "basic")
		j.set("username", j.text("username"))
		if realm := j.text("realm"); realm != "" {
			j.set("realm", realm)
		}
		c.secret(j, "password", "password", "secret")
	case "apikey":
		c.apiKey(j)
	case "bearer_token":
		c.bearer(j)
	}
}

// headerLike is a user of an API key that is meant for the header, as it was up
// to 3.2 and is not since.
var headerLike = regexp.MustCompile(`(?i)^(http_)?(x[-_][a-z0-9_-]+|authorization|api[-_]?key|[a-z0-9_-]*(api[-_]?key|token))$`)

func (c *converter) apiKey(j *job) {
	j.set("type", "apikey")
	username, header := j.text("username"), j.text("header")
	switch {
	case header != "" || username == "":
		j.set("username", username)
	case j.o.old() || headerLike.MatchString(username):
		header = username
		if !j.o.old() {
			j.note("username", "it looks like a header and is taken as one")
		}
	default:
		j.set("username", username)
	}
	if rest, ok := strings.CutPrefix(header, "HTTP_"); ok { // as WSGI writes it
		header = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(rest, "_", "-"))
	}
	if header != "" {
		j.set("header", header)
	}
	c.secret(j, "key", "password", "secret")
}

// bearer makes what there is here of the three things that a bearer token is in
// 4.x: a fixed token is an API key, a check of tokens is jwt, and there is no
// client that fetches tokens.
func (c *converter) bearer(j *job) {
	switch {
	case isSet(j.o.attrs["static_token"]):
		j.set("type", "apikey")
		j.set("username", j.text("username"))
		j.set("header", orElse(j.text("static_header"), "Authorization"))
		j.set("prefix", orElse(j.text("static_prefix"), "Bearer"))
		c.secret(j, "key", "static_token")
	case isSet(j.o.attrs["jwks_url"]):
		j.set("type", "jwt")
		j.set("jwks_url", j.text("jwks_url"))
		if issuer := j.text("issuer"); issuer != "" {
			j.set("issuer", issuer)
		}
		if audience := texts(j.o.attrs["audience"]); len(audience) > 0 {
			j.set("audience", audience)
		}
		j.claims()
		j.note("jwks_url", "tokens must be signed with RS256; other algorithms are named in algorithms")
		for _, attr := range []string{"auth_endpoint", "auth_server_url"} {
			if isSet(j.o.attrs[attr]) {
				j.note(attr, "tokens are checked here, but not fetched for calls to others")
			}
		}
	default:
		j.leave("let a service fetch the token and send it, or give the connection a token that does not change",
			"tokens are not fetched from an authorization server here")
	}
}

// claims reads the claims that a token must have: name=value, or an object.
func (j *job) claims() {
	out := map[string]string{}
	switch v := j.o.attrs["claims"].(type) {
	case map[string]any:
		for name, value := range v {
			out[name] = scalarText(value)
		}
	default:
		for _, claim := range texts(v) {
			name, value, ok := strings.Cut(claim, "=")
			if !ok {
				j.leave("", "claims: one is not of the form name=value, and without it more callers would be let in")
				return
			}
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
		if list, ok := v.([]any); ok && len(list) != len(out) {
			j.leave("", "claims: one is not of the form name=value, and without it more callers would be let in")
		}
	}
	if len(out) > 0 {
		j.set("claims", out)
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
