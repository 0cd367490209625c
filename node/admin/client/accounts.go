package client

import (
	"context"
	"net/http"
	"time"

	"signalbox.internal/odb"
)

// Account is a person or program that may use the API.
type Account struct {
	Name        string     `json:"name"`
	Role        odb.Role   `json:"role"`
	HasPassword bool       `json:"has_password" jsonschema:"may sign in with a password, not only with tokens"`
	Disabled    bool       `json:"disabled"`
	LockedUntil *time.Time `json:"locked_until,omitempty" jsonschema:"passwords are refused until then, after too many wrong ones; tokens are not"`
	Created     time.Time  `json:"created"`
}

// CreateAccount is an account to be made.
type CreateAccount struct {
	Name     string   `json:"name"`
	Role     odb.Role `json:"role"`
	Password string   `json:"password,omitempty" jsonschema:"at least 10 characters; empty allows only tokens"`
}

// UpdateAccount replaces what an account may do.
type UpdateAccount struct {
	Role     odb.Role `json:"role"`
	Disabled bool     `json:"disabled,omitempty"`
	Password *string  `json:"password,omitempty" jsonschema:"absent keeps it; empty takes it away"`
}

// Token is a bearer token without its secret.
type Token struct {
	ID      string     `json:"id"`
	Account string     `json:"account"`
	Role    odb.Role   `json:"role" jsonschema:"what it allows is the lesser of this and the account's role"`
	Note    string     `json:"note,omitempty"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty" jsonschema:"absent: never"`
}

// CreateToken is a token to be made.
type CreateToken struct {
	Account    string   `json:"account"`
	Role       odb.Role `json:"role,omitempty" jsonschema:"at most the account's, which is also the default"`
	Note       string   `json:"note,omitempty" jsonschema:"what it is for"`
	TTLSeconds int64    `json:"ttl_seconds,omitempty" jsonschema:"how long it is valid"`
	NoExpiry   bool     `json:"no_expiry,omitempty" jsonschema:"valid until it is revoked; one of this and ttl_seconds is needed"`
}

// NewToken is a token just made: the only time that its secret is shown.
type NewToken struct {
	Token
	Secret string `json:"token" jsonschema:"the bearer token; it is not kept and cannot be shown again"`
}

// SignIn is an account's name and password, or a bearer token.
type SignIn struct {
	Account  string `json:"account,omitempty"`
	Password string `json:"password,omitempty"`
	Bearer   string `json:"bearer,omitempty" jsonschema:"a bearer token in place of account and password: the session may do what the token may, and ends with it"`
	Token    bool   `json:"token,omitempty" jsonschema:"answer with a bearer token for twelve hours instead of a cookie, for programs that are no browser"`
}

// ChangePassword gives the caller's own account another password.
type ChangePassword struct {
	Current  string `json:"current" jsonschema:"the present password"`
	Password string `json:"password" jsonschema:"the new one, at least 10 characters"`
}

// ChangePassword changes the password of the caller's own account. Role viewer.
func (c *Client) ChangePassword(ctx context.Context, in ChangePassword) error {
	return c.post(ctx, path("me", "password"), in, nil)
}

// Accounts lists the accounts.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var l List[Account]
	err := c.get(ctx, path("accounts"), nil, &l)
	return l.Items, err
}

// CreateAccount makes an account.
func (c *Client) CreateAccount(ctx context.Context, in CreateAccount) (Account, error) {
	var a Account
	err := c.post(ctx, path("accounts"), in, &a)
	return a, err
}

// UpdateAccount changes an account.
func (c *Client) UpdateAccount(ctx context.Context, name string, in UpdateAccount) (Account, error) {
	raw, err := encode(in)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = c.call(ctx, request{method: http.MethodPut, path: path("accounts", name), body: raw}, &a)
	return a, err
}

// DeleteAccount removes an account and its tokens.
func (c *Client) DeleteAccount(ctx context.Context, name string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path("accounts", name)}, nil)
}

// Tokens lists the bearer tokens.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var l List[Token]
	err := c.get(ctx, path("access-tokens"), nil, &l)
	return l.Items, err
}

// CreateToken makes a bearer token and returns its secret this once.
func (c *Client) CreateToken(ctx context.Context, in CreateToken) (NewToken, error) {
	var t NewToken
	err := c.post(ctx, path("access-tokens"), in, &t)
	return t, err
}

// DeleteToken revokes a bearer token.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path("access-tokens", id)}, nil)
}
