package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"signalbox.internal/odb"
)

// AuditQuery selects entries of the audit log; zero fields do not restrict.
type AuditQuery struct {
	Actor, Action, Subject, Outcome string    // exactly this
	From, To                        time.Time // at From or later, and before To
	Before                          int64     // only entries below it
	Limit                           int       // at most so many; 0 means 100, at most 1000
}

// AuditPage is a part of the audit log, oldest first.
type AuditPage struct {
	Entries []odb.AuditEntry `json:"entries"`
	Head    odb.AuditHead    `json:"head" jsonschema:"the end of the log, read after the entries"`
}

// RevisionPage is a part of the change log, oldest first.
type RevisionPage struct {
	Revisions []ChainedRevision `json:"revisions"`
	Newest    int64             `json:"newest" jsonschema:"the newest revision, read after the others"`
}

// ChainedRevision is a revision with all that its hash is made of.
type ChainedRevision struct {
	Revision int64           `json:"revision"`
	At       time.Time       `json:"at"`
	Actor    odb.Actor       `json:"actor"`
	Reason   string          `json:"reason,omitempty"`
	Hash     string          `json:"hash,omitempty" jsonschema:"absent when it was made before the ODB kept hashes"`
	Changes  []ChainedChange `json:"changes"`
}

// ChainedChange is a change as the change log has it. The specs are texts, so that
// not a byte of them changes on the way.
type ChainedChange struct {
	Op      odb.Op  `json:"op"`
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	OldName string  `json:"old_name,omitempty"`
	Version int64   `json:"version"`
	Before  *string `json:"before,omitempty" jsonschema:"spec before the change; absent for a create"`
	After   *string `json:"after,omitempty" jsonschema:"spec after the change; absent for a delete"`
}

// NewChainedRevision returns r as it travels.
func NewChainedRevision(r odb.Revision) ChainedRevision {
	out := ChainedRevision{Revision: r.Revision, At: r.At, Actor: r.Actor, Reason: r.Reason, Hash: r.Hash, Changes: []ChainedChange{}}
	if y := r.At.Year(); y < 0 || y > 9999 { // no JSON holds it; the hash tells that it is wrong
		out.At = time.Time{}
	}
	for _, e := range r.Changes {
		out.Changes = append(out.Changes, ChainedChange{
			Op: e.Op, ID: e.ID, Kind: e.Kind, Name: e.Name, OldName: e.OldName, Version: e.Version,
			Before: specText(e.Before), After: specText(e.After),
		})
	}
	return out
}

func specText(spec json.RawMessage) *string {
	if spec == nil {
		return nil
	}
	text := string(spec)
	return &text
}

// Chained returns r as [odb.Chain] takes it.
func (r ChainedRevision) Chained() odb.Revision {
	out := odb.Revision{Revision: r.Revision, At: r.At, Actor: r.Actor, Reason: r.Reason, Hash: r.Hash}
	for i, e := range r.Changes {
		l := odb.LogEntry{
			Revision: r.Revision, Seq: i, At: r.At,
			Op: e.Op, ID: e.ID, Kind: e.Kind, Name: e.Name, OldName: e.OldName, Version: e.Version,
		}
		if e.Before != nil {
			l.Before = json.RawMessage(*e.Before)
		}
		if e.After != nil {
			l.After = json.RawMessage(*e.After)
		}
		out.Changes = append(out.Changes, l)
	}
	return out
}

// Audit returns entries of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (List[odb.AuditEntry], error) {
	v := url.Values{}
	set(v, "actor", q.Actor)
	set(v, "action", q.Action)
	set(v, "subject", q.Subject)
	set(v, "outcome", q.Outcome)
	if !q.From.IsZero() {
		v.Set("from", q.From.UTC().Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		v.Set("to", q.To.UTC().Format(time.RFC3339Nano))
	}
	setInt(v, "before", q.Before)
	setInt(v, "limit", q.Limit)
	var l List[odb.AuditEntry]
	err := c.get(ctx, path("audit"), v, &l)
	return l, err
}

// AuditChain returns the entries above a number, oldest first, at most limit of them.
func (c *Client) AuditChain(ctx context.Context, after int64, limit int) (AuditPage, error) {
	v := url.Values{}
	setInt(v, "after", after)
	setInt(v, "limit", limit)
	var p AuditPage
	err := c.get(ctx, path("audit", "chain"), v, &p)
	return p, err
}

// AuditRevisions returns the revisions above one, oldest first, at most limit of them.
func (c *Client) AuditRevisions(ctx context.Context, after int64, limit int) (RevisionPage, error) {
	v := url.Values{}
	setInt(v, "after", after)
	setInt(v, "limit", limit)
	var p RevisionPage
	err := c.get(ctx, path("audit", "revisions"), v, &p)
	return p, err
}
