package deploy

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"signalbox.internal/odb"
)

// Limits of a package.
const (
	MaxFiles   = 2000
	MaxPackage = 8 << 20 // bytes of all files
)

// SettingsFile is the optional file of a package with its name and settings.
const SettingsFile = "signalbox.yaml"

// Source is a package of services as its author wrote it: file contents by path,
// relative and with forward slashes.
type Source struct {
	Name  string
	Files map[string][]byte
}

// nameEntry is the entry of an archive that holds the package's name, so that
// the hash speaks for the name as well.
const nameEntry = ".package"

// packageFile is the content of [SettingsFile].
type packageFile struct {
	Name     string         `yaml:"name"`
	Settings map[string]any `yaml:"settings"`
}

// Check reports what is wrong with a source, and takes the name from its
// settings file when there is one. It returns the settings.
func (s *Source) Check() (map[string]any, error) {
	var file packageFile
	if text, ok := s.Files[SettingsFile]; ok {
		if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
			return nil, s.invalid("read %s: %s", SettingsFile, yaml.FormatError(err, false, true))
		}
	}
	if file.Name != "" {
		s.Name = file.Name
	}
	s.Name = odb.CleanName(s.Name)
	if err := odb.CheckName(s.Name); err != nil {
		return nil, s.invalid("%w", err)
	}
	if len(s.Files) == 0 {
		return nil, s.invalid("it has no files")
	}
	if len(s.Files) > MaxFiles {
		return nil, s.invalid("it has %d files; at most %d are allowed", len(s.Files), MaxFiles)
	}
	size := 0
	for name, text := range s.Files {
		if name != path.Clean(name) || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsAny(name, "\\\x00") || name == nameEntry || !utf8.ValidString(name) || len(name) > 200 {
			return nil, s.invalid("the file name %q is not a plain relative path", name)
		}
		size += len(text)
	}
	if size > MaxPackage {
		return nil, s.invalid("its files have %d bytes; at most %d are allowed", size, MaxPackage)
	}
	return file.Settings, nil
}

func (s *Source) invalid(format string, args ...any) error {
	return odb.Errorf(odb.Invalid, "check package", s.Name, format, args...)
}

// Archive returns the canonical archive of the source and its SHA-256: the same
// files give the same bytes on every machine (sorted paths, no times or owners).
func (s *Source) Archive() (archive []byte, hash string, err error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range append([]string{nameEntry}, slices.Sorted(maps.Keys(s.Files))...) {
		text := s.Files[name]
		if name == nameEntry {
			text = []byte(s.Name)
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o644, Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return nil, "", fmt.Errorf("archive package %s: %w", s.Name, err)
		}
		if _, err := w.Write(text); err != nil {
			return nil, "", fmt.Errorf("archive package %s: %w", s.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("archive package %s: %w", s.Name, err)
	}
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), hex.EncodeToString(sum[:]), nil
}

// Unpack reads an archive made by [Source.Archive]; an empty name means the
// archive's own.
func Unpack(name string, archive []byte) (Source, error) {
	src := Source{Name: name, Files: map[string][]byte{}}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return src, nil
		}
		if err != nil {
			return src, fmt.Errorf("unpack package %s: %w", name, err)
		}
		text, err := io.ReadAll(io.LimitReader(r, MaxPackage+1))
		if err != nil {
			return src, fmt.Errorf("unpack package %s: read %s: %w", name, h.Name, err)
		}
		if h.Name != nameEntry {
			src.Files[h.Name] = text
		} else if name == "" {
			src.Name = string(text)
		}
	}
}
