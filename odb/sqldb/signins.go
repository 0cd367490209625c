package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"signalbox.internal/odb"
)

// nobody is the row that stands for every name that no account has: a wrong
// password for one must take as long as for another. No account is called so.
const nobody = "?"

// ClaimAccount gives an account its password, and makes it with the role admin
// when it is not there, as long as no account of the cluster has a password.
func (db *DB) ClaimAccount(ctx context.Context, name, password string) (odb.Account, error) {
	const op = "claim account"
	a := odb.Account{Name: name, Role: odb.Admin, Password: password}
	if err := checkAccount(op, &a); err != nil {
		return odb.Account{}, err
	}
	if password == "" {
		return odb.Account{}, odb.Faults{{Pointer: "/password", Message: "is empty"}}.Err(op, a.Name)
	}
	err := db.change(ctx, op, a.Name, func(t *tx) error {
		// In line, or two claims would both see no password.
		if _, err := t.run(lockRevision); err != nil {
			return err
		}
		var passwords int64
		if err := t.one(countPasswords, nil, &passwords); err != nil {
			return err
		}
		if passwords > 0 {
			return odb.Errorf(odb.Conflict, op, a.Name, "the cluster is claimed already: an account has a password")
		}
		n, err := t.run(claimAccount, string(a.Role), a.Password, a.Name)
		if err == nil && n == 0 {
			_, err = t.run(insertAccount, a.Name, string(a.Role), a.Password, flag(false))
		}
		if err != nil {
			return err
		}
		a, err = t.account(op, a.Name)
		return err
	})
	if err != nil {
		return odb.Account{}, err
	}
	return a, nil
}

// Lockout returns the lock-out of an account; one without failures when there is none.
func (db *DB) Lockout(ctx context.Context, account string) (odb.Lockout, error) {
	account = odb.CleanName(account)
	var l odb.Lockout
	err := db.look(ctx, "read lock-out", account, func(t *tx) (err error) {
		l, _, err = t.lockout(account)
		return err
	})
	return l, err
}

// lockout reads a row and the database's clock in microseconds, which is 0
// without a row.
func (t *tx) lockout(name string) (l odb.Lockout, now int64, err error) {
	l, now, err = scanLockout(func(dest ...any) error {
		_, err := t.has(readLockout, []any{name}, dest...)
		return err
	})
	l.Account = name
	return l, now, err
}

func scanLockout(scan func(...any) error) (l odb.Lockout, now int64, err error) {
	var last, until int64
	err = scan(&l.Account, &l.Failures, &last, &until, &now)
	if last != 0 {
		l.Last = instant(last)
	}
	if until != 0 {
		l.Until, l.Left = instant(until), time.Duration(max(0, until-now))*time.Microsecond
	}
	return l, now, err
}

// ListLockouts returns the accounts with failures, by name.
func (db *DB) ListLockouts(ctx context.Context) ([]odb.Lockout, error) {
	var out []odb.Lockout
	err := db.look(ctx, "list lock-outs", "", func(t *tx) error {
		return t.each(allLockouts, nil, func(rows *sql.Rows) error {
			l, _, err := scanLockout(rows.Scan)
			if l.Account != nobody {
				out = append(out, l)
			}
			return err
		})
	})
	slices.SortFunc(out, func(a, b odb.Lockout) int { return cmp.Compare(a.Account, b.Account) })
	return out, err
}

// FailSignIn counts a wrong password of an account and locks it as the rule
// says. A name that no account has is NotFound after the same statements.
func (db *DB) FailSignIn(ctx context.Context, account string, rule odb.LockoutRule) (odb.Lockout, error) {
	const op = "count wrong password"
	account = odb.CleanName(account)
	if rule.Failures < 1 || rule.Within <= 0 || rule.Lock <= 0 {
		return odb.Lockout{}, odb.Errorf(odb.Invalid, op, account, "the rule %+v locks nothing", rule)
	}
	var l odb.Lockout
	var none error
	err := db.change(ctx, op, account, func(t *tx) error {
		row := account
		_, none = t.account(op, account)
		if none != nil && odb.KindOf(none) != odb.NotFound {
			return none
		}
		if none != nil {
			row = nobody
		}
		n, err := t.run(lockLockout, row)
		if err == nil && n == 0 {
			_, err = t.run(insertLockout, row) // when two try, the transaction of one runs again
		}
		if err != nil {
			return err
		}
		l, err = t.failure(row, rule)
		return err
	})
	if err == nil && none != nil {
		return odb.Lockout{}, none
	}
	return l, err
}

// failure counts in a row that the transaction has locked.
func (t *tx) failure(row string, rule odb.LockoutRule) (odb.Lockout, error) {
	l, now, err := t.lockout(row)
	if err != nil || l.Left > 0 {
		return l, err
	}
	if !l.Until.IsZero() || now-l.Last.UnixMicro() > rule.Within.Microseconds() {
		l.Failures = 0
	}
	l.Failures++
	var until int64
	if l.Failures >= rule.Failures && row != nobody {
		until = now + rule.Lock.Microseconds()
	}
	if _, err := t.run(updateLockout, l.Failures, now, until, row); err != nil {
		return l, err
	}
	l, _, err = t.lockout(row)
	return l, err
}

// Unlock forgets the failures of an account; without any it does nothing.
func (db *DB) Unlock(ctx context.Context, account string) error {
	account = odb.CleanName(account)
	return db.change(ctx, "unlock account", account, func(t *tx) error {
		_, err := t.run(deleteLockout, account)
		return err
	})
}
