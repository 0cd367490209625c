package sqldb

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// Whatever somebody does to the table with SQL, the check finds it and names the
// first entry that is wrong.
func TestTamperedAudit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql  []string
		seq  int64  // of the fault; 0 for none
		says string // part of the message
	}{
		"nothing":           {nil, 0, ""},
		"changed actor":     {[]string{`UPDATE odb_audit SET actor = 'mallory' WHERE seq = 4`}, 4, "was changed"},
		"changed time":      {[]string{`UPDATE odb_audit SET at_us = at_us + 1 WHERE seq = 4`}, 4, "was changed"},
		"impossible time":   {[]string{`UPDATE odb_audit SET at_us = 9000000000000000000 WHERE seq = 4`}, 4, "was changed"},
		"emptied detail":    {[]string{`UPDATE odb_audit SET detail = NULL WHERE seq = 10`}, 10, "was changed"},
		"moved between":     {[]string{`UPDATE odb_audit SET actor = detail, detail = actor WHERE seq = 2`}, 2, "was changed"},
		"added revision":    {[]string{`UPDATE odb_audit SET rev = 3 WHERE seq = 1`}, 1, "was changed"},
		"new hash":          {[]string{`UPDATE odb_audit SET hash = 'x' WHERE seq = 4`}, 4, "was changed"},
		"removed":           {[]string{`DELETE FROM odb_audit WHERE seq = 5`}, 5, "is missing"},
		"removed and moved": {[]string{`DELETE FROM odb_audit WHERE seq = 5`, `UPDATE odb_audit SET seq = -seq WHERE seq > 5`, `UPDATE odb_audit SET seq = -seq - 1 WHERE seq < 0`}, 5, "was changed"},
		"removed first":     {[]string{`DELETE FROM odb_audit WHERE seq <= 2`}, 1, "is missing"},
		"removed tail":      {[]string{`DELETE FROM odb_audit WHERE seq > 7`}, 8, "ends before its head, 10"},
		"removed all":       {[]string{`DELETE FROM odb_audit`}, 1, "is missing"},
		"swapped":           {[]string{`UPDATE odb_audit SET seq = -3 WHERE seq = 3`, `UPDATE odb_audit SET seq = 3 WHERE seq = 6`, `UPDATE odb_audit SET seq = 6 WHERE seq = -3`}, 3, "was changed"},
		"inserted at the end": {
			[]string{`INSERT INTO odb_audit (seq, at_us, action, outcome, hash) VALUES (11, 1, 'x', 'done', 'y')`}, 11, "was changed",
		},
		"inserted in between": {[]string{
			`UPDATE odb_audit SET seq = -seq WHERE seq >= 5`, `UPDATE odb_audit SET seq = 1 - seq WHERE seq < 0`,
			`INSERT INTO odb_audit (seq, at_us, action, outcome, hash) VALUES (5, 1, 'x', 'done', 'y')`,
		}, 5, "was changed"},
		"head turned back":   {[]string{`UPDATE odb_audit_head SET seq = 7`}, 8, "was not appended by a node"},
		"head's hash":        {[]string{`UPDATE odb_audit_head SET hash = 'x'`}, 10, "not the one"},
		"hidden below first": {[]string{`INSERT INTO odb_audit (seq, at_us, action, outcome, hash) VALUES (0, 1, 'x', 'done', 'y')`}, 0, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for i := range 10 {
				e := odb.AuditEntry{Actor: fmt.Sprint("actor ", i), Action: "test", Outcome: odb.AuditDone, Detail: "detail"}
				if _, err := db.AppendAudit(t.Context(), []odb.AuditEntry{e}); err != nil {
					t.Fatal(err)
				}
			}
			for _, text := range tc.sql {
				if _, err := db.write.db.ExecContext(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			fault := auditFault(t, db)
			switch {
			case tc.seq == 0 && fault != nil:
				t.Errorf("the check says %v", fault)
			case tc.seq != 0 && (fault == nil || fault.Seq != tc.seq || !strings.Contains(fault.Message, tc.says)):
				t.Errorf("the check says %v, want entry %d and %q", fault, tc.seq, tc.says)
			}
			if listed, err := db.ListAudit(t.Context(), odb.AuditQuery{}); err != nil || len(listed) > 0 && listed[len(listed)-1].Seq < 1 {
				t.Errorf("ListAudit() = %+v, %v", listed, err)
			}
		})
	}
}

// auditFault checks the whole log as a reader does.
func auditFault(t *testing.T, db *DB) *odb.ChainFault {
	t.Helper()
	var c odb.AuditChecker
	for more := true; more; {
		page, err := db.ReadAudit(t.Context(), c.Head.Seq, 4)
		if err != nil {
			t.Fatal(err)
		}
		more = len(page) > 0
		for _, e := range page {
			more = c.Add(e) && more
		}
	}
	head, err := db.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.End(head)
}

// Without its head the log is not gone on with: a new one would be a new chain.
func TestAuditWithoutHead(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.write.db.ExecContext(t.Context(), `DELETE FROM odb_audit_head`); err != nil {
		t.Fatal(err)
	}
	_, err = db.AppendAudit(t.Context(), []odb.AuditEntry{{Action: "a", Outcome: odb.AuditDone}})
	if err == nil || !strings.Contains(err.Error(), "head of the audit log was removed") {
		t.Errorf("AppendAudit() = %v", err)
	}
	if _, err := db.AuditHead(t.Context()); err == nil {
		t.Error("AuditHead() finds a head")
	}
}
