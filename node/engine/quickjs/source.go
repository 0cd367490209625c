package quickjs

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// Source is a package of services: its files by path, relative to the package
// and with forward slashes.
type Source struct {
	Name     string            // of the package
	Hash     string            // content address of the files
	Files    map[string][]byte // sources, tests and what they import
	Settings json.RawMessage   // a JSON object for ctx.settings; nil for none
}

// isCode reports whether a file of this name is compiled when it is imported.
func isCode(name string) bool {
	return slices.Contains([]string{".ts", ".mts", ".js", ".mjs"}, path.Ext(name)) && !strings.HasSuffix(name, ".d.ts") && !strings.HasSuffix(name, ".d.mts")
}

func isTest(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	return isCode(name) && strings.HasSuffix(stem, ".test")
}

// isEntry reports whether the exports of a file are looked through for services:
// code at the package's root or in src, tests left out.
func isEntry(name string) bool {
	return isCode(name) && !isTest(name) && (!strings.Contains(name, "/") || strings.HasPrefix(name, "src/"))
}

// select returns the names of the files for which keep is true, sorted.
func (s Source) names(keep func(string) bool) []string {
	var names []string
	for name := range s.Files {
		if keep(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
