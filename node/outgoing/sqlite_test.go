package outgoing_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

func sqliteBox(t testing.TB, extra string) *box {
	t.Helper()
	b := newBox(t)
	b.apply(specs{"db": `{"type":"sql","driver":"sqlite","database":"test.sqlite"` + extra + `}`})
	return b
}

func TestSQLiteValuesGoThere(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"init":["CREATE TABLE IF NOT EXISTS v (id INTEGER PRIMARY KEY, n INTEGER, r REAL, t TEXT, b BLOB, d DECIMAL(10,2), x NUMERIC, o BOOLEAN, day DATE, at DATETIME, clock TIME)"]`)
	out := b.must("sql.exec", `{"connection":"db","sql":"insert into v (n,r,t,b,d,x,o,day,at,clock) values (:n,:r,:t,:b,:d,:x,:o,:day,:at,:clock)","params":
		{"n":9007199254740993,"r":1.5,"t":"Grüße 😀","b":{"base64":"AAEC"},"d":12.50,"x":"1.10","o":true,"day":"2026-01-31","at":"2026-01-31 23:59:59.5","clock":"10:20:30"}}`)
	if out != `{"affected":1,"last_id":1}` {
		t.Errorf("exec = %s", out)
	}
	for name, want := range map[string]string{
		"n": `"9007199254740993"`, "r": `1.5`, "t": `"Grüße 😀"`, "b": `{"base64":"AAEC"}`, "d": `"12.5"`, "x": `"1.1"`, "o": `true`,
		"day": `"2026-01-31"`, "at": `"2026-01-31T23:59:59.5Z"`, "clock": `"10:20:30"`, "n - 9007199254740000": `993`,
		"null": `null`, "1e999": `"+Inf"`, "x'ff'": `{"base64":"/w=="}`, "cast(x'ff' as text)": `{"base64":"/w=="}`, "'2026-01-31T10:00:00+02:00'": `"2026-01-31T10:00:00+02:00"`,
		"0.1": `0.1`, "-9007199254740993": `"-9007199254740993"`,
	} {
		got := b.must("sql.one", `{"connection":"db","sql":`+quote("select "+name+" as c from v")+`}`)
		if got != `{"c":`+want+`}` {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	for value, want := range map[string]string{
		`1`: "integer", `1.5`: "real", `1e3`: "real", `true`: "integer", `null`: "null", `"x"`: "text", `{"base64":""}`: "blob",
		`123456789012345678901234567890`: "text", `0.12345678901234567890`: "text", `9007199254740993`: "integer",
	} {
		got := b.must("sql.one", `{"connection":"db","sql":"select typeof(:p) as c","params":{"p":`+value+`}}`)
		if got != `{"c":"`+want+`"}` {
			t.Errorf("%s is stored as %s, want %s", value, got, want)
		}
	}
}

func TestSQLiteQueries(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"max_rows":3,"init":["create table if not exists t (a integer, b text)", "delete from t"]`)
	tests := []struct{ op, args, want string }{
		{"sql.query", `"sql":"select a, b from t"`, `{"columns":["a","b"],"rows":[]}`},
		{"sql.one", `"sql":"select a, b from t"`, `null`},
		{"sql.exec", `"sql":"insert into t values (1,'x'),(2,'y')"`, `{"affected":2,"last_id":2}`},
		{"sql.exec", `"sql":"update t set b = 'z' where a = :a","params":{"a":1}`, `{"affected":1,"last_id":null}`},
		{"sql.exec", `"sql":"update t set b = 'z' where a = 99"`, `{"affected":0,"last_id":null}`},
		{"sql.exec", `"sql":"create table if not exists u (x)"`, `{"affected":0,"last_id":null}`},
		{"sql.query", `"sql":"select b, a from t order by a"`, `{"columns":["b","a"],"rows":[{"b":"z","a":1},{"b":"y","a":2}]}`},
		{"sql.query", `"sql":"insert into t values (3,'w') returning a"`, `{"columns":["a"],"rows":[{"a":3}]}`},
		{"sql.query", `"sql":"select a from t where a > :a and a > :a","params":{"a":1}`, `{"columns":["a"],"rows":[{"a":2},{"a":3}]}`},
		{"sql.query", `"sql":"select count(*) as n from t;  -- done"`, `{"columns":["n"],"rows":[{"n":3}]}`},
		{
			"sql.transaction", `"statements":[{"sql":"delete from t where a=3"},{"sql":"select a from t where a=:a","params":{"a":2},"query":true}]`,
			`[{"affected":1,"last_id":null},{"columns":["a"],"rows":[{"a":2}]}]`,
		},
	}
	for _, tc := range tests {
		if got := b.must(tc.op, `{"connection":"db",`+tc.args+`}`); got != tc.want {
			t.Errorf("%s {%s} = %s, want %s", tc.op, tc.args, got, tc.want)
		}
	}
}

