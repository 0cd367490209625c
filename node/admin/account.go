package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func accountOf(a odb.Account, l odb.Lockout) client.Account {
	out := client.Account{Name: a.Name, Role: a.Role, HasPassword: a.Password != "", Disabled: a.Disabled, Created: a.Created}
	if l.Left > 0 {
		out.LockedUntil = &l.Until
	}
	return out
}

func (a *API) listAccounts(c *call) (any, error) {
	all, err := a.cfg.Store.ListAccounts(c.Context())
	if last := a.lastAccess(c, err); last != nil {
		all, err = last.ListAccounts(), nil
	}
	if err != nil {
		return nil, err
	}
	lockouts, err := a.cfg.Store.ListLockouts(c.Context())
	if err != nil && odb.KindOf(err) != odb.Unavailable {
		return nil, err
	}
	locks := map[string]odb.Lockout{}
	for _, l := range lockouts {
		locks[l.Account] = l
	}
	items := make([]client.Account, len(all))
	for i, x := range all {
		items[i] = accountOf(x, locks[x.Name])
	}
	return client.List[client.Account]{Items: items}, nil
}

func (a *API) createAccount(c *call) (any, error) {
	in, err := decode[client.CreateAccount](c)
	if err != nil {
		return nil, err
	}
	account := odb.Account{Name: odb.CleanName(in.Name), Role: in.Role}
	var faults odb.Faults
	checkAccountName(account.Name, &faults)
	checkRole(in.Role, &faults)
	if err := faults.Err("create account", ""); err != nil {
		return nil, err
	}
	if in.Password != "" {
		if account.Password, err = a.hash(c.Context(), in.Password); err != nil {
			return nil, err
		}
	}
	if err := a.cfg.Store.CreateAccount(c.Context(), account); err != nil {
		return nil, err
	}
	a.audit(c, "account created", "subject", account.Name, "role", string(account.Role))
	made, err := a.cfg.Store.Account(c.Context(), account.Name)
	if err != nil {
		return nil, err
	}
	return accountOf(made, odb.Lockout{}), nil
}

func checkAccountName(name string, faults *odb.Faults) {
	if err := odb.CheckName(name); err != nil {
		faults.Add("/name", "%v", err)
	}
	if reserved(name) {
		faults.Add("/name", "the name %q stands for the product itself in the change log; choose another", name)
	}
}

// reserved reports whether a name is one that the product writes into the
// change log as the actor.
func reserved(name string) bool {
	lower := strings.ToLower(name)
	return lower == "local" || lower == "node" || strings.HasPrefix(lower, "node ")
}

func checkRole(r odb.Role, faults *odb.Faults) {
	if r.Level() == 0 {
		faults.Add("/role", "is %.40q; one of viewer, operator, developer, admin is needed", r)
	}
}

func (a *API) hash(ctx context.Context, password string) (string, error) {
	done, err := a.hashSlot(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return HashPassword(password)
}

func (a *API) updateAccount(c *call) (any, error) {
	in, err := decode[client.UpdateAccount](c)
	if err != nil {
		return nil, err
	}
	var faults odb.Faults
	checkRole(in.Role, &faults)
	if err := faults.Err("update account", c.param("name")); err != nil {
		return nil, err
	}
	a.accounts.Lock()
	defer a.accounts.Unlock()
	account, err := a.cfg.Store.Account(c.Context(), c.param("name"))
	if err != nil {
		return nil, err
	}
	if in.Disabled || in.Role != odb.Admin {
		if err := a.keepsAdmin(c.Context(), account.Name); err != nil {
			return nil, err
		}
	}
	account.Role, account.Disabled = in.Role, in.Disabled
	if in.Password != nil {
		account.Password = ""
		if *in.Password != "" {
			if account.Password, err = a.hash(c.Context(), *in.Password); err != nil {
				return nil, err
			}
		}
	}
	if err := a.cfg.Store.UpdateAccount(c.Context(), account); err != nil {
		return nil, err
	}
	if in.Password != nil || in.Disabled {
		a.sessions.endAll(account.Name)
	}
	if in.Password != nil { // what was guessed at is not there any more
		if err := a.locks.forget(c.Context(), account.Name); err != nil {
			return nil, err
		}
	}
	a.audit(c, "account changed", "subject", account.Name, "role", string(account.Role), "disabled", account.Disabled, "password", in.Password != nil)
	return a.shown(c.Context(), account)
}

func (a *API) deleteAccount(c *call) (any, error) {
	name := odb.CleanName(c.param("name"))
	a.accounts.Lock()
	defer a.accounts.Unlock()
	if err := a.keepsAdmin(c.Context(), name); err != nil {
		return nil, err
	}
	if err := a.cfg.Store.DeleteAccount(c.Context(), name); err != nil {
		return nil, err
	}
	a.sessions.endAll(name)
	a.audit(c, "account deleted", "subject", name)
	return nil, nil
}

// keepsAdmin refuses to take the last administrator away.
func (a *API) keepsAdmin(ctx context.Context, without string) error {
	all, err := a.cfg.Store.ListAccounts(ctx)
	if err != nil {
		return err
	}
	isAdmin := func(x odb.Account) bool { return x.Role == odb.Admin && !x.Disabled }
	was := slices.ContainsFunc(all, func(x odb.Account) bool { return x.Name == without && isAdmin(x) })
	others := slices.ContainsFunc(all, func(x odb.Account) bool { return x.Name != without && isAdmin(x) })
	if was && !others {
		return refuse(http.StatusConflict, client.CodeConflict, "%s is the last account with the role admin; give the role to another one first", without)
	}
	return nil
}
