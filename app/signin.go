package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
)

// signTime is how long signing in may take; revokeTime is how long signing out waits
// for the cluster.
const (
	signTime   = 30 * time.Second
	revokeTime = 5 * time.Second
)

// token returns the bearer token of the cluster; empty: nobody is signed in.
func (c *conn) token(ctx context.Context) (string, error) {
	c.mu.Lock()
	cred, account := c.cred, c.mem.Account
	c.mu.Unlock()
	if cred != nil {
		return cred.Token, nil
	}
	if account == "" {
		return "", nil
	}
	text, err := c.vault.load(ctx, c.id)
	if err != nil {
		return "", err
	}
	cred = &credential{}
	if text != "" {
		err = json.Unmarshal([]byte(text), cred)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cred != nil { // somebody signed in meanwhile
		return c.cred.Token, nil
	}
	if err != nil || cred.Token == "" {
		c.gone = "its credential is not where credentials are kept now; sign in again"
		c.tell(ChangeSignIn)
		return "", nil
	}
	c.cred = cred
	return cred.Token, nil
}

// dropCredential forgets the credential until it is read from the vault again.
func (c *conn) dropCredential() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cred = nil
	c.poke()
}

// signIn signs in by account and password or by token.
func (c *conn) signIn(ctx context.Context, in SignIn) error {
	in.Account, in.Token = strings.TrimSpace(in.Account), strings.TrimSpace(in.Token)
	var f faults
	switch {
	case in.Token != "" && (in.Account != "" || in.Password != ""):
		f.add("/token", "give a token, or account and password, not both")
	case len(in.Token) > 1024 || strings.ContainsFunc(in.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		f.add("/token", "it is not a token; copy it whole")
	case in.Token == "" && in.Account == "":
		f.add("/account", "give account and password, or a token")
	case in.Token == "" && in.Password == "":
		f.add("/password", "give the password")
	}
	if err := f.err(); err != nil {
		return err
	}
	c.signing.Lock()
	defer c.signing.Unlock()
	if err := c.vaultOpen(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	cl, err := c.client(c.via(), in.Token)
	if err != nil {
		return err
	}
	if in.Token != "" {
		me, err := cl.Me(ctx)
		if err != nil {
			return err
		}
		return c.signedIn(ctx, credential{Token: in.Token}, me)
	}
	me, err := cl.SignIn(ctx, client.SignIn{Account: in.Account, Password: in.Password, Token: true})
	if err != nil {
		return err
	}
	if me.Bearer == "" {
		return refuse(http.StatusBadGateway, client.CodeInternal, "the cluster signed in without giving a token; it is too old for this app")
	}
	return c.signedIn(ctx, credential{Token: me.Bearer, Session: true}, me)
}

// claim makes the cluster's first administrator with a one-time code and signs in as
// that.
func (c *conn) claim(ctx context.Context, in client.Claim) error {
	c.signing.Lock()
	defer c.signing.Unlock()
	if err := c.vaultOpen(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	cl, err := c.client(c.via(), "")
	if err != nil {
		return err
	}
	claimed, err := cl.Claim(ctx, in)
	if err != nil {
		return err
	}
	if claimed.Token == "" { // claimed, but no token could be made
		return c.signInAs(ctx, cl, claimed.Account, in.Password)
	}
	me := client.Me{Account: claimed.Account, Role: claimed.Role, Expires: claimed.Expires}
	return c.signedIn(ctx, credential{Token: claimed.Token, Session: true}, me)
}

func (c *conn) signInAs(ctx context.Context, cl *client.Client, account, password string) error {
	me, err := cl.SignIn(ctx, client.SignIn{Account: account, Password: password, Token: true})
	if err != nil {
		return err
	}
	return c.signedIn(ctx, credential{Token: me.Bearer, Session: true}, me)
}

// vaultOpen refuses early what could not be kept: no password is sent for nothing.
func (c *conn) vaultOpen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*ringTime)
	defer cancel()
	if err := c.vault.await(ctx); err != nil {
		return err
	}
	if c.vault.show().Locked {
		return errLocked()
	}
	return nil
}

// signedIn keeps a credential that the cluster has taken. One that cannot be kept is
// revoked again; the one before is, when it came from a sign-in here.
func (c *conn) signedIn(ctx context.Context, cred credential, me client.Me) error {
	old := c.previous(ctx)
	text, err := json.Marshal(cred)
	if err != nil {
		return err
	}
	if err := c.vault.store(ctx, c.id, string(text)); err != nil {
		c.revoke(ctx, cred)
		return err
	}
	if old.Token != cred.Token {
		c.revoke(ctx, old)
	}
	c.mu.Lock()
	c.cred, c.gone, c.toldSoon, c.toldEnd = &cred, "", false, false
	c.mem.Account, c.mem.Role, c.mem.Expires = me.Account, string(me.Role), me.Expires
	c.remember()
	c.mu.Unlock()
	c.tell(ChangeSignIn)
	c.poke()
	return nil
}

// previous returns the credential before a new one; the zero one when there is none.
func (c *conn) previous(ctx context.Context) credential {
	if _, err := c.token(ctx); err != nil {
		return credential{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cred == nil {
		return credential{}
	}
	return *c.cred
}

// revoke ends a token of a sign-in at the cluster; what cannot be reached does not
// matter, the token ends by itself.
func (c *conn) revoke(ctx context.Context, cred credential) {
	if !cred.Session || cred.Token == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	cl, err := c.client(c.via(), cred.Token)
	if err == nil {
		err = cl.SignOut(ctx)
	}
	if err != nil {
		c.log.Info("a token could not be revoked; it ends by itself", "error", reason(err))
	}
}

// signOut revokes the token and forgets it. It is forgotten also when the cluster
// cannot be reached.
func (c *conn) signOut(ctx context.Context, in SignOut) (SignedOut, error) {
	c.signing.Lock()
	defer c.signing.Unlock()
	cred := c.previous(ctx)
	var out SignedOut
	switch {
	case cred.Token == "":
		out.Why = "there was no credential"
	case !cred.Session && !in.Revoke:
		out.Why = "the token was made elsewhere and may be in use there; it is only forgotten here"
	default:
		out = c.endToken(ctx, cred.Token)
	}
	return out, c.forget(ctx, "")
}

func (c *conn) endToken(ctx context.Context, token string) SignedOut {
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	cl, err := c.client(c.via(), token)
	if err == nil {
		err = cl.SignOut(ctx)
	}
	p, refused := errors.AsType[*client.Problem](err)
	if err == nil || refused && p.Status == http.StatusUnauthorized {
		return SignedOut{Revoked: true}
	}
	return SignedOut{Why: "the cluster did not take it back: " + reason(err)}
}

// forget drops the credential; why is shown to the user and empty when it was wished.
func (c *conn) forget(ctx context.Context, why string) error {
	err := c.vault.store(ctx, c.id, "")
	c.mu.Lock()
	c.cred, c.gone = nil, why
	c.mem.Account, c.mem.Role, c.mem.Expires = "", "", nil
	c.remember()
	c.mu.Unlock()
	c.tell(ChangeSignIn)
	c.poke()
	return err
}

// refused is told that the cluster did not take a token. It is not tried again: a
// cluster slows down who tries wrong ones.
func (c *conn) refused(ctx context.Context, token, detail string) {
	c.mu.Lock()
	current := c.cred != nil && c.cred.Token == token
	c.mu.Unlock()
	if !current {
		return // an answer to the token before
	}
	if detail == "" {
		detail = "the cluster takes the credential no more"
	}
	if err := c.forget(ctx, detail); err != nil {
		c.log.Warn("a credential that is no longer good cannot be removed", "error", err)
	}
}
