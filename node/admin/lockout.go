package admin

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// lockRule says when an account takes no password for a while, on every node.
func lockRule() odb.LockoutRule {
	return odb.LockoutRule{Failures: 10, Within: 15 * time.Minute, Lock: 15 * time.Minute}
}

// lockouts counts wrong passwords: of accounts in the ODB, so that it holds on
// every node and over restarts; of names that no account has, and of all while
// the ODB is away, by the same rule in memory of bounded size.
type lockouts struct {
	store odb.SignIns
	rule  odb.LockoutRule
	now   func() time.Time
	log   *slog.Logger
	mu    sync.Mutex
	here  map[string]locked
}

type locked struct {
	failures    int
	last, until time.Time
}

func newLockouts(cfg Config) *lockouts {
	return &lockouts{store: cfg.Store, rule: lockRule(), now: cfg.Now, log: cfg.Log, here: map[string]locked{}}
}

// left returns how long a name takes no password, and whether it has failures.
func (l *lockouts) left(ctx context.Context, name string) (wait time.Duration, failures bool, err error) {
	stored, err := l.store.Lockout(ctx, name)
	if err != nil && odb.KindOf(err) != odb.Unavailable {
		return 0, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.here[name]
	return max(stored.Left, mine.until.Sub(l.now()), 0), stored.Failures > 0 || mine.failures > 0, nil
}

// countTime is how long counting may take: whoever guesses and hangs up is
// counted all the same.
const countTime = 5 * time.Second

// failed counts a wrong password of a name and reports whether it has locked an
// account.
func (l *lockouts) failed(ctx context.Context, name string) (locked bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
	defer cancel()
	now, err := l.store.FailSignIn(ctx, name, l.rule)
	switch kind := odb.KindOf(err); {
	case err == nil:
		if now.Left > 0 {
			l.log.WarnContext(ctx, "account locked after wrong passwords", "account", name, "failures", now.Failures, "until", now.Until)
		}
		return now.Left > 0
	case kind != odb.NotFound && kind != odb.Unavailable:
		l.log.ErrorContext(ctx, "wrong password cannot be counted in the ODB", "error", err.Error())
	}
	l.failedHere(name)
	return false
}

func (l *lockouts) failedHere(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	x := l.here[name]
	if now.Before(x.until) {
		return
	}
	if !x.until.IsZero() || now.Sub(x.last) > l.rule.Within {
		x = locked{}
	}
	trim(l.here, maxGuarded, func(x locked) bool { return now.Sub(x.last) > l.rule.Within })
	x.failures, x.last = x.failures+1, now
	if x.failures >= l.rule.Failures {
		x.until = now.Add(l.rule.Lock)
	}
	l.here[name] = x
}

// forget drops the failures of a name.
func (l *lockouts) forget(ctx context.Context, name string) error {
	l.mu.Lock()
	delete(l.here, name)
	l.mu.Unlock()
	return l.store.Unlock(ctx, name)
}

// refuseLocked says the same of every name, whether an account has it or not,
// and of every password, right or wrong.
func refuseLocked(wait time.Duration) error {
	p := refuse(http.StatusTooManyRequests, client.CodeTooMany,
		"too many wrong passwords for this account: it takes none for another %s. An administrator can unlock it; tokens go on working", wholeMinutes(wait))
	p.RetryAfter = wait
	return p
}

// shown is an account as the API shows it, with its lock.
func (a *API) shown(ctx context.Context, account odb.Account) (client.Account, error) {
	l, err := a.cfg.Store.Lockout(ctx, account.Name)
	if err != nil {
		return client.Account{}, err
	}
	return accountOf(account, l), nil
}

// unlockAccount lets an account try passwords again.
func (a *API) unlockAccount(c *call) (any, error) {
	account, err := a.cfg.Store.Account(c.Context(), odb.CleanName(c.param("name")))
	if err != nil {
		return nil, err
	}
	if err := a.locks.forget(c.Context(), account.Name); err != nil {
		return nil, err
	}
	a.audit(c, "account unlocked", "subject", account.Name)
	return accountOf(account, odb.Lockout{}), nil
}

// wholeMinutes tells a wait without saying when exactly the account was locked.
func wholeMinutes(wait time.Duration) string {
	if n := int((wait + time.Minute - 1) / time.Minute); n > 1 {
		return strconv.Itoa(n) + " minutes"
	}
	return "minute"
}
