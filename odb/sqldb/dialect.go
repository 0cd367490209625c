package sqldb

import (
	"database/sql"
	"regexp"
	"strconv"
	"strings"
)

// dialect is everything that differs between databases. The rest of the
// package knows none of them by name.
type dialect struct {
	name string // as in the DSN and in a statement's special texts
	now  string // the database's clock in microseconds since 1970 UTC; stands for {NOW}

	numbered     string                // prefix of numbered placeholders ("$", ":"); empty keeps "?"
	limit        string                // stands for {LIMIT}, at the end of a query; has one placeholder
	hold         string                // stands for {HOLD}, at the end of a query: locks its row, or fails after lockTimeout
	types        map[string]string     // what stands for {ID}, {INT}, {FLAG}, {DOC} and {BLOB} in the schema
	text         func(n string) string // the type of a text of at most n characters; stands for {TEXT n}
	tableSuffix  string                // stands for {SUFFIX}, after the closing bracket of a table
	document     func(text string) any // binds a long text, or NULL for an empty one; nil binds it as it is
	bytes        func(b []byte) any    // binds long bytes; nil binds them as they are
	classify     func(err error) class // what an error of the driver means
	exists       func(err error) bool  // whether a DDL statement failed because its object is there
	write        *sql.TxOptions        // of a transaction that writes
	read         *sql.TxOptions        // of one that must see one moment
	beginRead    string                // what it begins with, when read cannot say that
	ddlInTx      bool                  // whether DDL can be rolled back
	opens        bool                  // whether a transaction's first statement can come with its beginning, see DB.opening
	batches      bool                  // whether many statements can be sent in one round trip, see batch
	version      string                // query for the database's own version
	journalThere string                // query that counts the migrators' journal tables, without failing when there is none
}

// class says what an error of the database means to this package.
type class int

const (
	classOther   class = iota
	classUnique        // a unique key or primary key is taken
	classInUse         // a row that others refer to, or a reference that leads nowhere
	classRetry         // the whole transaction may succeed when it is run again
	classAway          // the database cannot be reached, or cannot write
	classForeign       // the file is not a database
	classText          // a value that the database cannot hold
)

var textType = regexp.MustCompile(`\{TEXT (\d+)\}`)

// expand turns a text of the catalogue or the schema into the dialect's SQL.
func (d *dialect) expand(text string) string {
	pairs := []string{"{NOW}", d.now, "{LIMIT}", d.limit, "{HOLD}", d.hold, "{SUFFIX}", d.tableSuffix}
	for name, t := range d.types {
		pairs = append(pairs, "{"+name+"}", t)
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	return d.number(textType.ReplaceAllStringFunc(text, func(m string) string {
		return d.text(textType.FindStringSubmatch(m)[1])
	}))
}

// number replaces each ? by a numbered placeholder where the dialect wants that.
// No text of the catalogue has a question mark in a literal.
func (d *dialect) number(text string) string {
	if d.numbered == "" {
		return text
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(text, "?") {
		if n > 0 {
			b.WriteString(d.numbered + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// long binds a document, which may be longer than what a plain text may be, or
// NULL when there is none.
func (d *dialect) long(text string) any {
	if d.document == nil {
		return nullable(text)
	}
	return d.document(text)
}

// blob binds bytes, which may be longer than what a plain value may be.
func (d *dialect) blob(b []byte) any {
	if d.bytes == nil {
		return b
	}
	return d.bytes(b)
}
