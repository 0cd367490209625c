package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"signalbox.internal/odb"
)

// maxNote is the longest note of a token, in characters.
const maxNote = 1000

// CreateToken adds a token; its account must exist and have at least its role.
// Created is set by the database.
func (db *DB) CreateToken(ctx context.Context, k odb.Token) error {
	const op = "create token"
	k.Account = odb.CleanName(k.Account)
	var faults odb.Faults
	if !odb.IsID(k.ID) {
		faults.Add("/id", "is %q; an id from NewID is needed", k.ID)
	}
	if k.Role.Level() == 0 {
		faults.Add("/role", "%s", roleFault(k.Role))
	}
	if !odb.IsHash(k.Hash) {
		faults.Add("/hash", "is not a SHA-256 in hexadecimal digits")
	}
	if msg := textFault(k.Note, maxNote); msg != "" {
		faults.Add("/note", "the note %s", msg)
	}
	if err := faults.Err(op, k.ID); err != nil {
		return err
	}
	return db.change(ctx, op, k.ID, func(t *tx) error {
		a, err := t.account(op, k.Account)
		if err != nil {
			return err
		}
		if k.Role.Level() > a.Role.Level() {
			return odb.Errorf(odb.Invalid, op, k.ID, "the role %s is above the account's, %s", k.Role, a.Role)
		}
		_, err = t.run(insertToken, k.ID, k.Account, string(k.Role), nullable(k.Note), k.Hash, expiry(k.Expires))
		return err
	})
}

// expiry binds a time that may be never, which is 0.
func expiry(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// TokenByHash returns the token whose hash this is, expired or not.
func (db *DB) TokenByHash(ctx context.Context, hash string) (odb.Token, error) {
	const op = "read token"
	var k odb.Token
	err := scanToken(&k, func(dest ...any) error { return db.glance(ctx, readToken, []any{hash}, dest...) })
	if errors.Is(err, sql.ErrNoRows) {
		return odb.Token{}, odb.Errorf(odb.NotFound, op, "", "there is no such token")
	}
	return k, db.dialect.typed(ctx, op, "", err)
}

func scanToken(k *odb.Token, scan func(...any) error) error {
	var note *string
	var at, expires int64
	err := scan(&k.ID, &k.Account, (*string)(&k.Role), &note, &k.Hash, &at, &expires)
	k.Note, k.Created = text(note), instant(at)
	if expires != 0 {
		k.Expires = instant(expires)
	}
	return err
}

// ListTokens returns all tokens, newest first.
func (db *DB) ListTokens(ctx context.Context) ([]odb.Token, error) {
	var out []odb.Token
	err := db.look(ctx, "list tokens", "", func(t *tx) error {
		return t.each(allTokens, nil, func(rows *sql.Rows) error {
			var k odb.Token
			err := scanToken(&k, rows.Scan)
			out = append(out, k)
			return err
		})
	})
	return out, err
}

// DeleteToken revokes a token.
func (db *DB) DeleteToken(ctx context.Context, id string) error {
	const op = "delete token"
	return db.change(ctx, op, id, func(t *tx) error {
		n, err := t.run(deleteToken, id)
		if err == nil && n == 0 {
			return odb.Errorf(odb.NotFound, op, id, "there is no such token")
		}
		return err
	})
}
