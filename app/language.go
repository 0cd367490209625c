package app

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
)

// Bounds of the compiler's language server.
const (
	languageTime  = 20 * time.Second // of one question; the first one starts the program
	languageIdle  = 10 * time.Minute // without a question: the program is ended
	languagePause = 5 * time.Minute  // after it could not be started, or ended by itself
	maxLanguage   = 1000             // files of a package
	maxAnswers    = 300              // of what completes, and of faults
)

// LanguageInfo says whether this machine has a compiler whose language server helps
// to write services.
type LanguageInfo struct {
	Available bool   `json:"available"`
	Program   string `json:"program,omitempty"`
	Version   string `json:"version,omitempty"`
}

// LanguageAsk is a question about a package as it is being written.
type LanguageAsk struct {
	Package string            `json:"package" jsonschema:"which one, of this page: another one begins anew"`
	Files   map[string]string `json:"files" jsonschema:"texts by path within the package"`
	Ask     string            `json:"ask" jsonschema:"diagnostics, completion or hover"`
	Path    string            `json:"path,omitempty" jsonschema:"of completion and hover: the file"`
	// Line and Character are of completion and hover.
	Line      int `json:"line,omitempty" jsonschema:"from 0"`
	Character int `json:"character,omitempty" jsonschema:"from 0, in UTF-16 units"`
}

// LanguageAnswer is what the language server says; of what was asked only.
type LanguageAnswer struct {
	Diagnostics []LanguageDiagnostic `json:"diagnostics,omitempty"`
	Completions []LanguageCompletion `json:"completions,omitempty"`
	Hover       string               `json:"hover,omitempty"`
}

// LanguageDiagnostic is a fault in a file. Places count from 0, in UTF-16 units.
type LanguageDiagnostic struct {
	Path         string `json:"path"`
	Line         int    `json:"line"`
	Character    int    `json:"character"`
	EndLine      int    `json:"end_line"`
	EndCharacter int    `json:"end_character"`
	Severity     string `json:"severity" jsonschema:"error or warning"`
	Message      string `json:"message"`
}

// LanguageCompletion is something that fits at a place.
type LanguageCompletion struct {
	Label  string `json:"label"`
	Kind   int    `json:"kind" jsonschema:"as the Language Server Protocol counts them"`
	Detail string `json:"detail,omitempty"`
	Sort   string `json:"sort,omitempty" jsonschema:"orders them; the label when absent"`
}

// language owns the one language server of the app: it is found on the PATH, started by
// the first question and ended when nobody asks any more.
type language struct {
	find func(ctx context.Context) (LanguageInfo, []string) // the program and its arguments
	now  func() time.Time
	// environ tells the program's environment.
	environ func() []string

	mu     sync.Mutex // one question at a time
	info   *LanguageInfo
	args   []string
	proc   *languageProc
	timer  *time.Timer
	paused time.Time
	closed bool
}

func newLanguage(now func() time.Time, environ func() []string) *language {
	return &language{find: findCompiler, now: now, environ: environ}
}

// look finds the program, once.
func (l *language) look(ctx context.Context) LanguageInfo {
	if l.info == nil {
		info, args := l.find(ctx)
		l.info, l.args = &info, args
	}
	return *l.info
}

// ask answers a question; the program is started when it does not run.
func (l *language) ask(ctx context.Context, q LanguageAsk) (LanguageAnswer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.look(ctx).Available || l.closed {
		return LanguageAnswer{}, refuse(http.StatusNotFound, client.CodeNotFound, "this machine has no compiler whose language server could be asked: TypeScript 7 or later as tsc on the PATH")
	}
	if now := l.now(); now.Before(l.paused) {
		return LanguageAnswer{}, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the language server failed and is not tried again before %s", l.paused.Format(time.TimeOnly))
	}
	if l.proc == nil {
		proc, err := startLanguage(ctx, l.args, l.environ())
		if err != nil {
			l.paused = l.now().Add(languagePause)
			return LanguageAnswer{}, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the language server cannot be started: %v", err)
		}
		l.proc = proc
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(languageIdle, l.rest)
	answer, err := l.proc.answer(ctx, q)
	if err != nil {
		ended := l.proc.ended()
		l.stop()
		if ended {
			l.paused = l.now().Add(languagePause)
		}
		return LanguageAnswer{}, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the language server does not answer: %v", err)
	}
	return answer, nil
}

// rest ends the program until the next question.
func (l *language) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop()
}

func (l *language) stop() {
	if l.proc != nil {
		l.proc.close()
		l.proc = nil
	}
}

// close ends the program for good.
func (l *language) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.stop()
}

// getLanguage tells whether there is a language server.
func (a *App) getLanguage(r *http.Request) (any, error) {
	if a.cfg.Mode == ModeNode {
		return LanguageInfo{}, nil
	}
	a.language.mu.Lock()
	defer a.language.mu.Unlock()
	return a.language.look(r.Context()), nil
}

// postLanguage asks it.
func (a *App) postLanguage(r *http.Request) (any, error) {
	if a.cfg.Mode == ModeNode {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound, "a node runs no compiler for a page")
	}
	q, err := decode[LanguageAsk](r)
	if err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), languageTime)
	defer cancel()
	return a.language.ask(ctx, q)
}

// check keeps every path inside of the package.
func (q LanguageAsk) check() error {
	bad := func(format string, args ...any) error {
		return refuse(http.StatusUnprocessableEntity, client.CodeInvalid, format, args...)
	}
	if len(q.Files) == 0 || len(q.Files) > maxLanguage {
		return bad("there are %d files; 1 to %d are needed", len(q.Files), maxLanguage)
	}
	for name := range q.Files {
		if name != path.Clean(name) || path.IsAbs(name) || name == "." || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsAny(name, "\\:\x00") || len(name) > 200 {
			return bad("the path %.50q is not a plain relative one", name)
		}
	}
	switch q.Ask {
	case "diagnostics":
		return nil
	case "completion", "hover":
		if _, there := q.Files[q.Path]; !there || q.Line < 0 || q.Character < 0 {
			return bad("the place asked about is in none of the files")
		}
		return nil
	}
	return bad("ask is %.30q; diagnostics, completion and hover are possible", q.Ask)
}
