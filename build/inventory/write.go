package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const head = `What others wrote of this program, and under which licence. A part is a Go module or an
npm package; its name and version tell where its source can be got.
`

// writeLicences writes the licence texts of all parts, one after the other.
func writeLicences(out io.Writer, parts []part) error {
	if _, err := io.WriteString(out, head); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := fmt.Fprintf(out, "\n%s\n%s %s\n\n", strings.Repeat("-", 60), p.name, p.version); err != nil {
			return err
		}
		if len(p.texts) == 0 && p.kind == "library" {
			if _, err := fmt.Fprintf(out, "The package has no licence file. Its package.json says: %s, author %s\n", p.spdx, p.author); err != nil {
				return err
			}
		}
		for _, path := range p.texts {
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read the licence of %s: %w", p.name, err)
			}
			if _, err := out.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// product is what is shipped.
type product struct {
	name, version string
	time          time.Time // of its commit
}

// The parts of a CycloneDX document that are used here.
type (
	document struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Time      string    `json:"timestamp"`
		Tools     tools     `json:"tools"`
		Component component `json:"component"`
	}
	tools struct {
		Components []component `json:"components"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref,omitempty"`
		Name       string     `json:"name"`
		Version    string     `json:"version,omitempty"`
		Hashes     []sum      `json:"hashes,omitempty"`
		Licences   []licence  `json:"licenses,omitempty"`
		Purl       string     `json:"purl,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	sum struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		One        *licenceID `json:"license,omitempty"`
		Expression string     `json:"expression,omitempty"`
	}
	licenceID struct {
		ID string `json:"id"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn,omitempty"`
	}
)

// writeCycloneDX writes the bill of materials. Its serial number is made from what it says.
func writeCycloneDX(out io.Writer, p product, parts []part) error {
	root := component{Type: "application", Ref: p.name + "@" + p.version, Name: p.name, Version: p.version, Licences: licences("Apache-2.0")}
	d := document{
		Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata: metadata{
			Time: p.time.Format(time.RFC3339), Component: root,
			Tools: tools{Components: []component{{Type: "application", Name: "signalbox build/inventory"}}},
		},
		Dependencies: []dependency{{Ref: root.Ref}},
	}
	for _, one := range parts {
		c := component{Type: one.kind, Ref: one.purl, Name: one.name, Version: one.version, Purl: one.purl, Licences: licences(one.spdx)}
		if c.Ref == "" {
			c.Ref = one.name
		}
		if one.hash.Hex != "" {
			c.Hashes = []sum{{one.hash.Algorithm, one.hash.Hex}}
		}
		if len(one.linked) > 0 {
			c.Properties = []property{{"signalbox:only-on", strings.Join(one.linked, " ")}}
		}
		d.Components = append(d.Components, c)
		d.Dependencies[0].On = append(d.Dependencies[0].On, c.Ref)
		d.Dependencies = append(d.Dependencies, dependency{Ref: c.Ref})
	}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the bill of materials: %w", err)
	}
	id := sha256.Sum256(b)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID of the kind whose bits are its maker's affair
	d.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(d)
}

func licences(spdx string) []licence {
	switch {
	case spdx == "":
		return nil
	case strings.Contains(spdx, " "):
		return []licence{{Expression: spdx}}
	default:
		return []licence{{One: &licenceID{spdx}}}
	}
}
