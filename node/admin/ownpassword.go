package admin

import (
	"net/http"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// changePassword gives the caller's account another password. The present one is
// asked for first, so that a token or a browser left open is not enough, and buys no
// more work than a sign-in; wrong ones count as those of a sign-in do. Other browsers
// are signed out; tokens stay.
func (a *API) changePassword(c *call) (any, error) {
	in, err := decode[client.ChangePassword](c)
	if err != nil {
		return nil, err
	}
	if c.who.local {
		return nil, refuse(http.StatusBadRequest, client.CodeNotApplicable, "the node's own token belongs to no account; an administrator sets the password of one")
	}
	c.about("account", c.who.account)
	if in.Password == "" {
		return nil, odb.Faults{{Pointer: "/password", Message: "is missing; an administrator takes a password away"}}.Err("change", "password")
	}
	account, err := a.verify(c, c.who.account, in.Current)
	if p := problemOf(err); err != nil && p.Status == http.StatusUnauthorized {
		return nil, wrongCurrent()
	}
	if err != nil {
		return nil, err
	}
	hash, err := a.hash(c.Context(), in.Password)
	if err != nil {
		return nil, err
	}
	proved := account.Password
	a.accounts.Lock()
	defer a.accounts.Unlock()
	if account, err = a.cfg.Store.Account(c.Context(), account.Name); err != nil {
		return nil, err
	}
	if account.Password != proved { // somebody was faster
		return nil, wrongCurrent()
	}
	account.Password = hash
	if err := a.cfg.Store.UpdateAccount(c.Context(), account); err != nil {
		return nil, err
	}
	a.sessions.endOthers(account, c.who.session)
	a.audit(c, "password changed", "subject", account.Name)
	return nil, nil
}

func wrongCurrent() error {
	return odb.Faults{{Pointer: "/current", Message: "is not the password of this account, or it has none and an administrator sets the first"}}.Err("change", "password")
}

// endOthers ends every session of an account whose password was changed, but the one
// that changed it. Those on other nodes end by themselves, see bySession.
func (s *sessions) endOthers(account odb.Account, kept *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, x := range s.byHash {
		switch {
		case x.account != account.Name:
		case x == kept:
			x.password = account.Password
		default:
			delete(s.byHash, hash)
		}
	}
}
