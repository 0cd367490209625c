package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// history lists revisions, newest first.
func (a *API) history(c *call) (any, error) {
	query := c.URL.Query()
	q := odb.HistoryQuery{Kind: query.Get("kind"), Name: query.Get("name")}
	if q.Kind != "" {
		if _, ok := odb.KindNamed(q.Kind); !ok {
			return nil, odb.UnknownKind(q.Kind)
		}
	}
	if q.Name != "" && q.Kind == "" {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "name needs kind: two kinds may have definitions of one name")
	}
	withDiff, err := c.queryBool("diff")
	if err != nil {
		return nil, err
	}
	filter, err := c.historyFilter()
	if err != nil {
		return nil, err
	}
	revisions, next, err := a.revisions(c, q, filter)
	if err != nil {
		return nil, err
	}
	items := make([]client.Revision, len(revisions))
	for i, r := range revisions {
		items[i] = revisionOf(r, withDiff, nil)
	}
	return client.List[client.Revision]{Items: items, Next: next}, nil
}

// definitionHistory lists the revisions that touched one definition, with what
// they changed in it, under whatever name it had then.
func (a *API) definitionHistory(c *call) (any, error) {
	kind, name := c.param("kind"), odb.CleanName(c.param("name"))
	if _, ok := odb.KindNamed(kind); !ok {
		return nil, odb.UnknownKind(kind)
	}
	revisions, next, err := a.revisions(c, odb.HistoryQuery{Kind: kind, Name: name}, nil)
	if err != nil {
		return nil, err
	}
	if len(revisions) == 0 && c.URL.Query().Get("before") == "" {
		return nil, missing(kind, name)
	}
	ids := map[string]bool{}
	if snap, err := a.readable(c); err == nil {
		if def, ok := snap.Get(kind, name); ok {
			ids[def.ID] = true
		}
	}
	for _, r := range revisions {
		for _, e := range r.Changes {
			if e.Kind == kind && (e.Name == name || e.OldName == name) {
				ids[e.ID] = true
			}
		}
	}
	items := make([]client.Revision, len(revisions))
	for i, r := range revisions {
		items[i] = revisionOf(r, true, func(e odb.LogEntry) bool { return ids[e.ID] })
	}
	return client.List[client.Revision]{Items: items, Next: next}, nil
}

// maxRevisions is one less than what the store answers at a time, so that it
// shows whether there are more.
const maxRevisions = 999

// revisions reads one page of what f wants (nil: all) and the ?before= of the next.
func (a *API) revisions(c *call, q odb.HistoryQuery, f *historyFilter) (page []odb.Revision, next string, err error) {
	limit, err := c.limit()
	if err != nil {
		return nil, "", err
	}
	if q.Before, err = c.queryInt("before"); err != nil {
		return nil, "", err
	}
	limit = min(limit, maxRevisions)
	if f != nil {
		return a.filtered(c, q, f, limit)
	}
	q.Limit = limit + 1
	page, err = a.cfg.Store.History(c.Context(), q)
	if err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], strconv.FormatInt(page[limit-1].Revision, 10), nil
}

// revisionOf shows a revision; only is nil for all of its changes.
func revisionOf(r odb.Revision, withDiff bool, only func(odb.LogEntry) bool) client.Revision {
	out := client.Revision{
		Revision: r.Revision, At: r.At, Actor: r.Actor.Name, Source: r.Actor.Source, Addr: r.Actor.Addr,
		Reason: r.Reason, Changes: []client.LoggedChange{},
	}
	for _, e := range r.Changes {
		if only != nil && !only(e) {
			continue
		}
		change := client.LoggedChange{Op: e.Op, Kind: e.Kind, Name: e.Name, OldName: e.OldName, Version: e.Version}
		if withDiff {
			change.Diff = diff(e.Before, e.After)
		}
		out.Changes = append(out.Changes, change)
	}
	return out
}

// compare tells what differs between two revisions.
func (a *API) compare(c *call) (any, error) {
	from, err := c.queryInt("from")
	if err != nil {
		return nil, err
	}
	if c.URL.Query().Get("from") == "" {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter from is required: the revision to compare with")
	}
	before, err := a.reader.at(c.Context(), from)
	if err != nil {
		return nil, err
	}
	after, err := a.stateAt(c, "to")
	if err != nil {
		return nil, err
	}
	return client.Diff{From: from, To: after.Revision(), Changes: changesOf(odb.PlanTo(before, after))}, nil
}

// stateAt returns the state that a query parameter names; without it the newest.
func (a *API) stateAt(c *call, name string) (*odb.Snapshot, error) {
	revision, err := c.queryInt(name)
	if err != nil {
		return nil, err
	}
	if c.URL.Query().Get(name) == "" {
		return a.readable(c)
	}
	return a.reader.at(c.Context(), revision)
}

// state lists every definition as of a revision.
func (a *API) state(c *call) (any, error) {
	snap, err := a.stateAt(c, "revision")
	if err != nil {
		return nil, err
	}
	out := client.State{Revision: snap.Revision(), Definitions: []odb.Definition{}}
	for d := range snap.All() {
		out.Definitions = append(out.Definitions, d)
	}
	return out, nil
}

// rollback restores the state of an earlier revision in a new one.
func (a *API) rollback(c *call) (any, error) {
	in, err := decode[client.RollbackRequest](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	if in.Revision < 1 {
		return nil, odb.Faults{{Pointer: "/revision", Message: "a revision from 1 up is needed"}}.Err("roll back", "")
	}
	now, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, err
	}
	target, err := a.reader.at(c.Context(), in.Revision)
	if err != nil {
		return nil, err
	}
	planned := odb.PlanTo(now, target)
	switch {
	case in.DryRun:
		return client.Applied{Revision: now.Revision(), Changes: changesOf(planned), DryRun: true, Running: a.runs(now.Revision()), Warnings: a.lostSecrets(target, planned)}, nil
	case len(planned) == 0:
		return a.unchanged(now), nil
	}
	return a.apply(c, cmp.Or(reason, "roll back to revision "+strconv.FormatInt(in.Revision, 10)), odb.Changes(planned))
}

// lostSecrets warns of definitions that a roll-back brings back with secrets whose
// key was taken away since: they have to be given again.
func (a *API) lostSecrets(target *odb.Snapshot, planned []odb.PlannedChange) []string {
	var out []string
	known := a.cfg.Keys.IDs()
	for _, p := range planned {
		def, ok := target.Get(p.Kind, cmp.Or(p.NewName, p.Name))
		if !ok || p.Op == odb.Delete {
			continue
		}
		if slices.ContainsFunc(keysIn(def.Spec), func(id string) bool { return !slices.Contains(known, id) }) {
			out = append(out, def.Key()+": its secret was sealed with a key that was forgotten since; it has to be given again")
		}
	}
	return out
}
