package sqldb

import "signalbox.internal/odb"

// store plans to write what the other steps found to be right. What points at a
// definition is taken away before it is touched and put back after, so no
// foreign key has to wait for the end of the transaction.
func (a *applier) store() {
	a.release()
	a.writeRows()
	a.writeLinks()
	a.deleteRows()
}

func (a *applier) writeRows() {
	for _, e := range a.order {
		if e.after == nil {
			continue
		}
		w := write{what: "write " + e.after.key()}
		if spec := a.d.long(string(e.after.spec)); e.before == nil {
			w.s, w.args = insertDefinition, []any{e.after.id, e.after.kind, e.after.name, e.after.version, a.rev, spec, a.now}
		} else {
			w.s, w.args = updateDefinition, []any{e.after.name, e.after.version, a.rev, spec, a.now, e.after.id}
		}
		a.later(w)
	}
}

func (a *applier) deleteRows() {
	for _, e := range a.order {
		if e.after == nil {
			a.later(write{s: deleteDefinition, args: []any{e.before.id}, what: "delete " + e.before.key()})
		}
	}
}

// record plans to write the change log, executes all that is planned, and returns
// the revision as History will.
func (a *applier) record(set odb.ChangeSet) (odb.Revision, error) {
	rev := odb.Revision{Revision: a.rev, At: instant(a.now), Actor: set.Actor, Reason: set.Reason}
	for i, e := range a.order {
		entry := e.entry()
		entry.Revision, entry.Seq, entry.At = a.rev, i, rev.At
		rev.Changes = append(rev.Changes, entry)
	}
	rev.Hash = odb.ChainHash(a.hash, rev)
	a.later(write{s: insertChangeSet, what: "write change set", args: []any{
		a.rev, nullable(set.Actor.Name), nullable(set.Actor.Source),
		nullable(set.Actor.Addr), nullable(set.Reason), a.now, rev.Hash,
	}})
	for _, l := range rev.Changes {
		a.later(write{s: insertChange, what: "write change", args: []any{
			l.Revision, l.Seq, string(l.Op), l.ID, l.Kind, l.Name, nullable(l.OldName),
			l.Version, a.d.long(string(l.Before)), a.d.long(string(l.After)),
		}})
	}
	if err := a.flush(); err != nil {
		return odb.Revision{}, err
	}
	return rev, nil
}

// entry describes an edit as the change log does.
func (e *edit) entry() odb.LogEntry {
	l := odb.LogEntry{Op: e.op}
	r := e.after
	if r == nil {
		r = e.before
	} else {
		l.After = r.spec
	}
	if e.before != nil {
		l.Before = e.before.spec
	}
	if e.op == odb.Rename {
		l.OldName = e.before.name
	}
	l.ID, l.Kind, l.Name, l.Version = r.id, r.kind, r.name, r.version
	return l
}

// nullable binds a text that may be empty: no column holds an empty text.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// text reads what nullable wrote.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
