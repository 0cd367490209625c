package cli_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
)

// Somebody edits the database of a node that is stopped: verify names what he did,
// and who has kept a receipt is not fooled by a chain that was made anew.
func TestAuditVerifyFindsTampering(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "box")
	n := nodetest.Start(t, nodetest.Options{Dir: dir})
	n.Apply("kind: security\nname: partner\nspec: {username: acme, password: planted-secret-1}\n")
	n.Apply("kind: outgoing\nname: erp\nspec: {url: 'https://erp.example'}\n")
	signIn := fmt.Sprintf(`{"account":"admin","password":%q}`, "planted-secret-2")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.Control+"/api/v1/session", strings.NewReader(signIn))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := transport(t, n.CA).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("a wrong password: %d", resp.StatusCode)
	}
	_, err = nodetest.NewClient(t, n.Control, n.CA, "sb_planted-secret-3").Me(t.Context())
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusUnauthorized {
		t.Fatalf("a wrong token: %v", err)
	}
	verify := func(more ...string) (int, verified, string) {
		t.Helper()
		code, stdout, stderr := run(t, append([]string{"audit", "verify", "-o", "json", "--dir", dir}, more...)...)
		var v verified
		if err := json.Unmarshal([]byte(stdout), &v); err != nil {
			t.Fatalf("stdout is %q, stderr %q: %v", stdout, stderr, err)
		}
		return code, v, stderr
	}
	code, good, stderr := verify()
	if code != 0 || !good.OK || good.Audit.Checked < 6 || good.Revisions.Checked < 3 {
		t.Fatalf("before: exit code %d, %+v, %s", code, good, stderr)
	}
	entries := auditLog(t, n)
	for _, want := range []string{"init account/admin done", "nodeStart  done", "apply security/partner done", "apply outgoing/erp done", "signIn account/admin refused", "me  refused"} {
		if !strings.Contains(entries, want) {
			t.Errorf("the audit log lacks %q:\n%s", want, entries)
		}
	}
	if strings.Contains(entries, "planted-secret") {
		t.Errorf("the audit log shows a secret:\n%s", entries)
	}
	receipts := []string{"--expect", good.Audit.Head, "--expect", good.Revisions.Head}

	restart := func(change func(*sql.DB)) {
		t.Helper()
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "odb.sqlite"))
		if err != nil {
			t.Fatal(err)
		}
		change(db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		n = nodetest.Start(t, nodetest.Options{Dir: dir})
	}
	exec := func(db *sql.DB, text string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	restart(func(db *sql.DB) { exec(db, `UPDATE odb_audit SET actor = 'somebody' WHERE seq = 4`) })
	if code, v, stderr := verify(); code != 1 || v.OK || v.Audit.Fault == nil || v.Audit.Fault.Seq != 4 || !v.Revisions.OK ||
		!strings.Contains(stderr, "audit log does not hold: entry 4 was changed") {
		t.Errorf("a changed entry: exit code %d, %+v, %s", code, v, stderr)
	}
	restart(func(db *sql.DB) {
		exec(db, `UPDATE odb_audit SET actor = 'forged' WHERE seq = 4`)
		exec(db, `UPDATE odb_change_set SET actor = 'somebody' WHERE rev = 2`)
		rechain(t, db)
	})
	if code, v, stderr := verify(); code != 1 || v.Revisions.Fault == nil || v.Revisions.Fault.Seq != 2 || !v.Audit.OK {
		t.Errorf("a changed revision: exit code %d, %+v, %s", code, v, stderr)
	}
	// Whoever writes the whole audit log anew makes a chain that holds. It is not the one of the receipt.
	if code, v, stderr := verify(receipts...); code != 1 || !v.Audit.OK || v.Receipts[0].OK ||
		!strings.Contains(stderr, "was rewritten or cut off") || !strings.Contains(stderr, "revision 2 does not hold") {
		t.Errorf("a new chain: exit code %d, %+v, %s", code, v, stderr)
	}
}

// verified is what the command says as JSON.
type verified struct {
	OK               bool
	Audit, Revisions struct {
		OK      bool
		Checked int64
		Head    string
		Fault   *odb.ChainFault
	}
	Receipts []struct{ OK bool }
}

func auditLog(t *testing.T, n *nodetest.Node) string {
	t.Helper()
	l, err := n.API.Audit(t.Context(), client.AuditQuery{Limit: 999})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range l.Items {
		fmt.Fprintf(&b, "%s %s %s | %s %s %s\n", e.Action, e.Subject, e.Outcome, e.Actor, e.Detail, e.Addr)
	}
	return b.String()
}

// rechain computes every hash of the audit log anew, as somebody could who may write to the database.
func rechain(t *testing.T, db *sql.DB) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT seq, at_us, COALESCE(node,''), COALESCE(actor,''), COALESCE(source,''), COALESCE(addr,''),
		action, COALESCE(subject,''), outcome, COALESCE(detail,''), COALESCE(rev,0), COALESCE(cid,'') FROM odb_audit ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var entries []odb.AuditEntry
	for rows.Next() {
		var e odb.AuditEntry
		var at int64
		err := rows.Scan(&e.Seq, &at, &e.Node, &e.Actor, &e.Source, &e.Addr, &e.Action, &e.Subject, &e.Outcome, &e.Detail, &e.Revision, &e.CID)
		if err != nil {
			t.Fatal(err)
		}
		e.At = time.UnixMicro(at)
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	previous := ""
	for _, e := range entries {
		previous = odb.AuditHash(previous, e)
		if _, err := db.ExecContext(t.Context(), `UPDATE odb_audit SET hash = ? WHERE seq = ?`, previous, e.Seq); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE odb_audit_head SET hash = ?`, previous); err != nil {
		t.Fatal(err)
	}
}
