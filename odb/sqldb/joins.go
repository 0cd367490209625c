package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"signalbox.internal/odb"
)

const (
	mostJoins        = 100                // requests that wait
	mostJoinsFrom    = 10                 // of them from one address
	keepJoinTokens   = 7 * 24 * time.Hour // after they expired, to be looked at
	maxCode          = 40                 // characters
	maxJoinTokenUses = 1000
)

// CreateJoinToken adds a token; see [odb.Joins]. Those that expired a week ago go.
func (db *DB) CreateJoinToken(ctx context.Context, p odb.JoinToken) error {
	const op = "create join token"
	var faults odb.Faults
	if p.ID == "" || textFault(p.ID, 40) != "" {
		faults.Add("/id", "is missing or too long")
	}
	if !odb.IsHash(p.Hash) {
		faults.Add("/hash", "is not a SHA-256 in hexadecimal digits")
	}
	if p.Uses < 1 || p.Uses > maxJoinTokenUses {
		faults.Add("/uses", "is %d; 1 to %d are possible", p.Uses, maxJoinTokenUses)
	}
	if p.Expires.IsZero() {
		faults.Add("/expires", "is missing")
	}
	if msg := textFault(p.Note, maxNote); msg != "" {
		faults.Add("/note", "the note %s", msg)
	}
	if err := faults.Err(op, p.ID); err != nil {
		return err
	}
	return db.change(ctx, op, p.ID, func(t *tx) error {
		if _, err := t.run(clearJoinTokens, keepJoinTokens.Microseconds()); err != nil {
			return err
		}
		_, err := t.run(insertJoinToken, p.ID, p.Hash, p.Uses, p.Uses, flag(p.Approve), nullable(p.By), nullable(p.Note), p.Expires.UnixMicro())
		return err
	})
}

// UseJoinToken takes one use of a token; see [odb.Joins].
func (db *DB) UseJoinToken(ctx context.Context, id, hash string) (odb.JoinToken, error) {
	const op = "use join token"
	var p odb.JoinToken
	err := db.change(ctx, op, id, func(t *tx) error {
		n, err := t.run(useJoinToken, id, hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return odb.Errorf(odb.Denied, op, "", "the join token is not valid: it was used up or revoked, has expired, or is of another cluster; make a new one with: signalbox token create")
		}
		return scanJoinToken(&p, func(dest ...any) error { return t.one(readJoinToken, []any{id}, dest...) })
	})
	return p, err
}

func scanJoinToken(p *odb.JoinToken, scan func(...any) error) error {
	var by, note *string
	var approve, at, expires int64
	err := scan(&p.ID, &p.Hash, &p.Uses, &p.Left, &approve, &by, &note, &at, &expires)
	p.Approve, p.By, p.Note, p.Created, p.Expires = approve != 0, text(by), text(note), instant(at), instant(expires)
	return err
}

// ListJoinTokens returns all tokens that are kept, newest first.
func (db *DB) ListJoinTokens(ctx context.Context) ([]odb.JoinToken, error) {
	var out []odb.JoinToken
	err := db.look(ctx, "list join tokens", "", func(t *tx) error {
		return t.each(allJoinTokens, nil, func(rows *sql.Rows) error {
			var p odb.JoinToken
			err := scanJoinToken(&p, rows.Scan)
			out = append(out, p)
			return err
		})
	})
	return out, err
}

// DeleteJoinToken revokes a token.
func (db *DB) DeleteJoinToken(ctx context.Context, id string) error {
	const op = "revoke join token"
	return db.change(ctx, op, id, func(t *tx) error {
		n, err := t.run(deleteJoinToken, id)
		if err == nil && n == 0 {
			return odb.Errorf(odb.NotFound, op, id, "there is no such join token")
		}
		return err
	})
}

