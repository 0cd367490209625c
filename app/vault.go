package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
)

// What each kind of vault is worth, in words for its owner.
const (
	protectsKeyring = "The operating system's keyring keeps the credentials. Other users and stolen disks cannot read them; programs that run as you can, while your session is open."
	protectsFile    = "The credentials are encrypted, but the key lies in a file beside them. Other users of this machine cannot read the two; whoever gets your files (a backup, a stolen disk that is not encrypted, a program that runs as you) can. Set a passphrase to change that."
	protectsPhrase  = "The credentials are encrypted to your passphrase. Whoever gets your files cannot read them without it; programs that run as you can, while the app is open. A forgotten passphrase cannot be recovered: sign in anew."
)

// vaultError says why a credential cannot be kept or read.
type vaultError struct {
	status int
	code   string
	text   string
	err    error
}

func (e *vaultError) Error() string {
	if e.err == nil {
		return e.text
	}
	return fmt.Sprintf("%s: %v", e.text, e.err)
}

func (e *vaultError) Unwrap() error { return e.err }

func errLocked() error {
	return &vaultError{status: http.StatusLocked, code: CodeVaultLocked, text: "the credentials are locked; give the passphrase first"}
}

func vaultBroken(text string, err error) error {
	return &vaultError{status: http.StatusServiceUnavailable, code: CodeVault, text: text, err: err}
}

// vault keeps one credential a cluster: in the operating system's keyring, or in an
// encrypted file where there is none or its owner prefers one.
type vault struct {
	dir    string
	ring   *timedRing
	log    *slog.Logger
	now    func() time.Time
	notify func()
	ready  chan struct{} // closed once start has decided

	mu      sync.Mutex
	kind    VaultKind
	ringOK  bool
	problem string
	file    *vaultFile // of kinds file and passphrase
}

// start finds out where credentials are kept. It may take seconds: a keyring may ask.
func (v *vault) start() {
	defer v.notify()
	defer close(v.ready)
	ringErr := v.ring.probe()
	file, notice, err := openVaultFile(filepath.Join(v.dir, vaultName), v.now())
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ringOK, v.file, v.problem = ringErr == nil, file, notice
	switch {
	case err != nil:
		v.kind, v.problem = VaultFile, err.Error()
	case file != nil:
		v.kind = file.kind()
	case v.ringOK:
		v.kind = VaultKeyring
	default:
		v.kind = VaultFile
		v.log.Info("no keyring can be used; credentials go into an encrypted file", "error", ringErr)
	}
}

// await waits until start has decided.
func (v *vault) await(ctx context.Context) error {
	select {
	case <-v.ready:
		return nil
	case <-ctx.Done():
		return vaultBroken("where credentials are kept is still being found out; the keyring may be asking for its password", context.Cause(ctx))
	}
}

