package admin

import (
	"strconv"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// maxScanned is how many revisions one request looks through for those that a
// filter wants; what is beyond comes with the next page.
const maxScanned = 5000

// historyFilter is what the store does not filter by.
type historyFilter struct {
	actor    string
	text     string // in lower case
	from, to time.Time
}

// historyFilter reads the filter of a query; nil when it has none.
func (c *call) historyFilter() (*historyFilter, error) {
	query := c.URL.Query()
	f := historyFilter{actor: query.Get("actor"), text: strings.ToLower(query.Get("q"))}
	var err error
	if f.from, err = c.queryTime("from"); err != nil {
		return nil, err
	}
	if f.to, err = c.queryTime("to"); err != nil {
		return nil, err
	}
	if f == (historyFilter{}) {
		return nil, nil //nolint:nilnil // nil means that everything is wanted
	}
	return &f, nil
}

// wants reports whether a revision is one of those.
func (f *historyFilter) wants(r odb.Revision) bool {
	switch {
	case f.actor != "" && r.Actor.Name != f.actor,
		!f.from.IsZero() && r.At.Before(f.from),
		!f.to.IsZero() && !r.At.Before(f.to):
		return false
	case f.text == "":
		return true
	}
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), f.text) }
	if has(r.Actor.Name) || has(r.Reason) {
		return true
	}
	for _, e := range r.Changes {
		if has(e.Kind+"/"+e.Name) || has(e.OldName) {
			return true
		}
	}
	return false
}

// filtered reads pages until limit revisions are found that f wants, there are no
// more, or enough has been looked through. next is the ?before= of what comes then.
func (a *API) filtered(c *call, q odb.HistoryQuery, f *historyFilter, limit int) (found []odb.Revision, next string, err error) {
	q.Limit = historyPage
	for scanned := 0; ; {
		page, err := a.cfg.Store.History(c.Context(), q)
		if err != nil {
			return nil, "", err
		}
		for _, r := range page {
			q.Before = r.Revision
			if f.wants(r) {
				found = append(found, r)
			}
			if len(found) == limit {
				return found, nextBefore(r.Revision), nil
			}
			if !f.from.IsZero() && r.At.Before(f.from) { // those before it are older still
				return found, "", nil
			}
		}
		scanned += len(page)
		switch {
		case len(page) < historyPage:
			return found, "", nil
		case scanned >= maxScanned:
			return found, nextBefore(q.Before), nil
		}
	}
}

// nextBefore is where the page after a revision begins; empty when nothing is before it.
func nextBefore(revision int64) string {
	if revision <= 1 {
		return ""
	}
	return strconv.FormatInt(revision, 10)
}
