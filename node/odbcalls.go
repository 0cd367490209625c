package node

import (
	"context"
	"errors"
	"io"
	"time"

	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// way is how a call comes to the database.
type way int

const (
	serving way = iota // while the ODB is up
	polling            // whenever it is open: only the reconciler's
)

// enter admits one call; leave must be called at its end.
func (l *odbLink) enter(op string, w way) (cur *openODB, leave func(), err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	switch {
	case l.closed:
		return nil, nil, errLinkClosed(op)
	case l.cur == nil || l.why != nil && w != polling:
		if w != polling {
			l.hint()
		}
		return nil, nil, &odb.Error{Op: op, Kind: odb.Unavailable, Err: &odb.Away{Since: l.since, Err: l.why}}
	}
	cur = l.cur
	cur.calls.enter()
	return cur, cur.calls.leave, nil
}

// ask runs a call that returns something. When the ODB turns out to be somewhere
// else now, the call runs again there: nothing was done.
func ask[T any](l *odbLink, op string, w way, call func(odb.Store) (T, error)) (T, error) {
	for {
		cur, leave, err := l.enter(op, w)
		if err != nil {
			var none T
			return none, err
		}
		v, err := func() (T, error) {
			defer leave()
			return call(cur.Store)
		}()
		if odb.KindOf(err) == odb.Unavailable && w != polling && l.onTrouble != nil {
			l.onTrouble() // the reconciler finds out at once, and nobody else runs into it
		}
		if _, moved := errors.AsType[*odb.Moved](err); !moved || w == polling || !l.leaves(cur) {
			return v, err
		}
	}
}

// leaves waits until the node uses another database than cur.
func (l *odbLink) leaves(cur *openODB) bool {
	if l.onTrouble == nil {
		return false // nobody follows
	}
	latest := time.NewTimer(moveTimeout)
	defer latest.Stop()
	l.mu.RLock()
	now, turned := l.cur, l.turned
	l.mu.RUnlock()
	if now != cur {
		return true
	}
	select {
	case <-turned:
		return true
	case <-latest.C:
		return false
	}
}

// becomes waits until the node uses the database of a DSN.
func (l *odbLink) becomes(ctx context.Context, dsn string) error {
	for {
		l.mu.RLock()
		now, turned := l.dsn, l.turned
		l.mu.RUnlock()
		if now == dsn {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// do runs a call that writes and returns nothing.
func (l *odbLink) do(op string, call func(odb.Store) error) error {
	_, err := ask(l, op, serving, func(s odb.Store) (struct{}, error) { return struct{}{}, call(s) })
	return err
}

// access runs a change of accounts or tokens and tells of it.
func (l *odbLink) access(ctx context.Context, op string, call func(odb.Store) error) error {
	err := l.do(op, call)
	if err == nil && l.onAccess != nil {
		l.onAccess(ctx)
	}
	return err
}

// poller is the ODB as the reconciler asks it: whenever it is open.
type poller struct{ l *odbLink }

func (p poller) Revision(ctx context.Context) (int64, error) {
	return ask(p.l, "read revision", polling, func(s odb.Store) (int64, error) { return s.Revision(ctx) })
}

func (p poller) Load(ctx context.Context) (*odb.Snapshot, error) {
	return ask(p.l, "load definitions", polling, func(s odb.Store) (*odb.Snapshot, error) { return s.Load(ctx) })
}

var _ odb.Store = (*odbLink)(nil)

// Info implements odb.Store.
func (l *odbLink) Info(ctx context.Context) (odb.StoreInfo, error) {
	return ask(l, "read ODB's version", serving, func(s odb.Store) (odb.StoreInfo, error) { return s.Info(ctx) })
}

// Apply implements odb.Store.
func (l *odbLink) Apply(ctx context.Context, set odb.ChangeSet) (odb.Revision, error) {
	return ask(l, "apply changes", serving, func(s odb.Store) (odb.Revision, error) { return s.Apply(ctx, set) })
}

// Revision implements odb.Store.
func (l *odbLink) Revision(ctx context.Context) (int64, error) {
	return ask(l, "read revision", serving, func(s odb.Store) (int64, error) { return s.Revision(ctx) })
}

// Load implements odb.Store.
func (l *odbLink) Load(ctx context.Context) (*odb.Snapshot, error) {
	return ask(l, "load definitions", serving, func(s odb.Store) (*odb.Snapshot, error) { return s.Load(ctx) })
}

// StateAt implements odb.Store.
func (l *odbLink) StateAt(ctx context.Context, revision int64) (*odb.Snapshot, error) {
	return ask(l, "load state", serving, func(s odb.Store) (*odb.Snapshot, error) { return s.StateAt(ctx, revision) })
}

// History implements odb.Store.
func (l *odbLink) History(ctx context.Context, q odb.HistoryQuery) ([]odb.Revision, error) {
	return ask(l, "read history", serving, func(s odb.Store) ([]odb.Revision, error) { return s.History(ctx, q) })
}

// PutPackages implements odb.Store.
func (l *odbLink) PutPackages(ctx context.Context, pkgs []odb.Package) error {
	return l.do("store packages", func(s odb.Store) error { return s.PutPackages(ctx, pkgs) })
}

// Package implements odb.Store.
func (l *odbLink) Package(ctx context.Context, hash string) (odb.Package, error) {
	return ask(l, "read package", serving, func(s odb.Store) (odb.Package, error) { return s.Package(ctx, hash) })
}

// ListPackages implements odb.Store.
func (l *odbLink) ListPackages(ctx context.Context, name string) ([]odb.Package, error) {
	return ask(l, "list packages", serving, func(s odb.Store) ([]odb.Package, error) { return s.ListPackages(ctx, name) })
}

// CreateAccount implements odb.Store.
func (l *odbLink) CreateAccount(ctx context.Context, a odb.Account) error {
	return l.access(ctx, "create account", func(s odb.Store) error { return s.CreateAccount(ctx, a) })
}

// Account implements odb.Store.
func (l *odbLink) Account(ctx context.Context, name string) (odb.Account, error) {
	return ask(l, "read account", serving, func(s odb.Store) (odb.Account, error) { return s.Account(ctx, name) })
}

// ListAccounts implements odb.Store.
func (l *odbLink) ListAccounts(ctx context.Context) ([]odb.Account, error) {
	return ask(l, "list accounts", serving, func(s odb.Store) ([]odb.Account, error) { return s.ListAccounts(ctx) })
}

// UpdateAccount implements odb.Store.
func (l *odbLink) UpdateAccount(ctx context.Context, a odb.Account) error {
	return l.access(ctx, "update account", func(s odb.Store) error { return s.UpdateAccount(ctx, a) })
}

// DeleteAccount implements odb.Store.
func (l *odbLink) DeleteAccount(ctx context.Context, name string) error {
	return l.access(ctx, "delete account", func(s odb.Store) error { return s.DeleteAccount(ctx, name) })
}

// CreateToken implements odb.Store.
func (l *odbLink) CreateToken(ctx context.Context, t odb.Token) error {
	return l.access(ctx, "create token", func(s odb.Store) error { return s.CreateToken(ctx, t) })
}

// TokenByHash implements odb.Store.
func (l *odbLink) TokenByHash(ctx context.Context, hash string) (odb.Token, error) {
	return ask(l, "read token", serving, func(s odb.Store) (odb.Token, error) { return s.TokenByHash(ctx, hash) })
}

// ListTokens implements odb.Store.
func (l *odbLink) ListTokens(ctx context.Context) ([]odb.Token, error) {
	return ask(l, "list tokens", serving, func(s odb.Store) ([]odb.Token, error) { return s.ListTokens(ctx) })
}

// DeleteToken implements odb.Store.
func (l *odbLink) DeleteToken(ctx context.Context, id string) error {
	return l.access(ctx, "delete token", func(s odb.Store) error { return s.DeleteToken(ctx, id) })
}

// TakeLease implements odb.Store.
func (l *odbLink) TakeLease(ctx context.Context, name, holder string, ttl time.Duration) (odb.Lease, error) {
	return ask(l, "take lease", serving, func(s odb.Store) (odb.Lease, error) { return s.TakeLease(ctx, name, holder, ttl) })
}

// RenewLease implements odb.Store.
func (l *odbLink) RenewLease(ctx context.Context, lease odb.Lease, ttl time.Duration) (odb.Lease, error) {
	return ask(l, "renew lease", serving, func(s odb.Store) (odb.Lease, error) { return s.RenewLease(ctx, lease, ttl) })
}

// ReleaseLease implements odb.Store.
func (l *odbLink) ReleaseLease(ctx context.Context, lease odb.Lease) error {
	return l.do("release lease", func(s odb.Store) error { return s.ReleaseLease(ctx, lease) })
}

// ClaimAccount implements odb.Store.
func (l *odbLink) ClaimAccount(ctx context.Context, name, password string) (a odb.Account, err error) {
	err = l.access(ctx, "claim account", func(s odb.Store) error {
		a, err = s.ClaimAccount(ctx, name, password)
		return err
	})
	return a, err
}

// Lockout implements odb.Store.
func (l *odbLink) Lockout(ctx context.Context, account string) (odb.Lockout, error) {
	return ask(l, "read lock-out", serving, func(s odb.Store) (odb.Lockout, error) { return s.Lockout(ctx, account) })
}

// ListLockouts implements odb.Store.
func (l *odbLink) ListLockouts(ctx context.Context) ([]odb.Lockout, error) {
	return ask(l, "list lock-outs", serving, func(s odb.Store) ([]odb.Lockout, error) { return s.ListLockouts(ctx) })
}

// FailSignIn implements odb.Store.
func (l *odbLink) FailSignIn(ctx context.Context, account string, rule odb.LockoutRule) (odb.Lockout, error) {
	return ask(l, "count wrong password", serving, func(s odb.Store) (odb.Lockout, error) { return s.FailSignIn(ctx, account, rule) })
}

// Unlock implements odb.Store.
func (l *odbLink) Unlock(ctx context.Context, account string) error {
	return l.do("unlock account", func(s odb.Store) error { return s.Unlock(ctx, account) })
}

// AppendAudit implements odb.Store.
func (l *odbLink) AppendAudit(ctx context.Context, entries []odb.AuditEntry) ([]odb.AuditEntry, error) {
	return ask(l, "append to the audit log", serving, func(s odb.Store) ([]odb.AuditEntry, error) { return s.AppendAudit(ctx, entries) })
}

// ListAudit implements odb.Store.
func (l *odbLink) ListAudit(ctx context.Context, q odb.AuditQuery) ([]odb.AuditEntry, error) {
	return ask(l, "read the audit log", serving, func(s odb.Store) ([]odb.AuditEntry, error) { return s.ListAudit(ctx, q) })
}

// ReadAudit implements odb.Store.
func (l *odbLink) ReadAudit(ctx context.Context, after int64, limit int) ([]odb.AuditEntry, error) {
	return ask(l, "read the audit log", serving, func(s odb.Store) ([]odb.AuditEntry, error) { return s.ReadAudit(ctx, after, limit) })
}

// AuditHead implements odb.Store.
func (l *odbLink) AuditHead(ctx context.Context) (odb.AuditHead, error) {
	return ask(l, "read the audit log", serving, func(s odb.Store) (odb.AuditHead, error) { return s.AuditHead(ctx) })
}

// Mark implements odb.Store.
func (l *odbLink) Mark(ctx context.Context, name string) (odb.Mark, error) {
	return ask(l, "read mark", serving, func(s odb.Store) (odb.Mark, error) { return s.Mark(ctx, name) })
}

// SetMark implements odb.Store.
func (l *odbLink) SetMark(ctx context.Context, name, value string) error {
	return l.do("set mark", func(s odb.Store) error { return s.SetMark(ctx, name, value) })
}

// Dump writes the whole content of the database in use.
func (l *odbLink) Dump(ctx context.Context, w io.Writer, progress func(sqldb.Progress)) (sqldb.DumpSummary, error) {
	return ask(l, "dump ODB", serving, func(s odb.Store) (sqldb.DumpSummary, error) {
		d, ok := s.(dumper)
		if !ok {
			return sqldb.DumpSummary{}, odb.Errorf(odb.Internal, "dump ODB", "", "this store cannot")
		}
		return d.Dump(ctx, w, progress)
	})
}
