package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// ODBTools work on the ODB itself.
type ODBTools interface {
	// CheckODB looks the ODB over. What is wrong with it is in the report.
	CheckODB(ctx context.Context) (odb.CheckReport, error)
	// CopyODB moves the ODB to the database of a DSN, on behalf of somebody. No
	// error and no progress shows the DSN's password.
	CopyODB(ctx context.Context, dsn, by string, progress func(client.CopyStep)) (client.CopiedODB, error)
}

func (a *API) odbRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/odb/check", role: odb.Admin, id: "checkODB", timeout: 5 * time.Minute, summary: "Look the ODB over: where it is, its settings, its change log, its references. What is wrong is in the answer.", answer: odb.CheckReport{}, handle: a.checkODB},
		{
			method: http.MethodPost, path: "/odb/copy", role: odb.Admin, id: "copyODB", timeout: time.Hour, body: client.CopyODB{}, media: "application/x-ndjson", handle: a.copyODB,
			summary: "Move the ODB to another database while the cluster runs. Each line of the answer is a CopyStep; the last has done or problem. While it copies, changes wait; ending the request before the switch undoes it.",
		},
	}
}

func (a *API) checkODB(c *call) (any, error) { return a.cfg.ODB.CheckODB(c.Context()) }

// copyODB answers line by line from the first row on; what fails before is an
// answer of its own.
func (a *API) copyODB(c *call) (any, error) {
	body, err := decode[client.CopyODB](c)
	if err != nil {
		return nil, err
	}
	by := c.who.account
	lines := json.NewEncoder(c.w)
	lines.SetEscapeHTML(false)
	rc := http.NewResponseController(c.w)
	say := func(step client.CopyStep) {
		if !c.begun {
			c.begun = true
			c.w.Header().Set("Content-Type", c.route.media)
			c.w.WriteHeader(http.StatusOK)
		}
		_ = lines.Encode(step) // who has gone away ends the context
		_ = rc.Flush()
	}
	done, err := a.cfg.ODB.CopyODB(c.Context(), body.To, by, func(step client.CopyStep) {
		if step.Phase != "freeze" {
			say(step)
		}
	})
	if err != nil {
		if c.begun {
			p := problemOf(err)
			p.CID = c.cid()
			say(client.CopyStep{Problem: p})
		}
		return nil, err
	}
	a.audit(c, "ODB copied", "to", done.To, "of_revision", done.Revision, "rows", done.Rows, "frozen_ms", done.FrozenMS)
	say(client.CopyStep{Done: &done})
	return handled{}, nil
}
