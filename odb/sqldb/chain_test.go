package sqldb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// What somebody changes in the log behind our back is found by its chain.
func TestChainFindsTampering(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statements []string
		want       string // in the error; empty: nothing is to be found
	}{
		"nothing":               {nil, ""},
		"outside of the log":    {[]string{`UPDATE odb_account SET role = 'admin'`}, ""},
		"actor":                 {[]string{`UPDATE odb_change_set SET actor = 'mallory' WHERE rev = 3`}, "revision 3: its hash is"},
		"no actor":              {[]string{`UPDATE odb_change_set SET actor = NULL WHERE rev = 3`}, "revision 3: its hash is"},
		"time":                  {[]string{`UPDATE odb_change_set SET at_us = at_us - 1 WHERE rev = 3`}, "revision 3: its hash is"},
		"hash":                  {[]string{`UPDATE odb_change_set SET hash = (SELECT hash FROM odb_change_set WHERE rev = 2) WHERE rev = 3`}, "revision 3: its hash is"},
		"no hash":               {[]string{`UPDATE odb_change_set SET hash = NULL WHERE rev = 3`}, "revision 3: its hash is not there"},
		"no hash at all so far": {[]string{`UPDATE odb_change_set SET hash = NULL WHERE rev <= 3`}, "revision 4: its hash is"},
		"spec after":            {[]string{`UPDATE odb_change SET spec_after = '{"engine":"go","note":"x"}' WHERE rev = 3 AND seq = 0`}, "revision 3: its hash is"},
		"spec before":           {[]string{`UPDATE odb_change SET spec_before = NULL WHERE rev = 4`}, "revision 4: its hash is"},
		"name":                  {[]string{`UPDATE odb_change SET name = 'z' WHERE rev = 3 AND seq = 1`}, "revision 3: its hash is"},
		"change removed":        {[]string{`DELETE FROM odb_change WHERE rev = 3 AND seq = 1`}, "revision 3: its hash is"},
		"change added": {[]string{`INSERT INTO odb_change (rev, seq, op, def_id, kind, name, version)
			SELECT 3, 2, 'delete', 'x', 'service', 'y', 1`}, "revision 3: its hash is"},
		"changes swapped": {[]string{
			`UPDATE odb_change SET seq = 9 WHERE rev = 3 AND seq = 0`, `UPDATE odb_change SET seq = 0 WHERE rev = 3 AND seq = 1`,
			`UPDATE odb_change SET seq = 1 WHERE rev = 3 AND seq = 9`,
		}, "revision 3: its hash is"},
		"revisions swapped": {[]string{
			`UPDATE odb_change_set SET rev = 99 WHERE rev = 2`, `UPDATE odb_change_set SET rev = 2 WHERE rev = 3`,
			`UPDATE odb_change_set SET rev = 3 WHERE rev = 99`, `UPDATE odb_change SET rev = 99 WHERE rev = 2`,
			`UPDATE odb_change SET rev = 2 WHERE rev = 3`, `UPDATE odb_change SET rev = 3 WHERE rev = 99`,
		}, "revision 2: its hash is"},
		"revision removed": {[]string{
			`DELETE FROM odb_change WHERE rev = 3`, `DELETE FROM odb_change_set WHERE rev = 3`,
		}, "revision 4: it follows revision 2"},
		"change set removed, its changes left": {[]string{`DELETE FROM odb_change_set WHERE rev = 3`}, "revision 4: it follows revision 2"},
		"newest removed": {[]string{
			`DELETE FROM odb_change WHERE rev >= 4`, `DELETE FROM odb_change_set WHERE rev >= 4`,
		}, "the log ends at revision 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := tampered(t, tc.statements)
			err := verify(t.Context(), db)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the chain says %v, want %q", err, tc.want)
			}
		})
	}
}

// tampered makes an ODB of six revisions and runs statements on it without its
// foreign keys.
func tampered(t *testing.T, statements []string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for i := range 5 {
		_, err := db.Apply(t.Context(), odb.ChangeSet{Actor: odb.Actor{Name: "alice"}, Changes: []odb.Change{
			{Op: odb.Create, Kind: "service", Name: fmt.Sprint("s", i), Spec: []byte(`{"engine":"go"}`)},
			{Op: odb.Create, Kind: "channel", Name: fmt.Sprint("c", i), Spec: fmt.Appendf(nil, `{"path":"/%d","service":"s%d"}`, i, i)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 { // revision 4 is an update
			_, err = db.Apply(t.Context(), odb.ChangeSet{Changes: []odb.Change{
				{Op: odb.Update, Kind: "service", Name: "s0", Base: 1, Spec: []byte(`{"engine":"go","note":"n"}`)},
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range append([]string{"PRAGMA foreign_keys = off"}, statements...) {
		if _, err := db.write.db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

// verify holds the log to its chain and to the ODB's revision.
func verify(ctx context.Context, db *DB) error {
	newest, err := db.Revision(ctx)
	if err != nil {
		return err
	}
	var c odb.Chain
	revs, err := db.History(ctx, odb.HistoryQuery{Limit: 1000, Oldest: true})
	for _, r := range revs {
		err = errors.Join(err, c.Add(r))
	}
	if err == nil && c.Revision != newest {
		err = fmt.Errorf("the log ends at revision %d, the ODB is at %d", c.Revision, newest)
	}
	return err
}

// The log of an ODB that is older than the chain goes on with hashes.
func TestChainBeginsLate(t *testing.T) {
	t.Parallel()
	db := tampered(t, []string{`UPDATE odb_change_set SET hash = NULL`})
	rev, err := db.Apply(t.Context(), odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: "new", Spec: []byte(`{"engine":"go"}`)}}})
	if err != nil || rev.Hash != odb.ChainHash("", rev) {
		t.Fatalf("Apply() = %+v, %v; want the first hash of a chain", rev, err)
	}
	if err := verify(t.Context(), db); err != nil {
		t.Error(err)
	}
}
