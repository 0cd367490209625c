package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
)

// The bounds of what a user picks or drops at once.
const (
	maxPickedFile  = 16 << 20
	maxPickedTotal = 64 << 20
	maxPicked      = 2000
	maxSkipped     = 200
	maxEntries     = 20_000 // of folders that are walked, with what is left out
	pickedFor      = time.Hour
)

// shellFiles knows the files that the user has picked or dropped. The page names them by
// an id that cannot be guessed: it reads what the user gave it and nothing else.
type shellFiles struct {
	now func() time.Time

	mu   sync.Mutex
	held map[string]heldFile
}

type heldFile struct {
	dir   string // the folder that was given; empty of a file that was given itself
	path  string // below dir, or the whole path
	until time.Time
}

func newShellFiles(now func() time.Time) *shellFiles {
	return &shellFiles{now: now, held: map[string]heldFile{}}
}

// add holds files, and of folders what is in them.
func (s *shellFiles) add(paths []string) Picked {
	w := walk{files: s, until: s.now().Add(pickedFor), out: Picked{Items: []PickedFile{}}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.held {
		if s.now().After(f.until) {
			delete(s.held, id)
		}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			w.skip(filepath.Base(p), "it cannot be read")
		case info.IsDir():
			w.folder(p, len(paths) == 1)
		default:
			w.add("", p, filepath.Base(p), info)
		}
	}
	return w.out
}

// walk collects what was given.
type walk struct {
	files   *shellFiles
	until   time.Time
	out     Picked
	total   int64
	entries int
}

// skip tells of a file that is left out; of very many only that there are more.
func (w *walk) skip(name, why string) {
	switch n := len(w.out.Skipped); {
	case n < maxSkipped:
		w.out.Skipped = append(w.out.Skipped, SkippedFile{Path: name, Why: why})
	case n == maxSkipped:
		w.out.Skipped = append(w.out.Skipped, SkippedFile{Path: "…", Why: "more than these were left out"})
	}
}

// folder adds what is in a folder but hidden files, node_modules, backups and links.
func (w *walk) folder(dir string, only bool) {
	base := filepath.Base(dir)
	if only {
		w.out.Root = base
	}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, p)
		if err != nil || relErr != nil {
			w.skip(path.Join(base, filepath.ToSlash(rel)), "it cannot be read")
			return nil
		}
		if rel == "." {
			return nil
		}
		if w.entries++; w.entries > maxEntries {
			return errTooMany
		}
		if name := d.Name(); strings.HasPrefix(name, ".") || name == "node_modules" || strings.HasSuffix(name, "~") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		shown := path.Join(base, filepath.ToSlash(rel))
		info, err := d.Info()
		if err != nil {
			w.skip(shown, "it cannot be read")
			return nil
		}
		w.add(dir, rel, shown, info)
		return nil
	})
	if err != nil {
		w.skip(base, "it has too many files; the rest was left out")
	}
}

var errTooMany = errors.New("too many files")

// add holds one file.
func (w *walk) add(dir, p, shown string, info fs.FileInfo) {
	switch {
	case !info.Mode().IsRegular():
		w.skip(shown, "it is no plain file")
	case info.Size() > maxPickedFile:
		w.skip(shown, fmt.Sprintf("it is larger than %d MiB", maxPickedFile>>20))
	case len(w.out.Items) >= maxPicked:
		w.skip(shown, fmt.Sprintf("these are more than %d files", maxPicked))
	case w.total+info.Size() > maxPickedTotal:
		w.skip(shown, fmt.Sprintf("these are more than %d MiB", maxPickedTotal>>20))
	default:
		w.total += info.Size()
		id := newID()
		w.files.held[id] = heldFile{dir: dir, path: p, until: w.until}
		w.out.Items = append(w.out.Items, PickedFile{ID: id, Name: filepath.Base(p), Path: shown, Size: info.Size()})
	}
}

// open opens a held file. One of a folder is opened inside it, wherever links lead now.
func (s *shellFiles) open(id string) (*os.File, error) {
	s.mu.Lock()
	f, ok := s.held[id]
	s.mu.Unlock()
	if !ok || s.now().After(f.until) {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound, "this file was not picked, or too long ago: pick it again")
	}
	if f.dir != "" {
		return os.OpenInRoot(f.dir, f.path)
	}
	return os.Open(f.path)
}

func (s *shell) open(r *http.Request) (any, error) {
	in, err := decode[PickFiles](r)
	if err != nil {
		return nil, err
	}
	in.Title = printable(in.Title, maxName)
	var f faults
	for _, ending := range in.Accept {
		if !isEnding(ending) {
			f.add("/accept", "an ending looks like .yaml")
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	paths, err := s.PickFiles(r.Context(), in)
	if err != nil {
		return nil, err
	}
	return s.files.add(paths), nil
}

// isEnding says whether s is the ending of a name, such as .yaml.
func isEnding(s string) bool {
	rest, ok := strings.CutPrefix(s, ".")
	return ok && rest != "" && len(rest) < 20 && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") == ""
}

// file answers with the content of a file that the user gave.
func (s *shell) file(w http.ResponseWriter, r *http.Request) {
	f, err := s.files.open(chi.URLParam(r, "id"))
	if err == nil {
		defer func() { _ = f.Close() }()
		err = sendFile(w, f)
	}
	if err != nil {
		p := problemOf(err)
		if p.Code == client.CodeInternal {
			p = refuse(http.StatusGone, client.CodeNotFound, "the file cannot be read any more")
		}
		writeProblem(w, p)
	}
}

func sendFile(w http.ResponseWriter, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return refuse(http.StatusGone, client.CodeNotFound, "%s is no plain file any more", filepath.Base(f.Name()))
	}
	content, err := io.ReadAll(io.LimitReader(f, maxPickedFile+1)) // it may grow meanwhile
	if err != nil {
		return err
	}
	if len(content) > maxPickedFile {
		return refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "%s has become larger than %d MiB", filepath.Base(f.Name()), maxPickedFile>>20)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content)
	return nil
}
