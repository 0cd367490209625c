package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// readDocuments reads the files of definitions that paths mean: a file, a folder
// (every .yaml, .yml and .json file in it and below, hidden ones left out) or -
// for standard input.
func (in *input) readDocuments(paths []string) ([]client.Document, error) {
	var docs []client.Document
	var total int
	for _, p := range paths {
		files := []string{p}
		if isDir(p) {
			var err error
			if files, err = documentFiles(p); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, odb.Errorf(odb.Invalid, "read", p, "the folder has no .yaml, .yml or .json file in it")
			}
		}
		for _, f := range files {
			text, err := in.read(f)
			if err != nil {
				return nil, err
			}
			if total += len(text); total > maxInput {
				return nil, odb.Errorf(odb.Invalid, "read", f, "the files are together larger than %s", formatBytes(maxInput))
			}
			if f == "-" {
				f = "standard input"
			}
			docs = append(docs, client.Document{Name: filepath.ToSlash(f), Text: text})
		}
	}
	return docs, nil
}

// documentFiles lists the files of a folder in the order of their paths.
func documentFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fileError(path, err)
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) && isPlainFile(path):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

func isPlainFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
