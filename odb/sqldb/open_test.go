package sqldb_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

func open(t testing.TB, path string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
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

func TestOpenMakesAnEmptyODB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a #1 50%?.sqlite")
	db := open(t, path)
	info, err := db.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Kind != "sqlite" || info.Version == "" || info.Schema < 17 || info.Where != path {
		t.Errorf("Info() = %+v", info)
	}
	snap, err := db.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if snap.Revision() != 0 || snap.Len() != 0 {
		t.Errorf("Load() = %d definitions at revision %d, want none at 0", snap.Len(), snap.Revision())
	}
}

func TestOpenRefuses(t *testing.T) {
	for dsn, want := range map[string]odb.ErrorKind{
		"":                           odb.Invalid,
		"sqlite:":                    odb.Invalid,
		"sqlite::memory:":            odb.Invalid,
		"db2://u:p@h/d":              odb.Invalid,
		"oracle://u:p@h/a(b":         odb.Invalid,
		"oracle://u:p@h/d?tls=maybe": odb.Invalid,
		"oracle://u:p@h/d?tls=false&tls_ca=/nowhere": odb.Invalid,
		"oracle://u:p@h/d?tls_ca=/nowhere":           odb.Invalid,
		"sqlite:/nowhere/at/all/x.db":                odb.Unavailable,
		"sqlite:" + t.TempDir():                      odb.Unavailable,
	} {
		if db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: dsn}); odb.KindOf(err) != want || err == nil {
			t.Errorf("Open(%q) = %v, %v, want an error of kind %v", dsn, db, err, want)
		}
	}
}
