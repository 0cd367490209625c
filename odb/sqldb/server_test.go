package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
	"signalbox.internal/odb/odbtest"
)

// serverTest is one of the tests that a server is held to.
type serverTest struct {
	name string
	run  func(*testing.T, *testServer)
}

// serverTests are those that need nothing but databases.
func serverTests() []serverTest {
	return []serverTest{
		{"conformance", serverConforms},
		{"migrators at once", serverMigratesWithManyAtOnce},
		{"migrators that crash", serverMigratesAfterCrash},
		{"newer schema", serverRefusesNewerSchema},
		{"faults", serverFaults},
		{"opening", serverOpens},
		{"batches", serverBatches},
		{"dump", serverDumps},
		{"copy", serverCopies},
		{"deadlock", serverDeadlock},
	}
}

// TestServers holds one private server of each kind to everything; the tests that
// end it are last. That of Oracle is H2 in its Oracle mode.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"postgres", "mysql", "oracle"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t, kind)
			tests := append(serverTests(), serverTest{"room for a user's tests", serverMakesRoom})
			if s.Server != nil {
				tests = append(tests, serverTest{"check", serverChecks}, serverTest{"credentials", serverRefusesCredentials}, serverTest{"goes away", serverGoesAway})
			}
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, s) })
			}
		})
	}
}

// TestUserServers does the same on servers of yours, see CONTRIBUTING.md.
func TestUserServers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ODB_POSTGRES", "ODB_MYSQL", "ODB_ORACLE"} {
		dsn := os.Getenv(name)
		if dsn == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := userServer(t, dsn, true)
			for _, test := range serverTests() {
				t.Run(test.name, func(t *testing.T) { test.run(t, s) })
			}
		})
	}
}

// The way to test on a user's server, tried on a private one: by databases of its
// own, and in the one database that there is.
func serverMakesRoom(t *testing.T, private *testServer) {
	text := private.fresh(t)
	for _, mayMake := range []bool{true, false} {
		t.Run(fmt.Sprint("databases ", mayMake), func(t *testing.T) {
			s := userServer(t, text, mayMake)
			if s.only() != (!mayMake || s.kind == "oracle") {
				t.Errorf("one database only: %t", s.only())
			}
			for _, test := range serverTests() {
				if slices.Contains([]string{"newer schema", "dump"}, test.name) {
					t.Run(test.name, func(t *testing.T) { test.run(t, s) })
				}
			}
		})
		if left := ourTables(t, text); len(left) > 0 {
			t.Errorf("the tests leave %q", left)
		}
	}
	if err := execute(t.Context(), text, "CREATE TABLE odb_precious (id INT)"); err != nil {
		t.Fatal(err)
	}
	if err := roomIn(t, text); err == nil || !strings.Contains(err.Error(), "odb_precious") {
		t.Errorf("a database with a table called like ours: %v, want it refused", err)
	}
}

// testConfig opens the database of a DSN, quietly.
func testConfig(dsn string) Config {
	return Config{DSN: dsn, Log: slog.New(slog.DiscardHandler), openerOf: openerOfTest}
}

