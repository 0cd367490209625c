package odbtest

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

func oneClaim(_ *testing.T, w *world) {
	w.account(odb.Account{Name: "admin", Role: odb.Admin})
	w.account(odb.Account{Name: "low", Role: odb.Viewer, Disabled: true})
	_, err := w.ClaimAccount(w.ctx(), "x/y", phc)
	w.refused(err, odb.Invalid, "claim account", "/name")
	_, err = w.ClaimAccount(w.ctx(), "admin", "")
	w.refused(err, odb.Invalid, "/password")
	low, err := w.ClaimAccount(w.ctx(), "low", phc)
	if err != nil || low.Role != odb.Admin || low.Disabled || low.Password != phc || low.Created.IsZero() {
		w.Errorf("claimed %+v, %v", low, err)
	}
	_, err = w.ClaimAccount(w.ctx(), "admin", phc)
	w.refused(err, odb.Conflict, "claim account admin", "claimed already")
	if a, err := w.Account(w.ctx(), "admin"); err != nil || a.Password != "" {
		w.Errorf("a refused claim left %+v, %v", a, err)
	}
	if err := w.DeleteAccount(w.ctx(), "low"); err != nil {
		w.Fatal(err)
	}
	made, err := w.ClaimAccount(w.ctx(), " new ", phc)
	if err != nil || made.Name != "new" || made.Role != odb.Admin {
		w.Errorf("made %+v, %v", made, err)
	}
}

func claimsAtOnce(t *testing.T, w *world) {
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	var g errgroup.Group
	won := make(chan string, 20)
	for i := range 20 {
		g.Go(func() error {
			name := fmt.Sprintf("admin%d", i%10)
			_, err := stores[i%2].ClaimAccount(t.Context(), name, phc)
			if err == nil {
				won <- name
				return nil
			}
			if odb.KindOf(err) != odb.Conflict {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	all, err := w.ListAccounts(w.ctx())
	if err != nil || len(won) != 1 || len(all) != 1 || all[0].Name != <-won {
		w.Errorf("%d claims won and the accounts are %+v, %v", len(won), all, err)
	}
}

func lockOut(_ *testing.T, w *world) {
	w.account(odb.Account{Name: "bob", Role: odb.Admin, Password: phc})
	w.account(odb.Account{Name: "ann", Role: odb.Viewer})
	rule := odb.LockoutRule{Failures: 3, Within: time.Hour, Lock: time.Hour}
	if l, err := w.Lockout(w.ctx(), "bob"); err != nil || l != (odb.Lockout{Account: "bob"}) {
		w.Errorf("before any failure: %+v, %v", l, err)
	}
	for i := 1; i <= 4; i++ { // a locked account stays as it is
		l, err := w.FailSignIn(w.ctx(), " bob ", rule)
		locked := l.Left > 0 && l.Left <= rule.Lock && !l.Until.IsZero()
		if err != nil || l.Account != "bob" || l.Failures != min(i, 3) || l.Last.IsZero() || locked != (i >= 3) {
			w.Errorf("failure %d: %+v, %v", i, l, err)
		}
	}
	other := w.again(w.TB, w.Store)
	if l, err := other.Lockout(w.ctx(), "bob"); err != nil || l.Left < time.Minute {
		w.Errorf("another process sees %+v, %v", l, err)
	}
	if all, err := w.ListLockouts(w.ctx()); err != nil || len(all) != 1 || all[0].Account != "bob" || all[0].Left <= 0 {
		w.Errorf("ListLockouts() = %+v, %v", all, err)
	}
	for range 2 {
		if err := w.Unlock(w.ctx(), "bob"); err != nil {
			w.Fatal(err)
		}
	}
	quick := odb.LockoutRule{Failures: 2, Within: time.Hour, Lock: 5 * time.Millisecond}
	for i, want := range []int{1, 2, 1, 2} { // a lock that is over starts a new count
		if l, err := w.FailSignIn(w.ctx(), "bob", quick); err != nil || l.Failures != want {
			w.Errorf("quick failure %d: %+v, %v; want %d", i, l, err, want)
		}
		w.unlocked("bob")
	}
	slow := odb.LockoutRule{Failures: 5, Within: time.Millisecond, Lock: time.Hour}
	for range 3 { // each long after the one before
		w.pass(5 * time.Millisecond)
		if l, err := w.FailSignIn(w.ctx(), "ann", slow); err != nil || l.Failures != 1 {
			w.Errorf("slow failure: %+v, %v", l, err)
		}
	}
	if err := w.DeleteAccount(w.ctx(), "ann"); err != nil {
		w.Fatal(err)
	}
	if l, err := w.Lockout(w.ctx(), "ann"); err != nil || l.Failures != 0 {
		w.Errorf("the lock-out outlived its account: %+v, %v", l, err)
	}
	_, err := w.FailSignIn(w.ctx(), "bob", odb.LockoutRule{})
	w.refused(err, odb.Invalid, "locks nothing")
}

// unlocked waits for the end of an account's lock.
func (w *world) unlocked(account string) {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if l, err := w.Lockout(w.ctx(), account); err != nil || l.Left == 0 {
			return
		}
	}
	w.Fatalf("%s is still locked", account)
}

// pass waits until the database's clock has gone on by d.
func (w *world) pass(d time.Duration) {
	w.Helper()
	name := "clock " + odb.NewID()
	w.account(odb.Account{Name: name, Role: odb.Viewer})
	if _, err := w.FailSignIn(w.ctx(), name, odb.LockoutRule{Failures: 1, Within: d, Lock: d}); err != nil {
		w.Fatal(err)
	}
	w.unlocked(name)
}

func strangersLockNothing(_ *testing.T, w *world) {
	rule := odb.LockoutRule{Failures: 1, Within: time.Hour, Lock: time.Hour}
	for _, name := range []string{"nobody", "", "a/b", "?", "nobody"} {
		_, err := w.FailSignIn(w.ctx(), name, rule)
		w.refused(err, odb.NotFound, "no such account")
		if l, err := w.Lockout(w.ctx(), name); err != nil || l.Left != 0 {
			w.Errorf("%q: %+v, %v", name, l, err)
		}
	}
	if all, err := w.ListLockouts(w.ctx()); err != nil || len(all) != 0 {
		w.Errorf("names of strangers are kept: %+v, %v", all, err)
	}
}

func guessesAtOnce(t *testing.T, w *world) {
	w.account(odb.Account{Name: "bob", Role: odb.Admin, Password: phc})
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	rule := odb.LockoutRule{Failures: 20, Within: time.Hour, Lock: time.Hour}
	var g errgroup.Group
	for i := range 19 {
		g.Go(func() error {
			_, err := stores[i%2].FailSignIn(t.Context(), "bob", rule)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	if l, err := w.Lockout(w.ctx(), "bob"); err != nil || l.Failures != 19 || l.Left != 0 {
		w.Errorf("after 19 at once: %+v, %v", l, err)
	}
	if l, err := w.FailSignIn(w.ctx(), "bob", rule); err != nil || l.Left == 0 {
		w.Errorf("the twentieth: %+v, %v", l, err)
	}
}
