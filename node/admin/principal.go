package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// tokenPrefix lets people and secret scanners know a token when they see one.
const tokenPrefix = "sb_"

// principal is who makes a call.
type principal struct {
	account string
	role    odb.Role
	token   string    // id of the token; empty for the node's own and for sessions
	expires time.Time // zero: never
	local   bool      // the node's own token
	session *session  // nil unless a cookie was presented
}

// NewToken makes a bearer token of 32 random bytes and the hash to be stored.
func NewToken() (token, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token)
}

// HashToken returns what is stored of a token: its SHA-256 in hexadecimal.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// admit finds out who calls and whether the route takes the role.
func (a *API) admit(c *call) error {
	if c.route.role == "" {
		return nil
	}
	who, err := a.authenticate(c)
	if err != nil {
		return err
	}
	c.who = who
	if c.route.method == http.MethodGet && a.cfg.Away() {
		a.markStale(c)
	}
	if who.role.Level() < c.route.role.Level() {
		a.counters.refused("role")
		return refuse(http.StatusForbidden, client.CodeForbidden, "the role %s is needed; %s has the role %s", c.route.role, who.account, who.role)
	}
	return nil
}

// authenticate takes a bearer token, else a session's cookie.
func (a *API) authenticate(c *call) (principal, error) {
	header := c.Header.Values("Authorization")
	if len(header) == 0 {
		if cookie, err := c.Cookie(SessionCookie); err == nil {
			return a.bySession(c, cookie.Value)
		}
		a.counters.refused("missing")
		return principal{}, a.unauthorized(c, "sign in with a bearer token: send the header Authorization: Bearer TOKEN")
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	token = strings.TrimSpace(token)
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 200 {
		a.guard.failed(addrKey(c.addr()))
		a.counters.refused("malformed")
		return principal{}, a.unauthorized(c, "the header Authorization is not of the form Bearer TOKEN")
	}
	return a.byToken(c, HashToken(token))
}

// byToken looks the token up. An address that keeps presenting wrong ones has to
// wait, except with a token that was good before.
func (a *API) byToken(c *call, hash string) (principal, error) {
	if a.cfg.LocalTokenHash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(a.cfg.LocalTokenHash)) == 1 {
		return principal{account: "local", role: odb.Admin, local: true}, nil
	}
	key := addrKey(c.addr())
	if wait := a.guard.wait(key); wait > 0 && !a.guard.isKnown(hash) {
		a.counters.refused("throttled")
		return principal{}, tooMany(wait)
	}
	t, err := a.token(c, hash)
	if odb.KindOf(err) == odb.NotFound {
		a.guard.failed(key)
		a.counters.refused("token")
		return principal{}, a.unauthorized(c, "the token is not valid; it may have been revoked")
	}
	if err != nil {
		return principal{}, err
	}
	if !t.Expires.IsZero() && !a.cfg.Now().Before(t.Expires) {
		a.counters.refused("expired")
		c.notes.tried = t.Account
		return principal{}, a.unauthorized(c, "the token expired at "+t.Expires.UTC().Format(time.RFC3339))
	}
	role, err := a.roleOf(c, t.Account)
	if err != nil {
		return principal{}, err
	}
	if t.Role.Level() < role.Level() {
		role = t.Role
	}
	a.guard.know(hash)
	return principal{account: t.Account, role: role, token: t.ID, expires: t.Expires}, nil
}

// roleOf returns the role of an account that may sign in.
func (a *API) roleOf(c *call, name string) (odb.Role, error) {
	account, err := a.usable(c, name)
	return account.Role, err
}

// usable returns an account that is there and not disabled.
func (a *API) usable(c *call, name string) (odb.Account, error) {
	c.notes.tried = name
	account, err := a.account(c, name)
	if odb.KindOf(err) == odb.NotFound || err == nil && account.Disabled {
		a.counters.refused("account")
		return odb.Account{}, a.unauthorized(c, "the account "+name+" is disabled or deleted")
	}
	return account, err
}

func (a *API) unauthorized(c *call, detail string) error {
	c.w.Header().Set("WWW-Authenticate", `Bearer realm="signalbox"`)
	return refuse(http.StatusUnauthorized, client.CodeUnauthorized, "%s", detail)
}

func tooMany(wait time.Duration) error {
	p := refuse(http.StatusTooManyRequests, client.CodeTooMany, "too many wrong tokens or passwords; wait %s", max(wait, time.Second).Round(time.Second))
	p.RetryAfter = wait
	return p
}

// me tells the caller who it is.
func (a *API) me(c *call) (any, error) {
	m := client.Me{Account: c.who.account, Role: c.who.role, Token: c.who.token}
	if !c.who.expires.IsZero() {
		m.Expires = &c.who.expires
	}
	if c.who.session != nil {
		m.CSRF = c.who.session.csrf
	}
	return m, nil
}
