package deploy

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// tree writes files below a fresh folder and returns it. A content "-> X" makes
// a symbolic link to X.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, p); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadPackages(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		paths []string
		want  []string // "name: files"
	}{
		"one file":              {map[string]string{"orders.ts": "x", "other.ts": "y"}, []string{"orders.ts"}, []string{"orders: orders.ts"}},
		"one JavaScript file":   {map[string]string{"a.b.js": "x"}, []string{"a.b.js"}, []string{"a.b: a.b.js"}},
		"one file and its test": {map[string]string{"a.ts": "x", "a.test.ts": "y"}, []string{"a.ts"}, []string{"a: a.test.ts a.ts"}},
		"a test stands for its file, once": {
			map[string]string{"a.ts": "x", "a.test.ts": "y"},
			[]string{"a.test.ts", "a.ts"},
			[]string{"a: a.test.ts a.ts"},
		},
		"folder":            {map[string]string{"p/a.ts": "x", "p/lib/b.ts": "y", "p/data.xml": "<x/>"}, []string{"p"}, []string{"p: a.ts data.xml lib/b.ts"}},
		"folder with slash": {map[string]string{"p/a.ts": "x"}, []string{"p/", "p"}, []string{"p: a.ts"}},
		"folder with src":   {map[string]string{"p/src/a.ts": "x", "p/a.test.ts": "y"}, []string{"p"}, []string{"p: a.test.ts src/a.ts"}},
		"name from settings": {
			map[string]string{"p/a.ts": "x", "p/signalbox.yaml": "name: shop.orders\n"},
			[]string{"p"},
			[]string{"shop.orders: a.ts signalbox.yaml"},
		},
		"ignored": {
			map[string]string{"p/a.ts": "x", "p/.env": "SECRET=1", "p/.git/config": "x", "p/node_modules/x/i.js": "x", "p/a.ts~": "old", "p/lib/.cache/b": "x"},
			[]string{"p"},
			[]string{"p: a.ts"},
		},
		"link within":  {map[string]string{"p/a.ts": "x", "p/b.ts": "-> a.ts"}, []string{"p"}, []string{"p: a.ts b.ts"}},
		"linked path":  {map[string]string{"p/a.ts": "x", "q": "-> p"}, []string{"q"}, []string{"q: a.ts"}},
		"two packages": {map[string]string{"a.ts": "x", "b/b.ts": "y"}, []string{"a.ts", "b"}, []string{"a: a.ts", "b: b.ts"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, tc.files)
			var paths []string
			for _, p := range tc.paths {
				paths = append(paths, dir+"/"+p)
			}
			sources, err := ReadPackages(paths...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sources {
				got = append(got, s.Name+": "+strings.Join(slices.Sorted(maps.Keys(s.Files)), " "))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("ReadPackages() = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestKindsOfFiles(t *testing.T) {
	for name, want := range map[string]string{
		"a.ts": "source", "a.js": "source", "a.mts": "source", "src/a.mjs": "source", "a.b.ts": "source",
		"a.test.ts": "test", "x/a.test.mjs": "test",
		"a.d.ts": "", "a.d.mts": "", ".a.ts": "", ".ts": "", "a.tsx": "", "a.py": "", "ts": "",
	} {
		got := ""
		switch {
		case IsSource(name):
			got = "source"
		case IsTest(name):
			got = "test"
		}
		if got != want {
			t.Errorf("%s is taken for a %q, want %q", name, got, want)
		}
	}
}

func TestReadPackagesContent(t *testing.T) {
	dir := tree(t, map[string]string{"p/a.ts": "text of a", "p/b.ts": "-> a.ts"})
	sources, err := ReadPackages(filepath.Join(dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.ts", "b.ts"} {
		if got := string(sources[0].Files[name]); got != "text of a" {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

func TestFoundPath(t *testing.T) {
	dir := tree(t, map[string]string{"p/src/a.ts": "", "b.ts": ""})
	t.Chdir(dir)
	found, err := FindPackages("p", "./b.ts")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := found[0].Path("src/a.ts"), filepath.Join("p", "src", "a.ts"); got != want {
		t.Errorf("Path() in a folder = %q, want %q", got, want)
	}
	if got := found[1].Path("b.ts"); got != "b.ts" {
		t.Errorf("Path() of a file = %q, want b.ts", got)
	}
}

func TestReadCurrentFolder(t *testing.T) {
	dir := tree(t, map[string]string{"shop/a.ts": "x"})
	t.Chdir(filepath.Join(dir, "shop"))
	sources, err := ReadPackages(".")
	if err != nil {
		t.Fatal(err)
	}
	if sources[0].Name != "shop" {
		t.Errorf("the package in . is named %q, want shop", sources[0].Name)
	}
}

func TestReadPackagesRefuses(t *testing.T) {
	many := map[string]string{}
	for i := range MaxFiles + 1 {
		many[fmt.Sprintf("p/f%d.ts", i)] = ""
	}
	tests := map[string]struct {
		files map[string]string
		paths []string
		want  string
		kind  odb.ErrorKind
	}{
		"missing":          {nil, []string{"x.ts"}, "no such file", odb.NotFound},
		"other type":       {map[string]string{"a.py": ""}, []string{"a.py"}, "neither a .ts or .js file nor a folder", odb.Invalid},
		"types only":       {map[string]string{"a.d.ts": ""}, []string{"a.d.ts"}, "neither a .ts or .js file", odb.Invalid},
		"lonely test":      {map[string]string{"a.test.ts": ""}, []string{"a.test.ts"}, "a.ts is not beside it", odb.Invalid},
		"no sources":       {map[string]string{"p/a.test.ts": "", "p/b.xml": ""}, []string{"p"}, "no .ts or .js file at its root or in src", odb.Invalid},
		"folder of them":   {map[string]string{"p/one/a.ts": "", "p/two/src/b.ts": ""}, []string{"p"}, "a package of its own (one, two)", odb.Invalid},
		"too large":        {map[string]string{"p/a.ts": strings.Repeat("x", MaxPackage+1)}, []string{"p"}, "more than 8388608 bytes", odb.Invalid},
		"too many":         {many, []string{"p"}, "more than 2000 files", odb.Invalid},
		"link out":         {map[string]string{"p/a.ts": "", "p/b.ts": "-> ../secret", "secret": "s"}, []string{"p"}, "p/b.ts: ", odb.Invalid},
		"absolute link":    {map[string]string{"p/a.ts": "", "p/b.ts": "-> /etc/hostname"}, []string{"p"}, "p/b.ts: ", odb.Invalid},
		"link to a folder": {map[string]string{"p/a.ts": "", "p/lib/b.ts": "", "p/l": "-> lib"}, []string{"p"}, "p/l: it is not a plain file", odb.Invalid},
		"dangling link":    {map[string]string{"p/a.ts": "", "p/b.ts": "-> c.ts"}, []string{"p"}, "p/b.ts: ", odb.NotFound},
		"same name":        {map[string]string{"a.ts": "", "x/a/b.ts": ""}, []string{"a.ts", "x/a"}, "its name a is also that of", odb.Invalid},
		"bad settings":     {map[string]string{"p/a.ts": "", "p/signalbox.yaml": "nam: x\n"}, []string{"p"}, "signalbox.yaml", odb.Invalid},
		"bad name":         {map[string]string{"p/a.ts": "", "p/signalbox.yaml": "name: '/'\n"}, []string{"p"}, "name", odb.Invalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, tc.files)
			var paths []string
			for _, p := range tc.paths {
				paths = append(paths, filepath.Join(dir, p))
			}
			sources, err := ReadPackages(paths...)
			if err == nil {
				t.Fatalf("accepted: %v", sources)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q lacks %q", err, tc.want)
			}
			if got := odb.KindOf(err); got != tc.kind {
				t.Errorf("kind of %q is %v, want %v", err, got, tc.kind)
			}
		})
	}
}

func TestReadPackagesReportsAllPaths(t *testing.T) {
	dir := tree(t, map[string]string{"good.ts": ""})
	_, err := ReadPackages(filepath.Join(dir, "one.ts"), filepath.Join(dir, "good.ts"), filepath.Join(dir, "two.ts"))
	if err == nil || !strings.Contains(err.Error(), "one.ts") || !strings.Contains(err.Error(), "two.ts") {
		t.Errorf("ReadPackages() = %v, want both missing files", err)
	}
}

// What is no plain file must not be opened: reading it may never end.
func TestReadPackagesRefusesSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // short: a socket's path has at most about 100 characters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "a.ts"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "b.ts"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := ReadPackages(dir); err == nil || !strings.Contains(err.Error(), "not a plain file") {
		t.Errorf("ReadPackages() = %v, want a refusal of the socket", err)
	}
}
