package sqldb

import (
	"database/sql"
	"strings"
)

// Statements about any number of values come in three sizes, so that few are to
// be prepared: for one value, a few and many, one after the other in the
// catalogue. What is left over in a size repeats the last value.
const (
	few  = 4 // a definition and what it refers to
	many = 64
)

// list is a list of n placeholders, in brackets.
func list(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }

// named is a condition that a definition d has one of n names.
func named(n int) string {
	return "(d.kind = ? AND d.name = ?" + strings.Repeat(" OR d.kind = ? AND d.name = ?", n-1) + ")"
}

// takeText reads the revision that was taken, the database's clock, the hash of
// the revision before and, in the same round trip, definitions by name: a row for
// each, or one row without any.
func takeText(n int) string {
	return `SELECT r.rev, {NOW}, s.hash, d.id, d.kind, d.name, d.version, d.rev, d.spec FROM odb_revision r
		LEFT JOIN odb_change_set s ON s.rev = r.rev - 1
		LEFT JOIN odb_definition d ON ` + named(n) + ` WHERE r.id = 1`
}

func findText(n int) string {
	return `SELECT d.id, d.kind, d.name, d.version, d.rev, d.spec FROM odb_definition d WHERE ` + named(n)
}

func targetText(n int) string {
	return `SELECT d.id, d.kind, d.name FROM odb_definition d WHERE ` + named(n)
}

func referrersText(n int) string {
	return `SELECT DISTINCT r.to_id, d.id, d.kind, d.name FROM odb_ref r JOIN odb_definition d ON d.id = r.from_id
		WHERE r.to_id IN ` + list(n) + ` ORDER BY d.kind, d.name`
}

// sized returns the smallest of the three texts of a statement that has room for
// n values, and its room.
func sized(s statement, n int) (statement, int) {
	switch {
	case n <= 1:
		return s, 1
	case n <= few:
		return s + 1, few
	}
	return s + 2, many
}

// arguments returns the arguments of values, each made by bind, for a statement
// about size values, and the values that found no room.
func arguments[V any](values []V, size int, bind func(V) []any) (args []any, rest []V) {
	n := min(len(values), size)
	for _, v := range values[:n] {
		args = append(args, bind(v)...)
	}
	for range size - n {
		args = append(args, bind(values[n-1])...)
	}
	return args, values[n:]
}

// batched calls do with one of the texts of a statement and its arguments until
// all values had their turn.
func batched[V any](s statement, values []V, bind func(V) []any, do func(s statement, args []any) error) error {
	for len(values) > 0 {
		text, size := sized(s, len(values))
		var args []any
		args, values = arguments(values, size, bind)
		if err := do(text, args); err != nil {
			return err
		}
	}
	return nil
}

func bindID(id string) []any { return []any{id} }

// laterAll adds a statement about ids for all of them, see later.
func (t *tx) laterAll(s statement, ids []string, what string) {
	_ = batched(s, ids, bindID, func(s statement, args []any) error { // which returns no error
		t.later(write{s: s, args: args, what: what})
		return nil
	})
}

// eachNamed calls scan for every row of a query about definitions by key.
func (t *tx) eachNamed(s statement, keys []string, scan func(*sql.Rows) error) error {
	return batched(s, keys, bindKey, func(s statement, args []any) error { return t.each(s, args, scan) })
}

// bindKey binds a key, kind/name. A kind has no slash.
func bindKey(key string) []any {
	kind, name, _ := strings.Cut(key, "/")
	return []any{kind, name}
}