func TestSQLiteRefusals(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"max_rows":3,"init":["create table if not exists t (a integer unique, b text not null check (b <> ''), c integer references t(a))",
		"insert or ignore into t values (1,'x',null)"]`)
	tests := map[string]struct{ op, args, code, message, constraint string }{
		"syntax":        {"sql.exec", `"sql":"selec 1"`, service.CodeSQL, "near \"selec\": syntax error", ""},
		"two":           {"sql.exec", `"sql":"delete from t; delete from t"`, service.CodeSQL, "", ""},
		"two queries":   {"sql.query", `"sql":"select 1; select 2"`, service.CodeSQL, "", ""},
		"unique":        {"sql.exec", `"sql":"insert into t values (1,'y',null)"`, service.CodeSQL, "UNIQUE", "unique"},
		"not null":      {"sql.exec", `"sql":"insert into t values (2,null,null)"`, service.CodeSQL, "NOT NULL", "not_null"},
		"check":         {"sql.exec", `"sql":"insert into t values (2,'',null)"`, service.CodeSQL, "CHECK", "check"},
		"foreign key":   {"sql.exec", `"sql":"insert into t values (2,'y',99)"`, service.CodeSQL, "FOREIGN KEY", "foreign_key"},
		"missing":       {"sql.query", `"sql":"select :a"`, service.CodeArguments, "params has no value for :a", ""},
		"unused":        {"sql.query", `"sql":"select 1","params":{"a":1}`, service.CodeArguments, `the parameter "a"`, ""},
		"list":          {"sql.query", `"sql":"select :a","params":{"a":[1]}`, service.CodeArguments, ":a is a list", ""},
		"object":        {"sql.query", `"sql":"select :a","params":{"a":{"b":1}}`, service.CodeArguments, ":a is an object", ""},
		"not base64":    {"sql.query", `"sql":"select :a","params":{"a":{"base64":"!"}}`, service.CodeArguments, ":a is not base64", ""},
		"empty":         {"sql.query", `"sql":" "`, service.CodeArguments, "empty", ""},
		"begin":         {"sql.exec", `"sql":"BEGIN"`, service.CodeArguments, "sql.transaction", ""},
		"same names":    {"sql.query", `"sql":"select 1 as a, 2 as a"`, service.CodeSQL, `two columns named "a"`, ""},
		"rows":          {"sql.query", `"sql":"select 1 union all select 2 union all select 3 union all select 4"`, service.CodeTooLarge, "more than 3 rows", ""},
		"fewer rows":    {"sql.query", `"max_rows":1,"sql":"select 1 union all select 2"`, service.CodeTooLarge, "more than 1 rows", ""},
		"many":          {"sql.one", `"sql":"select 1 union all select 2"`, service.CodeSQL, "more than one row", ""},
		"bytes":         {"sql.query", `"sql":"select zeroblob(40000000)"`, service.CodeTooLarge, "more than 32 MiB", ""},
		"unknown key":   {"sql.query", `"sql":"select 1","parms":{}`, service.CodeArguments, "parms", ""},
		"no statements": {"sql.transaction", `"statements":[]`, service.CodeArguments, "no statements", ""},
		"attach":        {"sql.exec", `"sql":"attach database '/etc/passwd' as x"`, service.CodeSQL, "too many attached databases", ""},
		"attach param":  {"sql.exec", `"sql":"attach database :f as x","params":{"f":"/tmp/x"}`, service.CodeSQL, "too many attached databases", ""},
		"vacuum into":   {"sql.exec", `"sql":"vacuum into '/tmp/outgoing-test-vacuum'"`, service.CodeSQL, "too many attached databases", ""},
		"extension":     {"sql.query", `"sql":"select load_extension('x')"`, service.CodeSQL, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := b.refused(tc.op, `{"connection":"db",`+tc.args+`}`, tc.code, tc.message)
			if name != "unknown key" && detail(err, "connection") != "db" || detail(err, "constraint") != tc.constraint {
				t.Errorf("details = %v, want connection db and constraint %q", err.Details, tc.constraint)
			}
		})
	}
	if got := b.must("sql.one", `{"connection":"db","sql":"select count(*) as n from t"}`); got != `{"n":1}` {
		t.Errorf("after all refusals the table has %s", got)
	}
	if h := b.health("db"); h.State != outgoing.Up || h.InFlight != 0 {
		t.Errorf("health = %+v", h)
	}
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"init":["create table if not exists t (a integer unique)"]`)
	for name, second := range map[string]string{
		"refused":         `{"sql":"insert into t values (:a)","params":{"a":1}}`,
		"too many rows":   `{"sql":"select 1 union all select 2","query":true,"max_rows":1}`,
		"wrong arguments": `{"sql":"insert into t values (:a)"}`,
	} {
		_, err := b.op(context.Background(), "sql.transaction", `{"connection":"db","statements":[{"sql":"insert into t values (1)"},`+second+`]}`)
		if err == nil || detail(err, "statement") != "1" || !strings.Contains(err.Message, "(statement 2)") {
			t.Errorf("%s: %v %v", name, err, err.Details)
		}
	}
	if got := b.must("sql.one", `{"connection":"db","sql":"select count(*) as n from t"}`); got != `{"n":0}` {
		t.Errorf("the table has %s", got)
	}
}

