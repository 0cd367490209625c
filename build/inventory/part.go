package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// part is something of others that we ship.
type part struct {
	kind    string // library or file
	name    string
	version string
	purl    string   // its name for scanners; empty for a file
	dir     string   // where its licence files are
	says    string   // the licence by its own metadata, as an SPDX expression; empty when it has none
	author  string   // by its own metadata
	spdx    string   // the licence found, as an SPDX expression
	texts   []string // licence and notice files
	hash    hash
	linked  []string // platforms whose binary has it, empty: all
}

// hash is a checksum as its registry publishes it.
type hash struct{ Algorithm, Hex string }

// mayShip are the licences that Apache-2.0 programs may be shipped with.
func mayShip() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense", "Zlib"}
}

// words by which a licence's text is known, the more special one first.
func words() []struct{ id, pattern string } {
	return []struct{ id, pattern string }{
		{"Apache-2.0", `Apache License,? Version 2\.0`},
		{"MPL-2.0", `Mozilla Public License,? (Version|v\.) ?2\.0`},
		{"BSD-3-Clause", `Redistribution and use in source and binary forms.*(Neither the names? of|The names? of .{1,80} may not be used)`},
		{"BSD-2-Clause", `Redistribution and use in source and binary forms`},
		{"MIT", `Permission is hereby granted, free of charge, to any person obtaining a copy`},
		{"ISC", `Permission to use, copy, modify, and/?(or)? distribute this software for any purpose with or without fee is hereby granted, provided`},
		{"0BSD", `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted`},
		{"Unlicense", `This is free and unencumbered software released into the public domain`},
		{"CC0-1.0", `CC0 1\.0 Universal`},
		{"Zlib", `This software is provided 'as-is', without any express or implied warranty`},
	}
}

// identify returns the SPDX name of a licence's text, empty when it is not known.
func identify(text string) string {
	flat := strings.Join(strings.Fields(text), " ")
	for _, w := range words() {
		if regexp.MustCompile(`(?i)` + w.pattern).MatchString(flat) {
			return w.id
		}
	}
	return ""
}

// licence finds the part's licence texts and what they are, and says whether it may be shipped.
func (p *part) licence() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return fmt.Errorf("look for the licence of %s: %w", p.name, err)
	}
	isText := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense)`)
	var found []string
	for _, e := range entries {
		if e.Type().IsRegular() && isText.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" {
			path := filepath.Join(p.dir, e.Name())
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read the licence of %s: %w", p.name, err)
			}
			p.texts = append(p.texts, path)
			if id := identify(string(text)); id != "" && !slices.Contains(found, id) {
				found = append(found, id)
			}
		}
	}
	p.spdx = p.says
	if p.spdx == "" {
		p.spdx = strings.Join(found, " AND ")
	}
	if p.spdx == "" {
		return fmt.Errorf("%s %s has no licence that is known here, so it cannot be shipped", p.name, p.version)
	}
	return shippable(*p)
}

// shippable looks at the licence: of several to choose from one must do, of several that
// hold together all. A nested choice is not understood, so it does not do.
func shippable(p part) error {
	for choice := range strings.SplitSeq(p.spdx, " OR ") {
		good := !strings.ContainsAny(p.spdx, "()")
		for id := range strings.SplitSeq(choice, " AND ") {
			good = good && slices.Contains(mayShip(), id)
		}
		if good {
			return nil
		}
	}
	return fmt.Errorf("%s %s is under %s, which this product may not be shipped with", p.name, p.version, p.spdx)
}

// filePart is a program of somebody else, known by its checksum only.
func filePart(path string) (part, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return part{}, fmt.Errorf("read what is shipped: %w", err)
	}
	sum := sha256.Sum256(b)
	return part{kind: "file", name: filepath.Base(path), hash: hash{"SHA-256", hex.EncodeToString(sum[:])}}, nil
}
