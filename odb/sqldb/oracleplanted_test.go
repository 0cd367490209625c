package sqldb

import "testing"

// planted are texts that Oracle before 23ai refuses, or silently takes for
// something else, in the words of other databases and of habit. Each is written
// as it would reach the database. One line says which checkers refuse it: l is
// the lint, g the grammar, h is H2.
var planted = map[string]struct{ text, by string }{
	"limit":                     {`SELECT rev FROM odb_revision LIMIT 1`, "lgh"},
	"limit with a placeholder":  {`SELECT rev FROM odb_change_set ORDER BY rev DESC LIMIT :1`, "lgh"},
	"offset":                    {`SELECT rev FROM odb_change_set ORDER BY rev OFFSET 5 LIMIT 10`, "lgh"},
	"top":                       {`SELECT TOP 5 rev FROM odb_change_set`, "lgh"},
	"returning":                 {`INSERT INTO odb_lease (name, holder, term, expires_us) VALUES (:1, :2, 0, 0) RETURNING term`, "lh"},
	"on conflict":               {`INSERT INTO odb_lease (name, holder, term, expires_us) VALUES (:1, :2, 0, 0) ON CONFLICT (name) DO NOTHING`, "lgh"},
	"on duplicate key":          {`INSERT INTO odb_lease (name, holder, term, expires_us) VALUES (:1, :2, 0, 0) ON DUPLICATE KEY UPDATE term = 1`, "lgh"},
	"insert or ignore":          {`INSERT OR IGNORE INTO odb_lease (name, holder, term, expires_us) VALUES (:1, :2, 0, 0)`, "lgh"},
	"replace":                   {`REPLACE INTO odb_lease (name, holder, term, expires_us) VALUES (:1, :2, 0, 0)`, "lgh"},
	"several rows":              {`INSERT INTO odb_ref (from_id, to_id, field) VALUES (:1, :2, :3), (:4, :5, :6)`, "lg"},
	"as before a table's alias": {`SELECT d.id FROM odb_definition AS d`, "lg"},
	"as before a query's alias": {`SELECT n.rev FROM (SELECT MAX(rev) AS rev FROM odb_change) AS n`, "lg"},
	"no from":                   {`SELECT 1`, "lg"},
	"if not exists":             {`CREATE TABLE IF NOT EXISTS odb_x (id NUMBER(19) NOT NULL PRIMARY KEY)`, "lg"},
	"drop if exists":            {`DROP TABLE IF EXISTS odb_lease`, "lg"},
	"add column":                {`ALTER TABLE odb_lease ADD COLUMN note VARCHAR2(60 CHAR)`, "lg"},
	"bigint":                    {`CREATE TABLE odb_x (id BIGINT NOT NULL PRIMARY KEY)`, "l"},
	"text":                      {`CREATE TABLE odb_x (id NUMBER(19) NOT NULL PRIMARY KEY, spec TEXT)`, "l"},
	"boolean":                   {`CREATE TABLE odb_x (id NUMBER(19) NOT NULL PRIMARY KEY, disabled BOOLEAN)`, "l"},
	"varchar2 without a length": {`CREATE TABLE odb_x (name VARCHAR2 NOT NULL PRIMARY KEY)`, "l"},
	"too long for a varchar2":   {`CREATE TABLE odb_x (id NUMBER(19) NOT NULL PRIMARY KEY, note VARCHAR2(5000 CHAR))`, "l"},
	"auto increment":            {`CREATE TABLE odb_x (id NUMBER(19) AUTO_INCREMENT PRIMARY KEY)`, "lgh"},
	"table options":             {`CREATE TABLE odb_x (id NUMBER(19) NOT NULL PRIMARY KEY) ENGINE=InnoDB`, "lgh"},
	"on update cascade":         {`CREATE TABLE odb_x (id VARCHAR2(26 CHAR), CONSTRAINT odb_x_id FOREIGN KEY (id) REFERENCES odb_definition (id) ON UPDATE CASCADE)`, "lg"},
	"reserved word as a column": {`CREATE TABLE odb_x (id NUMBER(19) NOT NULL PRIMARY KEY, level NUMBER(19))`, "l"},
	"mode as a column":          {`SELECT mode FROM odb_lease`, "lgh"},
	"a name of 31 bytes":        {`CREATE INDEX odb_definition_name_and_version ON odb_definition (name, version)`, "l"},
	"empty text":                {`UPDATE odb_account SET password = '' WHERE name = :1`, "l"},
	"a placeholder twice":       {`SELECT id FROM odb_definition WHERE kind = :1 AND name = :1`, "l"},
	"question mark":             {`SELECT id FROM odb_definition WHERE kind = ?`, "l"},
	"dollar placeholder":        {`SELECT id FROM odb_definition WHERE kind = $1`, "lg"},
	"now()":                     {`UPDATE odb_lease SET expires_us = NOW() WHERE name = :1`, "l"},
	"unixepoch":                 {`UPDATE odb_lease SET expires_us = unixepoch('subsec') WHERE name = :1`, "lh"},
	"double colon":              {`SELECT rev::text FROM odb_revision`, "lg"},
	"true":                      {`UPDATE odb_account SET disabled = TRUE WHERE name = :1`, "l"},
	"backticks":                 {"SELECT `rev` FROM odb_revision", "lg"},
	"quoted name":               {`SELECT "rev" FROM odb_revision`, "lh"},
	"ilike":                     {`SELECT id FROM odb_definition WHERE name ILIKE :1`, "lg"},
	"except":                    {`SELECT def_id FROM odb_change EXCEPT SELECT id FROM odb_definition`, "l"},
	"recursive":                 {`WITH RECURSIVE r AS (SELECT 1 AS n FROM dual) SELECT n FROM r`, "lg"},
	"update from":               {`UPDATE odb_ref SET to_id = d.id FROM odb_definition d WHERE d.id = from_id`, "lgh"},
	"update join":               {`UPDATE odb_ref r JOIN odb_definition d ON d.id = r.from_id SET r.to_id = d.id`, "lgh"},
	"delete using":              {`DELETE FROM odb_ref USING odb_definition WHERE odb_definition.id = odb_ref.from_id`, "lgh"},
	"delete with a limit":       {`DELETE FROM odb_audit WHERE at_us < :1 LIMIT 100`, "lgh"},
	"truncate several":          {`TRUNCATE TABLE odb_ref, odb_claim`, "lgh"},
	"two statements":            {`DELETE FROM odb_ref; DELETE FROM odb_claim`, "l"},
	"a statement's end":         {`DELETE FROM odb_ref;`, "lg"},
	"a comment":                 {`SELECT rev FROM odb_revision -- the newest`, "l"},
	"unknown column":            {`SELECT colour FROM odb_definition`, "lh"},
	"a column of another table": {`SELECT expires_us FROM odb_definition`, "h"},
	"unknown table":             {`SELECT name FROM odb_nothing`, "lh"},
	"values that do not fit":    {`INSERT INTO odb_ref (from_id, to_id, field) VALUES (:1, :2)`, "h"},
	"clock beside an aggregate": {`SELECT MAX(rev), EXTRACT(DAY FROM (SYSTIMESTAMP - TIMESTAMP '1970-01-01 00:00:00 +00:00')) FROM odb_revision`, "l"},
	"column beside a maximum":   {`SELECT MAX(rev), id FROM odb_revision`, "l"},
	"document in a condition":   {`SELECT id FROM odb_definition WHERE spec = :1`, "l"},
	"document in an order":      {`SELECT id FROM odb_definition ORDER BY spec`, "l"},
	"distinct documents":        {`SELECT DISTINCT spec FROM odb_definition`, "l"},
	"lock of a limited query":   {`SELECT id FROM odb_revision FETCH FIRST 1 ROWS ONLY FOR UPDATE WAIT 20`, "lh"},
	"skip locked twice":         {`SELECT id FROM odb_revision FOR UPDATE SKIP`, "lh"},
	"index if not exists":       {`CREATE INDEX IF NOT EXISTS odb_x_name ON odb_lease (holder)`, "lg"},
	"partial index":             {`CREATE INDEX odb_x_open ON odb_change_set (rev) WHERE hash IS NOT NULL`, "lgh"},
	"show":                      {`SHOW server_version`, "l"},
	"pragma":                    {`PRAGMA table_info(odb_lease)`, "lh"},
	"brackets":                  {`SELECT MAX(rev FROM odb_revision`, "lgh"},
	"modulo":                    {`SELECT rev % 2 FROM odb_revision`, "lg"},
	"concat_ws":                 {`SELECT concat_ws(',', kind, name) FROM odb_definition`, "l"},
	"group_concat":              {`SELECT group_concat(name) FROM odb_definition`, "l"},
	"row value":                 {`UPDATE odb_audit_head SET (seq, hash) = (:1, :2) WHERE id = 1`, "lg"},
}

func TestOracleLintRefuses(t *testing.T) {
	t.Parallel()
	l := newOracleLint()
	for name, p := range planted {
		refused(t, "lint", 'l', name, len(l.check(p.text)) > 0)
	}
}

// refused compares what a checker did with a planted text with what it should.
func refused(t *testing.T, checker string, letter rune, name string, got bool) {
	t.Helper()
	want := false
	for _, c := range planted[name].by {
		want = want || c == letter
	}
	if got != want {
		t.Errorf("%s: refused by the %s: %t, want %t\n%s", name, checker, got, want, planted[name].text)
	}
}
