package sqldb

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// table describes one table for what moves whole databases: its columns and what
// is special about reading and writing them. Its statements are made from this
// and are no part of the catalogue: a database that is only used need not
// prepare them.
type table struct {
	name    string
	since   int // the migration that made it
	columns []column
	where   string // restricts the rows that are content; empty for all
	order   string // the primary key
	seeded  bool   // the schema makes its only row, which has the id 1
}

// column is one column of a table.
type column struct {
	name     string
	kind     string // as in the schema: "INT", "FLAG", "ID", "TEXT", "DOC" or "BLOB"
	limit    int    // of a TEXT, in characters
	nullable bool
	since    int    // the migration that made it
	read     string // the expression that reads it; empty: its name
	write    string // the expression that writes it; empty: its placeholder
	loose    bool   // differs between equal contents
}

var (
	createdTable  = regexp.MustCompile(`^CREATE TABLE (\w+) \(`)
	createdColumn = regexp.MustCompile(`(?m)^\s*(\w+) \{(\w+)(?: (\d+))?\}( NOT NULL)?`)
	addedColumn   = regexp.MustCompile(`^ALTER TABLE (\w+) ADD (\w+) \{(\w+)(?: (\d+))?\}( NOT NULL)?`)
	primaryKey    = regexp.MustCompile(`PRIMARY KEY \(([\w, ]+)\)`)
	columnKey     = regexp.MustCompile(`(?m)^\s*(\w+) \{[\w ]+\} NOT NULL PRIMARY KEY`)
)

// tables returns every table of the content, what is referred to before what
// refers to it. It reads them from the migrations, so that none is forgotten.
func tables() []table {
	var all []table
	for n, s := range steps() {
		if m := createdTable.FindStringSubmatch(s.text); m != nil {
			all = append(all, newTable(m[1], s.text, n+1))
		}
		if m := addedColumn.FindStringSubmatch(s.text); m != nil {
			i := slices.IndexFunc(all, func(t table) bool { return t.name == m[1] })
			all[i].columns = append(all[i].columns, newColumn(m[2:], n+1))
		}
	}
	for i := range all {
		all[i].special()
	}
	return all
}

func newTable(name, text string, since int) table {
	t := table{name: name, since: since}
	for _, m := range createdColumn.FindAllStringSubmatch(text, -1) {
		t.columns = append(t.columns, newColumn(m[1:], since))
	}
	if m := primaryKey.FindStringSubmatch(text); m != nil {
		t.order = m[1]
	} else if m := columnKey.FindStringSubmatch(text); m != nil {
		t.order = m[1]
	}
	return t
}

func newColumn(m []string, since int) column {
	limit, _ := strconv.Atoi(m[2]) //nolint:errcheck // digits, or nothing for a type without a limit
	return column{name: m[0], kind: m[1], limit: limit, nullable: m[3] == "", since: since}
}

// special says how a table differs from one whose rows are moved as they are.
func (t *table) special() {
	switch t.name {
	case "odb_revision":
		// Its ids say whether the database is open, which is not content.
		t.seeded, t.order = true, ""
		t.columns[0].read, t.columns[1].read = "1", "MAX(rev)"
	case "odb_audit_head":
		t.seeded = true
	case "odb_lease":
		// Nobody holds it, and nobody may take it sooner than its holder's could
		// have ended. Its time is what is left of it.
		t.column("holder").read = "'-'"
		left := t.column("expires_us")
		left.read = "CASE WHEN expires_us > {NOW} THEN expires_us - {NOW} ELSE 0 END"
		left.write, left.loose = "{NOW} + ?", true
	case "odb_meta":
		t.where = "name NOT IN ('" + strings.Join(ownMarks(), "', '") + "')"
	}
}

func (t *table) column(name string) *column {
	return &t.columns[slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })]
}

// ownMarks are the rows of odb_meta that say what the database itself is, and
// not what is in it.
func ownMarks() []string { return []string{markFrozen, markArriving, markMoved} }

// selects reads the rows.
func (t *table) selects() string {
	var names []string
	for _, c := range t.columns {
		if c.read != "" {
			names = append(names, c.read)
			continue
		}
		names = append(names, c.name)
	}
	text := "SELECT " + strings.Join(names, ", ") + " FROM " + t.name
	if t.where != "" {
		text += " WHERE " + t.where
	}
	if t.order != "" {
		text += " ORDER BY " + t.order
	}
	return text
}

// stores writes one row: an insert, or an update of the only row.
func (t *table) stores() string {
	var names, values, sets []string
	for _, c := range t.columns {
		value := c.write
		if value == "" {
			value = "?"
		}
		names, values, sets = append(names, c.name), append(values, value), append(sets, c.name+" = "+value)
	}
	if t.seeded { // the id is the first column and binds last
		return "UPDATE " + t.name + " SET " + strings.Join(sets[1:], ", ") + " WHERE " + sets[0]
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// counts counts the rows that are content, not those that the schema makes.
func (t *table) counts() string {
	text := "SELECT COUNT(*) FROM " + t.name
	switch {
	case t.name == "odb_revision":
		text += " WHERE rev > 0"
	case t.name == "odb_audit_head":
		text += " WHERE seq > 0"
	case t.where != "":
		text += " WHERE " + t.where
	}
	return text
}

// clears removes the rows, or makes the only one what the schema made it.
func (t *table) clears() string {
	switch t.name {
	case "odb_revision":
		return "UPDATE odb_revision SET rev = 0"
	case "odb_audit_head":
		return "UPDATE odb_audit_head SET seq = 0, hash = '-'"
	}
	return "DELETE FROM " + t.name
}
