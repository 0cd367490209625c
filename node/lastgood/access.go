package lastgood

import (
	"slices"
	"time"

	"signalbox.internal/odb"
)

// Access is accounts and tokens as the ODB had them at one time. It never
// changes: any number of goroutines may read it. Tokens are known by their hashes
// and passwords by theirs.
type Access struct {
	read     time.Time
	accounts []odb.Account
	tokens   []odb.Token
	byName   map[string]odb.Account
	byHash   map[string]odb.Token
}

// NewAccess makes an Access of what was read at a time; it takes the lists over.
func NewAccess(accounts []odb.Account, tokens []odb.Token, read time.Time) *Access {
	a := &Access{
		read: read, accounts: accounts, tokens: tokens,
		byName: make(map[string]odb.Account, len(accounts)), byHash: make(map[string]odb.Token, len(tokens)),
	}
	for _, x := range accounts {
		a.byName[x.Name] = x
	}
	for _, x := range tokens {
		a.byHash[x.Hash] = x
	}
	return a
}

// Read returns when this was read from the ODB, by the node's clock.
func (a *Access) Read() time.Time { return a.read }

// Account returns an account by name, or a NotFound error.
func (a *Access) Account(name string) (odb.Account, error) {
	x, ok := a.byName[odb.CleanName(name)]
	if !ok {
		return x, odb.Errorf(odb.NotFound, "read account", name, "there is no such account")
	}
	return x, nil
}

// TokenByHash returns the token whose hash this is, expired or not, or a NotFound error.
func (a *Access) TokenByHash(hash string) (odb.Token, error) {
	x, ok := a.byHash[hash]
	if !ok {
		return x, odb.Errorf(odb.NotFound, "read token", "", "there is no such token")
	}
	return x, nil
}

// ListAccounts returns all accounts by name.
func (a *Access) ListAccounts() []odb.Account { return slices.Clone(a.accounts) }

// ListTokens returns all tokens, newest first.
func (a *Access) ListTokens() []odb.Token { return slices.Clone(a.tokens) }

// Same reports whether both say the same, whenever they were read. nil says nothing.
func (a *Access) Same(b *Access) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.accounts, b.accounts, sameAccount) && slices.EqualFunc(a.tokens, b.tokens, sameToken)
}

func sameAccount(x, y odb.Account) bool {
	equal := x.Created.Equal(y.Created)
	x.Created = y.Created
	return equal && x == y
}

func sameToken(x, y odb.Token) bool {
	equal := x.Created.Equal(y.Created) && x.Expires.Equal(y.Expires)
	x.Created, x.Expires = y.Created, y.Expires
	return equal && x == y
}
