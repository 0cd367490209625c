package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

var errCrash = errors.New("crash")

func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "odb.sqlite") }

func writePool(t *testing.T, path string) *sql.DB {
	t.Helper()
	p, err := openSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.write.Close(), p.read.Close() })
	return p.write
}

// inSteps is SQLite as a database whose DDL commits at once. Its lock is left
// out: a second session of SQLite could do nothing beside it.
func inSteps() *dialect {
	d := sqliteDialect()
	d.ddlInTx = false
	return d
}

func newMigrator(t *testing.T, d *dialect, path string) *migrator {
	t.Helper()
	return &migrator{db: writePool(t, path), dialect: d, steps: steps(), log: slog.New(slog.DiscardHandler)}
}

// journal returns what the journal has, version by version.
func journal(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT version, name, at_us FROM odb_schema ORDER BY version`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var version int
		var name string
		var at int64
		if err := rows.Scan(&version, &name, &at); err != nil {
			t.Fatal(err)
		}
		if version != len(out) || instant(at).Year() < 2020 {
			t.Errorf("row %d of the journal is step %d (%s) at %v", len(out), version, name, instant(at))
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// works checks that a file is a whole ODB.
func works(t *testing.T, path string) {
	t.Helper()
	worksAt(t, "sqlite:"+path)
}

func worksAt(t *testing.T, dsn string) {
	t.Helper()
	db, err := Open(t.Context(), testConfig(dsn))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got := journal(t, db.write.db)
	want := []string{"lock"}
	for _, s := range steps() {
		want = append(want, s.name)
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("the journal has %q, want %q", got, want)
	}
	set := odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: odb.NewID(), Spec: []byte(`{"engine":"go"}`)}}}
	if _, err := db.Apply(t.Context(), set); err != nil {
		t.Error(err)
	}
}

func TestMigrateAfterCrash(t *testing.T) {
	for place, set := range map[string]func(*migrator, func(int) error){
		"before the journal's row": func(m *migrator, f func(int) error) { m.cut = f },
		"after the journal's row":  func(m *migrator, f func(int) error) { m.after = f },
	} {
		for mode, d := range map[string]func() *dialect{"in a transaction": sqliteDialect, "step by step": inSteps} {
			t.Run(mode+" "+place, func(t *testing.T) {
				t.Parallel()
				for n := range steps() {
					crashAt(t, d(), n+1, set)
				}
			})
		}
	}
}

// crashAt cuts a migration short in a step, then lets others go on.
func crashAt(t *testing.T, d *dialect, step int, set func(*migrator, func(int) error)) {
	t.Helper()
	path := newFile(t)
	m := newMigrator(t, d, path)
	m.unlocked = !d.ddlInTx
	set(m, func(version int) error {
		if version == step {
			return errCrash
		}
		return nil
	})
	if err := m.run(t.Context()); !errors.Is(err, errCrash) {
		t.Fatalf("cut in step %d, the migration ended with %v", step, err)
	}
	set(m, nil)
	if err := m.run(t.Context()); err != nil {
		t.Fatalf("resumed after a crash in step %d: %v", step, err)
	}
	works(t, path)
}

func TestMigrateWithManyAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := newFile(t)
		var g errgroup.Group
		for range 8 {
			g.Go(func() error {
				db, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					return err
				}
				return db.Close()
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		works(t, path)
	}
}

func TestMigrateRefusesNewer(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	works(t, path)
	db := writePool(t, path)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO odb_schema (version, name, at_us) VALUES (99, 'of next year', 1)`); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	want := fmt.Sprintf("schema 99 and this program knows only %d", len(steps()))
	if odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), want) {
		t.Errorf("Open() = %v, want a conflict with %q", err, want)
	}
}

func TestMigrateGoesOnFromAnOlderSchema(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	old := newMigrator(t, sqliteDialect(), path)
	old.steps = old.steps[:7]
	if err := old.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := journal(t, old.db); len(got) != 8 {
		t.Fatalf("the journal has %q", got)
	}
	works(t, path)
}

// A step that fails takes back all that went before it, where DDL can be rolled back.
func TestMigrateFails(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	m := newMigrator(t, sqliteDialect(), path)
	m.steps = append(steps(), step{"broken", "CREATE TABLE nonsense ("})
	err := m.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "(broken)") {
		t.Errorf("run() = %v, want an error about the broken step", err)
	}
	var n int
	if err := m.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM sqlite_master`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d tables and indexes are left, %v", n, err)
	}
	works(t, path)
}

func TestMigrateCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open() = %v, want context.Canceled", err)
	}
}
