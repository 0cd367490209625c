package sqldb_test

import (
	"path/filepath"
	"testing"

	"signalbox.internal/odb"
	"signalbox.internal/odb/odbtest"
	"signalbox.internal/odb/sqldb"
)

func TestConformance(t *testing.T) {
	odbtest.Run(t, odbtest.Config{
		Open: func(t testing.TB) odb.Store {
			return open(t, filepath.Join(t.TempDir(), "odb.sqlite"))
		},
		Again: func(t testing.TB, s odb.Store) odb.Store {
			info, err := s.Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return open(t, info.Where)
		},
		Check: sqldb.CheckLinks,
	})
}
