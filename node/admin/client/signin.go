package client

import (
	"context"
	"net/http"
	"time"

	"signalbox.internal/odb"
)

// Claim makes the first administrator of a cluster in which no account has a
// password yet.
type Claim struct {
	Code     string `json:"code" jsonschema:"the one-time code from the console of the node that is asked; case, blanks and dashes do not matter"`
	Name     string `json:"name,omitempty" jsonschema:"the account; admin when absent. One that is not there is made"`
	Password string `json:"password" jsonschema:"at least 10 characters"`
	Session  bool   `json:"session,omitempty" jsonschema:"answer with a browser's cookie instead of a token"`
}

// Claimed is the first administrator, signed in.
type Claimed struct {
	Account string     `json:"account"`
	Role    odb.Role   `json:"role"`
	Token   string     `json:"token,omitempty" jsonschema:"a bearer token to go on with; it is not kept and cannot be shown again"`
	Expires *time.Time `json:"expires,omitempty" jsonschema:"when token or session end"`
	CSRF    string     `json:"csrf,omitempty" jsonschema:"of a session: value of X-CSRF-Token that each write sends"`
}

// ClaimCode is a fresh one-time code; those before it are void.
type ClaimCode struct {
	Code    string    `json:"code" jsonschema:"good for one claim at the node that made it"`
	Expires time.Time `json:"expires"`
}

// Claim makes the first administrator; it needs no token.
func (c *Client) Claim(ctx context.Context, in Claim) (Claimed, error) {
	var out Claimed
	err := c.post(ctx, path("claim"), in, &out)
	return out, err
}

// NewClaimCode makes the node that answers forget its code and make another one.
func (c *Client) NewClaimCode(ctx context.Context) (ClaimCode, error) {
	var out ClaimCode
	err := c.post(ctx, path("claim-code"), nil, &out)
	return out, err
}

// SignIn signs in with a password. With Token the answer has a bearer token; a
// cookie is for browsers, and this client keeps none.
func (c *Client) SignIn(ctx context.Context, in SignIn) (Me, error) {
	var me Me
	err := c.post(ctx, path("session"), in, &me)
	return me, err
}

// SignOut revokes the bearer token that the client signs in with.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path("session")}, nil)
}

// UnlockAccount lets an account try passwords again.
func (c *Client) UnlockAccount(ctx context.Context, name string) (Account, error) {
	var a Account
	err := c.post(ctx, path("accounts", name, "unlock"), nil, &a)
	return a, err
}
