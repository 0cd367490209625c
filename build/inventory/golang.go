package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
)

// goParts returns the standard library and the modules of the binaries, sorted by name.
func goParts(ctx context.Context, binaries []string) ([]part, error) {
	byName := map[string]*part{}
	var platforms, versions []string
	for _, path := range binaries {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read what is in %s: %w", path, err)
		}
		platforms, versions = append(platforms, platform(info)), append(versions, info.GoVersion)
		for _, m := range info.Deps {
			if m.Replace != nil {
				return nil, fmt.Errorf("%s is replaced by %s in %s: what is shipped has to be what its name says", m.Path, m.Replace.Path, path)
			}
			p := byName[m.Path]
			if p == nil {
				p = &part{kind: "library", name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version, hash: moduleHash(m.Sum)}
				byName[m.Path] = p
			}
			if p.version != m.Version {
				return nil, fmt.Errorf("%s has %s in %s and %s elsewhere", path, m.Version, m.Path, p.version)
			}
			p.linked = append(p.linked, platform(info))
		}
	}
	if slices.Sort(versions); len(slices.Compact(slices.Clone(versions))) != 1 {
		return nil, fmt.Errorf("the binaries were built by different versions of Go: %v", versions)
	}
	if err := findModules(ctx, byName); err != nil {
		return nil, err
	}
	root, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	release := strings.TrimPrefix(versions[0], "go")
	parts := []part{{kind: "library", name: "stdlib", version: release, purl: "pkg:golang/stdlib@" + release, dir: strings.TrimSpace(string(root))}}
	for _, p := range byName {
		if len(p.linked) == len(platforms) {
			p.linked = nil
		}
		parts = append(parts, *p)
	}
	slices.SortFunc(parts[1:], func(a, b part) int { return cmp.Compare(a.name, b.name) })
	return parts, nil
}

// platform returns GOOS/GOARCH of a binary.
func platform(info *debug.BuildInfo) string {
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	return setting["GOOS"] + "/" + setting["GOARCH"]
}

// moduleHash turns the h1: checksum of go.sum, a SHA-256 over the module's files, into hexadecimal.
func moduleHash(sum string) hash {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(b) != 32 {
		return hash{}
	}
	return hash{"SHA-256", hex.EncodeToString(b)}
}

// findModules asks go where the modules lie.
func findModules(ctx context.Context, byName map[string]*part) error {
	args := []string{"mod", "download", "-json"}
	for _, p := range byName {
		args = append(args, p.name+"@"+p.version)
	}
	if len(byName) == 0 {
		return nil
	}
	slices.Sort(args[3:])
	out, err := output(ctx, "go", args...)
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read what go tells of modules: %w", err)
		}
		if p := byName[m.Path]; p != nil {
			p.dir = m.Dir
		}
	}
}

func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, args[0], err, complaint.Bytes())
	}
	return out, nil
}
