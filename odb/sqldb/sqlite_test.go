package sqldb

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// Whatever the umask, nobody but the owner reads the ODB.
func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "odb.sqlite")
	if err := os.WriteFile(path, nil, 0o644); err != nil { //nolint:gosec // the test's point
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // the test's point
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("there are the files %v, %v; want the database, its log and its index", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != fs.FileMode(0o600) {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

func TestPragmas(t *testing.T) {
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for pragma, want := range map[string][2]string{ // of the pool that writes, and of the one that reads
		"journal_mode": {"wal", "wal"},
		"synchronous":  {"2", ""},
		"foreign_keys": {"1", ""},
		"busy_timeout": {"10000", "10000"},
		"query_only":   {"0", "1"},
	} {
		for i, p := range []*pool{db.write, db.read} {
			var got string
			if err := p.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want[i] && want[i] != "" {
				t.Errorf("%s of pool %d is %s, want %s", pragma, i, got, want[i])
			}
		}
	}
}

func TestOpenFileOfAnotherKind(t *testing.T) {
	path := newFile(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("this is not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), "not a database") || !strings.Contains(err.Error(), path) {
		t.Errorf("Open() = %v, want an error that says what is wrong with which file", err)
	}
}

// The next databases must fit: every text of the catalogue expands without rest
// in a dialect with numbered placeholders.
func TestCatalogueExpands(t *testing.T) {
	d := sqliteDialect()
	d.numbered, d.limit = ":", "FETCH FIRST ? ROWS ONLY"
	texts := []string{d.expand(journalTable)}
	for _, s := range steps() {
		texts = append(texts, d.expand(s.text))
	}
	for s := range statements {
		text := d.statement(s)
		if text == "" && catalogue[s].by == nil {
			t.Errorf("statement %d has no text", s)
		}
		texts = append(texts, text)
	}
	for _, text := range texts {
		if strings.ContainsAny(text, "{}?") {
			t.Errorf("something is left of %q", text)
		}
		if strings.Contains(text, "''") || strings.Contains(strings.ToUpper(text), "RETURNING") {
			t.Errorf("not every database takes %q", text)
		}
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\n(),.=", r) }) {
			if len(word) > 30 {
				t.Errorf("the name %s is longer than 30 bytes", word)
			}
		}
	}
	if got := d.statement(historyOfKind); !strings.Contains(got, "c.kind = :3") || !strings.HasSuffix(got, "FETCH FIRST :4 ROWS ONLY") {
		t.Errorf("placeholders are numbered as in %q", got)
	}
}

func TestClosedStore(t *testing.T) {
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Load(t.Context()); odb.KindOf(err) != odb.Unavailable {
		t.Errorf("Load() of a closed store = %v, want an error of kind unavailable", err)
	}
	if _, err := db.Revision(t.Context()); odb.KindOf(err) != odb.Unavailable {
		t.Errorf("Revision() of a closed store = %v, want an error of kind unavailable", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
