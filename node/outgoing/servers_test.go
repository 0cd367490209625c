package outgoing_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// serverSpec is a definition of a test's server; the password is the secret PW.
func serverSpec(driver string, s *testservers.Server, extra string) string {
	return fmt.Sprintf(`{"type":"sql","driver":%q,"host":%q,"port":%d,"database":%q,"username":%q,"password":{"ref":"env:PW"},"allow":["127.0.0.0/8"]%s}`,
		driver, s.Host, s.Port, s.Database, s.User, extra)
}

// value is what a SQL expression or parameter yields.
type value struct{ sql, params, want string }

func (b *box) values(t *testing.T, values []value) {
	t.Helper()
	for _, v := range values {
		out, err := b.op(context.Background(), "sql.one", `{"connection":"db","sql":`+quote("select "+v.sql+" as c")+`,"params":{`+v.params+`}}`)
		if err != nil {
			t.Errorf("select %s with {%s}: %v", v.sql, v.params, err)
		} else if out != `{"c":`+v.want+`}` {
			t.Errorf("select %s with {%s} = %s, want %s", v.sql, v.params, out, v.want)
		}
	}
}

// fault is a statement that the database refuses.
type fault struct{ sql, params, constraint, key, code string }

func (b *box) faults(t *testing.T, faults []fault) {
	t.Helper()
	for _, f := range faults {
		_, err := b.op(context.Background(), "sql.exec", `{"connection":"db","sql":`+quote(f.sql)+`,"params":{`+f.params+`}}`)
		if err == nil || err.Code != service.CodeSQL || detail(err, "constraint") != f.constraint || detail(err, f.key) != f.code {
			t.Errorf("%s: %v %+v, want constraint %q and %s %s", f.sql, err, err.Details, f.constraint, f.key, f.code)
		}
	}
}

// outages holds a connection to what holds for every server: it starts with the
// server down, and heals when the server is killed and comes back.
func outages(t *testing.T, driver string, s *testservers.Server) {
	b := newBox(t)
	b.vault["PW"] = s.Password
	s.Kill()
	b.apply(specs{"db": serverSpec(driver, s, `,"ping_every":"200ms","connect_timeout":"2s","init":["create table if not exists heal (n integer)"]`)})
	if h := b.health("db"); h.State != outgoing.Unknown || h.Since.IsZero() {
		t.Errorf("before the first contact: %+v", h)
	}
	err := b.refused("sql.query", `{"connection":"db","sql":"select 1"}`, service.CodeOutgoing, "could not be reached")
	if detail(err, "sent") != "false" || strings.Contains(err.Error(), s.Password) {
		t.Errorf("details = %v of %v", err.Details, err)
	}
	b.run()
	b.becomes("db", outgoing.Down)
	since := b.health("db").Since
	s.Start()
	b.becomes("db", outgoing.Up)
	h := b.health("db")
	if !h.Since.After(since) || h.LastContact.IsZero() || h.LastError == "" {
		t.Errorf("after the server came up: %+v", h)
	}
	b.must("sql.exec", `{"connection":"db","sql":"insert into heal values (1)"}`)
	for range 3 { // fill the pool
		b.must("sql.query", `{"connection":"db","sql":"select 1"}`)
	}
	s.Kill()
	_, fail := b.op(context.Background(), "sql.query", `{"connection":"db","sql":"select 1"}`)
	if fail == nil || fail.Code != service.CodeOutgoing {
		t.Errorf("a query while the server is dead: %v", fail)
	}
	if h := b.health("db"); h.State != outgoing.Down {
		t.Errorf("health while the server is dead: %+v", h)
	}
	s.Start()
	eventually(t, func() error {
		if _, err := b.op(context.Background(), "sql.query", `{"connection":"db","sql":"select n from heal"}`); err != nil {
			return err
		}
		return nil
	})
	b.becomes("db", outgoing.Up)
}

