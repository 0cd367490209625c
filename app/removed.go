package app

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
)

// undoFor is how long a cluster that was taken off the list can come back.
const undoFor = 5 * time.Minute

// Removed says until when a cluster that was taken off the list can come back. Then, or
// when the app ends, its sign-in is ended at the cluster and all that is known of it is
// forgotten.
type Removed struct {
	Until time.Time `json:"until"`
}

// gone is a cluster that was taken off the list and can still come back.
type gone struct {
	c     *conn
	entry entry
	timer *time.Timer
}

// remove takes a cluster off the list.
func (a *App) remove(c *conn) (Removed, error) {
	c.mu.Lock()
	e := entry{ID: c.id, SaveCluster: c.saved}
	c.mu.Unlock()
	if err := a.list.remove(c.id); err != nil {
		return Removed{}, err
	}
	a.mu.Lock()
	delete(a.conns, c.id)
	cancel := c.cancel
	a.mu.Unlock()
	if cancel != nil {
		cancel()
		<-c.done
	}
	c.via().close()
	out := Removed{Until: a.cfg.Now().Add(undoFor).UTC()}
	a.mu.Lock()
	a.removed[c.id] = &gone{c: c, entry: e, timer: time.AfterFunc(undoFor, func() {
		if g := a.takeGone(c.id); g != nil {
			a.forget(context.Background(), g.c)
		}
	})}
	a.mu.Unlock()
	a.changes.forget(c.id)
	a.changes.add(ChangeList, "")
	return out, nil
}

// takeGone takes a removed cluster; only one gets it.
func (a *App) takeGone(id string) *gone {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.removed[id]
	delete(a.removed, id)
	return g
}

// restore brings a removed cluster back, signed in as before.
func (a *App) restore(r *http.Request) (any, error) {
	g := a.takeGone(chi.URLParam(r, "id"))
	if g == nil {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound, "it cannot come back any more: it was removed too long ago, or before the last start; add it anew")
	}
	c, err := a.newConn(g.entry)
	if err == nil {
		err = a.list.put(g.entry)
	}
	if err != nil {
		a.mu.Lock()
		a.removed[g.entry.ID] = g
		a.mu.Unlock()
		return nil, err
	}
	g.timer.Stop()
	a.mu.Lock()
	a.conns[c.id] = c
	if a.ctx != nil {
		a.work(c)
	}
	a.mu.Unlock()
	a.changes.add(ChangeList, c.id)
	return c.show(), nil
}

// forget ends the sign-in to a removed cluster and drops all that is known of it.
func (a *App) forget(ctx context.Context, c *conn) {
	if _, err := c.signOut(ctx, SignOut{}); err != nil {
		a.log.Warn("the sign-in of a removed cluster cannot be forgotten", "error", err)
	}
	c.via().close()
	a.dropState(c.path)
}

func (a *App) dropState(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		a.log.Warn("what was known of a removed cluster cannot be dropped", "error", err)
	}
}

// forgetRemoved forgets at the end of the app what was removed and did not come back.
func (a *App) forgetRemoved() {
	a.mu.Lock()
	left := a.removed
	a.removed = map[string]*gone{}
	a.mu.Unlock()
	var wg sync.WaitGroup
	for _, g := range left {
		g.timer.Stop()
		wg.Go(func() { a.forget(context.Background(), g.c) })
	}
	wg.Wait()
}

// sweep forgets what an app that crashed left of removed clusters.
func (a *App) sweep(ctx context.Context) {
	files, err := filepath.Glob(filepath.Join(a.cfg.Dir, stateDir, "*.json"))
	if err != nil {
		return
	}
	for _, path := range files {
		id := strings.TrimSuffix(filepath.Base(path), ".json")
		a.mu.Lock()
		_, live := a.conns[id]
		_, back := a.removed[id]
		a.mu.Unlock()
		if !isID(id) || live || back {
			continue
		}
		if err := a.vault.store(ctx, id, ""); err != nil {
			a.log.Warn("the credential of a removed cluster cannot be forgotten", "error", err)
			continue
		}
		a.dropState(path)
	}
}
