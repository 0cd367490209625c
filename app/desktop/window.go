package desktop

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	woptions "github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"signalbox.internal/app"
)

// window is the window and what it remembers. It implements app.Shell.
type window struct {
	cfg   Config
	dir   string
	log   *slog.Logger
	begun time.Time
	dark  bool // the system is

	app *app.App // nil in a window that only says why the app cannot start

	dialog sync.Mutex // one dialog at a time

	lost atomic.Bool // the page's process has ended, and the window with it

	mu     sync.Mutex
	ctx    context.Context // of Wails; nil before the window is there
	set    settings
	loaded bool // the page has run
	notify bool // notifications can be shown
}

func newWindow(cfg Config, dir string, log *slog.Logger) *window {
	w := &window{cfg: cfg, dir: dir, log: log.With("component", "desktop"), begun: time.Now()}
	var err error
	if w.set, err = loadSettings(dir); err != nil {
		w.log.Warn("what the window remembers cannot be read; it is as on the first day", "error", err)
	}
	return w
}

// show opens the window and returns when it has been closed, or ctx has ended.
func (w *window) show(ctx context.Context, page http.Handler) error {
	quit := make(chan struct{})
	defer close(quit)
	o := w.options(guard(page, w.log))
	o.OnStartup = func(wctx context.Context) {
		w.started(wctx)
		go func() {
			select {
			case <-ctx.Done():
				runtime.Quit(wctx)
			case <-quit:
			}
		}()
	}
	return wails.Run(o)
}

// options describes the window.
func (w *window) options(page http.Handler) *woptions.App {
	s := w.set
	o := &woptions.App{
		Title: "Signalbox", Width: s.Width, Height: s.Height,
		BackgroundColour:         background(s.Dark || w.dark && s.Language == ""),
		EnableDefaultContextMenu: true, // cut, copy and paste
		AssetServer:              &assetserver.Options{Handler: page},
		Logger:                   wailsLog{w.log},
		OnBeforeClose: func(context.Context) bool {
			w.remember()
			return false
		},
		OnShutdown: func(ctx context.Context) { runtime.CleanupNotifications(ctx) },
		// The page of Windows and macOS reads dropped files itself, as in any browser.
		DragAndDrop: &woptions.DragAndDrop{EnableFileDrop: dropsByGo()},
		Linux:       &linux.Options{Icon: w.cfg.Icon, ProgramName: "signalbox-desktop", WebviewGpuPolicy: gpuPolicy(s.GPU)},
		Windows:     &windows.Options{Theme: windows.SystemDefault, WebviewUserDataPath: filepath.Join(w.dir, "webview"), WebviewGpuIsDisabled: s.GPU == app.GPUNever},
		Mac:         &mac.Options{About: &mac.AboutInfo{Title: "Signalbox " + w.cfg.Version, Icon: w.cfg.Icon}, OnUrlOpen: func(link string) { w.second([]string{link}) }},
	}
	if s.Maximised {
		o.WindowStartState = woptions.Maximised
	}
	if w.app != nil {
		o.Menu = makeMenu(s, w.command)
	}
	return o
}

// dropsByGo says whether dropped files come to Go and not to the page.
func dropsByGo() bool { return goruntime.GOOS == "linux" }

// background is the colour before the page has one.
func background(dark bool) *woptions.RGBA {
	if dark {
		return woptions.NewRGB(24, 26, 28)
	}
	return woptions.NewRGB(250, 250, 250)
}

func gpuPolicy(p app.GPUPolicy) linux.WebviewGpuPolicy {
	switch p {
	case app.GPUAlways:
		return linux.WebviewGpuPolicyAlways
	case app.GPUOnDemand:
		return linux.WebviewGpuPolicyOnDemand
	case app.GPUNever:
	}
	return linux.WebviewGpuPolicyNever
}

// started is called when the window is there.
func (w *window) started(ctx context.Context) {
	if w.app == nil {
		return
	}
	if dropsByGo() {
		runtime.OnFileDrop(ctx, func(_, _ int, paths []string) { w.safely("drop", func() { w.app.Drop(paths) }) })
	}
	err := runtime.InitializeNotifications(ctx)
	if err != nil {
		w.log.Info("the system shows no notifications", "error", err)
	} else {
		runtime.OnNotificationResponse(ctx, func(r runtime.NotificationResult) { w.safely("notification", func() { w.clicked(r) }) })
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ctx, w.notify = ctx, err == nil
	w.log.Info("the window is open", "after_ms", time.Since(w.begun).Milliseconds())
}

// safely keeps a panic in a callback of Wails from ending the program.
func (w *window) safely(where string, do func()) { w.app.Contain(where, do) }

// here returns the context of Wails, or why there is none.
func (w *window) here() (context.Context, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil {
		return nil, errors.New("the window is not open yet")
	}
	return w.ctx, nil
}

// command does what was chosen from the menu.
func (w *window) command(id string) {
	w.safely("menu", func() {
		ctx, err := w.here()
		if err != nil {
			return
		}
		switch id {
		case commandQuit:
			runtime.Quit(ctx)
		case commandFull:
			if runtime.WindowIsFullscreen(ctx) {
				runtime.WindowUnfullscreen(ctx)
			} else {
				runtime.WindowFullscreen(ctx)
			}
		default:
			w.app.Command(id)
		}
	})
}

// second takes what a second start was given and comes to the front.
func (w *window) second(given []string) {
	w.safely("second start", func() {
		w.take(given)
		w.front()
	})
}

// front brings the window before all others.
func (w *window) front() {
	ctx, err := w.here()
	if err != nil {
		return
	}
	runtime.WindowUnminimise(ctx)
	runtime.WindowShow(ctx)
}

// remember keeps the size of the window.
func (w *window) remember() {
	ctx, err := w.here()
	if err != nil || runtime.WindowIsFullscreen(ctx) || runtime.WindowIsMinimised(ctx) {
		return
	}
	maximised := runtime.WindowIsMaximised(ctx)
	width, height := runtime.WindowGetSize(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set.sized(width, height, maximised) {
		w.keep()
	}
}

// keep writes what the window remembers; the caller holds w.mu.
func (w *window) keep() {
	if err := w.store(); err != nil {
		w.log.Warn("what the window remembers cannot be kept", "error", err)
	}
}

func (w *window) store() error { return app.StoreJSON(filepath.Join(w.dir, settingsFile), w.set) }
