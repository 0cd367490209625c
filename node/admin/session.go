package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// SessionCookie carries a session; the prefix makes browsers insist on Secure,
// Path=/ and no Domain.
const SessionCookie = "__Host-signalbox"

const (
	sessionLife   = 12 * time.Hour
	sessionIdle   = time.Hour
	maxSessions   = 10_000
	maxPerAccount = 20
)

// session is a browser that has signed in.
type session struct {
	account string
	token   string // hash of the token that it was opened with; empty: it was a password
	csrf    string
	expires time.Time

	// Guarded by sessions.mu.
	seen     time.Time
	password string // hash of the account's at sign-in: another one ends the session, on every node
}

// sessions lives in the node's memory: a restart signs everybody out.
type sessions struct {
	now    func() time.Time
	mu     sync.Mutex
	byHash map[string]*session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, byHash: map[string]*session{}}
}

// open starts a session and returns the cookie's value.
func (s *sessions) open(one session) (string, *session) {
	value, hash := NewToken()
	one.csrf, _ = NewToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.makeRoom(one.account, now)
	one.seen = now
	if end := now.Add(sessionLife); one.expires.IsZero() || end.Before(one.expires) {
		one.expires = end
	}
	s.byHash[hash] = &one
	return value, &one
}

// makeRoom drops what has ended and, of an account with many sessions, the one
// that was not seen for longest.
func (s *sessions) makeRoom(account string, now time.Time) {
	count, oldest := 0, ""
	for hash, x := range s.byHash {
		if !s.alive(x, now) {
			delete(s.byHash, hash)
			continue
		}
		if x.account == account {
			count++
			if oldest == "" || x.seen.Before(s.byHash[oldest].seen) {
				oldest = hash
			}
		}
	}
	if count >= maxPerAccount {
		delete(s.byHash, oldest)
	}
	trim(s.byHash, maxSessions, func(x *session) bool { return x.account == account })
}

func (s *sessions) alive(x *session, now time.Time) bool {
	return now.Before(x.expires) && now.Sub(x.seen) < sessionIdle
}

// find returns the session of a cookie's value and marks it as seen.
func (s *sessions) find(value string) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.byHash[HashToken(value)]
	if !ok || !s.alive(x, s.now()) {
		return nil, false
	}
	x.seen = s.now()
	return x, true
}

// end ends one session.
func (s *sessions) end(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byHash, HashToken(value))
}

// endAll ends every session of an account.
func (s *sessions) endAll(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, x := range s.byHash {
		if x.account == account {
			delete(s.byHash, hash)
		}
	}
}

// bySession finds out who a browser is. What changes something needs the CSRF
// token too, and an Origin of our own when the browser tells one.
func (a *API) bySession(c *call, value string) (principal, error) {
	x, ok := a.sessions.find(value)
	if !ok {
		a.counters.refused("session")
		return principal{}, a.unauthorized(c, "the session has ended; sign in again")
	}
	c.notes.tried = x.account
	if c.Method != http.MethodGet && !isOwnPage(c.Request) {
		token := c.Header.Get("X-CSRF-Token")
		if subtle.ConstantTimeCompare([]byte(token), []byte(x.csrf)) != 1 || !sameOrigin(c.Request) {
			a.counters.refused("csrf")
			return principal{}, refuse(http.StatusForbidden, client.CodeForbidden, "the header X-CSRF-Token does not belong to the session; GET %s/me tells it", client.Prefix)
		}
	}
	if x.token != "" {
		return a.byTokensSession(c, value, x)
	}
	account, err := a.usable(c, x.account)
	if err != nil {
		return principal{}, err
	}
	if account.Password != a.sessions.passwordOf(x) {
		a.counters.refused("session")
		return principal{}, a.unauthorized(c, "the session has ended: the password was changed; sign in again")
	}
	return principal{account: x.account, role: account.Role, expires: x.expires, session: x}, nil
}

// passwordOf returns the hash of the password that a session was opened with.
func (s *sessions) passwordOf(x *session) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.password
}

// byTokensSession finds out who a browser is that signed in with a token. A session
// whose token is gone goes as well: its cookie must not count as guessing.
func (a *API) byTokensSession(c *call, value string, x *session) (principal, error) {
	who, err := a.byToken(c, x.token)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusUnauthorized {
		a.sessions.end(value)
	}
	who.session, who.expires = x, x.expires
	return who, err
}

// ownPage marks the context of a request that a page of this node makes.
type ownPage struct{}

// FromOwnPage marks a request as made by a page of this very origin: whoever serves
// the pages has seen to that, so a session needs no CSRF token for it.
func FromOwnPage(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), ownPage{}, true))
}

func isOwnPage(r *http.Request) bool { return r.Context().Value(ownPage{}) != nil }

func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "https" && u.Host == r.Host
}

// signIn opens a session for an account and its password. Wrong ones are counted
// by address, which has to wait longer each time, and by account, which locks.
func (a *API) signIn(c *call) (any, error) {
	in, err := decode[client.SignIn](c)
	if err != nil {
		return nil, err
	}
	if !sameOrigin(c.Request) {
		return nil, refuse(http.StatusForbidden, client.CodeForbidden, "another site may not sign in here")
	}
	if in.Bearer != "" {
		return a.signInBearer(c, in)
	}
	name := odb.CleanName(in.Account)
	if odb.CheckName(name) != nil {
		name = "" // no account has it, and the guard keeps no text of any length
	}
	account, err := a.verify(c, name, in.Password)
	if err != nil {
		return nil, err
	}
	c.notes.tried = account.Name
	if in.Token {
		return a.signInToken(c, account)
	}
	x := a.openSession(c, session{account: account.Name, password: account.Password})
	return client.Me{Account: account.Name, Role: account.Role, Expires: &x.expires, CSRF: x.csrf}, nil
}

