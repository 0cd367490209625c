package app

import (
	"context"
	"time"
)

// A cluster is told of when it has been away, or back, for this long: what is mended by
// then was a hiccup.
const (
	downFor = 10 * time.Second
	backFor = 3 * time.Second
)

// Alert says which clusters have gone down or come back together.
type Alert struct {
	Down, Back []Cluster
}

// alerts finds what is worth an alert.
type alerts struct {
	wasUp map[string]bool // seen up since the start, or since it was told to be down
	told  map[string]bool // told to be down
}

func newAlerts() *alerts { return &alerts{wasUp: map[string]bool{}, told: map[string]bool{}} }

// look compares clusters with what they were. It returns when to look again at the
// latest; 0: when something changes.
func (a *alerts) look(clusters []Cluster, now time.Time) (Alert, time.Duration) {
	var out Alert
	var next time.Duration
	due := func(c Cluster, after time.Duration) bool {
		left := after - now.Sub(c.Since)
		if left > 0 && (next == 0 || left < next) {
			next = left
		}
		return left <= 0
	}
	known := map[string]bool{}
	for _, c := range clusters {
		known[c.ID] = true
		switch {
		case c.State == StateUp && !a.told[c.ID]:
			a.wasUp[c.ID] = true
		case c.State == StateUp && due(c, backFor):
			delete(a.told, c.ID)
			a.wasUp[c.ID] = true
			out.Back = append(out.Back, c)
		case c.State == StateDown && a.wasUp[c.ID] && due(c, downFor):
			delete(a.wasUp, c.ID)
			a.told[c.ID] = true
			out.Down = append(out.Down, c)
		}
	}
	for id := range a.wasUp {
		if !known[id] {
			delete(a.wasUp, id)
		}
	}
	for id := range a.told {
		if !known[id] {
			delete(a.told, id)
		}
	}
	return out, next
}

// watch tells the window of alerts until ctx ends.
func (a *App) watch(ctx context.Context) {
	al, cursor := newAlerts(), ""
	for ctx.Err() == nil {
		alert, next := al.look(a.clusters(), a.cfg.Now())
		if len(alert.Down)+len(alert.Back) > 0 {
			a.shell.Alert(alert)
		}
		wait, cancel := ctx, context.CancelFunc(func() {})
		if next > 0 {
			wait, cancel = context.WithTimeout(ctx, next)
		}
		cursor = a.changes.after(wait, cursor).Cursor
		cancel()
	}
}
