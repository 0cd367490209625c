package sqldb

import (
	"database/sql"
	"fmt"

	"signalbox.internal/odb"
)

// begin takes the next revision. It comes first in every transaction that
// changes definitions: its row is what puts their writers in line. With the
// revision it reads the definitions that the changes are about.
func (a *applier) begin(changes []wanted) error {
	if openingOf(a.ctx) == "" {
		if _, err := a.run(bumpRevision); err != nil {
			return fmt.Errorf("take revision: %w", err)
		}
	}
	keys := wantedKeys(changes)
	for _, key := range keys {
		a.rows[key] = nil
	}
	s, size := sized(takeRevision, len(keys))
	args, rest := arguments(keys, size, bindKey)
	err := a.each(s, args, func(rows *sql.Rows) error {
		var hash, id, kind, name *string
		var version, rev *int64
		var spec []byte
		if err := rows.Scan(&a.rev, &a.now, &hash, &id, &kind, &name, &version, &rev, &spec); err != nil {
			return err
		}
		a.hash = text(hash)
		if id != nil {
			a.keep(&row{id: *id, kind: *kind, name: *name, version: *version, rev: *rev, spec: spec})
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("read revision: %w", err)
	case a.rev == 0: // there is no such row while the database is closed for changes
		return a.closedFault()
	}
	return a.read(rest)
}

// wantedKeys returns the names that changes are about, and, as far as they fit
// into one statement, those that the specs of new definitions refer to.
func wantedKeys(changes []wanted) []string {
	var keys []string
	seen := map[string]bool{}
	add := func(kind, name string) {
		if key := kind + "/" + name; !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	for _, c := range changes {
		add(c.Kind, c.Name)
		if c.Op == odb.Rename {
			add(c.Kind, c.NewName)
		}
	}
	for _, c := range changes {
		if c.Op != odb.Create {
			continue
		}
		for _, ref := range odb.Refs(c.spec) {
			if len(keys) >= many {
				return keys
			}
			add(ref.Kind, ref.Name)
		}
	}
	return keys
}

// read reads definitions by kind/name as they are before the set.
func (a *applier) read(keys []string) error {
	return a.eachNamed(findDefinitions, keys, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.id, &r.kind, &r.name, &r.version, &r.rev, (*[]byte)(&r.spec))
		a.keep(&r)
		return err
	})
}

func (a *applier) keep(r *row) { a.rows[r.key()] = r }

// identify finds the ids of definitions by kind/name before the set, unless they
// are known.
func (a *applier) identify(keys []string) error {
	var unknown []string
	for _, key := range keys {
		if _, ok := a.rows[key]; ok {
			continue
		}
		if _, ok := a.ids[key]; !ok {
			a.ids[key] = ""
			unknown = append(unknown, key)
		}
	}
	return a.eachNamed(findTargets, unknown, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.id, &r.kind, &r.name)
		a.ids[r.key()] = r.id
		return err
	})
}

// id returns the id of what has a name before the set; empty for none. It has to
// be read or identified.
func (a *applier) id(key string) string {
	if r := a.rows[key]; r != nil {
		return r.id
	}
	return a.ids[key]
}

// referrers returns, by the id that they refer to, id, kind and name of all that
// refers to one of ids before the set.
func (a *applier) referrers(ids []string) (map[string][]row, error) {
	out := map[string][]row{}
	err := batched(referrersOf, ids, bindID, func(s statement, args []any) error {
		return a.each(s, args, func(rows *sql.Rows) error {
			var to string
			var r row
			err := rows.Scan(&to, &r.id, &r.kind, &r.name)
			out[to] = append(out[to], r)
			return err
		})
	})
	return out, err
}
