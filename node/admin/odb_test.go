package admin_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// CheckODB checks the rig's own database.
func (b *box) CheckODB(ctx context.Context) (odb.CheckReport, error) {
	info, err := b.store.Info(ctx)
	if err != nil {
		return odb.CheckReport{}, err
	}
	return sqldb.Check(ctx, sqldb.Config{DSN: "sqlite:" + info.Where})
}

// CopyODB goes as the DSN says: it fails early or late, or tells of two steps.
func (b *box) CopyODB(_ context.Context, dsn, by string, progress func(client.CopyStep)) (client.CopiedODB, error) {
	progress(client.CopyStep{Phase: "freeze"})
	if dsn == "sqlite:full" {
		return client.CopiedODB{}, odb.Errorf(odb.Conflict, "copy ODB", "", "it is not empty")
	}
	progress(client.CopyStep{Phase: "copy", Rows: 1000})
	switch dsn {
	case "sqlite:late":
		return client.CopiedODB{}, odb.Errorf(odb.Unavailable, "copy ODB", "", "%w", &odb.Frozen{To: "there", By: by})
	case "sqlite:broken":
		return client.CopiedODB{}, errors.New("planted-secret")
	}
	progress(client.CopyStep{Phase: "switch"})
	return client.CopiedODB{ID: "1", To: dsn, Revision: 7}, nil
}

func TestCopyODB(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.as(t, odb.Admin)
	var phases []string
	done, err := c.CopyODB(t.Context(), "sqlite:new", func(s client.CopyStep) { phases = append(phases, s.Phase) })
	if err != nil || done.Revision != 7 || done.To != "sqlite:new" || !slices.Equal(phases, []string{"copy", "switch"}) {
		t.Errorf("%+v, %v, %v", done, phases, err)
	}
	for dsn, want := range map[string]struct {
		status int
		code   string
	}{
		"sqlite:full":   {http.StatusConflict, client.CodeConflict},
		"sqlite:late":   {http.StatusServiceUnavailable, client.CodeUnavailable},
		"sqlite:broken": {http.StatusInternalServerError, client.CodeInternal},
	} {
		_, err := c.CopyODB(t.Context(), dsn, nil)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Status != want.status || p.Code != want.code || p.CID == "" || p.Detail == "planted-secret" {
			t.Errorf("%s: %+v, %v", dsn, p, err)
		}
	}
}

func TestCheckODB(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	report, err := r.as(t, odb.Admin).CheckODB(t.Context())
	if err != nil || report.Worst() == odb.FindingFault || report.Kind != "sqlite" || report.Schema != report.Knows || len(report.Findings) < 10 {
		t.Errorf("%+v, %v", report, err)
	}
}
