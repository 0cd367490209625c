package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const mit = "Permission is hereby granted, free of charge, to any person\nobtaining a copy"

// ui makes a user interface's folder: a lock file, and installed packages with their files.
func ui(t *testing.T, packages map[string]string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	lock := map[string]json.RawMessage{"": json.RawMessage(`{"name":"ui"}`)}
	for name, entry := range packages {
		lock["node_modules/"+name] = json.RawMessage(entry)
		write(t, filepath.Join(dir, "node_modules", name, "package.json"), `{"author":{"name":"Ann"}}`)
	}
	for name, text := range files {
		write(t, filepath.Join(dir, "node_modules", name), text)
	}
	b, err := json.Marshal(map[string]any{"lockfileVersion": 3, "packages": lock})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "package-lock.json"), string(b))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The bill names the product, what is linked in, what is bundled and what lies beside it,
// each once, and everything in it refers to something in it.
func TestCycloneDX(t *testing.T) {
	t.Parallel()
	folder := ui(t, map[string]string{
		"@a/b": `{"version":"1.0.0","license":"MIT","integrity":"sha512-` + strings.Repeat("A", 86) + `=="}`,
		"c":    `{"version":"2.0.0","license":"(MIT OR GPL-3.0)"}`,
		"tool": `{"version":"3.0.0","license":"MIT","dev":true}`,
		"type": `{"version":"3.0.0","license":"MIT","devOptional":true}`,
	}, nil)
	other := filepath.Join(t.TempDir(), "setup.exe")
	write(t, other, "abc")
	args := []string{"cyclonedx", "-ui", folder, "-file", other, "-name", "x", "-version", "1.2.3", "-time", "1700000000", self(t), self(t)}
	var first, second bytes.Buffer
	if err := run(t.Context(), args, &first); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), args, &second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the same input gives other bytes (%v)", err)
	}
	var d document
	if err := json.Unmarshal(first.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Metadata.Component.Ref != "x@1.2.3" || d.Metadata.Time != "2023-11-14T22:13:20Z" || d.Spec != "1.6" {
		t.Errorf("the document is about %+v", d.Metadata)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(d.Serial) {
		t.Errorf("its number is %q", d.Serial)
	}
	var names []string
	for _, c := range d.Components {
		names = append(names, c.Ref)
		if !slices.Contains(d.Dependencies[0].On, c.Ref) {
			t.Errorf("nothing depends on %s", c.Ref)
		}
	}
	if len(names) != 4 || !strings.HasPrefix(names[0], "pkg:golang/stdlib@1.") ||
		!slices.Equal(names[1:], []string{"pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0", "setup.exe"}) {
		t.Errorf("the parts are %q", names)
	}
	if h := d.Components[1].Hashes; len(h) != 1 || h[0].Algorithm != "SHA-512" || len(h[0].Content) != 128 {
		t.Errorf("the package's checksum is %v", h)
	}
	if l := d.Components[2].Licences; len(l) != 1 || l[0].Expression != "MIT OR GPL-3.0" {
		t.Errorf("the licence to choose is %+v", l)
	}
	if h := d.Components[3].Hashes; len(h) != 1 || !strings.HasPrefix(h[0].Content, "ba7816bf") {
		t.Errorf("the program's checksum is %v", h)
	}
}

// The texts that go with a binary have every part's licence, or what its author says instead.
func TestLicences(t *testing.T) {
	t.Parallel()
	folder := ui(t, map[string]string{"a": `{"version":"1.0.0","license":"MIT"}`, "b": `{"version":"2.0.0","license":"ISC"}`},
		map[string]string{"a/LICENSE.md": mit, "a/notice": "A notice", "a/licensing.go": "package licensing"})
	var out bytes.Buffer
	if err := run(t.Context(), []string{"licences", "-ui", folder, self(t)}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stdlib 1.", "Redistribution and use", "\na 1.0.0\n\n" + mit, "A notice", "\nb 2.0.0\n\nThe package has no licence file. Its package.json says: ISC, author Ann"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(out.String(), "package licensing") {
		t.Error("a source file counts as a licence")
	}
}

// What may not be shipped is an error that names it.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ entry, text, want string }{
		"copyleft":           {`{"version":"1.0.0","license":"GPL-3.0-only"}`, "GNU", "x 1.0.0 is under GPL-3.0-only"},
		"copyleft in part":   {`{"version":"1.0.0","license":"MIT AND GPL-3.0-only"}`, "GNU", "may not be shipped with"},
		"nested choice":      {`{"version":"1.0.0","license":"(MIT OR X) AND GPL-3.0-only"}`, mit, "may not be shipped with"},
		"no licence":         {`{"version":"1.0.0"}`, "do not use", "no licence that is known here"},
		"unknown expression": {`{"version":"1.0.0","license":"SEE LICENSE"}`, mit, "is under SEE LICENSE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := ui(t, map[string]string{"x": c.entry}, map[string]string{"x/LICENSE": c.text})
			err := run(t.Context(), []string{"licences", "-ui", folder, self(t)}, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	empty := t.TempDir()
	write(t, filepath.Join(empty, "package-lock.json"), `{"lockfileVersion":2}`)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":           {nil, "want: inventory"},
		"no binary":         {[]string{"licences"}, "which binaries?"},
		"unknown form":      {[]string{"spdx", self(t)}, "want: inventory"},
		"unknown flag":      {[]string{"licences", "-x", self(t)}, "not defined: -x"},
		"no version":        {[]string{"cyclonedx", self(t)}, "needs -version and -time"},
		"not a Go program":  {[]string{"licences", filepath.Join(empty, "package-lock.json")}, "read what is in"},
		"no user interface": {[]string{"licences", "-ui", filepath.Join(empty, "x"), self(t)}, "read the user interface's packages"},
		"other lock file":   {[]string{"licences", "-ui", empty, self(t)}, "has the form 2"},
		"no such program":   {[]string{"licences", "-file", filepath.Join(empty, "x"), self(t)}, "read what is shipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), c.args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	const bsd = "Redistribution and use in source and binary forms, with or without modification, are permitted."
	const isc = "Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted"
	for text, want := range map[string]string{
		mit:                               "MIT",
		bsd:                               "BSD-2-Clause",
		bsd + "\nNeither the name of X":   "BSD-3-Clause",
		isc + ", provided that the above": "ISC",
		isc + ".\n":                       "0BSD",
		"Apache License\n                 Version 2.0, January 2004": "Apache-2.0",
		"Mozilla Public License Version 2.0":                         "MPL-2.0",
		"GNU GENERAL PUBLIC LICENSE":                                 "",
	} {
		if got := identify(text); got != want {
			t.Errorf("%.40q is taken for %q, want %q", text, got, want)
		}
	}
}
