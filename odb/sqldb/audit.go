package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"signalbox.internal/odb"
)

// maxAudit bounds one answer of ListAudit and ReadAudit.
const maxAudit = 1000

// noHash is the hash of the head of an empty log: no column holds an empty text.
const noHash = "-"

// AppendAudit appends entries in their order, all or none; see [odb.Audits]. The
// head's row puts those who append in line, so that the chain has no fork.
func (db *DB) AppendAudit(ctx context.Context, entries []odb.AuditEntry) ([]odb.AuditEntry, error) {
	const op = "append to the audit log"
	clean := make([]odb.AuditEntry, len(entries))
	for i, e := range entries {
		var err error
		if clean[i], err = e.Clean(); err != nil {
			return nil, err
		}
	}
	if len(clean) == 0 {
		return clean, nil
	}
	err := db.change(ctx, op, "", func(t *tx) error {
		if _, err := t.run(lockAuditHead); err != nil {
			return err
		}
		head, now, err := t.auditHead()
		if err != nil {
			return err
		}
		for i := range clean {
			e := &clean[i]
			e.Seq, e.At = head.Seq+1, instant(now)
			e.Hash = odb.AuditHash(head.Hash, *e)
			if err := t.insertAudit(*e); err != nil {
				return fmt.Errorf("append entry %d: %w", e.Seq, err)
			}
			head = odb.AuditHead{Seq: e.Seq, Hash: e.Hash}
		}
		_, err = t.run(moveAuditHead, head.Seq, head.Hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	return clean, nil
}

func (t *tx) auditHead() (head odb.AuditHead, now int64, err error) {
	err = t.one(readAuditHead, nil, &head.Seq, &head.Hash, &now)
	if errors.Is(err, sql.ErrNoRows) {
		err = errors.New("the head of the audit log was removed")
	}
	if head.Hash == noHash {
		head.Hash = ""
	}
	return head, now, err
}

func (t *tx) insertAudit(e odb.AuditEntry) error {
	var rev any
	if e.Revision != 0 {
		rev = e.Revision
	}
	_, err := t.run(insertAudit, e.Seq, e.At.UnixMicro(), nullable(e.Node), nullable(e.Actor), nullable(e.Source),
		nullable(e.Addr), e.Action, nullable(e.Subject), e.Outcome, nullable(e.Detail), rev, nullable(e.CID), e.Hash)
	return err
}

// ListAudit returns entries, newest first, at most 1,000 at a time.
func (db *DB) ListAudit(ctx context.Context, q odb.AuditQuery) ([]odb.AuditEntry, error) {
	args := []any{cmp.Or(max(q.Before, 0), math.MaxInt64), since(q.From, math.MinInt64), since(q.To, math.MaxInt64)}
	for _, filter := range []string{q.Actor, q.Action, q.Subject, q.Outcome} {
		args = append(args, flag(filter == ""), cmp.Or(filter, noHash))
	}
	return db.audit(ctx, listAudit, append(args, min(cmp.Or(max(q.Limit, 0), 100), maxAudit)))
}

// since is a bound on a time; otherwise holds when there is none.
func since(t time.Time, otherwise int64) int64 {
	if t.IsZero() {
		return otherwise
	}
	return t.UnixMicro()
}

// ReadAudit returns the entries above a Seq, oldest first.
func (db *DB) ReadAudit(ctx context.Context, after int64, limit int) ([]odb.AuditEntry, error) {
	return db.audit(ctx, readAudit, []any{max(after, 0), min(max(limit, 1), maxAudit)})
}

func (db *DB) audit(ctx context.Context, s statement, args []any) ([]odb.AuditEntry, error) {
	var out []odb.AuditEntry
	err := db.look(ctx, "read the audit log", "", func(t *tx) error {
		return t.each(s, args, func(rows *sql.Rows) error {
			var e odb.AuditEntry
			var at int64
			var rev *int64
			var node, actor, source, addr, subject, detail, cid *string
			err := rows.Scan(&e.Seq, &at, &node, &actor, &source, &addr, &e.Action, &subject, &e.Outcome, &detail, &rev, &cid, &e.Hash)
			e.At, e.Node, e.Actor, e.Source, e.Addr = auditTime(at), text(node), text(actor), text(source), text(addr)
			e.Subject, e.Detail, e.CID = text(subject), text(detail), text(cid)
			if rev != nil {
				e.Revision = *rev
			}
			out = append(out, e)
			return err
		})
	})
	return out, err
}

// auditTime is instant, but zero for a time that no JSON can hold: somebody put
// it there, and the entry's hash shall tell so, not an answer that breaks.
func auditTime(us int64) time.Time {
	if t := instant(us); t.Year() >= 0 && t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}

// AuditHead returns the end of the log.
func (db *DB) AuditHead(ctx context.Context) (odb.AuditHead, error) {
	var head odb.AuditHead
	err := db.look(ctx, "read the audit log", "", func(t *tx) error {
		var err error
		head, _, err = t.auditHead()
		return err
	})
	return head, err
}
