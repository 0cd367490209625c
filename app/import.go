package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// ImportClusters is a file with clusters, and what of it shall be taken.
type ImportClusters struct {
	Text   string `json:"text" jsonschema:"of the file: an exported list, the run file of a node, or links one a line"`
	DryRun bool   `json:"dry_run,omitempty" jsonschema:"only say what each would be"`
	Take   []int  `json:"take,omitempty" jsonschema:"places in the file, from 0: those that are new are added, those that differ replace what is saved; absent: all that are new"`
}

// ImportKind says what a cluster of a file is to the list.
type ImportKind string

// The kinds.
const (
	ImportNew     ImportKind = "new"     // its authority is not in the list
	ImportSame    ImportKind = "same"    // it is in the list as it is
	ImportDiffers ImportKind = "differs" // its authority is in the list, something else is saved with it
	ImportBroken  ImportKind = "broken"  // it cannot be read
)

// Imported says what becomes of each cluster of a file.
type Imported struct {
	Items []ImportedCluster `json:"items"`
}

// ImportedCluster is one cluster of a file.
type ImportedCluster struct {
	Cluster SaveCluster    `json:"cluster" jsonschema:"as it would be saved; one that is new gets a name that is free"`
	Is      ImportKind     `json:"is"`
	ID      string         `json:"id,omitempty" jsonschema:"of the saved cluster"`
	Changes []ImportChange `json:"changes,omitempty" jsonschema:"of one that differs"`
	Taken   bool           `json:"taken" jsonschema:"it was added or replaced; in a dry run always false"`
	Error   string         `json:"error,omitempty" jsonschema:"why it cannot be read or was not taken, in words"`
}

