package odb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// The outcomes of what the audit log tells of.
const (
	AuditDone    = "done"    // it was done
	AuditRefused = "refused" // the one who asked was turned away, or asked for what cannot be
	AuditFailed  = "failed"  // it broke inside the node; what it did is not known
)

// AuditEntry is one line of the audit log: who did or tried what, from where and
// how it ended. It never has a secret.
type AuditEntry struct {
	Seq      int64     `json:"seq"` // from 1, without holes
	At       time.Time `json:"at"`  // when it was appended: the database's clock, in microseconds
	Node     string    `json:"node,omitempty"`
	Actor    string    `json:"actor,omitempty"`    // account, or "node <name>"; empty: a stranger
	Source   string    `json:"source,omitempty"`   // as in Actor
	Addr     string    `json:"addr,omitempty"`     // the caller's address; empty on the node's own box
	Action   string    `json:"action"`             // operation of the admin API, or what a node did by itself
	Subject  string    `json:"subject,omitempty"`  // "kind/name", "account/name" …
	Outcome  string    `json:"outcome"`            // "done", "refused" or "failed"
	Detail   string    `json:"detail,omitempty"`   // status and reason
	Revision int64     `json:"revision,omitempty"` // the revision that it made; 0 for none
	CID      string    `json:"cid,omitempty"`
	Hash     string    `json:"hash"` // of this entry and the hash before it; see AuditHash
}

// AuditHead is the end of the audit log. The zero value is that of an empty one.
type AuditHead struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"` // of the newest entry
}

// AuditQuery selects entries; zero fields do not restrict.
type AuditQuery struct {
	Actor, Action, Subject, Outcome string    // exactly this
	From, To                        time.Time // appended at From or later, and before To
	Before                          int64     // only entries below this Seq
	Limit                           int       // at most so many; 0 means 100
}

// Audits is the audit log: entries are appended and never changed.
type Audits interface {
	// AppendAudit appends entries in their order, all or none, and returns them as
	// stored. It sets Seq, At and Hash. Texts that are too long are cut and end in
	// "…"; what no database can hold is replaced. An entry without an action, or
	// with another outcome than the three, is Invalid.
	AppendAudit(ctx context.Context, entries []AuditEntry) ([]AuditEntry, error)
	// ListAudit returns entries, newest first, at most 1,000 at a time.
	ListAudit(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
	// ReadAudit returns the entries above a Seq, oldest first, at most limit of them
	// and at most 1,000 at a time: for checking the chain.
	ReadAudit(ctx context.Context, after int64, limit int) ([]AuditEntry, error)
	// AuditHead returns the end of the log.
	AuditHead(ctx context.Context) (AuditHead, error)
}

// auditForm begins what is hashed; another encoding will have another one.
const auditForm = "signalbox audit 1"

// AuditHash returns the hash of an entry whose predecessor has the hash previous,
// which is empty for the first one: SHA-256, in hexadecimal, over the form's name
// and every field, each with its length before it (8 bytes, big-endian). Numbers
// and the time, in microseconds since 1970, are 8 bytes, big-endian.
func AuditHash(previous string, e AuditEntry) string {
	var b []byte
	text := func(s string) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	number := func(n int64) {
		b = binary.BigEndian.AppendUint64(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // the bits are what counts
	}
	text(auditForm)
	text(previous)
	number(e.Seq)
	number(e.At.UnixMicro())
	for _, s := range []string{e.Node, e.Actor, e.Source, e.Addr, e.Action, e.Subject, e.Outcome, e.Detail} {
		text(s)
	}
	number(e.Revision)
	text(e.CID)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// The longest texts of an entry, in characters.
const (
	maxAuditNode    = 150
	maxAuditActor   = 200
	maxAuditSource  = 60
	maxAuditAddr    = 200
	maxAuditAction  = 60
	maxAuditSubject = 400
	maxAuditDetail  = 1000
	maxAuditCID     = 64
)

// Clean returns the entry as every database can hold it: see [Audits]. It leaves
// Seq, At and Hash alone.
func (e AuditEntry) Clean() (AuditEntry, error) {
	var faults Faults
	for _, x := range []struct {
		text  *string
		limit int
	}{
		{&e.Node, maxAuditNode},
		{&e.Actor, maxAuditActor},
		{&e.Source, maxAuditSource},
		{&e.Addr, maxAuditAddr},
		{&e.Action, maxAuditAction},
		{&e.Subject, maxAuditSubject},
		{&e.Detail, maxAuditDetail},
		{&e.CID, maxAuditCID},
	} {
		*x.text = cutText(*x.text, x.limit)
	}
	if e.Action == "" {
		faults.Add("/action", "the action is missing")
	}
	if e.Outcome != AuditDone && e.Outcome != AuditRefused && e.Outcome != AuditFailed {
		faults.Add("/outcome", "is %.40q; done, refused or failed is needed", e.Outcome)
	}
	if e.Revision < 0 {
		faults.Add("/revision", "is %d; 0 or more is needed", e.Revision)
	}
	return e, faults.Err("append audit entry", e.Action)
}

// cutText makes s a text in UTF-8 without NUL of at most limit characters; one
// that was longer ends in an ellipsis.
func cutText(s string, limit int) string {
	if len(s) > limit*utf8.UTFMax { // most of it will not be looked at
		s = s[:limit*utf8.UTFMax+1]
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
