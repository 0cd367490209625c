package client

import (
	"context"
)

// Secrets tells where the secrets of the configuration lie; none of them is shown.
type Secrets struct {
	Keys     []SealKey     `json:"keys" jsonschema:"the keys that seal, oldest first; the last in the ring is the primary"`
	Secrets  []SecretPlace `json:"secrets"`
	Rotating bool          `json:"rotating" jsonschema:"a rotation of keys was begun and has not ended"`
}

// SealKey is a key that seals, by its id.
type SealKey struct {
	ID      string `json:"id"`
	Primary bool   `json:"primary" jsonschema:"what is sealed from now on is sealed with it"`
	Missing bool   `json:"missing,omitempty" jsonschema:"it is not in this node's key ring: what it sealed cannot be opened"`
	Secrets int    `json:"secrets" jsonschema:"how many secrets of the configuration it seals"`
}

// SecretPlace is where one secret of a definition lies.
type SecretPlace struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Pointer string `json:"pointer"`
	Scheme  string `json:"scheme" jsonschema:"sealed, env, file or cred"`
	Ref     string `json:"ref,omitempty" jsonschema:"the reference, when it is not sealed"`
	Key     string `json:"key,omitempty" jsonschema:"id of the key that sealed it"`
}

// RotateKeys begins a rotation, goes on with one that was begun, or with Key goes
// on with that one and no other.
type RotateKeys struct {
	Key string `json:"key,omitempty" jsonschema:"key of the answer before; absent begins a rotation, or takes up one that did not end"`
}

// Rotation is how far a rotation is. Ask again with its key until it is finished.
type Rotation struct {
	Key      string          `json:"key" jsonschema:"id of the new primary key"`
	Total    int             `json:"total" jsonschema:"definitions with sealed secrets"`
	Done     int             `json:"done" jsonschema:"those of them that are sealed with the key"`
	Failed   []UnsealProblem `json:"failed" jsonschema:"definitions that could not be sealed anew; they are as they were"`
	Finished bool            `json:"finished"`
	Revision int64           `json:"revision" jsonschema:"the last revision that the rotation made or saw"`
}

// UnsealProblem says why a definition's secrets could not be sealed anew.
type UnsealProblem struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// ForgetKeys takes all keys but the primary out of the key ring.
type ForgetKeys struct {
	DryRun bool `json:"dry_run,omitempty" jsonschema:"only tell what would become unreadable"`
}

// ForgottenKeys are the keys that were taken away, or would be.
type ForgottenKeys struct {
	Keys []ForgottenKey `json:"keys"`
	Done bool           `json:"done"`
}

// ForgottenKey says which states of the configuration need a key: after a
// roll-back to one of them its secrets have to be given again.
type ForgottenKey struct {
	ID    string `json:"id"`
	First int64  `json:"first,omitempty" jsonschema:"first revision with a secret that only this key opens; absent: there is none"`
	Last  int64  `json:"last,omitempty" jsonschema:"last revision with one"`
}

// Secrets tells where the secrets of the configuration lie.
func (c *Client) Secrets(ctx context.Context) (Secrets, error) {
	var s Secrets
	err := c.get(ctx, path("secrets"), nil, &s)
	return s, err
}

// RotateKeys does one part of a rotation.
func (c *Client) RotateKeys(ctx context.Context, in RotateKeys) (Rotation, error) {
	var r Rotation
	err := c.post(ctx, path("secrets", "rotate"), in, &r)
	return r, err
}

// ForgetKeys takes the old keys away.
func (c *Client) ForgetKeys(ctx context.Context, in ForgetKeys) (ForgottenKeys, error) {
	var f ForgottenKeys
	err := c.post(ctx, path("secrets", "forget"), in, &f)
	return f, err
}
