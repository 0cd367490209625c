package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"signalbox.internal/build/testservers"
	"signalbox.internal/odb"
)

// testServer is a server, private or a user's, and what differs in testing it.
type testServer struct {
	*testservers.Server // nil unless it is private and its own process
	kind                string
	// fresh returns the DSN of an empty database. Where there is only one, it
	// empties that, so whatever the test opened before is gone.
	fresh func(t testing.TB) string
	slots chan struct{} // bounds the stores that are open at once: the server has few connections

	stores sync.Map // of an odb.Store, its DSN
}

// newTestServer starts a private server.
func newTestServer(t testing.TB, kind string) *testServer {
	t.Helper()
	s := &testServer{kind: kind, slots: make(chan struct{}, 4)}
	switch kind {
	case "postgres":
		s.Server = testservers.Postgres(t)
	case "mysql":
		s.Server = testservers.MariaDB(t)
	case "oracle":
		address := testservers.H2(t)
		var made atomic.Int64
		s.fresh = func(testing.TB) string {
			return fmt.Sprintf("oracle://%s:x@%s/signalbox%d?pool=4", h2User, address, made.Add(1))
		}
		return s
	}
	s.fresh = databaseEach(s.dsn(s.Database), "signalbox", nil)
	return s
}

// open opens a store on an empty database and keeps its slot until the test ends.
func (s *testServer) open(t testing.TB) odb.Store {
	s.slots <- struct{}{}
	t.Cleanup(func() { <-s.slots })
	dsn := s.fresh(t)
	db := openDSN(t, dsn)
	s.stores.Store(odb.Store(db), dsn)
	return db
}

// again opens one more store on the database of another.
func (s *testServer) again(t testing.TB, store odb.Store) odb.Store {
	dsn, ok := s.stores.Load(store)
	if !ok {
		t.Fatal("the store is not one of ours")
	}
	text, ok := dsn.(string)
	if !ok {
		t.Fatal("the store has no DSN")
	}
	return openDSN(t, text)
}

// only says whether there is just one database.
func (s *testServer) only() bool { return cap(s.slots) == 1 }

// dsn returns the DSN of a database of the private server.
func (s *testServer) dsn(database string) string {
	u := url.URL{Scheme: s.kind, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: "/" + database}
	return u.String() + "?pool=4"
}

// databaseEach makes a database each time, named after prefix, by the DSN of
// one that is there, and calls after, if any, when the test ends.
func databaseEach(dsn, prefix string, after func(t testing.TB, name string)) func(testing.TB) string {
	var made atomic.Int64
	return func(t testing.TB) string {
		t.Helper()
		name := fmt.Sprint(prefix, made.Add(1))
		if err := execute(t.Context(), dsn, "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		if after != nil {
			t.Cleanup(func() { after(t, name) })
		}
		before, options, _ := strings.Cut(dsn, "?")
		return before[:strings.LastIndexByte(before, '/')+1] + name + "?" + options
	}
}

// execute runs statements on the database of a DSN, which need not have our tables.
func execute(ctx context.Context, dsn string, texts ...string) error {
	return withDatabase(ctx, dsn, func(db *sql.DB) error {
		for _, text := range texts {
			if _, err := db.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	})
}

func withDatabase(ctx context.Context, text string, use func(*sql.DB) error) error {
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		return err
	}
	_, open := openerOfTest(dsn)
	p, err := open(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(use(p.write), p.write.Close(), p.read.Close())
}

// userServer tests on a server that a user names, who need not give more rights
// than the program needs: where no databases can be made, the tests run one after
// the other in the one that the DSN names, which must have none of our tables.
func userServer(t *testing.T, text string, mayMake bool) *testServer {
	t.Helper()
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		t.Fatalf("the DSN %v", err)
	}
	s := &testServer{kind: dsn.Kind, slots: make(chan struct{}, 4)}
	name := "signalbox_test_" + strings.ToLower(rand.Text()[:8]) + "_"
	if mayMake && dsn.Kind != "oracle" && execute(t.Context(), text, "CREATE DATABASE "+name, "DROP DATABASE "+name) == nil {
		s.fresh = databaseEach(text, name, func(t testing.TB, name string) {
			t.Helper()
			if dsn.Kind == "postgres" {
				name += " WITH (FORCE)" // sessions that were closed a moment ago may still be there
			}
			if err := execute(context.WithoutCancel(t.Context()), text, "DROP DATABASE "+name); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	s.slots = make(chan struct{}, 1)
	if err := roomIn(t, text); err != nil {
		t.Fatal(err)
	}
	s.fresh = func(t testing.TB) string { dropTables(t, text); return text }
	t.Cleanup(func() { dropTables(t, text) })
	return s
}

// roomIn refuses a database that has tables called like ours.
func roomIn(t testing.TB, text string) error {
	t.Helper()
	if found := ourTables(t, text); len(found) > 0 {
		return fmt.Errorf("the database has the tables %s; the tests would drop them, so they only run where there are none", strings.Join(found, ", "))
	}
	return nil
}

// ourTables lists the tables that are called like ours.
func ourTables(t testing.TB, text string) []string {
	t.Helper()
	kind, _, _ := strings.Cut(text, ":")
	query := map[string]string{
		"postgres": `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`,
		"mysql":    `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`,
		"oracle":   `SELECT table_name FROM user_tables`,
	}[kind]
	var found []string
	err := withDatabase(context.WithoutCancel(t.Context()), text, func(db *sql.DB) error {
		rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			if name = strings.ToLower(name); strings.HasPrefix(name, "odb_") {
				found = append(found, name)
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("list tables: %v", err)
	}
	return found
}

// dropTables drops our tables, what refers before what is referred to.
func dropTables(t testing.TB, text string) {
	t.Helper()
	found := ourTables(t, text)
	var drops []string
	for _, tab := range slices.Backward(append([]table{{name: "odb_schema"}}, tables()...)) {
		if slices.Contains(found, tab.name) {
			drop := "DROP TABLE " + tab.name
			if strings.HasPrefix(text, "oracle:") && !strings.HasPrefix(text, "oracle://"+h2User+":") {
				drop += " PURGE" // not into the recycle bin, where it would count against the quota
			}
			drops = append(drops, drop)
		}
	}
	if err := execute(context.WithoutCancel(t.Context()), text, drops...); err != nil {
		t.Errorf("clean up: %v", err)
	}
}