func TestSQLiteWritersWait(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"init":["create table if not exists t (a integer)","insert into t select 0 where not exists (select 1 from t)"]`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := b.op(context.Background(), "sql.transaction", `{"connection":"db","statements":[{"sql":"select a from t","query":true},{"sql":"update t set a = a + 1"}]}`); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := b.must("sql.one", `{"connection":"db","sql":"select a from t"}`); got != `{"a":80}` {
		t.Errorf("80 increments make %s", got)
	}
}

func TestSQLiteStatementTimesOut(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.apply(specs{
		"db":      `{"type":"sql","driver":"sqlite","database":"a","query_timeout":"50ms"}`,
		"patient": `{"type":"sql","driver":"sqlite","database":"a"}`,
	})
	endless := `"sql":"with recursive r(x) as (select 1 union all select x+1 from r) select max(x) from r"`
	b.refused("sql.query", `{"connection":"db",`+endless+`}`, service.CodeTimeout, "db did not answer in time")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := b.op(ctx, "sql.query", `{"connection":"patient",`+endless+`}`); err == nil || err.Code != service.CodeCanceled {
		t.Errorf("a canceled query: %v", err)
	}
	b.must("sql.one", `{"connection":"patient","sql":"select 1"}`)
}

// The first statements run when the connection is made, again after a failure, and once.
func TestFirstStatements(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	def := `{"type":"sql","driver":"sqlite","database":"f.sqlite","ping_every":"0s","init":["insert into log values (1)"]}`
	b.apply(specs{"db": def, "side": `{"type":"sql","driver":"sqlite","database":"f.sqlite"}`})
	b.refused("sql.query", `{"connection":"db","sql":"select 1"}`, service.CodeSQL, "no such table: log (first statement 1)")
	if h := b.health("db"); h.State != outgoing.Down {
		t.Errorf("after a use: %+v", h)
	}
	h, err := b.Ping(context.Background(), "db")
	if err == nil || h.State != outgoing.Down || !strings.Contains(h.LastError, "no such table") {
		t.Errorf("ping = %+v, %v", h, err)
	}
	b.must("sql.exec", `{"connection":"side","sql":"create table log (n)"}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { b.must("sql.query", `{"connection":"db","sql":"select 1"}`) })
	}
	wg.Wait()
	if got := b.must("sql.one", `{"connection":"side","sql":"select count(*) as n from log"}`); got != `{"n":1}` {
		t.Errorf("the first statement ran %s times", got)
	}
}

