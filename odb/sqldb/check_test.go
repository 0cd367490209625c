package sqldb

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func checkAt(t testing.TB, dsn string) odb.CheckReport {
	t.Helper()
	report, err := Check(t.Context(), Config{DSN: dsn, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// finding returns the worst finding of a check.
func finding(r odb.CheckReport, check string) odb.Finding {
	var worst odb.Finding
	for _, f := range r.Findings {
		if f.Check == check && (worst.Level == "" || worst.Level == odb.FindingOK || f.Level == odb.FindingFault) {
			worst = f
		}
	}
	return worst
}

func TestCheck(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	db := openDSN(t, "sqlite:"+path)
	fillDefinitions(t, db)
	r := checkAt(t, "sqlite:"+path)
	if r.Worst() == odb.FindingFault || r.Revision != 22 || r.Schema != SchemaVersion() || r.Latency <= 0 || r.ClockAway.Abs() > farClock || r.Version == "" || len(r.Tables) != len(tables()) {
		t.Errorf("%+v", r)
	}
	for _, check := range []string{"reach", "version", "journal mode", "synchronous", "integrity", "schema", "latency", "clock", "open", "change log", "definitions", "references", "audit log", "packages"} {
		if f := finding(r, check); f.Level != odb.FindingOK {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// What somebody did to the database shows.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ sql, check, level, want string }{
		"hole in the log":    {"DELETE FROM odb_change WHERE rev = 3; DELETE FROM odb_change_set WHERE rev = 3", "change log", odb.FindingFault, "revision 4"},
		"end of the log":     {"DELETE FROM odb_change WHERE rev = 22; DELETE FROM odb_change_set WHERE rev = 22", "change log", odb.FindingFault, "ends at revision 21"},
		"reason":             {"UPDATE odb_change_set SET reason = 'other' WHERE rev = 3", "change log", odb.FindingFault, "revision 3"},
		"spec":               {"UPDATE odb_definition SET spec = '{\"engine\":\"go\",\"max_in_flight\":7}' WHERE name = 's3'", "definitions", odb.FindingFault, "service/s3"},
		"definition is gone": {"DELETE FROM odb_claim; DELETE FROM odb_ref; DELETE FROM odb_definition WHERE name = 's3'", "definitions", odb.FindingFault, "there are"},
		"reference is gone":  {"DELETE FROM odb_ref WHERE from_id IN (SELECT id FROM odb_definition WHERE name = 'Kanal ä 3')", "references", odb.FindingFault, "channel/Kanal ä 3 lacks its reference"},
		"claim is gone":      {"DELETE FROM odb_claim WHERE def_id IN (SELECT id FROM odb_definition WHERE name = 'Kanal ä 3')", "references", odb.FindingFault, "channel/Kanal ä 3 lacks its claim"},
		"claim too many":     {"INSERT INTO odb_claim SELECT 'channel', 'x', id FROM odb_definition WHERE name = 's3'", "references", odb.FindingFault, "no definition has"},
		"package":            {"UPDATE odb_package SET archive = X'00'", "packages", odb.FindingFault, "is not what was stored"},
		"unreadable":         {"UPDATE odb_definition SET spec = '{\"new\":1}' WHERE name = 's3'", "definitions", odb.FindingFault, "service/s3"},
		"audit":              {"UPDATE odb_audit_head SET seq = 7", "audit log", odb.FindingFault, "entry 1"},
		"older schema":       {"DELETE FROM odb_schema WHERE version > 5", "schema", odb.FindingWarning, "is 5"},
		"newer schema":       {"INSERT INTO odb_schema (version, name, at_us) VALUES (999, 'x', 1)", "schema", odb.FindingFault, "999"},
		"orphan":             {"PRAGMA foreign_keys = off; INSERT INTO odb_ref VALUES ('x', 'y', 'z'); PRAGMA foreign_keys = on", "broken foreign keys", odb.FindingFault, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newFile(t)
			db := openDSN(t, "sqlite:"+path)
			fillDefinitions(t, db)
			if _, err := db.write.db.ExecContext(t.Context(), test.sql); err != nil {
				t.Fatal(err)
			}
			r := checkAt(t, "sqlite:"+path)
			if f := finding(r, test.check); f.Level != test.level || !strings.Contains(f.Message, test.want) || f.Do == "" {
				t.Errorf("%+v, want a %s with %q", f, test.level, test.want)
			}
		})
	}
}

// A check makes no file and no tables.
func TestCheckBeforeThereIsAnything(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "odb.sqlite")
	if f := finding(checkAt(t, "sqlite:"+missing), "reach"); f.Level != odb.FindingFault || f.Do == "" {
		t.Errorf("%+v", f)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the check made a file")
	}
	foreign := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := finding(checkAt(t, "sqlite:"+foreign), "reach"); f.Level != odb.FindingFault {
		t.Errorf("%+v", f)
	}
	empty := newFile(t)
	writePool(t, empty)
	if r := checkAt(t, "sqlite:"+empty); r.Worst() != odb.FindingWarning || finding(r, "schema").Level != odb.FindingWarning || r.Schema != 0 {
		t.Errorf("%+v", r)
	}
	r := checkAt(t, "postgres://me:planted-secret@127.0.0.1:1/x")
	if f := finding(r, "reach"); f.Level != odb.FindingFault || strings.Contains(f.Message, "planted") {
		t.Errorf("%+v", f)
	}
	if _, err := Check(t.Context(), Config{DSN: "nonsense"}); odb.KindOf(err) != odb.Invalid {
		t.Errorf("a DSN that is none: %v", err)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	if _, _, err := Plan(t.Context(), Config{DSN: "sqlite:" + path}); odb.KindOf(err) != odb.NotFound {
		t.Errorf("without a file: %v", err)
	}
	old := newMigrator(t, sqliteDialect(), path)
	old.steps = old.steps[:7]
	if err := old.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	schema, open, err := Plan(t.Context(), Config{DSN: "sqlite:" + path})
	if err != nil || schema != 7 || len(open) != SchemaVersion()-7 || open[0] != steps()[7].name {
		t.Errorf("%d, %v, %v", schema, open, err)
	}
}

func serverChecks(t *testing.T, s *testServer) {
	dsn := s.fresh(t)
	if r := checkAt(t, dsn); r.Worst() == odb.FindingFault || r.Schema != 0 || finding(r, "schema").Level != odb.FindingWarning {
		t.Errorf("before the tables: %+v", r)
	}
	db := openDSN(t, dsn)
	fillDefinitions(t, db)
	r := checkAt(t, dsn)
	if r.Worst() == odb.FindingFault || r.Revision != 22 || r.Kind != s.kind {
		t.Errorf("%+v", r)
	}
	for _, check := range []string{"reach", "version", "writable", "schema", "open", "change log", "references", "audit log", "packages"} {
		if f := finding(r, check); f.Level != odb.FindingOK {
			t.Errorf("%s: %+v", check, f)
		}
	}
	// The tests' servers do not sync, and it is told.
	settings := map[string]string{"postgres": "fsync", "mysql": "flush at commit"}
	if f := finding(r, settings[s.kind]); f.Level != odb.FindingWarning || f.Do == "" {
		t.Errorf("%+v", f)
	}
	if schema, open, err := Plan(t.Context(), Config{DSN: dsn}); err != nil || schema != SchemaVersion() || len(open) != 0 {
		t.Errorf("Plan() = %d, %v, %v", schema, open, err)
	}
}
