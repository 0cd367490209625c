package sqldb

import (
	"fmt"

	"signalbox.internal/odb"
)

// store writes what the other steps found to be right. What points at a
// definition is taken away before it is touched and put back after, so no
// foreign key has to wait for the end of the transaction.
func (a *applier) store() error {
	for _, step := range []func() error{a.release, a.writeRows, a.writeLinks, a.deleteRows} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) writeRows() error {
	for _, e := range a.order {
		var err error
		switch {
		case e.after == nil:
			continue
		case e.before == nil:
			_, err = a.run(insertDefinition, e.after.id, e.after.kind, e.after.name, e.after.version, a.rev,
				a.d.long(string(e.after.spec)), a.now)
		default:
			_, err = a.run(updateDefinition, e.after.name, e.after.version, a.rev,
				a.d.long(string(e.after.spec)), a.now, e.after.id)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", e.after.key(), err)
		}
	}
	return nil
}

func (a *applier) deleteRows() error {
	for _, e := range a.order {
		if e.after != nil {
			continue
		}
		if _, err := a.run(deleteDefinition, e.before.id); err != nil {
			return fmt.Errorf("delete %s: %w", e.before.key(), err)
		}
	}
	return nil
}

// record writes the change log and returns the revision as History will.
func (a *applier) record(set odb.ChangeSet) (odb.Revision, error) {
	rev := odb.Revision{Revision: a.rev, At: instant(a.now), Actor: set.Actor, Reason: set.Reason}
	for i, e := range a.order {
		entry := e.entry()
		entry.Revision, entry.Seq, entry.At = a.rev, i, rev.At
		rev.Changes = append(rev.Changes, entry)
	}
	rev.Hash = odb.ChainHash(a.hash, rev)
	_, err := a.run(insertChangeSet, a.rev, nullable(set.Actor.Name), nullable(set.Actor.Source),
		nullable(set.Actor.Addr), nullable(set.Reason), a.now, rev.Hash)
	if err != nil {
		return odb.Revision{}, fmt.Errorf("write change set: %w", err)
	}
	for _, entry := range rev.Changes {
		if err := a.logEntry(entry); err != nil {
			return odb.Revision{}, fmt.Errorf("write change: %w", err)
		}
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

func (a *applier) logEntry(l odb.LogEntry) error {
	_, err := a.run(insertChange, l.Revision, l.Seq, string(l.Op), l.ID, l.Kind, l.Name, nullable(l.OldName),
		l.Version, a.d.long(string(l.Before)), a.d.long(string(l.After)))
	return err
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
