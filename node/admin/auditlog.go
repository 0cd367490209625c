package admin

import (
	"net/http"
	"strconv"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// pageBytes bounds the specs in one page of revisions; one revision may be larger.
const pageBytes = 32 << 20

func (a *API) auditRoutes() []route {
	get := http.MethodGet
	after := []param{
		{"after", "integer", "only what is above this number; 0 begins with the first", false},
		{"limit", "integer", "at most so many; 100 when absent, at most 1000", false},
	}
	return []route{
		{
			method: get, path: "/audit", role: odb.Admin, id: "listAudit", audited: true, answer: client.List[odb.AuditEntry]{}, handle: a.listAudit,
			summary: "The audit log, newest first: who did or tried what. Reading it is in it, once a minute and caller.",
			query: []param{
				{"actor", "string", "only of this account", false},
				{"action", "string", "only this operation, such as createDefinition", false},
				{"subject", "string", "only about this, such as channel/orders or account/bob", false},
				{"outcome", "string", "done, refused or failed", false},
				{"from", "string", "not before this time (RFC 3339)", false},
				{"to", "string", "before this time (RFC 3339)", false},
				{"before", "integer", "only entries below this one; next of the page before", false},
				{"limit", "integer", "at most so many; 100 when absent, at most 1000", false},
			},
		},
		{method: get, path: "/audit/chain", role: odb.Admin, id: "auditChain", audited: true, query: after, answer: client.AuditPage{}, handle: a.auditChain, summary: "Entries of the audit log, oldest first, with the log's head: for checking its chain."},
		{method: get, path: "/audit/revisions", role: odb.Admin, id: "auditRevisions", audited: true, query: after, answer: client.RevisionPage{}, handle: a.auditRevisions, summary: "Revisions as the change log has them, oldest first: for checking its chain. Secrets are sealed."},
	}
}

// listAudit lists entries, newest first.
func (a *API) listAudit(c *call) (any, error) {
	query := c.URL.Query()
	q := odb.AuditQuery{Actor: query.Get("actor"), Action: query.Get("action"), Subject: query.Get("subject"), Outcome: query.Get("outcome")}
	switch q.Outcome {
	case "", odb.AuditDone, odb.AuditRefused, odb.AuditFailed:
	default:
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter outcome is %.50q; done, refused or failed is needed", q.Outcome)
	}
	var err error
	if q.From, err = c.queryTime("from"); err != nil {
		return nil, err
	}
	if q.To, err = c.queryTime("to"); err != nil {
		return nil, err
	}
	if q.Before, err = c.queryInt("before"); err != nil {
		return nil, err
	}
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	limit = min(limit, maxRevisions)
	q.Limit = limit + 1
	entries, err := a.cfg.Store.ListAudit(c.Context(), q)
	if err != nil {
		return nil, err
	}
	out := client.List[odb.AuditEntry]{Items: entries}
	if len(entries) > limit {
		out.Items = entries[:limit]
		out.Next = strconv.FormatInt(entries[limit-1].Seq, 10)
	}
	if out.Items == nil {
		out.Items = []odb.AuditEntry{}
	}
	return out, nil
}

// queryTime reads a time of the query; zero when it is absent.
func (c *call) queryTime(name string) (time.Time, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter %s is %.50q; a time such as 2026-11-23T15:04:05Z is needed", name, text)
	}
	return t, nil
}

// page reads which page of a chain is wanted.
func (c *call) page() (after int64, limit int, err error) {
	if after, err = c.queryInt("after"); err != nil {
		return 0, 0, err
	}
	limit, err = c.limit()
	return after, limit, err
}

// auditChain answers entries, oldest first. The head is read after them: when
// there are no more entries, it tells whether some are missing at the end.
func (a *API) auditChain(c *call) (any, error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	entries, err := a.cfg.Store.ReadAudit(c.Context(), after, limit)
	if err != nil {
		return nil, err
	}
	head, err := a.cfg.Store.AuditHead(c.Context())
	if entries == nil {
		entries = []odb.AuditEntry{}
	}
	return client.AuditPage{Entries: entries, Head: head}, err
}

// auditRevisions answers revisions, oldest first, and the newest one's number,
// which is read after them.
func (a *API) auditRevisions(c *call) (any, error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	revisions, err := a.cfg.Store.History(c.Context(), odb.HistoryQuery{After: after, Limit: limit, Oldest: true})
	if err != nil {
		return nil, err
	}
	out := client.RevisionPage{Revisions: []client.ChainedRevision{}}
	size := 0
	for _, r := range revisions {
		for _, e := range r.Changes {
			size += len(e.Before) + len(e.After)
		}
		if size > pageBytes && len(out.Revisions) > 0 {
			break
		}
		out.Revisions = append(out.Revisions, client.NewChainedRevision(r))
	}
	out.Newest, err = a.cfg.Store.Revision(c.Context())
	return out, err
}
