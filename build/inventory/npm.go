package main

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lockFile is what matters here of npm's package-lock.json, version 3.
type lockFile struct {
	Version  int `json:"lockfileVersion"`
	Packages map[string]struct {
		Version     string `json:"version"`
		Integrity   string `json:"integrity"`
		License     string `json:"license"`
		Dev         bool   `json:"dev"`
		DevOptional bool   `json:"devOptional"` // wanted by a tool, and by a package that does without
	} `json:"packages"`
}

// npmParts returns the packages that the user interface in the folder may be bundled from:
// those that are not for its developers only. Which of them a bundle really has, its
// builder does not tell.
func npmParts(folder string) ([]part, error) {
	b, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return nil, fmt.Errorf("read the user interface's packages: %w", err)
	}
	var lock lockFile
	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, fmt.Errorf("read package-lock.json: %w", err)
	}
	if lock.Version != 3 {
		return nil, fmt.Errorf("package-lock.json has the form %d, only 3 is understood", lock.Version)
	}
	var parts []part
	for path, p := range lock.Packages {
		at := strings.LastIndex(path, "node_modules/")
		if at < 0 || p.Dev || p.DevOptional {
			continue
		}
		name := path[at+len("node_modules/"):]
		one := part{
			kind: "library", name: name, version: p.Version, says: strings.Trim(p.License, "()"),
			purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version,
			dir:  filepath.Join(folder, filepath.FromSlash(path)), hash: integrity(p.Integrity),
		}
		if one.author, err = author(one.dir); err != nil {
			return nil, err
		}
		parts = append(parts, one)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version))
	})
	return slices.CompactFunc(parts, func(a, b part) bool { return a.purl == b.purl }), nil
}

// integrity turns npm's checksum of a package into hexadecimal.
func integrity(text string) hash {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "sha512-"))
	if err != nil || len(b) != 64 {
		return hash{}
	}
	return hash{"SHA-512", hex.EncodeToString(b)}
}

// author returns who wrote an installed package, which npm knows as a text or as an object.
func author(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return "", fmt.Errorf("read an installed package: %w", err)
	}
	var m struct {
		Author json.RawMessage `json:"author"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return "", fmt.Errorf("read %s/package.json: %w", dir, err)
	}
	var text string
	var person struct{ Name string }
	if json.Unmarshal(m.Author, &text) != nil && json.Unmarshal(m.Author, &person) == nil {
		text = person.Name
	}
	return text, nil
}
