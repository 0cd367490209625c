package admin_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

const files = `kind: security
name: partners
spec: {type: basic, username: u, password: correct horse}
---
kind: channel
name: orders.create
spec:
  method: POST
  path: /orders
  service: demo.echo
  security: [partners]
  description: |
    Two lines,
    zażółć & <all>.
---
kind: outgoing
name: partner
spec: {url: "https://partner.example/v1", security: partners}
`

func docs(texts ...string) []client.Document {
	var out []client.Document
	for i, text := range texts {
		out = append(out, client.Document{Name: fmt.Sprintf("f%d.yaml", i), Text: text})
	}
	return out
}

func opsOf(changes []client.Change) []string {
	var out []string
	for _, ch := range changes {
		out = append(out, string(ch.Op)+" "+ch.Kind+"/"+ch.Name)
	}
	return out
}

func TestPlanApplyExport(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	start := must2(dev.Plan(ctx, client.PlanRequest{}))(t)

	plan := must2(dev.Plan(ctx, client.PlanRequest{Documents: docs(files)}))(t)
	want := []string{"create security/partners", "create outgoing/partner", "create channel/orders.create"}
	if got := opsOf(plan.Changes); !slices.Equal(got, want) || plan.Revision != start.Revision {
		t.Errorf("plan at %d is %v, want %v", plan.Revision, got, want)
	}
	applied := must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs(files), Revision: plan.Revision, Reason: "go live"}))(t)
	if got := opsOf(applied.Changes); !slices.Equal(got, want) || applied.Revision != plan.Revision+1 || !applied.Running {
		t.Errorf("applied %+v", applied)
	}
	if rev := must2(dev.History(ctx, client.HistoryQuery{Limit: 1}))(t).Items[0]; rev.Reason != "go live" || len(rev.Changes) != 3 || rev.Changes[0].Diff != nil {
		t.Errorf("history says %+v", rev)
	}
	again := must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs(files)}))(t)
	if len(again.Changes) != 0 || again.Revision != applied.Revision || !again.Running {
		t.Errorf("the same files again gave %+v", again)
	}

	first := must2(dev.Export(ctx))(t)
	if plan := must2(dev.Plan(ctx, client.PlanRequest{Documents: docs(string(first)), Prune: true}))(t); len(plan.Changes) != 0 {
		t.Errorf("export then plan shows %v", opsOf(plan.Changes))
	}
	must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs(string(first)), Prune: true}))(t)
	if secondExport := must2(dev.Export(ctx))(t); !bytes.Equal(first, secondExport) {
		t.Errorf("exports differ:\n%s\n%s", first, secondExport)
	}
	only := string(must2(dev.Export(ctx, "channel", "outgoing"))(t))
	if strings.Contains(only, "kind: security") || !strings.Contains(only, "kind: channel") || !strings.Contains(only, "kind: outgoing") {
		t.Errorf("export of two kinds is\n%s", only)
	}
	problemOf(t, second(dev.Export(ctx, "chanel")), 404)
	if got := r.call(t, "GET", "/api/v1/export", ""); got.header.Get("Content-Type") != "application/yaml" || got.header.Get("ETag") == "" {
		t.Errorf("headers are %v", got.header)
	}
}

func TestApplyPrunesAndRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs(files)}))(t)
	at := must2(dev.Plan(ctx, client.PlanRequest{}))(t).Revision

	other := "kind: channel\nname: other\nspec: {path: /other, service: demo.echo}\n"
	pruned := must2(dev.Plan(ctx, client.PlanRequest{Documents: docs(other), Prune: true}))(t)
	if got := opsOf(pruned.Changes); !slices.Equal(got, []string{"create channel/other", "delete channel/orders.create"}) {
		t.Errorf("prune plans %v", got)
	}
	bad := map[string]struct {
		text   string
		status int
		says   []string
	}{
		"two files at fault": {"kind: chanel\nname: x\n---\nkind: channel\nname: y\nspec: {path: nowhere, servce: demo.echo}\n", 422, []string{`did you mean "channel"?`, "servce", "f0.yaml, document 2"}},
		"no YAML":            {"kind: [\n", 422, []string{"f0.yaml"}},
		"taken path":         {"kind: channel\nname: x\nspec: {method: POST, path: /orders, service: demo.echo}\n", 409, []string{"orders.create"}},
		"missing service":    {"kind: channel\nname: x\nspec: {path: /x, service: nobody}\n", 422, []string{"nobody"}},
		"empty secret":       {"kind: security\nname: s\nspec: {type: basic, username: u, password: ''}\n", 422, []string{"password"}},
		"foreign secret":     {"kind: security\nname: s\nspec: {type: basic, username: u, password: {ref: 'sealed:o1.x.y'}}\n", 422, []string{"sealed"}},
	}
	for name, tc := range bad {
		_, err := dev.Apply(ctx, client.ApplyRequest{Documents: docs(tc.text)})
		p := problemOf(t, err, tc.status)
		for _, say := range tc.says {
			if !strings.Contains(p.Error(), say) {
				t.Errorf("%s: %s does not say %s", name, p.Error(), say)
			}
		}
	}
	problemOf(t, second(dev.Apply(ctx, client.ApplyRequest{Documents: docs(other), Revision: at - 1})), http.StatusConflict)
	if now := must2(dev.Plan(ctx, client.PlanRequest{}))(t).Revision; now != at {
		t.Errorf("refused applies moved the revision from %d to %d", at, now)
	}
}

