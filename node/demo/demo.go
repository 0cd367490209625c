package demo

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"text/template"

	"signalbox.internal/odb"
)

//go:embed packages definitions samples
var files embed.FS

// Package is a package of services as the deploy command would read it from a folder.
type Package struct {
	Name  string
	Files map[string][]byte // by path below the package's folder, with forward slashes
}

// Packages returns the demo's packages of services by name. Deploy them before
// applying [Documents], whose channels refer to their services.
func Packages() ([]Package, error) {
	folders, err := fs.ReadDir(files, "packages")
	if err != nil {
		return nil, fmt.Errorf("read packages: %w", err)
	}
	out := make([]Package, 0, len(folders))
	for _, f := range folders {
		p := Package{Name: f.Name(), Files: map[string][]byte{}}
		root := path.Join("packages", f.Name())
		err := fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := files.ReadFile(name)
			p.Files[strings.TrimPrefix(name, root+"/")] = text
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read package %s: %w", f.Name(), err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Documents returns the demo's definitions. partnerURL is where [NewPartner] is
// served, such as http://127.0.0.1:11224. The credentials in them are in clear:
// they must be sealed like those of any other file.
func Documents(partnerURL string) ([]odb.Document, error) {
	u, err := url.Parse(partnerURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(partnerURL, "\"\\\r\n") {
		return nil, fmt.Errorf("the partner's address is %q; one such as http://127.0.0.1:11224 is needed", partnerURL)
	}
	names, err := fs.Glob(files, "definitions/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", err)
	}
	var docs []odb.Document
	for _, name := range names {
		found, err := documents(name, map[string]string{"PartnerURL": partnerURL})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		docs = append(docs, found...)
	}
	return docs, nil
}

// documents reads one file of definitions, with values in place of {{.Name}}.
func documents(name string, values map[string]string) ([]odb.Document, error) {
	t, err := template.New(path.Base(name)).Option("missingkey=error").ParseFS(files, name)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, values); err != nil {
		return nil, err
	}
	return odb.ParseDocuments("demo/"+name, text.Bytes())
}

// Samples returns the input files of the tour: ecb-rates.xml, order.xml and so
// on, at its root.
func Samples() (fs.FS, error) { return fs.Sub(files, "samples") }
