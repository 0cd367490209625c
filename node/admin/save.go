package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// settle is how long a write waits for the node to run it.
const settle = 15 * time.Second

// createDefinition makes a definition that must not exist.
func (a *API) createDefinition(c *call) (any, error) {
	in, err := decode[client.CreateDefinition](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	c.about(c.param("kind"), in.Name)
	return a.save(c, target{c.param("kind"), odb.CleanName(in.Name), condition{create: true}, reason, "/name"}, in.Spec)
}

// putDefinition replaces a definition, or creates one with If-None-Match: *.
func (a *API) putDefinition(c *call) (any, error) {
	cond, err := c.condition()
	if err != nil {
		return nil, err
	}
	in, err := decode[client.UpdateDefinition](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	return a.save(c, target{c.param("kind"), odb.CleanName(c.param("name")), cond, reason, ""}, in.Spec)
}

// target is the definition that a write means.
type target struct {
	kind, name string
	cond       condition
	reason     string
	namePlace  string // pointer to the name in the body; empty when it is in the path
}

// save writes one spec: decoded, sealed, compared, applied.
func (a *API) save(c *call, t target, spec json.RawMessage) (any, error) {
	if _, ok := odb.KindNamed(t.kind); !ok {
		return nil, odb.UnknownKind(t.kind)
	}
	if err := odb.CheckName(t.name); err != nil {
		return nil, odb.Faults{{Pointer: t.namePlace, Message: err.Error()}}.Err("save", t.kind)
	}
	snap, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, err
	}
	def, exists := snap.Get(t.kind, t.name)
	if err := t.cond.holds(t.kind, t.name, def, exists); err != nil {
		return nil, err
	}
	current, _ := odb.Find[odb.Spec](snap, t.kind, t.name)
	after, err := a.canonical(t.kind, t.name, spec, current)
	if err != nil {
		return nil, faultsAt(err, "/spec")
	}
	if exists && bytes.Equal(def.Spec, after) {
		c.w.Header().Set("ETag", etag(def.Version))
		return client.Written{Definition: def, Running: a.runs(def.Revision), Problems: a.problemsOf(def)}, nil
	}
	change := odb.Change{Op: odb.Create, Kind: t.kind, Name: t.name, Spec: after}
	if exists {
		change.Op, change.Base = odb.Update, def.Version
	}
	return a.written(c, t.reason, change)
}

// canonical decodes a spec, seals its secrets and encodes it as it is stored.
func (a *API) canonical(kind, name string, raw json.RawMessage, current odb.Spec) (json.RawMessage, error) {
	spec, err := odb.Decode(kind, raw)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Sealer.Seal(kind, name, spec, current); err != nil {
		return nil, err
	}
	return odb.Encode(spec)
}

// renameDefinition gives a definition another name; what refers to it follows.
func (a *API) renameDefinition(c *call) (any, error) {
	cond, err := c.condition()
	if err != nil {
		return nil, err
	}
	in, err := decode[client.RenameDefinition](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	kind, name, to := c.param("kind"), odb.CleanName(c.param("name")), odb.CleanName(in.Name)
	if k, ok := odb.KindNamed(kind); ok && k.Fixed {
		return nil, odb.Errorf(odb.Invalid, "rename", kind+"/"+name, "a %s is called what its code calls it; rename it there and deploy", kind)
	}
	if err := odb.CheckName(to); err != nil {
		return nil, odb.Faults{{Pointer: "/name", Message: err.Error()}}.Err("rename", kind+"/"+name)
	}
	snap, def, err := a.basis(c, kind, name, cond)
	if err != nil {
		return nil, err
	}
	if other, taken := snap.Get(kind, to); taken {
		return nil, conflict(other, "the %s %q exists already", kind, to)
	}
	spec, err := odb.Decode(kind, def.Spec)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Sealer.Reseal(kind, name, to, spec); err != nil {
		return nil, err
	}
	after, err := odb.Encode(spec)
	if err != nil {
		return nil, err
	}
	return a.written(c, reason, odb.Change{Op: odb.Rename, Kind: kind, Name: name, NewName: to, Spec: after, Base: def.Version})
}

// basis returns the newest state of a definition when it is what cond says.
func (a *API) basis(c *call, kind, name string, cond condition) (*odb.Snapshot, odb.Definition, error) {
	if _, ok := odb.KindNamed(kind); !ok {
		return nil, odb.Definition{}, odb.UnknownKind(kind)
	}
	if cond.create {
		return nil, odb.Definition{}, refuse(http.StatusBadRequest, client.CodeBadRequest, "If-None-Match does not apply here; If-Match is needed")
	}
	snap, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, odb.Definition{}, err
	}
	def, exists := snap.Get(kind, name)
	return snap, def, cond.holds(kind, name, def, exists)
}

// deleteDefinition deletes a definition that nothing refers to.
func (a *API) deleteDefinition(c *call) (any, error) {
	cond, err := c.condition()
	if err != nil {
		return nil, err
	}
	reason, err := c.reason("")
	if err != nil {
		return nil, err
	}
	kind, name := c.param("kind"), odb.CleanName(c.param("name"))
	_, def, err := a.basis(c, kind, name, cond)
	if err != nil {
		return nil, err
	}
	return a.apply(c, reason, []odb.Change{{Op: odb.Delete, Kind: kind, Name: name, Base: def.Version}})
}

// written applies one change and answers with the definition after it.
func (a *API) written(c *call, reason string, change odb.Change) (any, error) {
	rev, err := a.commit(c, reason, []odb.Change{change})
	name := change.Name
	switch {
	case change.Op == odb.Rename:
		name = change.NewName
	case err != nil:
		err = faultsAt(err, "/spec")
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rev.Changes, func(e odb.LogEntry) bool { return e.Kind == change.Kind && e.Name == name })
	if i < 0 {
		return nil, errors.New("the committed revision " + strconv.FormatInt(rev.Revision, 10) + " does not hold its own change")
	}
	e := rev.Changes[i]
	def := odb.Definition{ID: e.ID, Kind: e.Kind, Name: e.Name, Version: e.Version, Revision: rev.Revision, Spec: e.After, Updated: rev.At}
	running := a.force(c, rev.Revision)
	c.w.Header().Set("ETag", etag(def.Version))
	if change.Op == odb.Create {
		c.status = http.StatusCreated
		c.w.Header().Set("Location", client.Prefix+"/definitions/"+url.PathEscape(def.Kind)+"/"+url.PathEscape(def.Name))
	}
	return client.Written{Definition: def, Changed: true, Running: running, Problems: a.problemsOf(def)}, nil
}

// apply applies changes and answers with what became of them.
func (a *API) apply(c *call, reason string, changes []odb.Change) (any, error) {
	rev, err := a.commit(c, reason, changes)
	if err != nil {
		return nil, err
	}
	out := client.Applied{Revision: rev.Revision, Running: a.force(c, rev.Revision)}
	var touched []odb.Definition
	for _, e := range rev.Changes {
		out.Changes = append(out.Changes, changeOf(e))
		touched = append(touched, odb.Definition{Kind: e.Kind, Name: e.Name})
	}
	out.Problems = a.problemsOf(touched...)
	return out, nil
}

// changeOf shows a logged change field by field.
func changeOf(e odb.LogEntry) client.Change {
	out := client.Change{Op: e.Op, Kind: e.Kind, Name: e.Name, Diff: diff(e.Before, e.After)}
	if e.Op == odb.Rename {
		out.Name, out.NewName = e.OldName, e.Name
	}
	return out
}

func diff(before, after json.RawMessage) []odb.FieldDiff {
	if d := odb.Diff(before, after); d != nil {
		return d
	}
	return []odb.FieldDiff{}
}

// commit writes a change set. A conflict carries the current state of the first
// definition that it is about.
func (a *API) commit(c *call, reason string, changes []odb.Change) (odb.Revision, error) {
	rev, err := a.cfg.Store.Apply(c.Context(), odb.ChangeSet{Actor: c.actor(), Reason: reason, Changes: changes})
	if odb.KindOf(err) == odb.Conflict {
		p := problemOf(err)
		if snap, loadErr := a.reader.newest(c.Context()); loadErr == nil {
			p.Current = currentOf(snap, changes)
		}
		return rev, p
	}
	if err != nil {
		return rev, err
	}
	if c.subject() == "" {
		c.notes.subject = rev.Changes[0].Kind + "/" + rev.Changes[0].Name
	}
	a.audit(c, "configuration changed", "revision", rev.Revision, "changes", len(rev.Changes), "first", rev.Changes[0].Kind+"/"+rev.Changes[0].Name, "reason", reason)
	a.cfg.Events.Publish(client.Event{Type: EventRevision, Revision: rev.Revision, Actor: c.who.account, Text: reason})
	return rev, nil
}

// currentOf returns the state of the first change whose base has moved, else of
// the first that exists.
func currentOf(snap *odb.Snapshot, changes []odb.Change) json.RawMessage {
	var found json.RawMessage
	for _, ch := range changes {
		def, ok := snap.Get(ch.Kind, ch.Name)
		if !ok {
			continue
		}
		text, err := marshal(def)
		if err != nil {
			return nil
		}
		if def.Version != ch.Base {
			return text
		}
		if found == nil {
			found = text
		}
	}
	return found
}

// force waits until the node runs a revision and reports whether it does.
func (a *API) force(c *call, revision int64) bool {
	ctx, cancel := context.WithTimeout(c.Context(), settle)
	defer cancel()
	if err := a.cfg.Changed(ctx, revision); err != nil {
		a.cfg.Log.WarnContext(c.Context(), "revision is stored but not in force", "cid", c.cid(), "revision", revision, "error", err.Error())
		return false
	}
	return true
}

// runs reports whether the node is at a revision or beyond it.
func (a *API) runs(revision int64) bool {
	snap := a.cfg.Snapshot()
	return snap != nil && snap.Revision() >= revision
}

// problemsOf returns the node's problems with some definitions.
func (a *API) problemsOf(defs ...odb.Definition) []odb.Problem {
	about := make(map[string]bool, len(defs))
	for _, d := range defs {
		about[d.Key()] = true
	}
	var out []odb.Problem
	for _, p := range a.cfg.Problems() {
		if about[p.Kind+"/"+p.Name] {
			out = append(out, p)
		}
	}
	return out
}