func TestSQLiteFileIsInTheDataFolder(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"options":{"journal_mode":"delete","synchronous":"off"}`)
	b.must("sql.exec", `{"connection":"db","sql":"create table t (a)"}`)
	info, err := os.Stat(filepath.Join(b.dir, "test.sqlite"))
	if err != nil || info.Size() == 0 {
		t.Errorf("the file: %v %v", info, err)
	}
	if got := b.must("sql.one", `{"connection":"db","sql":"select (select journal_mode from pragma_journal_mode) as j, (select synchronous from pragma_synchronous) as s, (select foreign_keys from pragma_foreign_keys) as f, (select timeout from pragma_busy_timeout) as b"}`); got != `{"j":"delete","s":0,"f":1,"b":10000}` {
		t.Errorf("settings = %s", got)
	}
	problems := b.Apply(context.Background(), snapshot(t, specs{"db": `{"type":"sql","driver":"sqlite","database":"test.sqlite","options":{"journal_mode":"wal) ; x("}}`}))
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "journal_mode") {
		t.Errorf("problems = %v", problems)
	}
}

func TestGoSDKOfSQL(t *testing.T) {
	t.Parallel()
	b := sqliteBox(t, `,"init":["create table if not exists t (id integer primary key, a text, b blob)"]`)
	db, ctx := b.SQL("db"), context.Background()
	r, err := db.Exec(ctx, outgoing.Statement{SQL: "insert into t (a, b) values (:a, :b)", Params: map[string]any{"a": json.Number("1.50"), "b": []byte{1}}})
	if err != nil || r.Affected != 1 || r.LastID == nil || *r.LastID != 1 {
		t.Fatalf("exec = %+v, %v", r, err)
	}
	rows, err := db.Query(ctx, outgoing.Statement{SQL: "select a, b, 9007199254740993 as n from t where id = :id", Params: map[string]any{"id": uint64(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if rows.Rows[0][0] != "1.5" || string(rows.Rows[0][1].([]byte)) != "\x01" || rows.Rows[0][2] != int64(9007199254740993) {
		t.Errorf("rows = %#v", rows.Rows)
	}
	results, err := db.Transaction(ctx, []outgoing.Statement{{SQL: "delete from t"}, {SQL: "select * from t", Query: true}})
	if err != nil || len(results) != 2 {
		t.Fatalf("transaction = %v, %v", results, err)
	}
	if got := results[1].(outgoing.ResultSet); len(got.Rows) != 0 || len(got.Columns) != 3 {
		t.Errorf("rows = %+v", got)
	}
	_, err = db.Exec(ctx, outgoing.Statement{SQL: "select :a", Params: map[string]any{"a": struct{}{}}})
	if service.AsError(err).Code != service.CodeArguments {
		t.Errorf("a struct as parameter: %v", err)
	}
}
