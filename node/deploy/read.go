package deploy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

// maxEntries bounds how much of a folder is looked at, ignored files included.
const maxEntries = 10 * MaxFiles

// Found is a package and where it was read from.
type Found struct {
	Source
	dir string // what the names of its files are relative to, as the user gave it
}

// Path returns the path of one of the package's files as the user would type it.
func (f Found) Path(file string) string { return filepath.Join(f.dir, filepath.FromSlash(file)) }

// ReadPackages reads packages from disk, see [FindPackages].
func ReadPackages(paths ...string) ([]Source, error) {
	found, err := FindPackages(paths...)
	var sources []Source
	for _, f := range found {
		sources = append(sources, f.Source)
	}
	return sources, err
}

// FindPackages reads packages from disk. A path is one .ts or .js file, whose
// X.test.ts beside it belongs to the package, or a folder with sources at its
// root or in src. Of a folder everything is read but hidden files, node_modules
// and backups (name~). A symbolic link may lead to a file of the same folder and
// nowhere else. Paths that mean the same package give it once; two packages of
// one name are an error. Names and sizes are checked; the code is not looked at.
// The error joins what is wrong with each path.
func FindPackages(paths ...string) ([]Found, error) {
	var (
		packages []Found
		errs     []error
	)
	seen := map[string]bool{}    // absolute paths of packages
	names := map[string]string{} // package → path as given
	for _, p := range paths {
		abs, err := packagePath(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[abs] {
			continue
		}
		seen[abs] = true
		found, err := readPackage(abs, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, twice := names[found.Name]; twice {
			errs = append(errs, readFault(p, "its name %s is also that of %s; name one of them otherwise in %s", found.Name, other, SettingsFile))
			continue
		}
		names[found.Name] = p
		packages = append(packages, found)
	}
	return packages, errors.Join(errs...)
}

// codeExts are the extensions of code: TypeScript, JavaScript, and both as modules.
func codeExts() []string { return []string{".ts", ".js", ".mts", ".mjs"} }

// IsSource reports whether a file of this name can hold services: TypeScript or
// JavaScript that is neither a test nor only declares types.
func IsSource(name string) bool {
	stem, code := cutExt(path.Base(filepath.ToSlash(name)))
	return code && stem != "" && !strings.HasPrefix(stem, ".") && !strings.HasSuffix(stem, ".test") && !strings.HasSuffix(stem, ".d")
}

// IsTest reports whether a file of this name holds tests.
func IsTest(name string) bool {
	stem, code := cutExt(name)
	return code && strings.HasSuffix(stem, ".test")
}

// cutExt cuts the extension of code off; false when there is none.
func cutExt(name string) (string, bool) {
	for _, ext := range codeExts() {
		if stem, ok := strings.CutSuffix(name, ext); ok {
			return stem, true
		}
	}
	return name, false
}

// packagePath returns the absolute path of the package that p means: a test
// stands for the file that it tests.
func packagePath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", readError(p, err)
	}
	if stem, ok := testStem(abs); ok {
		for _, ext := range codeExts() {
			if isFile(stem + ext) {
				return stem + ext, nil
			}
		}
		return "", readFault(p, "it is a test, and %s is not beside it", filepath.Base(stem)+".ts")
	}
	return abs, nil
}