// load returns the credential of a cluster; empty: there is none.
func (v *vault) load(ctx context.Context, id string) (string, error) {
	if err := v.await(ctx); err != nil {
		return "", err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.get(id)
}

func (v *vault) get(id string) (string, error) {
	if v.kind == VaultKeyring {
		secret, err := v.ring.get(id)
		if errors.Is(err, ErrNoSecret) {
			return "", nil
		}
		if err != nil {
			return "", vaultBroken("the keyring cannot be read", err)
		}
		return secret, nil
	}
	if v.file == nil {
		return "", nil
	}
	return v.file.get(id)
}

// store keeps the credential of a cluster; an empty one is forgotten.
func (v *vault) store(ctx context.Context, id, secret string) error {
	if err := v.await(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.kind == VaultKeyring {
		if err := v.ring.put(id, secret); err != nil {
			return vaultBroken("the keyring takes no credential", err)
		}
		return nil
	}
	if v.file == nil {
		if secret == "" {
			return nil
		}
		file, err := newVaultFile(filepath.Join(v.dir, vaultName), "")
		if err != nil {
			return vaultBroken("the file for credentials cannot be made", err)
		}
		v.file = file
	}
	if secret == "" && v.file.locked() {
		return nil // unlock drops it
	}
	return v.file.put(id, secret)
}

// show describes the vault.
func (v *vault) show() Vault {
	select {
	case <-v.ready:
	default:
		return Vault{}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	out := Vault{Kind: v.kind, Problem: v.problem, Keyring: v.ringOK}
	out.Locked = v.file != nil && v.file.locked()
	out.Protects = map[VaultKind]string{VaultKeyring: protectsKeyring, VaultFile: protectsFile, VaultPassphrase: protectsPhrase}[v.kind]
	return out
}

// unlock opens the file with its passphrase and drops what belongs to none of ids:
// clusters that were removed, or signed out of, while it was locked.
func (v *vault) unlock(ctx context.Context, passphrase string, ids []string) error {
	if err := v.await(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.file == nil || !v.file.locked() {
		return nil
	}
	if err := v.file.unlock(passphrase); err != nil {
		return err
	}
	return v.file.prune(ids)
}

// lock forgets the key and every credential until the passphrase is given again.
func (v *vault) lock() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.file == nil || v.file.kind() != VaultPassphrase {
		return refuse(http.StatusConflict, client.CodeConflict, "only credentials that a passphrase protects can be locked; set one first")
	}
	v.file.lock()
	return nil
}

// lockable says whether there is a passphrase to lock with, and nothing is locked yet.
func (v *vault) lockable() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.file != nil && v.file.kind() == VaultPassphrase && !v.file.locked()
}

// move takes the credentials of ids to another kind of vault, or to a new passphrase.
// The old place is emptied only when the new one holds them all.
func (v *vault) move(ctx context.Context, in SetVault, ids []string) error {
	if err := v.await(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mayMove(in); err != nil {
		return err
	}
	if in.Kind == v.kind && in.Kind != VaultPassphrase {
		return nil
	}
	all := map[string]string{}
	for _, id := range ids {
		secret, err := v.get(id)
		if err != nil {
			return err
		}
		if secret != "" {
			all[id] = secret
		}
	}
	if in.Kind == VaultKeyring {
		return v.toKeyring(all)
	}
	file, err := newVaultFile(filepath.Join(v.dir, vaultName), in.Passphrase)
	if err != nil {
		return vaultBroken("the file for credentials cannot be made", err)
	}
	file.secrets = all
	if err := file.save(); err != nil {
		return err
	}
	if v.kind == VaultKeyring {
		v.emptyRing(ids)
	}
	v.file, v.kind, v.problem = file, file.kind(), ""
	return nil
}

func (v *vault) mayMove(in SetVault) error {
	var f faults
	switch in.Kind {
	case VaultKeyring:
		if !v.ringOK {
			return refuse(http.StatusConflict, client.CodeConflict, "this machine has no keyring that can be used now")
		}
	case VaultFile:
		if in.Passphrase != "" {
			f.add("/passphrase", "only kind passphrase has one")
		}
	case VaultPassphrase:
		if len([]rune(in.Passphrase)) < minPassphrase || len(in.Passphrase) > 1024 {
			f.add("/passphrase", "at least %d characters", minPassphrase)
		}
	default:
		f.add("/kind", "keyring, file or passphrase")
	}
	if err := f.err(); err != nil {
		return err
	}
	if v.file != nil && v.file.kind() == VaultPassphrase && !v.file.opensWith(in.Current) {
		f.add("/current", "the passphrase of now is needed, and this is not it")
	}
	return f.err()
}

func (v *vault) toKeyring(all map[string]string) error {
	for id, secret := range all {
		if err := v.ring.put(id, secret); err != nil {
			return vaultBroken("the keyring takes no credential", err)
		}
	}
	if v.file != nil {
		if err := v.file.remove(); err != nil {
			return vaultBroken("the file for credentials cannot be removed", err)
		}
	}
	v.file, v.kind, v.problem = nil, VaultKeyring, ""
	return nil
}

func (v *vault) emptyRing(ids []string) {
	for _, id := range ids {
		if err := v.ring.put(id, ""); err != nil {
			v.log.Warn("a credential stays in the keyring", "cluster", id, "error", err)
		}
	}
}

// reset forgets every credential, such as those of a forgotten passphrase.
func (v *vault) reset(ctx context.Context, ids []string) error {
	if err := v.await(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.file != nil {
		if err := v.file.remove(); err != nil {
			return vaultBroken("the file for credentials cannot be removed", err)
		}
		v.file = nil
	}
	if v.ringOK {
		v.emptyRing(ids)
	}
	v.problem = ""
	v.kind = VaultFile
	if v.ringOK {
		v.kind = VaultKeyring
	}
	return nil
}

// newVault returns a vault that start has yet to open.
func newVault(cfg Config, notify func()) *vault {
	return &vault{
		dir: cfg.Dir, log: cfg.Log, now: cfg.Now, notify: notify, ready: make(chan struct{}),
		ring: &timedRing{ring: cmp.Or[Keyring](cfg.Keyring, osKeyring{}), within: ringTime},
	}
}