func openDSN(t testing.TB, dsn string) *DB {
	t.Helper()
	db, err := Open(t.Context(), testConfig(dsn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func serverConforms(t *testing.T, s *testServer) {
	odbtest.Run(t, odbtest.Config{Open: s.open, Again: s.again, Check: CheckLinks})
}

func serverMigratesWithManyAtOnce(t *testing.T, s *testServer) {
	for range 3 {
		dsn := s.fresh(t)
		var g errgroup.Group
		for range 8 {
			g.Go(func() error {
				db, err := Open(t.Context(), testConfig(dsn))
				if err != nil {
					return err
				}
				return db.Close()
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		worksAt(t, dsn)
	}
}

func serverMigratesAfterCrash(t *testing.T, s *testServer) {
	for n := range steps() {
		for i, set := range []func(*migrator, func(int) error){
			func(m *migrator, f func(int) error) { m.cut = f },
			func(m *migrator, f func(int) error) { m.after = f },
		} {
			if i == 1 && n%6 != 0 { // a sample, for time: after the row there is nothing to be resumed
				continue
			}
			s.crashAt(t, n+1, set)
		}
	}
}

// crashAt cuts a migration short in a step, then lets another process go on.
func (s *testServer) crashAt(t *testing.T, step int, set func(*migrator, func(int) error)) {
	t.Helper()
	text := s.fresh(t)
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		t.Fatal(err)
	}
	d, open := openerOfTest(dsn)
	p, err := open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	m := &migrator{db: p.write, dialect: d, steps: steps(), log: slog.New(slog.DiscardHandler)}
	set(m, func(version int) error {
		if version == step {
			return errCrash
		}
		return nil
	})
	if err := m.run(t.Context()); !errors.Is(err, errCrash) {
		t.Fatalf("cut in step %d, the migration ended with %v", step, err)
	}
	if err := errors.Join(p.write.Close(), p.read.Close()); err != nil {
		t.Fatal(err)
	}
	worksAt(t, text)
}

func serverRefusesNewerSchema(t *testing.T, s *testServer) {
	dsn := s.fresh(t)
	worksAt(t, dsn)
	db := openDSN(t, dsn)
	if _, err := db.write.db.ExecContext(t.Context(), `INSERT INTO odb_schema (version, name, at_us) VALUES (99, 'of next year', 1)`); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), testConfig(dsn))
	if odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("Open() = %v, want a conflict about the schema", err)
	}
}

// A store lives through the end of its server, says so, and goes on with all
// that was acknowledged.
func serverGoesAway(t *testing.T, s *testServer) {
	dsn := s.fresh(t)
	db := openDSN(t, dsn)
	add := func(name string) error {
		_, err := db.Apply(t.Context(), odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: name, Spec: []byte(`{"engine":"go"}`)}}})
		return err
	}
	for i, end := range []func(){s.Stop, s.Kill} {
		if err := add(fmt.Sprint("s", i)); err != nil {
			t.Fatal(err)
		}
		end()
		_, loadErr := db.Load(t.Context())
		_, revErr := db.Revision(t.Context())
		_, openErr := Open(t.Context(), testConfig(dsn))
		for what, err := range map[string]error{"Apply": add("x"), "Load": loadErr, "Revision": revErr, "Open": openErr} {
			if odb.KindOf(err) != odb.Unavailable || err == nil {
				t.Errorf("%s without a server = %v, want an error of kind unavailable", what, err)
			} else if strings.Contains(err.Error(), s.Password) || strings.Contains(err.Error(), "word") {
				t.Errorf("%s shows the password: %v", what, err)
			}
		}
		s.Start()
		rev, err := db.Revision(t.Context())
		snap, loadErr := db.Load(t.Context())
		if err != nil || rev != int64(i+1) || loadErr != nil || snap.Len() != i+1 {
			t.Fatalf("after the server's return: revision %d, %v, %v", rev, err, loadErr)
		}
	}
}

func serverRefusesCredentials(t *testing.T, s *testServer) {
	host := fmt.Sprintf("%s:%d", s.Host, s.Port)
	for name, dsn := range map[string]string{
		"wrong password":   s.kind + "://" + s.User + ":planted-secret@" + host + "/" + s.Database,
		"no such user":     s.kind + "://nobody:planted-secret@" + host + "/" + s.Database,
		"no such database": s.dsn("nowhere"),
		"wrong port":       s.kind + "://" + s.User + ":planted-secret@127.0.0.1:1/" + s.Database,
	} {
		_, err := Open(t.Context(), testConfig(dsn))
		if odb.KindOf(err) != odb.Unavailable || err == nil {
			t.Errorf("%s: Open() = %v, want an error of kind unavailable", name, err)
		} else if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "planted-secret") || strings.Contains(err.Error(), s.Password) {
			t.Errorf("%s: the password is shown: %s", name, text)
		}
	}
	info, err := openDSN(t, s.fresh(t)).Info(t.Context())
	if err != nil || info.Kind != s.kind || !strings.HasPrefix(info.Where, host+"/signalbox") || strings.Contains(info.Where, "@") {
		t.Errorf("Info() = %+v, %v", info, err)
	}
}

// What the database itself refuses comes back as what it is, whoever looked before.
func serverFaults(t *testing.T, s *testServer) {
	db := openDSN(t, s.fresh(t))
	now := []any{"01J00000000000000000000001", "service", "a", 1, 1, "{}", 1}
	insert := func(args ...any) error {
		return db.change(t.Context(), "test", "it", func(t *tx) error {
			_, err := t.run(insertDefinition, args...)
			return err
		})
	}
	if err := insert(now...); err != nil {
		t.Fatal(err)
	}
	if err := insert(now...); odb.KindOf(err) != odb.Conflict || err == nil {
		t.Errorf("the same key twice: %v, want a conflict", err)
	}
	err := db.change(t.Context(), "test", "it", func(t *tx) error {
		_, err := t.run(insertRef, now[0], "01J00000000000000000000002", "/x")
		return err
	})
	if db.dialect.classOf(errors.Unwrap(err)) != classInUse || odb.KindOf(err) != odb.Conflict {
		t.Errorf("a reference to nothing: %v, want a conflict", err)
	}
	archive := make([]byte, 17<<20) // more than MariaDB takes unless it is told to
	sum := sha256.Sum256(archive)
	err = db.PutPackages(t.Context(), []odb.Package{{Hash: hex.EncodeToString(sum[:]), Name: "big", Engine: "go", Services: []string{"s"}, Archive: archive}})
	mayRefuse := s.kind == "mysql"
	if err == nil && mayRefuse && s.Server != nil || err != nil && (!mayRefuse || odb.KindOf(err) != odb.Invalid) {
		t.Errorf("a package of 17 MiB: %v", err)
	}
	for _, name := range []string{"no\x00text", "no\xfftext"} {
		if _, err := db.Account(t.Context(), name); err == nil || odb.KindOf(err) == odb.Internal {
			t.Errorf("the account %q: %v, want an error that is not ours", name, err)
		}
	}
}

