package zato

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"signalbox.internal/odb"
)

// What an input may hold.
const (
	maxFiles   = 1000
	maxText    = 64 << 20 // bytes, of all files together
	maxObjects = 100_000
	maxDepth   = 20 // of includes
)

// Opener reads a file that another one includes. main is the file that the user
// named, name the included one with slashes, absolute or as main's name is. It
// decides which files may be read; its error should say why one may not. An error
// of kind [odb.NotFound] makes the reader look beside main as well.
type Opener func(main, name string) ([]byte, error)

// Input is what was read of one or more files.
type Input struct {
	objects []*object
	files   int
	bytes   int
	notes   []string
}

// object is one object of a file. Its attributes may hold secrets in clear.
type object struct {
	section string // the top-level key that it stands under
	typ     *objectType
	name    string // as in the file; empty when there is none
	file    string
	line    int // of its first line; 0 is not known
	attrs   map[string]any
	sub     string // of a security definition: its type
}

// Read adds a file to the input, with the files that it includes. An error names
// the file and the line, or the object; nothing of the input may be used then.
func (in *Input) Read(name string, text []byte, open Opener) error {
	r := reader{in: in, main: name, open: open, seen: map[string]bool{path.Clean(name): true}}
	return r.file(name, text, "", 0)
}

// reader reads one file of the user's and what it includes.
type reader struct {
	in   *Input
	main string
	open Opener
	seen map[string]bool
}

var (
	// placeholder is how 3.x writes a variable inside of a text, outside of YAML.
	placeholder = regexp.MustCompile(`\{Zato_Enmasse_Env\.([A-Za-z_][A-Za-z0-9_]*)\}`)
	// pythonTag is what Python 2 wrote before texts.
	pythonTag = regexp.MustCompile(`!!python/(unicode|str) `)
)

// The marks that stand for a placeholder's braces while YAML is read.
const (
	markOpen  = "\ue000"
	markClose = "\ue001"
)

// file reads one file; under is the section that includes it, if one does.
func (r *reader) file(name string, raw []byte, under string, depth int) error {
	r.in.files++
	r.in.bytes += len(raw)
	switch {
	case r.in.files > maxFiles:
		return odb.Errorf(odb.Invalid, "read", name, "there are more than %d files", maxFiles)
	case r.in.bytes > maxText:
		return odb.Errorf(odb.Invalid, "read", name, "the files have together more than %d bytes", maxText)
	case depth > maxDepth:
		return odb.Errorf(odb.Invalid, "read", name, "includes are nested deeper than %d", maxDepth)
	case !utf8.Valid(raw):
		return odb.Errorf(odb.Invalid, "read", name, "the file is not in UTF-8")
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(raw), "\ufeff"), "\r\n", "\n")
	text = placeholder.ReplaceAllString(text, markOpen+"$1"+markClose)
	sections, err := parse(name, pythonTag.ReplaceAllString(text, ""))
	if err != nil {
		return odb.Errorf(odb.Invalid, "read", name, "%w", err)
	}
	if under != "" && single(sections) {
		return r.add(under, name, item{value: asObject(sections)})
	}
	for _, s := range sections {
		if err := r.section(name, s, depth); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the text of a file as JSON or as YAML.
func parse(name, text string) ([]section, error) {
	if strings.HasSuffix(name, ".json") || json.Valid([]byte(text)) {
		trees, err := odb.ParseJSON(text)
		if err != nil {
			return nil, err
		}
		if len(trees) != 1 {
			return nil, fmt.Errorf("there are %d JSON values; one object is needed", len(trees))
		}
		return sectionsOf(trees[0])
	}
	return parseYAML(text)
}

// single reports whether a file is one bare object and not a file of sections.
func single(sections []section) bool {
	return slices.ContainsFunc(sections, func(s section) bool {
		return (s.key == "name" || s.key == "id") && s.scalar
	})
}

func asObject(sections []section) map[string]any {
	out := map[string]any{}
	for _, s := range sections {
		out[s.key] = s.whole
	}
	return out
}

// section adds the objects of one top-level key.
func (r *reader) section(file string, s section, depth int) error {
	if s.scalar && s.key != "include" {
		return odb.Errorf(odb.Invalid, "read", place(file, s.line), "%q is not a list of objects; an enmasse file has lists under the names of types", shown(s.key))
	}
	for _, it := range s.items {
		if include, ok := it.value.(string); ok && (s.key == "include" || isPath(include)) {
			under := s.key
			if under == "include" {
				under = ""
			}
			if err := r.include(file, include, it.line, under, depth); err != nil {
				return err
			}
			continue
		}
		if err := r.add(s.key, file, it); err != nil {
			return err
		}
	}
	return nil
}

// isPath reports whether a text in the place of an object names a file: other
// texts are faults, and must not be shown.
func isPath(text string) bool {
	return strings.HasPrefix(text, "file://") || slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(text))
}

// add takes one object.
func (r *reader) add(key, file string, it item) error {
	attrs, ok := it.value.(map[string]any)
	if !ok {
		return odb.Errorf(odb.Invalid, "read", place(file, it.line), "under %q there is something that is no object", shown(key))
	}
	if len(r.in.objects) == maxObjects {
		return odb.Errorf(odb.Invalid, "read", place(file, it.line), "there are more than %d objects", maxObjects)
	}
	for name := range attrs {
		if strings.ContainsAny(name, markOpen+markClose) {
			return odb.Errorf(odb.Invalid, "read", place(file, it.line), "an attribute of %q has a variable for its name", shown(key))
		}
	}
	o := &object{section: key, file: file, line: it.line, attrs: attrs}
	o.name = scalarText(attrs["name"])
	o.classify()
	r.in.objects = append(r.in.objects, o)
	return nil
}

// include reads a file that another one names, beside that one or beside the
// user's, as the versions of Zato differ in this.
func (r *reader) include(from, name string, line int, under string, depth int) error {
	at := place(from, line)
	name = strings.TrimPrefix(name, "file://")
	if name == "" || strings.Contains(name, "://") || strings.ContainsAny(name, "\\\x00"+markOpen) {
		return odb.Errorf(odb.Invalid, "read", at, "an include that is no path of a file")
	}
	if r.open == nil {
		return odb.Errorf(odb.Invalid, "read", at, "the file includes another one, which only a file on disk may do")
	}
	tries := []string{path.Clean(name)}
	if !path.IsAbs(name) {
		tries = []string{path.Join(path.Dir(from), name), path.Join(path.Dir(r.main), name)}
	}
	var err error
	for _, full := range slices.Compact(tries) {
		if r.seen[full] {
			r.in.notes = append(r.in.notes, fmt.Sprintf("%s is included more than once; it was read once.", full))
			return nil
		}
		var text []byte
		if text, err = r.open(r.main, full); err == nil {
			r.seen[full] = true
			return r.file(full, text, under, depth+1)
		}
		if odb.KindOf(err) != odb.NotFound {
			break
		}
	}
	return odb.Errorf(odb.KindOf(err), "include", at, "%w", err)
}

// place names a line of a file.
func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// shown makes a key of a file fit for a message: keys name types, but in a file
// that is something else anything may stand there.
func shown(key string) string {
	if r := []rune(strings.NewReplacer(markOpen, "{", markClose, "}").Replace(key)); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return strings.NewReplacer(markOpen, "{", markClose, "}").Replace(key)
}
