package odbtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func pkg(name, content, by string) odb.Package {
	return odb.Package{Hash: hashOf(content), Name: name, Engine: "typescript", Services: []string{name + ".a", name + ".b"}, By: by, Archive: []byte(content)}
}

func (w *world) putPackage(name, content, by string) {
	w.Helper()
	if err := w.PutPackages(w.ctx(), []odb.Package{pkg(name, content, by)}); err != nil {
		w.Fatal(err)
	}
}

func contentAddressed(_ *testing.T, w *world) {
	content := string(bytes.Repeat([]byte{0, 1, 0xff, '\'', '\\'}, 200_000))
	w.putPackage("orders", content, "alice")
	p, err := w.Package(w.ctx(), hashOf(content))
	if err != nil {
		w.Fatal(err)
	}
	if string(p.Archive) != content || p.Size != 1_000_000 || p.Name != "orders" || p.Engine != "typescript" || p.By != "alice" ||
		p.Hash != hashOf(content) || !slices.Equal(p.Services, []string{"orders.a", "orders.b"}) || p.Uploaded.IsZero() {
		p.Archive = nil
		w.Errorf("the package came back as %+v", p)
	}
	w.putPackage("orders", content, "bob") // nothing happens
	if again, err := w.Package(w.ctx(), p.Hash); err != nil || again.By != "alice" || again.Uploaded != p.Uploaded {
		w.Errorf("put again, the package is of %s at %v, %v", again.By, again.Uploaded, err)
	}
	_, err = w.Package(w.ctx(), hashOf("nothing"))
	w.refused(err, odb.NotFound, "no such package")
	if err := w.PutPackages(w.ctx(), nil); err != nil {
		w.Errorf("put no packages: %v", err)
	}
}

func packagesAllOrNone(_ *testing.T, w *world) {
	good := pkg("good", "1", "alice")
	for words, spoil := range map[string]func(*odb.Package){
		"not the SHA-256":   func(p *odb.Package) { p.Archive = []byte("other") },
		"SHA-256":           func(p *odb.Package) { p.Hash = strings.ToUpper(p.Hash) },
		"archive is empty":  func(p *odb.Package) { p.Archive = nil },
		"name is empty":     func(p *odb.Package) { p.Name = "" },
		"engine":            func(p *odb.Package) { p.Engine = "" },
		"who uploads it is": func(p *odb.Package) { p.By = "\xff" },
	} {
		bad := pkg("bad", "two", "alice")
		spoil(&bad)
		w.refused(w.PutPackages(w.ctx(), []odb.Package{good, bad}), odb.Invalid, words)
	}
	if all, err := w.ListPackages(w.ctx(), ""); err != nil || len(all) != 0 {
		w.Errorf("of refused packages there are %+v, %v", all, err)
	}
	if err := w.PutPackages(w.ctx(), []odb.Package{good, good, pkg("other", "2", "")}); err != nil {
		w.Fatal(err)
	}
	if all, err := w.ListPackages(w.ctx(), ""); err != nil || len(all) != 2 {
		w.Errorf("there are %+v, %v; want two", all, err)
	}
}

func packagesNewestFirst(_ *testing.T, w *world) {
	var want []string
	for i := range 20 { // so fast that the database's clock stands still
		first, second := fmt.Sprint(i, "a"), fmt.Sprint(i, "b")
		if err := w.PutPackages(w.ctx(), []odb.Package{pkg("p", first, ""), pkg("q", first+"q", ""), pkg("p", second, "")}); err != nil {
			w.Fatal(err)
		}
		want = append([]string{hashOf(second), hashOf(first)}, want...)
	}
	list, err := w.ListPackages(w.ctx(), "p")
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, p.Hash)
		if p.Archive != nil || p.Size == 0 {
			w.Errorf("the list has %+v", p)
		}
	}
	if !slices.Equal(got, want) {
		w.Errorf("newest first: %v, want %v", got, want)
	}
	if all, err := w.ListPackages(w.ctx(), ""); err != nil || len(all) != 60 {
		w.Errorf("there are %d packages, %v; want 60", len(all), err)
	}
	if none, err := w.ListPackages(w.ctx(), "nobody"); err != nil || len(none) != 0 {
		w.Errorf("ListPackages of nobody: %+v, %v", none, err)
	}
}
