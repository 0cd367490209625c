package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"signalbox.internal/node/sdk/typescript"
)

// languageSettings are those of a new package.
const languageSettings = `{"compilerOptions":{"target":"ES2023","lib":["ES2023"],"module":"ESNext","moduleResolution":"Bundler",` +
	`"types":[],"strict":true,"noEmit":true,"allowImportingTsExtensions":true,"resolveJsonModule":true},"exclude":["node_modules"]}`

// workspace is the folder of a language server: the package as it is being written, with
// the sources of @signalbox/sdk beside it.
type workspace struct {
	dir     string
	pkg     string
	texts   map[string]string // as the server knows them
	version map[string]int    // of those that are open
}

func newWorkspace() (*workspace, error) {
	dir, err := os.MkdirTemp("", "signalbox-language-") // mode 0700
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // the server names files by their true paths
		return nil, err
	}
	w := &workspace{dir: dir, texts: map[string]string{}, version: map[string]int{}}
	err = errors.Join(w.put("tsconfig.json", languageSettings), w.putSDK())
	if err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

func (w *workspace) remove() error { return os.RemoveAll(w.dir) }

func (w *workspace) putSDK() error {
	return fs.WalkDir(typescript.Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(typescript.Files(), name)
		if err != nil {
			return err
		}
		return w.put("node_modules/@signalbox/sdk/"+name, string(text))
	})
}

func (w *workspace) put(name, text string) error {
	to := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, []byte(text), 0o600)
}

// uri is the address of a file of the package.
func (w *workspace) uri(name string) string {
	slashed := filepath.ToSlash(filepath.Join(w.dir, filepath.FromSlash(name)))
	if !strings.HasPrefix(slashed, "/") { // a drive of Windows
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}

func isScript(name string) bool {
	return slices.Contains([]string{".ts", ".mts", ".js", ".mjs"}, path.Ext(name))
}

func ours(name string) bool {
	return name != "tsconfig.json" && !strings.HasPrefix(name, "node_modules/")
}

// sync brings the server's view of the package up to date.
func (p *languageProc) sync(q LanguageAsk) error {
	w := p.work
	if w.pkg != q.Package {
		for _, name := range slices.Collect(maps.Keys(w.texts)) {
			if err := p.drop(name); err != nil {
				return err
			}
		}
		w.pkg = q.Package
	}
	for name := range w.texts {
		if _, there := q.Files[name]; !there {
			if err := p.drop(name); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(q.Files)) {
		text := q.Files[name]
		if known, there := w.texts[name]; !ours(name) || there && known == text {
			continue
		}
		if err := p.show(name, text); err != nil {
			return err
		}
	}
	return nil
}

// show tells the server of a file's text.
func (p *languageProc) show(name, text string) error {
	w := p.work
	_, known := w.texts[name]
	if err := w.put(name, text); err != nil {
		return err
	}
	w.texts[name] = text
	if !isScript(name) {
		return p.changed(name, known)
	}
	if w.version[name]++; w.version[name] == 1 {
		if err := p.changed(name, known); err != nil {
			return err
		}
		kind := "typescript"
		if strings.HasSuffix(name, "js") {
			kind = "javascript"
		}
		return p.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": w.uri(name), "languageId": kind, "version": 1, "text": text}})
	}
	return p.tell("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": w.uri(name), "version": w.version[name]}, "contentChanges": []map[string]string{{"text": text}},
	})
}

func (p *languageProc) drop(name string) error {
	w := p.work
	delete(w.texts, name)
	if err := os.Remove(filepath.Join(w.dir, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if w.version[name] > 0 {
		delete(w.version, name)
		if err := p.tell("textDocument/didClose", map[string]any{"textDocument": map[string]string{"uri": w.uri(name)}}); err != nil {
			return err
		}
	}
	return p.watched(name, 3)
}

// changed tells of a file on the disk: 1 is made, 2 changed, 3 deleted.
func (p *languageProc) changed(name string, known bool) error {
	if known {
		return p.watched(name, 2)
	}
	return p.watched(name, 1)
}

func (p *languageProc) watched(name string, kind int) error {
	return p.tell("workspace/didChangeWatchedFiles", map[string]any{"changes": []map[string]any{{"uri": p.work.uri(name), "type": kind}}})
}

// lspPlace and those below are what the protocol has in its answers.
type lspPlace struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type lspDiagnostics struct {
	Items []struct {
		Range struct {
			Start lspPlace `json:"start"`
			End   lspPlace `json:"end"`
		} `json:"range"`
		Severity int    `json:"severity"`
		Message  string `json:"message"`
	} `json:"items"`
}

type lspCompletion struct {
	Label  string `json:"label"`
	Kind   int    `json:"kind"`
	Detail string `json:"detail"`
	Sort   string `json:"sortText"`
}

type lspCompletions struct {
	Items []lspCompletion `json:"items"`
}

type lspHover struct {
	Contents struct {
		Value string `json:"value"`
	} `json:"contents"`
}

// answer asks the server.
func (p *languageProc) answer(ctx context.Context, q LanguageAsk) (LanguageAnswer, error) {
	var out LanguageAnswer
	if err := p.sync(q); err != nil {
		return out, err
	}
	at := map[string]any{"textDocument": map[string]string{"uri": p.work.uri(q.Path)}, "position": lspPlace{q.Line, q.Character}}
	switch q.Ask {
	case "diagnostics":
		return p.diagnose(ctx)
	case "hover":
		var hover *lspHover
		if err := p.call(ctx, "textDocument/hover", at, &hover); err != nil || hover == nil {
			return out, err
		}
		out.Hover = hover.Contents.Value
		return out, nil
	}
	var found *lspCompletions
	if err := p.call(ctx, "textDocument/completion", at, &found); err != nil || found == nil {
		return out, err
	}
	slices.SortStableFunc(found.Items, func(a, b lspCompletion) int {
		return cmp.Compare(cmp.Or(a.Sort, a.Label), cmp.Or(b.Sort, b.Label))
	})
	for _, one := range found.Items[:min(len(found.Items), maxAnswers)] {
		out.Completions = append(out.Completions, LanguageCompletion(one))
	}
	return out, nil
}

// diagnose collects what is wrong in every script of the package. Hints are left out.
func (p *languageProc) diagnose(ctx context.Context) (LanguageAnswer, error) {
	var out LanguageAnswer
	for _, name := range slices.Sorted(maps.Keys(p.work.version)) {
		var said lspDiagnostics
		if err := p.call(ctx, "textDocument/diagnostic", map[string]any{"textDocument": map[string]string{"uri": p.work.uri(name)}}, &said); err != nil {
			return out, fmt.Errorf("%s: %w", name, err)
		}
		for _, one := range said.Items {
			if one.Severity > 2 || len(out.Diagnostics) >= maxAnswers {
				continue
			}
			severity := "error"
			if one.Severity == 2 {
				severity = "warning"
			}
			out.Diagnostics = append(out.Diagnostics, LanguageDiagnostic{
				Path: name, Line: one.Range.Start.Line, Character: one.Range.Start.Character,
				EndLine: one.Range.End.Line, EndCharacter: one.Range.End.Character, Severity: severity, Message: one.Message,
			})
		}
	}
	return out, nil
}