// Many apply at the same time: each makes one whole revision or is told of a conflict.
func TestApplySideBySide(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	before := r.running.Load().Revision()
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := int64(0)
	for i := range 8 {
		dev := r.as(t, odb.Developer)
		wg.Go(func() {
			text := fmt.Sprintf("kind: channel\nname: shared\nspec: {path: /shared%d, service: demo.echo}\n---\nkind: channel\nname: own%d\nspec: {path: /own%d, service: demo.echo}\n", i, i, i)
			_, err := dev.Apply(ctx, client.ApplyRequest{Documents: docs(text)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if p := problemOf(t, err, http.StatusConflict); len(p.Current) == 0 {
				t.Error("the conflict does not show the current state")
			}
		})
	}
	wg.Wait()
	after := must2(r.as(t, odb.Viewer).State(ctx, 0))(t)
	own := 0
	for _, d := range after.Definitions {
		if strings.HasPrefix(d.Name, "own") {
			own++
		}
	}
	if done == 0 || after.Revision != before+done || int64(own) != done {
		t.Errorf("%d applies made %d revisions and %d definitions", done, after.Revision-before, own)
	}
}

func TestHistoryDiffRollback(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	base := must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs(files)}))(t).Revision
	ch := must2(dev.Definition(ctx, "channel", "orders.create"))(t)
	renamed := must2(dev.RenameDefinition(ctx, ch, client.RenameDefinition{Name: "orders.make"}))(t)
	must2(dev.DeleteDefinition(ctx, must2(dev.Definition(ctx, "outgoing", "partner"))(t), ""))(t)
	create(t, dev, "channel", "extra", `{"path":"/extra","service":"demo.echo"}`)

	d := must2(dev.Diff(ctx, base, 0))(t)
	if got := opsOf(d.Changes); d.From != base || d.To != base+3 || !slices.Equal(got, []string{"delete outgoing/partner", "create channel/extra", "rename channel/orders.create"}) {
		t.Errorf("diff from %d to %d is %v", d.From, d.To, got)
	}
	if back := must2(dev.Diff(ctx, base+1, base))(t); len(back.Changes) != 1 || back.Changes[0].Op != odb.Rename || back.Changes[0].NewName != "orders.create" {
		t.Errorf("diff backwards is %+v", back.Changes)
	}
	dry := must2(dev.Rollback(ctx, client.RollbackRequest{Revision: base, DryRun: true}))(t)
	if got := opsOf(dry.Changes); !dry.DryRun || dry.Revision != base+3 || !slices.Contains(got, "delete channel/extra") || len(got) != 3 {
		t.Errorf("dry run says %+v", dry)
	}
	rolled := must2(dev.Rollback(ctx, client.RollbackRequest{Revision: base}))(t)
	if rolled.Revision != base+4 || len(rolled.Changes) != 3 || !rolled.Running {
		t.Errorf("rolled back %+v", rolled)
	}
	if d := must2(dev.Diff(ctx, base, 0))(t); len(d.Changes) != 0 {
		t.Errorf("after the roll-back these differ: %v", opsOf(d.Changes))
	}
	if rev := must2(dev.History(ctx, client.HistoryQuery{Limit: 1}))(t).Items[0]; rev.Reason != fmt.Sprintf("roll back to revision %d", base) {
		t.Errorf("reason is %q", rev.Reason)
	}
	got := must2(dev.Definition(ctx, "channel", "orders.create"))(t)
	if got.ID != renamed.ID || got.Version != 3 {
		t.Errorf("the channel came back as %+v", got)
	}
	again := must2(dev.Rollback(ctx, client.RollbackRequest{Revision: base}))(t)
	if len(again.Changes) != 0 || again.Revision != base+4 {
		t.Errorf("a second roll-back gave %+v", again)
	}
	problemOf(t, second(dev.Rollback(ctx, client.RollbackRequest{Revision: base + 100})), 404)
	problemOf(t, second(dev.State(ctx, base+100)), 404)
	if s := must2(dev.State(ctx, base+3))(t); s.Revision != base+3 || len(s.Definitions) != 7+3 {
		t.Errorf("state has %d definitions", len(s.Definitions))
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	for i := range 7 {
		create(t, dev, "channel", fmt.Sprintf("c%d", i), string(channelSpec(fmt.Sprintf("/c%d", i))))
	}
	create(t, dev, "security", "s", `{"type":"apikey","key":"12345678"}`)
	var got []int64
	q := client.HistoryQuery{Kind: "channel", Limit: 3, Diff: true}
	for {
		page := must2(dev.History(ctx, q))(t)
		for _, rev := range page.Items {
			got = append(got, rev.Revision)
			if len(rev.Changes[0].Diff) == 0 {
				t.Errorf("revision %d comes without a diff", rev.Revision)
			}
		}
		if page.Next == "" {
			break
		}
		must2(fmt.Sscan(page.Next, &q.Before))(t)
	}
	if !slices.Equal(got, []int64{8, 7, 6, 5, 4, 3, 2}) {
		t.Errorf("pages hold the revisions %v", got)
	}
	if one := must2(dev.History(ctx, client.HistoryQuery{Kind: "channel", Name: "c3"}))(t); len(one.Items) != 1 {
		t.Errorf("history of c3 has %d revisions", len(one.Items))
	}
	problemOf(t, second(dev.History(ctx, client.HistoryQuery{Name: "c3"})), 400)
	problemOf(t, second(dev.DefinitionHistory(ctx, "channel", "never", client.HistoryQuery{})), 404)
}
