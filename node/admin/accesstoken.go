package admin

import (
	"strings"
	"time"
	"unicode/utf8"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// The limits of a token.
const (
	longestTTL = 10 * 365 * 24 * time.Hour
	maxNote    = 200 // characters
)

func tokenOf(t odb.Token) client.Token {
	out := client.Token{ID: t.ID, Account: t.Account, Role: t.Role, Note: t.Note, Created: t.Created}
	if !t.Expires.IsZero() {
		out.Expires = &t.Expires
	}
	return out
}

func (a *API) listTokens(c *call) (any, error) {
	all, err := a.cfg.Store.ListTokens(c.Context())
	if last := a.lastAccess(c, err); last != nil {
		all, err = last.ListTokens(), nil
	}
	if err != nil {
		return nil, err
	}
	items := make([]client.Token, len(all))
	for i, x := range all {
		items[i] = tokenOf(x)
	}
	return client.List[client.Token]{Items: items}, nil
}

// createToken makes a token of an account and shows its secret this once.
func (a *API) createToken(c *call) (any, error) {
	in, err := decode[client.CreateToken](c)
	if err != nil {
		return nil, err
	}
	account, err := a.cfg.Store.Account(c.Context(), odb.CleanName(in.Account))
	if err != nil {
		return nil, err
	}
	if in.Role == "" {
		in.Role = account.Role
	}
	if err := checkToken(in, account.Role); err != nil {
		return nil, err
	}
	secret, hash := NewToken()
	now := a.cfg.Now().UTC().Truncate(time.Second)
	t := odb.Token{ID: odb.NewID(), Account: account.Name, Role: in.Role, Note: strings.Map(printable, in.Note), Hash: hash, Created: now}
	if !in.NoExpiry {
		t.Expires = now.Add(time.Duration(in.TTLSeconds) * time.Second)
	}
	if err := a.cfg.Store.CreateToken(c.Context(), t); err != nil {
		return nil, err
	}
	a.audit(c, "token created", "subject", t.Account, "token", t.ID, "role", string(t.Role))
	return client.NewToken{Token: tokenOf(t), Secret: secret}, nil
}

func checkToken(in client.CreateToken, most odb.Role) error {
	var faults odb.Faults
	checkRole(in.Role, &faults)
	if in.Role.Level() > most.Level() {
		faults.Add("/role", "is %s, more than the account's role %s", in.Role, most)
	}
	switch {
	case in.NoExpiry && in.TTLSeconds != 0:
		faults.Add("/no_expiry", "does not go together with ttl_seconds")
	case !in.NoExpiry && (in.TTLSeconds < 1 || in.TTLSeconds > int64(longestTTL/time.Second)):
		faults.Add("/ttl_seconds", "is %d; 1 to %d are allowed, or set no_expiry", in.TTLSeconds, int64(longestTTL/time.Second))
	}
	if utf8.RuneCountInString(in.Note) > maxNote {
		faults.Add("/note", "has more than %d characters", maxNote)
	}
	return faults.Err("create token", "")
}

func (a *API) deleteToken(c *call) (any, error) {
	return a.revoke(c, c.param("id"))
}

func (a *API) revoke(c *call, id string) (any, error) {
	if err := a.cfg.Store.DeleteToken(c.Context(), id); err != nil {
		return nil, err
	}
	a.audit(c, "token revoked", "token", id)
	return nil, nil
}
