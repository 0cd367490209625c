package odb

import (
	"context"
	"time"
)

// Lockout says how often in a row the password of an account was wrong, and
// whether the account refuses passwords because of that.
type Lockout struct {
	Account  string        `json:"account"`
	Failures int           `json:"failures"` // since the last good sign-in
	Last     time.Time     `json:"last"`     // the last wrong one, by the database's clock
	Until    time.Time     `json:"until"`    // end of the lock, by the database's clock; zero: there is none
	Left     time.Duration `json:"left"`     // until it ends, when it was read; 0: not locked
}

// LockoutRule says when an account locks.
type LockoutRule struct {
	Failures int           // so many wrong passwords in a row lock it
	Within   time.Duration // each at most so long after the one before; else the count begins anew
	Lock     time.Duration // how long it is locked
}

// SignIns keeps how people get in: the claim of a new cluster and the lock-outs
// of those who guess.
type SignIns interface {
	// ClaimAccount gives an account its password, and makes it with the role admin
	// when it is not there, as long as no account of the cluster has a password;
	// else it is a Conflict and nothing changes. Of many claims at once one wins. An
	// account that was disabled or had a lesser role is an enabled admin afterwards.
	ClaimAccount(ctx context.Context, name, password string) (Account, error)

	// Lockout returns the lock-out of an account; one without failures when there
	// is none, and for a name that no account has.
	Lockout(ctx context.Context, account string) (Lockout, error)
	// ListLockouts returns the accounts with failures, by name.
	ListLockouts(ctx context.Context) ([]Lockout, error)
	// FailSignIn counts a wrong password of an account and locks it as the rule
	// says; a locked one stays as it is. For a name that no account has it takes as
	// long, keeps nothing of the name and is NotFound.
	FailSignIn(ctx context.Context, account string, rule LockoutRule) (Lockout, error)
	// Unlock forgets the failures of an account; without any it does nothing.
	Unlock(ctx context.Context, account string) error
}