// ImportChange is a field that a file would change.
type ImportChange struct {
	Field  string `json:"field"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

// export gives the saved clusters, or those of ?id=, as a file without secrets.
func (a *App) export(r *http.Request) (any, error) {
	wanted := r.URL.Query()["id"]
	file := ClusterFile{Signalbox: fileMark, Clusters: []SaveCluster{}}
	for _, e := range a.list.all() {
		if len(wanted) == 0 || slices.Contains(wanted, e.ID) {
			file.Clusters = append(file.Clusters, e.SaveCluster)
		}
	}
	return file, nil
}

func (a *App) importFile(r *http.Request) (any, error) {
	in, err := decode[ImportClusters](r)
	if err != nil {
		return nil, err
	}
	items, err := parseClusters(in.Text)
	if err != nil {
		var f faults
		f.add("/text", "%v", err)
		return nil, f.err()
	}
	a.importing.Lock()
	defer a.importing.Unlock()
	a.compare(items)
	if in.DryRun {
		return Imported{Items: items}, nil
	}
	for i := range items {
		if in.Take == nil && items[i].Is == ImportNew || slices.Contains(in.Take, i) {
			a.take(r, &items[i])
		}
	}
	return Imported{Items: items}, nil
}

// compare says of each cluster what it is to the list.
func (a *App) compare(items []ImportedCluster) {
	saved := a.list.all()
	names := map[string]bool{}
	for _, e := range saved {
		names[strings.ToLower(e.Name)] = true
	}
	seen := map[string]bool{}
	for i := range items {
		one := &items[i]
		if one.Is == ImportBroken {
			continue
		}
		if seen[one.Cluster.Fingerprint] {
			one.Is, one.Error = ImportBroken, "the file has a cluster with this authority already"
			continue
		}
		seen[one.Cluster.Fingerprint] = true
		at := slices.IndexFunc(saved, func(e entry) bool { return e.Fingerprint == one.Cluster.Fingerprint })
		if at < 0 {
			one.Is, one.Cluster.Name = ImportNew, freeName(one.Cluster.Name, names)
			names[strings.ToLower(one.Cluster.Name)] = true
			continue
		}
		one.ID, one.Changes = saved[at].ID, changesOf(saved[at].SaveCluster, one.Cluster)
		if one.Is = ImportSame; len(one.Changes) > 0 {
			one.Is = ImportDiffers
		}
	}
}

// freeName returns the name, or the first of "name 2", "name 3", … that is free.
func freeName(name string, taken map[string]bool) string {
	if !taken[strings.ToLower(name)] {
		return name
	}
	for i := 2; ; i++ {
		tail := fmt.Sprintf(" %d", i)
		if next := printable(name, maxName-len(tail)) + tail; !taken[strings.ToLower(next)] {
			return next
		}
	}
}

// changesOf lists what differs between two descriptions of a cluster.
func changesOf(before, after SaveCluster) []ImportChange {
	var out []ImportChange
	add := func(field string, b, a any, same bool) {
		if !same {
			out = append(out, ImportChange{Field: field, Before: b, After: a})
		}
	}
	add("name", before.Name, after.Name, before.Name == after.Name)
	add("urls", before.URLs, after.URLs, slices.Equal(before.URLs, after.URLs))
	add("colour", before.Colour, after.Colour, before.Colour == after.Colour)
	add("tag", before.Tag, after.Tag, before.Tag == after.Tag)
	add("environment", before.Environment, after.Environment, before.Environment == after.Environment)
	add("protected", before.Protected, after.Protected, before.Protected == after.Protected)
	add("read_only", before.ReadOnly, after.ReadOnly, before.ReadOnly == after.ReadOnly)
	return out
}

// take adds one cluster of a file, or replaces what is saved of it.
func (a *App) take(r *http.Request, one *ImportedCluster) {
	var err error
	switch one.Is {
	case ImportNew:
		var c *conn
		if c, err = a.add(one.Cluster); err == nil {
			one.ID = c.id
		}
	case ImportDiffers:
		err = a.replace(r, one)
	default:
		return
	}
	if one.Taken = err == nil; err != nil {
		one.Error = problemOf(err).Error()
	}
}

func (a *App) replace(r *http.Request, one *ImportedCluster) error {
	c, err := a.conn(one.ID)
	if err != nil {
		return err
	}
	return a.edit(r.Context(), c, one.Cluster)
}

// parseClusters reads a file with clusters: strangers' bytes. A cluster that cannot be
// read does not spoil the others.
func parseClusters(text string) ([]ImportedCluster, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	switch {
	case text == "":
		return nil, errors.New("the file is empty")
	case len(text) > maxPaste || !utf8.ValidString(text):
		return nil, errors.New("it is no file with clusters: it is too large, or no text")
	case strings.HasPrefix(text, "{"):
		return parseListFile(text)
	}
	var out []ImportedCluster
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		out = append(out, parseLine(line))
		if len(out) > maxClusters {
			return nil, fmt.Errorf("the file has more than %d lines with clusters", maxClusters)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there is no link in it")
	}
	return out, nil
}

func parseLine(line string) ImportedCluster {
	p, err := parsePaste(line)
	switch {
	case err != nil:
		return broken(SaveCluster{Name: printable(line, maxName)}, err)
	case p.Cluster.Fingerprint == "":
		return broken(p.Cluster, errors.New("an address alone names no authority to trust; add it by hand and compare the fingerprint"))
	}
	return ImportedCluster{Cluster: p.Cluster}
}

func broken(s SaveCluster, err error) ImportedCluster {
	if s.URLs == nil {
		s.URLs = []string{}
	}
	return ImportedCluster{Cluster: s, Is: ImportBroken, Error: err.Error()}
}

// parseListFile reads an exported list, cluster by cluster, or the run file of a node.
func parseListFile(text string) ([]ImportedCluster, error) {
	var file struct {
		Signalbox string            `json:"signalbox"`
		Link      string            `json:"link"`
		Clusters  []json.RawMessage `json:"clusters"`
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, errors.New("the file is not JSON")
	}
	if file.Signalbox == "" && strings.HasPrefix(file.Link, "signalbox:") {
		return []ImportedCluster{parseLine(file.Link)}, nil
	}
	if file.Signalbox != fileMark {
		return nil, errors.New("it is neither a list of clusters of this version nor the run file of a node")
	}
	if len(file.Clusters) == 0 || len(file.Clusters) > maxClusters {
		return nil, fmt.Errorf("the list has no cluster in it, or more than %d", maxClusters)
	}
	var out []ImportedCluster
	for i, raw := range file.Clusters {
		var s SaveCluster
		err := decodeStrict(raw, &s)
		if err == nil {
			err = s.clean()
		}
		if err != nil {
			s.Name = printable(s.Name, maxName)
			if s.Name == "" {
				s.Name = fmt.Sprintf("cluster %d", i+1)
			}
			out = append(out, broken(s, problemText(err)))
			continue
		}
		out = append(out, ImportedCluster{Cluster: s})
	}
	return out, nil
}