// signInBearer opens a session for a token: what a page must not keep, its cookie
// stands for.
func (a *API) signInBearer(c *call, in client.SignIn) (any, error) {
	if in.Account != "" || in.Password != "" || in.Token {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "give a bearer token, or account and password, not both")
	}
	hash := HashToken(strings.TrimSpace(in.Bearer))
	who, err := a.byToken(c, hash)
	if err != nil {
		return nil, err
	}
	if who.local { // it is new at each start of the node, and is nobody's account
		return nil, refuse(http.StatusForbidden, client.CodeForbidden, "the node's own token is for programs on its box; sign in with an account's")
	}
	c.notes.tried = who.account
	c.about("account", who.account)
	x := a.openSession(c, session{account: who.account, token: hash, expires: who.expires})
	return client.Me{Account: who.account, Role: who.role, Token: who.token, Expires: &x.expires, CSRF: x.csrf}, nil
}

// openSession opens a session and gives its cookie to the browser.
func (a *API) openSession(c *call, s session) *session {
	value, x := a.sessions.open(s)
	http.SetCookie(c.w, &http.Cookie{
		Name: SessionCookie, Value: value, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife.Seconds()),
	})
	a.cfg.Log.InfoContext(c.Context(), "signed in", "cid", c.cid(), "account", x.account, "addr", c.addr())
	return x
}

// decoyHash makes signing in to an account that does not exist take as long.
const decoyHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verify returns the account when the password is right and it may sign in. The
// guard is asked while a place for hashing is held, so that not even many tries
// at the same moment get past it.
func (a *API) verify(c *call, name, password string) (odb.Account, error) {
	done, err := a.hashSlot(c.Context())
	if err != nil {
		return odb.Account{}, err
	}
	defer done()
	byAddr := addrKey(c.addr())
	if wait := a.guard.wait(byAddr); wait > 0 {
		a.counters.refused("throttled")
		return odb.Account{}, tooMany(wait)
	}
	wait, failures, err := a.locks.left(c.Context(), name)
	if err != nil {
		return odb.Account{}, err
	}
	if wait > 0 { // the password is not even looked at: right and wrong are refused alike
		a.counters.refused("locked")
		if _, err := a.cfg.Store.Account(c.Context(), name); err == nil {
			c.about("account", name)
		}
		return odb.Account{}, refuseLocked(wait)
	}
	account, err := a.account(c, name)
	if err != nil && odb.KindOf(err) != odb.NotFound && odb.KindOf(err) != odb.Invalid {
		return odb.Account{}, err
	}
	if err == nil { // else the name may be a password in the wrong field
		c.about("account", name)
	}
	hash := decoyHash
	if err == nil && account.Password != "" && !account.Disabled {
		hash = account.Password
	}
	if !checkPassword(hash, password) || hash == decoyHash {
		a.guard.failed(byAddr)
		if a.locks.failed(c.Context(), name) {
			a.recordLock(c, name)
		}
		a.counters.refused("password")
		return odb.Account{}, refuse(http.StatusUnauthorized, client.CodeUnauthorized, "account or password is wrong")
	}
	if failures {
		if err := a.locks.forget(c.Context(), name); err != nil && odb.KindOf(err) != odb.Unavailable {
			return odb.Account{}, err
		}
	}
	return account, nil
}

// signInToken signs in a program that is no browser.
func (a *API) signInToken(c *call, account odb.Account) (any, error) {
	secret, t, err := a.mint(c, account)
	if err != nil {
		return nil, err
	}
	c.who.account, c.who.role = account.Name, account.Role
	a.audit(c, "token created", "subject", t.Account, "token", t.ID, "role", string(t.Role))
	return client.Me{Account: account.Name, Role: account.Role, Token: t.ID, Expires: &t.Expires, Bearer: secret}, nil
}

// mint makes a token of an account that has just signed in, as long as a session.
func (a *API) mint(c *call, account odb.Account) (string, odb.Token, error) {
	secret, hash := NewToken()
	expires := a.cfg.Now().UTC().Truncate(time.Second).Add(sessionLife)
	t := odb.Token{ID: odb.NewID(), Account: account.Name, Role: account.Role, Note: "sign-in", Hash: hash, Expires: expires}
	return secret, t, a.cfg.Store.CreateToken(c.Context(), t)
}

// signOut ends the session, or revokes the token, that made the call. The token of
// a session may be in use elsewhere: it is revoked only when asked for.
func (a *API) signOut(c *call) (any, error) {
	revoke, err := c.queryBool("revoke")
	if err != nil {
		return nil, err
	}
	if c.who.token != "" && (c.who.session == nil || revoke) {
		if _, err := a.revoke(c, c.who.token); err != nil || c.who.session == nil {
			return nil, err
		}
	}
	if c.who.session == nil {
		return nil, refuse(http.StatusBadRequest, client.CodeNotApplicable, "there is nothing to sign out of on the node's own box")
	}
	if cookie, err := c.Cookie(SessionCookie); err == nil {
		a.sessions.end(cookie.Value)
	}
	http.SetCookie(c.w, &http.Cookie{Name: SessionCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1})
	return nil, nil
}
