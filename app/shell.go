package app

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
)

// Shell is the window around the page. Its methods may be called from any goroutine;
// those that ask the user return when he has answered.
type Shell interface {
	// Info says what the window can do.
	Info() ShellInfo
	// PickFiles returns the paths of files or of one folder; none when the user cancels.
	PickFiles(ctx context.Context, p PickFiles) ([]string, error)
	// PickTarget returns the path to save at; empty when the user cancels.
	PickTarget(ctx context.Context, s SaveFile) (string, error)
	// Browse opens an address in the system's browser.
	Browse(url string) error
	// Copy puts a text on the clipboard.
	Copy(text string) error
	// Settings returns what the user has set; SetSettings keeps it.
	Settings() WindowSettings
	SetSettings(s WindowSettings) error
	// SetPage tells how the page is.
	SetPage(p ShellPage) error
	// Alert tells the user that clusters went down or came back.
	Alert(a Alert)
	// Resized tells that the page has another size.
	Resized()
	// Loaded tells that the page runs.
	Loaded()
}

const (
	maxInbox = 64
	maxTexts = 200
	maxText  = 200
)

// shell answers below /api/shell, which only a window has.
type shell struct {
	Shell
	app   *App
	files *shellFiles
	saves *shellSaves

	mu    sync.Mutex
	inbox []ShellEvent
}

func newShell(a *App, s Shell) *shell {
	return &shell{Shell: s, app: a, files: newShellFiles(a.cfg.Now), saves: newShellSaves(a.cfg.Now)}
}

// routes adds what only a window has.
func (s *shell) routes(r chi.Router) {
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	for _, rt := range []struct {
		method, path string
		handle       answer
	}{
		{post, "/api/shell/take", s.take},
		{post, "/api/shell/open", s.open},
		{post, "/api/shell/save", s.save},
		{put, "/api/shell/saves/{id}", s.write},
		{post, "/api/shell/saves/{id}", s.finish},
		{del, "/api/shell/saves/{id}", s.drop},
		{post, "/api/shell/download", s.download},
		{get, "/api/shell/settings", s.getSettings},
		{put, "/api/shell/settings", s.putSettings},
		{put, "/api/shell/page", s.putPage},
		{post, "/api/shell/browse", s.browse},
		{post, "/api/shell/copy", s.copy},
		{post, "/api/shell/resized", s.resized},
		{post, "/api/shell/fault", s.fault},
	} {
		r.Method(rt.method, rt.path, s.app.handle(rt.handle))
	}
	r.Get("/api/shell/files/{id}", s.file)
}

// tell puts an event into the inbox of the page, which takes it when it runs. Of very
// many that nobody takes, the oldest go.
func (s *shell) tell(e ShellEvent) {
	s.mu.Lock()
	s.inbox = append(s.inbox, e)
	if over := len(s.inbox) - maxInbox; over > 0 {
		s.inbox = s.inbox[over:]
		s.app.log.Warn("the page does not take what the window tells it; the oldest is lost")
	}
	s.mu.Unlock()
	s.app.changes.add(ChangeShell, "")
}

func (s *shell) take(*http.Request) (any, error) {
	s.Loaded()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := client.List[ShellEvent]{Items: append([]ShellEvent{}, s.inbox...)}
	s.inbox = nil
	for _, e := range out.Items {
		s.app.log.Debug("the page was told", "type", e.Type, "command", e.Command)
	}
	return out, nil
}

func (s *shell) getSettings(*http.Request) (any, error) { return s.Settings(), nil }

func (s *shell) putSettings(r *http.Request) (any, error) {
	in, err := decode[WindowSettings](r)
	if err != nil {
		return nil, err
	}
	switch in.GPU {
	case GPUNever, GPUOnDemand, GPUAlways:
	default:
		var f faults
		f.add("/gpu", "it is never, on-demand or always")
		return nil, f.err()
	}
	return in, s.SetSettings(in)
}

func (s *shell) putPage(r *http.Request) (any, error) {
	in, err := decode[ShellPage](r)
	if err != nil {
		return nil, err
	}
	var f faults
	if len(in.Texts) > maxTexts || in.Language != printable(in.Language, maxWord) {
		f.add("/texts", "at most %d texts in a language with a short name", maxTexts)
	}
	for key, text := range in.Texts {
		if text != printable(text, maxText) || key != printable(key, maxWord) || !utf8.ValidString(key) {
			f.add("/texts/"+printable(key, maxWord), "at most %d characters, all of them printable", maxText)
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return nil, s.SetPage(in)
}

func (s *shell) browse(r *http.Request) (any, error) {
	in, err := decode[Browse](r)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		var f faults
		f.add("/url", "only addresses that begin with https:// or http:// are opened")
		return nil, f.err()
	}
	return nil, s.Browse(u.String())
}

func (s *shell) copy(r *http.Request) (any, error) {
	in, err := decode[CopyText](r)
	if err != nil {
		return nil, err
	}
	return nil, s.Copy(in.Text)
}

func (s *shell) resized(*http.Request) (any, error) {
	s.Resized()
	return nil, nil //nolint:nilnil // 204
}

func (s *shell) fault(r *http.Request) (any, error) {
	in, err := decode[PageFault](r)
	if err != nil {
		return nil, err
	}
	s.app.reports.page(in)
	return nil, nil //nolint:nilnil // 204
}

// DialogOpen is what a window answers that has a dialog open already.
func DialogOpen() error {
	return refuse(http.StatusConflict, client.CodeUnavailable, "a dialog for files is open already")
}

// Command tells the page that an item of the menu was chosen.
func (a *App) Command(id string) { a.tell(ShellEvent{Type: ShellCommand, Command: id}) }

// OpenLink tells the page that a link was opened: a stranger's text, which the page has
// parsed before anything is done with it.
func (a *App) OpenLink(link string) {
	if len(link) <= maxPaste && utf8.ValidString(link) {
		a.tell(ShellEvent{Type: ShellLink, Link: link})
	}
}

// ShowCluster tells the page that the notification of a cluster was clicked.
func (a *App) ShowCluster(id string) { a.tell(ShellEvent{Type: ShellCluster, Cluster: id}) }

// Drop tells the page that files and folders were dropped on the window. An empty path
// stands for something else, such as a link.
func (a *App) Drop(paths []string) {
	paths = slices.DeleteFunc(paths, func(p string) bool { return p == "" })
	if a.shell != nil && len(paths) > 0 {
		picked := a.shell.files.add(paths)
		a.tell(ShellEvent{Type: ShellDrop, Dropped: &picked})
	}
}

func (a *App) tell(e ShellEvent) {
	if a.shell != nil {
		a.shell.tell(e)
	}
}
