package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"signalbox.internal/odb"
)

// maxPassword is the longest password hash, in characters.
const maxPassword = 400

// CreateAccount adds an account, Conflict when the name is taken. Created is
// set by the database.
func (db *DB) CreateAccount(ctx context.Context, a odb.Account) error {
	const op = "create account"
	if err := checkAccount(op, &a); err != nil {
		return err
	}
	return db.change(ctx, op, a.Name, func(t *tx) error {
		if _, err := t.account(op, a.Name); err == nil {
			return odb.Errorf(odb.Conflict, op, a.Name, "the name is taken")
		} else if odb.KindOf(err) != odb.NotFound {
			return err
		}
		if err := t.linePassword(a); err != nil {
			return err
		}
		_, err := t.run(insertAccount, a.Name, string(a.Role), nullable(a.Password), flag(a.Disabled))
		return err
	})
}

// linePassword puts who sets a password in line with who claims the cluster,
// which only one without any password may be.
func (t *tx) linePassword(a odb.Account) error {
	if a.Password == "" {
		return nil
	}
	_, err := t.run(lockRevision)
	return err
}

func checkAccount(op string, a *odb.Account) error {
	a.Name = odb.CleanName(a.Name)
	var faults odb.Faults
	if err := odb.CheckName(a.Name); err != nil {
		faults.Add("/name", "%v", err)
	}
	if a.Role.Level() == 0 {
		faults.Add("/role", "%s", roleFault(a.Role))
	}
	if msg := textFault(a.Password, maxPassword); msg != "" {
		faults.Add("/password", "the password's hash %s", msg)
	}
	return faults.Err(op, a.Name)
}

func roleFault(r odb.Role) string {
	return fmt.Sprintf("is %q; one of viewer, operator, developer, admin is needed", r)
}

// flag binds a boolean: no database but one would take a bool as it is.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Account returns an account by name.
func (db *DB) Account(ctx context.Context, name string) (odb.Account, error) {
	const op = "read account"
	var a odb.Account
	err := db.look(ctx, op, name, func(t *tx) error {
		var err error
		a, err = t.account(op, odb.CleanName(name))
		return err
	})
	return a, err
}

func (t *tx) account(op, name string) (odb.Account, error) {
	var a odb.Account
	err := scanAccount(&a, func(dest ...any) error { return t.one(readAccount, []any{name}, dest...) })
	if errors.Is(err, sql.ErrNoRows) {
		return a, odb.Errorf(odb.NotFound, op, name, "there is no such account")
	}
	return a, err
}

func scanAccount(a *odb.Account, scan func(...any) error) error {
	var password *string
	var disabled, at int64
	err := scan(&a.Name, (*string)(&a.Role), &password, &disabled, &at)
	a.Password, a.Disabled, a.Created = text(password), disabled != 0, instant(at)
	return err
}

// ListAccounts returns all accounts by name.
func (db *DB) ListAccounts(ctx context.Context) ([]odb.Account, error) {
	var out []odb.Account
	err := db.look(ctx, "list accounts", "", func(t *tx) error {
		return t.each(allAccounts, nil, func(rows *sql.Rows) error {
			var a odb.Account
			err := scanAccount(&a, rows.Scan)
			out = append(out, a)
			return err
		})
	})
	// Here, because databases sort texts differently.
	slices.SortFunc(out, func(a, b odb.Account) int { return cmp.Compare(a.Name, b.Name) })
	return out, err
}

// UpdateAccount replaces role, password and disabled of an account.
func (db *DB) UpdateAccount(ctx context.Context, a odb.Account) error {
	const op = "update account"
	if err := checkAccount(op, &a); err != nil {
		return err
	}
	return db.change(ctx, op, a.Name, func(t *tx) error {
		if err := t.linePassword(a); err != nil {
			return err
		}
		n, err := t.run(updateAccount, string(a.Role), nullable(a.Password), flag(a.Disabled), a.Name)
		if err == nil && n == 0 {
			return odb.Errorf(odb.NotFound, op, a.Name, "there is no such account")
		}
		return err
	})
}

// DeleteAccount removes an account, its tokens and its lock-out.
func (db *DB) DeleteAccount(ctx context.Context, name string) error {
	const op = "delete account"
	name = odb.CleanName(name)
	return db.change(ctx, op, name, func(t *tx) error {
		if _, err := t.run(deleteTokensOf, name); err != nil {
			return err
		}
		if _, err := t.run(deleteLockout, name); err != nil {
			return err
		}
		n, err := t.run(deleteAccount, name)
		if err == nil && n == 0 {
			return odb.Errorf(odb.NotFound, op, name, "there is no such account")
		}
		return err
	})
}
