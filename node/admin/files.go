package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// maxFiles is how many files one plan may have.
const maxFiles = 10_000

// plan compares files with the configuration and changes nothing.
func (a *API) plan(c *call) (any, error) {
	in, err := decode[client.PlanRequest](c)
	if err != nil {
		return nil, err
	}
	snap, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, err
	}
	planned, err := a.planFiles(snap, in.Documents, in.Prune)
	if err != nil {
		return nil, err
	}
	return client.Plan{Revision: snap.Revision(), Changes: changesOf(planned)}, nil
}

// applyFiles makes the configuration what the files say: one revision or nothing.
func (a *API) applyFiles(c *call) (any, error) {
	in, err := decode[client.ApplyRequest](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	snap, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, err
	}
	if in.Revision != 0 && in.Revision != snap.Revision() {
		return nil, refuse(http.StatusConflict, client.CodeConflict,
			"the ODB is at revision %d, the plan was made at revision %d: someone else changed something; plan again", snap.Revision(), in.Revision)
	}
	planned, err := a.planFiles(snap, in.Documents, in.Prune)
	if err != nil {
		return nil, err
	}
	if len(planned) == 0 {
		return a.unchanged(snap), nil
	}
	return a.apply(c, reason, odb.Changes(planned))
}

// unchanged is the answer to a write that changes nothing.
func (a *API) unchanged(snap *odb.Snapshot) client.Applied {
	return client.Applied{Revision: snap.Revision(), Changes: []client.Change{}, Running: a.runs(snap.Revision())}
}

// planFiles reads the files and plans; the faults of all files come together.
func (a *API) planFiles(snap *odb.Snapshot, files []client.Document, prune bool) ([]odb.PlannedChange, error) {
	if len(files) > maxFiles {
		return nil, refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "there are %d files; at most %d are allowed", len(files), maxFiles)
	}
	var docs []odb.Document
	var faults odb.Faults
	for i, f := range files {
		name := f.Name
		if name == "" {
			name = "file " + strconv.Itoa(i+1)
		}
		parsed, err := odb.ParseDocuments(name, []byte(f.Text))
		if err != nil {
			faults.Add("/documents/"+strconv.Itoa(i)+"/text", "%v", err)
		}
		docs = append(docs, parsed...)
	}
	if err := faults.Err("plan", ""); err != nil {
		return nil, err
	}
	return odb.NewPlan(odb.PlanInput{Current: snap, Documents: docs, Prune: prune, Seal: a.cfg.Sealer.Seal})
}

func changesOf(planned []odb.PlannedChange) []client.Change {
	out := make([]client.Change, len(planned))
	for i, p := range planned {
		out[i] = client.Change{Op: p.Op, Kind: p.Kind, Name: p.Name, NewName: p.NewName, Diff: p.Diff}
		if p.Diff == nil {
			out[i].Diff = []odb.FieldDiff{}
		}
	}
	return out
}

// export writes definitions as files do.
func (a *API) export(c *call) (any, error) {
	kinds := c.URL.Query()["kind"]
	for _, kind := range kinds {
		if _, ok := odb.KindNamed(kind); !ok {
			return nil, odb.UnknownKind(kind)
		}
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedOf(snap, c.URL.Query()["definition"])
	if err != nil {
		return nil, err
	}
	var defs []odb.Definition
	for d := range snap.All() {
		if len(kinds)+len(wanted) == 0 || slices.Contains(kinds, d.Kind) || wanted[d.ID] {
			defs = append(defs, d)
		}
	}
	text, err := odb.FormatDocuments(defs)
	if err != nil {
		return nil, err
	}
	c.w.Header().Set("ETag", etag(snap.Revision()))
	return raw{"application/yaml", text}, nil
}

// wantedOf finds the definitions that are asked for as KIND/NAME, by id.
func wantedOf(snap *odb.Snapshot, keys []string) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, key := range keys {
		kind, name, _ := strings.Cut(key, "/")
		name = odb.CleanName(name)
		if _, ok := odb.KindNamed(kind); !ok {
			return nil, odb.UnknownKind(kind)
		}
		def, ok := snap.Get(kind, name)
		if !ok {
			return nil, missing(kind, name)
		}
		ids[def.ID] = true
	}
	return ids, nil
}