// A first statement that fails leaves no transaction behind in its session.
func serverOpens(t *testing.T, s *testServer) {
	db := openDSN(t, s.fresh(t))
	if want := s.kind != "oracle"; db.dialect.opens != want { // there a transaction begins by itself
		t.Fatalf("a transaction can begin with a statement: %v, want %v", db.dialect.opens, want)
	}
	if !db.dialect.opens {
		return
	}
	nothing := func(*tx) error { return nil }
	for range 10 { // more than there are sessions
		ctx := context.WithValue(t.Context(), openingKey{}, `UPDATE odb_revision SET rev = rev + 7 WHERE id = 1; UPDATE odb_nowhere SET rev = 1`)
		if err := db.attempt(ctx, db.write, db.dialect.write, nothing); err == nil {
			t.Fatal("a first statement that fails did not matter")
		}
		if err := db.attempt(t.Context(), db.write, db.dialect.write, nothing); err != nil {
			t.Fatal(err)
		}
	}
	rev, err := db.Apply(t.Context(), thousand(1))
	if err != nil || rev.Revision != 1 {
		t.Errorf("Apply() = revision %d, %v; want 1: what failed was committed", rev.Revision, err)
	}
}

// Statements that are sent at once fail as they do one by one.
func serverBatches(t *testing.T, s *testServer) {
	db := openDSN(t, s.fresh(t))
	insert := func(n int) write {
		return write{s: insertDefinition, args: []any{fmt.Sprintf("%026d", n), "service", fmt.Sprint("s", n), 1, 1, db.dialect.long("{}"), 1}, what: fmt.Sprint("insert ", n)}
	}
	none := write{s: parkDefinition, args: []any{"~x", "nobody"}, what: "park", none: func() error { return errCrash }}
	bad := write{s: insertRef, args: []any{insert(1).args[0], "nobody", "/x"}, what: "refer to nothing"}
	for name, tc := range map[string]struct {
		extra []write
		class class
		words string
	}{
		"good":          {nil, classOther, ""},
		"no row":        {[]write{none}, classOther, "crash"},
		"fault":         {[]write{bad}, classInUse, "refer to nothing: "},
		"first of two":  {[]write{bad, insert(1)}, classInUse, "refer to nothing: "},
		"twice":         {[]write{insert(1)}, classUnique, "insert 1: "},
		"fault, no row": {[]write{insert(1), none}, classUnique, "insert 1: "},
	} {
		const many = 2*maxBatch + 1
		err := db.attempt(t.Context(), db.write, db.dialect.write, func(t *tx) error {
			for n := range many {
				t.later(insert(n))
			}
			for _, w := range tc.extra {
				t.later(w)
			}
			err := t.flush()
			if err == nil {
				var rows int
				if err := t.sql.QueryRowContext(t.ctx, `SELECT COUNT(*) FROM odb_definition`).Scan(&rows); err != nil || rows != many {
					return fmt.Errorf("%d rows, %w", rows, err)
				}
				return errDone
			}
			return err
		})
		if tc.words == "" {
			if !errors.Is(err, errDone) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || db.dialect.classOf(err) != tc.class || !strings.HasPrefix(err.Error(), tc.words) {
			t.Errorf("%s: %v, want %q", name, err, tc.words)
		}
	}
	if n := loaded(t, db); n != 0 {
		t.Errorf("there are %d definitions, want none: nothing was committed", n)
	}
}

// errDone rolls a transaction back that did what it should.
var errDone = errors.New("done")

func loaded(t *testing.T, db *DB) int {
	t.Helper()
	snap, err := db.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap.Len()
}

// Two transactions that lock two rows in opposite order: one is run again.
func serverDeadlock(t *testing.T, s *testServer) {
	db := openDSN(t, s.fresh(t))
	for _, name := range []string{"a", "b"} {
		if err := db.CreateAccount(t.Context(), odb.Account{Name: name, Role: odb.Viewer}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var attempts atomic.Int64
	met := make(chan struct{}, 2)
	var g errgroup.Group
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		g.Go(func() error {
			first := true
			return db.change(ctx, "test", "it", func(t *tx) error {
				attempts.Add(1)
				if _, err := t.run(updateAccount, "admin", nil, 0, order[0]); err != nil {
					return err
				}
				if first {
					first = false
					met <- struct{}{}
					for len(met) < 2 && ctx.Err() == nil {
						<-time.After(time.Millisecond)
					}
				}
				_, err := t.run(updateAccount, "admin", nil, 0, order[1])
				return err
			})
		})
	}
	if err := g.Wait(); err != nil || attempts.Load() != 3 {
		t.Errorf("%v after %d attempts, want success after 3", err, attempts.Load())
	}
}

// Everything goes from a file to the server and back, and is the same.
func serverDumps(t *testing.T, s *testServer) {
	first, last := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, first)
	server := openDSN(t, s.fresh(t))
	roundTrip(t, first, server)
	roundTrip(t, server, last)
}
