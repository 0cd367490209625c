package desktop

import (
	"context"
	"fmt"
	"maps"
	goruntime "runtime"
	"strings"
	"time"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"signalbox.internal/app"
)

// Info says what the window can do.
func (w *window) Info() app.ShellInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	return app.ShellInfo{Dialogs: true, Drop: dropsByGo(), Notifications: w.notify, GPU: goruntime.GOOS != "darwin"}
}

// oneDialog keeps two dialogs from standing one above the other, which Wails would mix.
func (w *window) oneDialog() (context.Context, func(), error) {
	ctx, err := w.here()
	if err != nil {
		return nil, nil, err
	}
	if !w.dialog.TryLock() {
		return nil, nil, app.DialogOpen()
	}
	return ctx, w.dialog.Unlock, nil
}

// PickFiles asks for files to open by the system's dialog.
func (w *window) PickFiles(_ context.Context, p app.PickFiles) ([]string, error) {
	ctx, done, err := w.oneDialog()
	if err != nil {
		return nil, err
	}
	defer done()
	o := runtime.OpenDialogOptions{Title: p.Title, Filters: filters(p.Accept)}
	switch {
	case p.Folder:
		o.Filters = nil
		return some(runtime.OpenDirectoryDialog(ctx, o))
	case p.Multiple:
		return runtime.OpenMultipleFilesDialog(ctx, o)
	}
	return some(runtime.OpenFileDialog(ctx, o))
}

func some(path string, err error) ([]string, error) {
	if path == "" || err != nil {
		return nil, err
	}
	return []string{path}, nil
}

func filters(accept []string) []runtime.FileFilter {
	if len(accept) == 0 {
		return nil
	}
	var patterns []string
	for _, ending := range accept {
		patterns = append(patterns, "*"+ending)
	}
	return []runtime.FileFilter{
		{DisplayName: strings.Join(patterns, " "), Pattern: strings.Join(patterns, ";")},
		{DisplayName: "*", Pattern: "*"},
	}
}

// PickTarget asks where to save by the system's dialog, which asks before it replaces.
func (w *window) PickTarget(_ context.Context, s app.SaveFile) (string, error) {
	ctx, done, err := w.oneDialog()
	if err != nil {
		return "", err
	}
	defer done()
	return runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: s.Title, DefaultFilename: s.Name, CanCreateDirectories: true})
}

// Browse opens an address in the system's browser.
func (w *window) Browse(url string) error {
	ctx, err := w.here()
	if err != nil {
		return err
	}
	runtime.BrowserOpenURL(ctx, url)
	return nil
}

// Copy puts a text on the clipboard.
func (w *window) Copy(text string) error {
	ctx, err := w.here()
	if err != nil {
		return err
	}
	return runtime.ClipboardSetText(ctx, text)
}

// Settings returns what the user has set.
func (w *window) Settings() app.WindowSettings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return app.WindowSettings{Notifications: w.set.Notifications, GPU: w.set.GPU}
}

// SetSettings keeps what the user has set.
func (w *window) SetSettings(s app.WindowSettings) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set.Notifications, w.set.GPU = s.Notifications, s.GPU
	return w.store()
}

// SetPage keeps language and colours of the page. The menu follows at once where the
// system can do that, elsewhere at the next start.
func (w *window) SetPage(p app.ShellPage) error {
	texts := map[string]string{}
	for key := range english() {
		if t := p.Texts[key]; t != "" {
			texts[key] = t
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set.Language == p.Language && w.set.Dark == p.Dark && maps.Equal(w.set.Texts, texts) {
		return nil
	}
	w.set.Language, w.set.Dark, w.set.Texts = p.Language, p.Dark, texts
	if w.ctx != nil && goruntime.GOOS != "linux" {
		runtime.MenuSetApplicationMenu(w.ctx, makeMenu(w.set, w.command))
		runtime.MenuUpdateApplicationMenu(w.ctx)
	}
	return w.store()
}

// Resized keeps the new size, also of a window that nobody closes well.
func (w *window) Resized() { w.remember() }

// Loaded says in the log that the page runs.
func (w *window) Loaded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.loaded {
		w.loaded = true
		w.log.Info("the page runs", "after_ms", time.Since(w.begun).Milliseconds())
	}
}

// Alert shows a notification, unless the user wants none.
func (w *window) Alert(a app.Alert) {
	w.mu.Lock()
	ctx, wanted, s := w.ctx, w.notify && w.set.Notifications, w.set
	w.mu.Unlock()
	if ctx == nil || !wanted {
		return
	}
	for _, one := range []struct {
		one, many string
		clusters  []app.Cluster
	}{{"window.down", "window.downMany", a.Down}, {"window.back1", "window.backMany", a.Back}} {
		if len(one.clusters) == 0 {
			continue
		}
		title, body := s.message(one.one, one.many, one.clusters)
		err := runtime.SendNotification(ctx, runtime.NotificationOptions{
			ID: fmt.Sprintf("health-%d", time.Now().UnixNano()), Title: title, Body: body,
			Data: map[string]any{"cluster": one.clusters[0].ID},
		})
		if err != nil {
			w.log.Warn("a notification cannot be shown", "error", err)
		}
	}
}

// clicked goes to the cluster whose notification was clicked.
func (w *window) clicked(r runtime.NotificationResult) {
	if r.Error != nil {
		return
	}
	if id, ok := r.Response.UserInfo["cluster"].(string); ok {
		w.app.ShowCluster(id)
	}
	w.front()
}
