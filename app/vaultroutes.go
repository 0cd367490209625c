package app

import (
	"context"
	"net/http"
	"time"
)

func (a *App) getVault(*http.Request) (any, error) { return a.vault.show(), nil }

func (a *App) putVault(r *http.Request) (any, error) {
	in, err := decode[SetVault](r)
	if err != nil {
		return nil, err
	}
	return a.vaultDo(r.Context(), func(ctx context.Context) error { return a.vault.move(ctx, in, a.ids()) })
}

func (a *App) deleteVault(r *http.Request) (any, error) {
	return a.vaultDo(r.Context(), func(ctx context.Context) error {
		if err := a.vault.reset(ctx, a.ids()); err != nil {
			return err
		}
		for _, id := range a.ids() {
			if c, err := a.conn(id); err == nil {
				if err := c.forget(ctx, ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (a *App) unlockVault(r *http.Request) (any, error) {
	in, err := decode[UnlockVault](r)
	if err != nil {
		return nil, err
	}
	return a.vaultDo(r.Context(), func(ctx context.Context) error { return a.vault.unlock(ctx, in.Passphrase, a.signedInIDs()) })
}

func (a *App) lockVault(*http.Request) (any, error) {
	if err := a.lockNow(); err != nil {
		return nil, err
	}
	return a.vault.show(), nil
}

// lockNow locks the vault and drops every credential from memory.
func (a *App) lockNow() error {
	if err := a.vault.lock(); err != nil {
		return err
	}
	a.mu.Lock()
	for _, c := range a.conns {
		c.dropCredential()
	}
	a.mu.Unlock()
	a.changes.add(ChangeVault, "")
	return nil
}

// vaultDo changes the vault and lets every worker look with what it holds now.
func (a *App) vaultDo(ctx context.Context, do func(context.Context) error) (any, error) {
	a.activity.last.Store(a.cfg.Now().UnixNano()) // whoever does this is there
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := do(ctx); err != nil {
		return nil, err
	}
	a.changes.add(ChangeVault, "")
	a.wakeAll()
	return a.vault.show(), nil
}