// secrecy greps everything that a node says for the password, right and wrong.
func secrecy(t *testing.T, driver string, s *testservers.Server) {
	b := newBox(t)
	const wrong = "wr0ng:pass/word@+%41"
	b.vault["PW"] = wrong
	b.apply(specs{"db": serverSpec(driver, s, ``)})
	_, first := b.op(context.Background(), "sql.query", `{"connection":"db","sql":"select 1"}`)
	_, second := b.Ping(context.Background(), "db")
	if first == nil || second == nil || first.Code != service.CodeOutgoing {
		t.Fatalf("a wrong password: %v, %v", first, second)
	}
	b.vault["PW"] = s.Password // the next connection opens the secret anew
	b.must("sql.query", `{"connection":"db","sql":"select 1"}`)
	_, third := b.op(context.Background(), "sql.query", `{"connection":"db","sql":`+quote("select '"+s.Password+"' from nowhere")+`}`)
	all := fmt.Sprintf("%v %+v %v %v %v %+v", first, first.Details, second, third, b.Health(), third.Cause) + b.log.String()
	for _, secret := range []string{wrong, s.Password} {
		if strings.Contains(all, secret) {
			t.Errorf("the password %q is in what the node says: %s", secret, all)
		}
	}
}

// guarded checks that a private address needs an allow.
func guarded(t *testing.T, driver string, s *testservers.Server) {
	b := newBox(t)
	b.vault["PW"] = s.Password
	b.apply(specs{"db": strings.Replace(serverSpec(driver, s, ``), `"127.0.0.0/8"`, `"10.0.0.0/8"`, 1)})
	b.refused("sql.query", `{"connection":"db","sql":"select 1"}`, service.CodeNotAllow, "127.0.0.1")
	if h := b.health("db"); h.State != outgoing.Down {
		t.Errorf("health = %+v", h)
	}
}

// changes checks that a changed definition gets a new pool while the old one
// finishes what it is doing.
func changes(t *testing.T, driver, slow string, s *testservers.Server) {
	b := newBox(t)
	b.vault["PW"] = s.Password
	b.apply(specs{"db": serverSpec(driver, s, ``)})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { b.must("sql.query", `{"connection":"db","sql":`+quote(slow)+`}`) })
	}
	eventually(t, func() error {
		if n := b.health("db").InFlight; n != 3 {
			return fmt.Errorf("%d in flight", n)
		}
		return nil
	})
	b.apply(specs{"db": serverSpec(driver, s, `,"max_open":1`)})
	b.must("sql.query", `{"connection":"db","sql":"select 1"}`)
	if n := b.health("db").InFlight; n != 0 {
		t.Errorf("the new pool has %d in flight", n)
	}
	b.apply(specs{})
	b.refused("sql.query", `{"connection":"db","sql":"select 1"}`, service.CodeNoOut, "no outgoing connection")
	wg.Wait()
}

