package app

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	settingsFile    = "settings.json"
	settingsVersion = 1
	maxIdleMinutes  = 24 * 60
)

// Settings are the app's own on this machine. Language and look belong to the page, what
// concerns the window to the shell.
type Settings struct {
	IdleLockMinutes int `json:"idle_lock_minutes" jsonschema:"credentials that a passphrase protects are locked after so many minutes without a key or a pointer; 0: never"`
}

func standardSettings() Settings {
	return Settings{IdleLockMinutes: 30}
}

func (s *Settings) check() error {
	var f faults
	if s.IdleLockMinutes < 0 || s.IdleLockMinutes > maxIdleMinutes {
		f.add("/idle_lock_minutes", "0 to %d minutes", maxIdleMinutes)
	}
	return f.err()
}

// keptSettings is the file.
type keptSettings struct {
	Version int `json:"version"`
	Settings
}

// settings keeps the settings of the app.
type settings struct {
	path string

	mu  sync.Mutex
	now Settings
}

// openSettings reads the settings of a folder. A file that cannot be read is set aside,
// and the notice says so.
func openSettings(dir string, now time.Time) (s *settings, notice string, err error) {
	s = &settings{path: filepath.Join(dir, settingsFile), now: standardSettings()}
	file := keptSettings{Settings: standardSettings()}
	err = LoadJSON(s.path, &file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, "", nil
	}
	if err == nil && file.Version != settingsVersion {
		err = errors.New("it is of another version of this app")
	}
	if err == nil {
		err = file.check()
	}
	if err != nil {
		notice, err = setAside(s.path, now, err)
		return s, notice, err
	}
	s.now = file.Settings
	return s, "", nil
}

func (s *settings) get() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *settings) put(next Settings) error {
	if err := next.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := StoreJSON(s.path, keptSettings{Version: settingsVersion, Settings: next}); err != nil {
		return err
	}
	s.now = next
	return nil
}

func (a *App) getSettings(*http.Request) (any, error) { return a.settings.get(), nil }

func (a *App) putSettings(r *http.Request) (any, error) {
	in, err := decode[Settings](r)
	if err != nil {
		return nil, err
	}
	if err := a.settings.put(in); err != nil {
		return nil, err
	}
	a.changes.add(ChangeSettings, "")
	return in, nil
}

// idleCheck is how often the app looks whether its user has gone. It looks at the clock on
// the wall, which goes on while the machine sleeps.
const idleCheck = 20 * time.Second

// activity knows when a key was pressed or the pointer moved last.
type activity struct{ last atomic.Int64 }

// active is told by the page that its user is there.
func (a *App) active(*http.Request) (any, error) {
	a.activity.last.Store(a.cfg.Now().UnixNano())
	return nil, nil
}

// lockWhenIdle locks the vault once its owner has been away for long enough.
func (a *App) lockWhenIdle(ctx context.Context) {
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.lockIfIdle()
		}
	}
}

func (a *App) lockIfIdle() {
	after := time.Duration(a.settings.get().IdleLockMinutes) * time.Minute
	if after == 0 || a.cfg.Now().Sub(time.Unix(0, a.activity.last.Load())) < after || !a.vault.lockable() {
		return
	}
	if err := a.lockNow(); err != nil {
		a.log.Warn("credentials cannot be locked", "error", err)
		return
	}
	a.log.Info("credentials were locked: nobody was there", "minutes", int(after.Minutes()))
}