func testStem(name string) (string, bool) {
	if !IsTest(name) || !isFile(name) {
		return "", false
	}
	stem, _ := cutExt(name)
	return strings.TrimSuffix(stem, ".test"), true
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func readPackage(abs, given string) (Found, error) {
	info, err := os.Stat(abs)
	if err != nil {
		return Found{}, readError(given, err)
	}
	root, shown := abs, given
	if !info.IsDir() {
		if !info.Mode().IsRegular() || !IsSource(abs) {
			return Found{}, readFault(given, "it is neither a .ts or .js file nor a folder with such files")
		}
		root, shown = filepath.Dir(abs), filepath.Dir(given)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return Found{}, readError(given, err)
	}
	defer dir.Close() //nolint:errcheck // nothing was written
	r := reader{root: dir, given: given, shown: shown, files: map[string][]byte{}}
	found := Found{Source{filepath.Base(abs), r.files}, shown}
	if info.IsDir() {
		err = r.folder()
	} else {
		ext := filepath.Ext(abs)
		found.Name = strings.TrimSuffix(found.Name, ext)
		err = r.single(found.Name, ext)
	}
	if err != nil {
		return Found{}, err
	}
	if _, err := found.Check(); err != nil {
		return Found{}, err
	}
	return found, nil
}

// reader collects the files of one package.
type reader struct {
	root    *os.Root
	given   string // path of the package, as the user gave it
	shown   string // path that the names of files are relative to
	files   map[string][]byte
	size    int64
	entries int
}

// single reads a package of one file, and its test.
func (r *reader) single(stem, ext string) error {
	if err := r.file(stem + ext); err != nil {
		return err
	}
	for _, ext := range codeExts() {
		test := stem + ".test" + ext
		if info, err := r.root.Lstat(test); err == nil && info.Mode().IsRegular() {
			return r.file(test)
		}
	}
	return nil
}

func (r *reader) folder() error {
	if err := fs.WalkDir(r.root.FS(), ".", r.visit); err != nil {
		return err
	}
	for name := range r.files {
		if dir := path.Dir(name); IsSource(name) && (dir == "." || dir == "src") {
			return nil
		}
	}
	return readFault(r.given, "it has no .ts or .js file at its root or in src%s", r.inner())
}

// inner says which packages a folder without sources holds, for its message.
func (r *reader) inner() string {
	var dirs []string
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		first, rest, _ := strings.Cut(name, "/")
		if d := path.Dir(rest); IsSource(rest) && (d == "." || d == "src") && !slices.Contains(dirs, first) {
			dirs = append(dirs, first)
		}
	}
	if len(dirs) == 0 {
		return ""
	}
	return fmt.Sprintf(". Each folder in it is a package of its own (%s): name those, for example %s", strings.Join(dirs, ", "), filepath.Join(r.given, "*"))
}

func (r *reader) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return readError(filepath.Join(r.shown, filepath.FromSlash(name)), err)
	}
	if r.entries++; r.entries > maxEntries {
		return readFault(r.given, "it has more than %d files and folders", maxEntries)
	}
	if name == "." {
		return nil
	}
	base := d.Name()
	if strings.HasPrefix(base, ".") || base == "node_modules" || strings.HasSuffix(base, "~") {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		return nil
	}
	return r.file(name)
}

// file reads one file into the package.
func (r *reader) file(name string) error {
	shown := filepath.Join(r.shown, filepath.FromSlash(name))
	// What the name leads to is looked at before it is opened: opening a pipe would wait.
	info, err := r.root.Stat(name)
	if err != nil {
		return readError(shown, err)
	}
	if !info.Mode().IsRegular() {
		return readFault(shown, "it is not a plain file; a package holds files, and links only to files of its own folder")
	}
	if len(r.files) == MaxFiles {
		return readFault(r.given, "it has more than %d files", MaxFiles)
	}
	if r.size += info.Size(); r.size > MaxPackage {
		return readFault(r.given, "its files up to %s have more than %d bytes, the most that a package may have", name, MaxPackage)
	}
	f, err := r.root.Open(name)
	if err != nil {
		return readError(shown, err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, MaxPackage+1))
	if err != nil {
		return readError(shown, err)
	}
	r.files[name] = text
	return nil
}

// readError is a fault of the disk, readFault one of what is on it.
func readError(p string, err error) error {
	kind := odb.Invalid
	if errors.Is(err, fs.ErrNotExist) {
		kind = odb.NotFound
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the path is in the message already
	}
	return odb.Errorf(kind, "read package", p, "%w", err)
}

func readFault(p, format string, args ...any) error {
	return odb.Errorf(odb.Invalid, "read package", p, format, args...)
}