// AskToJoin keeps a request for so long; see [odb.Joins].
func (db *DB) AskToJoin(ctx context.Context, r odb.JoinRequest, wait time.Duration) error {
	const op = "ask to join"
	r.Name = odb.CleanName(r.Name)
	var faults odb.Faults
	if !odb.IsID(r.ID) {
		faults.Add("/id", "is %.40q; the id from a node's key is needed", r.ID)
	}
	if err := odb.CheckName(r.Name); err != nil {
		faults.Add("/name", "%v", err)
	}
	if r.Code == "" || textFault(r.Code, maxCode) != "" {
		faults.Add("/code", "is missing or too long")
	}
	if textFault(r.Addr, maxAddr) != "" {
		r.Addr = ""
	}
	if err := faults.Err(op, r.Name); err != nil {
		return err
	}
	return db.change(ctx, op, r.Name, func(t *tx) error {
		if _, err := t.run(lockRevision); err != nil { // one after the other
			return err
		}
		if _, err := t.run(clearJoins); err != nil {
			return err
		}
		if _, err := t.run(deleteJoin, r.ID); err != nil {
			return err
		}
		if err := roomFor(t, r); err != nil {
			return err
		}
		_, err := t.run(insertJoin, r.ID, r.Name, r.Code, nullable(r.Addr), wait.Microseconds())
		return err
	})
}

// roomFor refuses a request when too many wait, in all or from its address: one
// stranger must not keep everybody else out.
func roomFor(t *tx, r odb.JoinRequest) error {
	const op = "ask to join"
	var all, here int
	if err := t.one(countJoins, nil, &all); err != nil {
		return err
	}
	if all >= mostJoins {
		return odb.Errorf(odb.Denied, op, r.Name, "%d boxes wait already; approve or refuse some of them first", all)
	}
	if r.Addr == "" {
		return nil
	}
	if err := t.one(countJoinsFrom, []any{r.Addr}, &here); err != nil {
		return err
	}
	if here >= mostJoinsFrom {
		return odb.Errorf(odb.Denied, op, r.Name, "%d boxes from address %s wait already; approve or refuse some of them first, or join with a token", here, r.Addr)
	}
	return nil
}

func scanJoin(r *odb.JoinRequest, scan func(...any) error) error {
	var addr, by *string
	var at, expires int64
	err := scan(&r.ID, &r.Name, &r.Code, &addr, (*string)(&r.State), &by, &at, &expires)
	r.Addr, r.By, r.Asked, r.Expires = text(addr), text(by), instant(at), instant(expires)
	return err
}

// JoinRequestOf returns the request of a node that has not expired.
func (db *DB) JoinRequestOf(ctx context.Context, id string) (odb.JoinRequest, error) {
	const op = "read join request"
	var r odb.JoinRequest
	err := db.look(ctx, op, id, func(t *tx) error {
		err := scanJoin(&r, func(dest ...any) error { return t.one(readJoin, []any{id}, dest...) })
		if errors.Is(err, sql.ErrNoRows) {
			return odb.Errorf(odb.NotFound, op, id, "no such box asks to join, or it waited too long")
		}
		return err
	})
	return r, err
}

// ListJoinRequests returns all that have not expired, newest first.
func (db *DB) ListJoinRequests(ctx context.Context) ([]odb.JoinRequest, error) {
	var out []odb.JoinRequest
	err := db.look(ctx, "list join requests", "", func(t *tx) error {
		return t.each(allJoins, nil, func(rows *sql.Rows) error {
			var r odb.JoinRequest
			err := scanJoin(&r, rows.Scan)
			out = append(out, r)
			return err
		})
	})
	return out, err
}

// DecideJoin approves or refuses a request that waits; see [odb.Joins].
func (db *DB) DecideJoin(ctx context.Context, id string, s odb.JoinState, by string) error {
	const op = "decide on join request"
	if s != odb.JoinApproved && s != odb.JoinRefused {
		return odb.Errorf(odb.Invalid, op, id, "the decision is %.20q; approved or refused is needed", s)
	}
	return db.change(ctx, op, id, func(t *tx) error {
		n, err := t.run(decideJoin, string(s), nullable(by), id)
		if err != nil || n > 0 {
			return err
		}
		var r odb.JoinRequest
		err = scanJoin(&r, func(dest ...any) error { return t.one(readJoin, []any{id}, dest...) })
		if errors.Is(err, sql.ErrNoRows) {
			return odb.Errorf(odb.NotFound, op, id, "no such box asks to join, or it waited too long")
		}
		if err != nil {
			return err
		}
		return odb.Errorf(odb.Conflict, op, r.Name, "it was %s already, by %s", r.State, r.By)
	})
}