// cancels checks that a call ends with its caller, and that time-outs name us.
func cancels(t *testing.T, driver, slow string, s *testservers.Server) {
	b := newBox(t)
	b.vault["PW"] = s.Password
	b.apply(specs{"db": serverSpec(driver, s, `,"query_timeout":"100ms"`), "patient": serverSpec(driver, s, ``)})
	b.refused("sql.query", `{"connection":"db","sql":`+quote(slow)+`}`, service.CodeTimeout, "db did not answer in time")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := b.op(ctx, "sql.query", `{"connection":"patient","sql":`+quote(slow)+`}`); err == nil || err.Code != service.CodeCanceled {
		t.Errorf("a canceled query: %v", err)
	}
	eventually(t, func() error { // a new connection takes time, too
		if _, err := b.op(context.Background(), "sql.query", `{"connection":"db","sql":"select 1"}`); err != nil {
			return err
		}
		return nil
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	s := testservers.Postgres(t)
	b := newBox(t)
	b.vault["PW"] = s.Password
	b.apply(specs{"db": serverSpec("postgres", s, `,"init":["create table if not exists t (id bigserial primary key, u integer unique, n text not null, c integer check (c > 0), f bigint references t(id))"]`)})
	t.Run("values", func(t *testing.T) { b.values(t, postgresValues()) })
	t.Run("statements", func(t *testing.T) { postgresStatements(t, b) })
	t.Run("guarded", func(t *testing.T) { guarded(t, "postgres", s) })
	t.Run("secrecy", func(t *testing.T) { secrecy(t, "postgres", s) })
	t.Run("changes", func(t *testing.T) { changes(t, "postgres", "select pg_sleep(0.3)", s) })
	t.Run("cancels", func(t *testing.T) { cancels(t, "postgres", "select pg_sleep(20)", s) })
	t.Run("commit", func(t *testing.T) { lostCommit(t, b, s) })
	t.Run("outages", func(t *testing.T) { outages(t, "postgres", s) })
}

func postgresValues() []value {
	return []value{
		{`:p::int`, `"p":42`, `42`},
		{`:p::bigint`, `"p":9007199254740993`, `"9007199254740993"`},
		{`:p::numeric`, `"p":0.10000000000000000001`, `"0.10000000000000000001"`},
		{`:p::numeric(10,2)`, `"p":1.5`, `"1.50"`},
		{`:p::float8`, `"p":1.5`, `1.5`},
		{`:p::float4`, `"p":1.5`, `1.5`},
		{`'NaN'::float8`, ``, `"NaN"`},
		{`:p::text`, `"p":42`, `"42"`},
		{`:p`, `"p":"Grüße 😀"`, `"Grüße 😀"`},
		{`:p::bool`, `"p":true`, `true`},
		{`:p::text`, `"p":null`, `null`},
		{`:p::bytea`, `"p":{"base64":"AAEC/w=="}`, `{"base64":"AAEC/w=="}`},
		{`:p::jsonb`, `"p":"{\"a\": [1, null]}"`, `{"a": [1, null]}`},
		{`'[1]'::json`, ``, `[1]`},
		{`:p::date`, `"p":"2026-01-31"`, `"2026-01-31"`},
		{`:p::timestamp`, `"p":"2026-01-31 23:59:59.5"`, `"2026-01-31T23:59:59.5Z"`},
		{`:p::timestamptz`, `"p":"2026-01-31T23:59:59+02:00"`, `"2026-01-31T21:59:59Z"`},
		{`'infinity'::timestamptz`, ``, `"infinity"`},
		{`'10:20:30.5'::time`, ``, `"10:20:30.5"`},
		{`:p::uuid`, `"p":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`},
		{`array[1,2]`, ``, `"{1,2}"`},
		{`'1 day'::interval`, ``, `"1 day"`},
		{`:a::int + :b::int + :a::int`, `"a":1,"b":20`, `22`},
		{`(array[10,20,30])[2:3]`, ``, `"{20,30}"`},
		{`':p'`, ``, `":p"`},
		{`current_setting('TimeZone')`, ``, `"UTC"`},
		{`current_setting('application_name')`, ``, `"signalbox"`},
		{`'<xml/>'::xml`, ``, `"<xml/>"`},
		{`'x'::bpchar(3)`, ``, `"x  "`},
	}
}

func postgresStatements(t *testing.T, b *box) {
	if got := b.must("sql.exec", `{"connection":"db","sql":"insert into t (u, n) values (:u, :n)","params":{"u":1,"n":"x"}}`); got != `{"affected":1,"last_id":null}` {
		t.Errorf("insert = %s", got)
	}
	if got := b.must("sql.query", `{"connection":"db","sql":"insert into t (u, n) values (2, 'y') returning id, u"}`); got != `{"columns":["id","u"],"rows":[{"id":2,"u":2}]}` {
		t.Errorf("returning = %s", got)
	}
	if got := b.must("sql.exec", `{"connection":"db","sql":"update t set n = 'z'"}`); got != `{"affected":2,"last_id":null}` {
		t.Errorf("update = %s", got)
	}
	b.faults(t, []fault{
		{"insert into t (u, n) values (:u, 'x')", `"u":1`, "unique", "sqlstate", "23505"},
		{"insert into t (u) values (9)", ``, "not_null", "sqlstate", "23502"},
		{"insert into t (n, c) values ('x', :c)", `"c":0`, "check", "constraint_name", "t_c_check"},
		{"insert into t (n, f) values ('x', 99)", ``, "foreign_key", "sqlstate", "23503"},
		{"selec", ``, "", "sqlstate", "42601"},
		{"delete from t; delete from t", ``, "", "sqlstate", "42601"},
		{"delete from t where id = :id; delete from t", `"id":1`, "", "sqlstate", "42601"},
		{"select :p::int", `"p":"x"`, "", "sqlstate", "22P02"},
	})
	if got := b.must("sql.transaction", `{"connection":"db","statements":[{"sql":"select count(*) as n from t","query":true},{"sql":"delete from t"}]}`); got != `[{"columns":["n"],"rows":[{"n":2}]},{"affected":2,"last_id":null}]` {
		t.Errorf("transaction = %s", got)
	}
	b.must("sql.exec", `{"connection":"db","sql":"insert into t (u, n) values (5, 'x')"}`)
	_, err := b.op(context.Background(), "sql.transaction", `{"connection":"db","statements":[{"sql":"delete from t"},{"sql":"insert into t (n) values (null)"}]}`)
	if err == nil || detail(err, "constraint") != "not_null" || detail(err, "statement") != "1" {
		t.Errorf("a transaction that fails: %v %v", err, err.Details)
	}
	if got := b.must("sql.one", `{"connection":"db","sql":"select count(*) as n from t"}`); got != `{"n":1}` {
		t.Errorf("after it: %s", got)
	}
}

// lostCommit kills the session from a deferred trigger: the commit's fate is unknown.
func lostCommit(t *testing.T, b *box, s *testservers.Server) {
	b.must("sql.exec", `{"connection":"db","sql":"create table d (a integer)"}`)
	b.must("sql.exec", `{"connection":"db","sql":"create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$"}`)
	b.must("sql.exec", `{"connection":"db","sql":"create constraint trigger late after insert on d deferrable initially deferred for each row execute function die()"}`)
	err := b.refused("sql.transaction", `{"connection":"db","statements":[{"sql":"insert into d values (1)"}]}`, service.CodeOutgoing, "not known")
	if detail(err, "outcome") != "unknown" || detail(err, "sqlstate") != "57P01" {
		t.Errorf("details = %v", err.Details)
	}
	db, open := sql.Open("pgx", s.DSN())
	if open != nil {
		t.Fatal(open)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("select count(*) from d").Scan(&n); err != nil || n != 0 {
		t.Errorf("d has %d rows, %v", n, err)
	}
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	s := testservers.MariaDB(t)
	b := newBox(t)
	b.vault["PW"] = s.Password
	b.apply(specs{"db": serverSpec("mysql", s, `,"init":["create table if not exists t (id bigint auto_increment primary key, u integer unique, n varchar(20) not null, c integer check (c > 0), f bigint references t(id))"]`)})
	t.Run("values", func(t *testing.T) { b.values(t, mariadbValues()) })
	t.Run("statements", func(t *testing.T) { mariadbStatements(t, b) })
	t.Run("guarded", func(t *testing.T) { guarded(t, "mysql", s) })
	t.Run("secrecy", func(t *testing.T) { secrecy(t, "mysql", s) })
	t.Run("changes", func(t *testing.T) { changes(t, "mysql", "select sleep(0.3)", s) })
	t.Run("cancels", func(t *testing.T) { cancels(t, "mysql", "select sleep(20)", s) })
	t.Run("outages", func(t *testing.T) { outages(t, "mysql", s) })
}

func mariadbValues() []value {
	return []value{
		{`:p`, `"p":42`, `42`},
		{`:p`, `"p":9007199254740993`, `"9007199254740993"`},
		{`cast(18446744073709551615 as unsigned)`, ``, `"18446744073709551615"`},
		{`cast(:p as decimal(30,20))`, `"p":0.10000000000000000001`, `"0.10000000000000000001"`},
		{`cast(:p as decimal(10,2))`, `"p":1.5`, `"1.50"`},
		{`cast(:p as double)`, `"p":1.5`, `1.5`},
		{`:p`, `"p":"Grüße 😀"`, `"Grüße 😀"`},
		{`:p`, `"p":true`, `1`},
		{`:p`, `"p":null`, `null`},
		{`cast(:p as binary)`, `"p":{"base64":"AAEC/w=="}`, `{"base64":"AAEC/w=="}`},
		{`cast(:p as date)`, `"p":"2026-01-31"`, `"2026-01-31"`},
		{`cast(:p as datetime(1))`, `"p":"2026-01-31 23:59:59.5"`, `"2026-01-31T23:59:59.5Z"`},
		{`cast('10:20:30' as time)`, ``, `"10:20:30"`},
		{`:a + :b + :a`, `"a":1,"b":20`, `22`},
		{`':p'`, ``, `":p"`},
		{`'it\'s :p'`, ``, `"it's :p"`},
		{`"a:p" -- :p` + "\n", ``, `"a:p"`},
		{`/*!40101 :p */`, `"p":7`, `7`},
		{`5--:p`, `"p":2`, `7`},
		{`@@session.time_zone`, ``, `"+00:00"`},
		{`@@session.sql_mode`, ``, `"STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"`},
		{`b'101'`, ``, `{"base64":"BQ=="}`},
		{`1.5`, ``, `"1.5"`},
		{`1.5e0`, ``, `1.5`},
		{`@@character_set_client`, ``, `"utf8mb4"`},
	}
}

func mariadbStatements(t *testing.T, b *box) {
	if got := b.must("sql.exec", `{"connection":"db","sql":"insert into t (u, n) values (:u, :n)","params":{"u":1,"n":"x"}}`); got != `{"affected":1,"last_id":1}` {
		t.Errorf("insert = %s", got)
	}
	if got := b.must("sql.exec", `{"connection":"db","sql":"update t set n = 'x' where u = 1"}`); got != `{"affected":1,"last_id":null}` {
		t.Errorf("update that changes nothing = %s", got)
	}
	b.faults(t, []fault{
		{"insert into t (u, n) values (:u, 'x')", `"u":1`, "unique", "number", "1062"},
		{"insert into t (u, n) values (9, null)", ``, "not_null", "number", "1048"},
		{"insert into t (u) values (9)", ``, "not_null", "number", "1364"},
		{"insert into t (n, c) values ('x', :c)", `"c":0`, "check", "number", "4025"},
		{"insert into t (n, f) values ('x', 99)", ``, "foreign_key", "sqlstate", "23000"},
		{"selec", ``, "", "sqlstate", "42000"},
		{"delete from t; delete from t", ``, "", "number", "1064"},
		{"delete from t where id = :id; delete from t", `"id":1`, "", "number", "1064"},
		{"insert into t (n) values (:n)", `"n":"longer than twenty characters"`, "", "number", "1406"},
		{"load data local infile '/etc/passwd' into table t", ``, "", "", ""},
	})
	b.must("sql.exec", `{"connection":"db","sql":"create trigger tr before insert on t for each row begin set new.n = concat(new.n, '!'); set new.c = 1; end"}`)
	if got := b.must("sql.transaction", `{"connection":"db","statements":[{"sql":"insert into t (n) values ('y')"},{"sql":"select n, c from t order by id desc limit 1","query":true}]}`); !strings.HasSuffix(got, `"rows":[{"n":"y!","c":1}]}]`) {
		t.Errorf("transaction = %s", got)
	}
	_, err := b.op(context.Background(), "sql.transaction", `{"connection":"db","statements":[{"sql":"delete from t"},{"sql":"insert into t (u) values (null)"}]}`)
	if err == nil || detail(err, "statement") != "1" {
		t.Errorf("a transaction that fails: %v", err)
	}
	if got := b.must("sql.one", `{"connection":"db","sql":"select count(*) as n from t"}`); got != `{"n":2}` {
		t.Errorf("after it: %s", got)
	}
}
