package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func channelSpec(path string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"path":%q,"service":"demo.echo"}`, path))
}

func create(t *testing.T, c *client.Client, kind, name, spec string) client.Written {
	t.Helper()
	return must2(c.CreateDefinition(t.Context(), kind, client.CreateDefinition{Name: name, Spec: json.RawMessage(spec)}))(t)
}

func TestDefinitionLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)

	made, err := dev.CreateDefinition(ctx, "channel", client.CreateDefinition{Name: " orders.create ", Spec: channelSpec("/orders"), Reason: "first"})
	must(t, err)
	if made.Name != "orders.create" || made.Version != 1 || !made.Changed || !made.Running || made.ID == "" || made.Updated.IsZero() {
		t.Errorf("created %+v", made)
	}
	if got := r.running.Load().Revision(); got != made.Revision {
		t.Errorf("the node runs revision %d, want %d", got, made.Revision)
	}
	got := must2(dev.Definition(ctx, "channel", "orders.create"))(t)
	if string(got.Spec) != `{"path":"/orders","service":"demo.echo"}` {
		t.Errorf("spec is %s", got.Spec)
	}
	got.Spec = channelSpec("/orders/new")
	changed := must2(dev.UpdateDefinition(ctx, got, "move it"))(t)
	if changed.Version != 2 || changed.ID != made.ID {
		t.Errorf("updated %+v", changed)
	}
	same := must2(dev.UpdateDefinition(ctx, changed.Definition, "nothing"))(t)
	if same.Changed || same.Version != 2 || same.Revision != changed.Revision || !same.Running {
		t.Errorf("the same spec again gave %+v", same)
	}
	renamed := must2(dev.RenameDefinition(ctx, changed.Definition, client.RenameDefinition{Name: "orders.new", Reason: "shorter"}))(t)
	if renamed.Name != "orders.new" || renamed.Version != 3 || renamed.ID != made.ID {
		t.Errorf("renamed %+v", renamed)
	}
	history := must2(dev.DefinitionHistory(ctx, "channel", "orders.new", client.HistoryQuery{}))(t)
	var ops []string
	for _, h := range history.Items {
		ops = append(ops, string(h.Changes[0].Op)+" "+h.Reason+" by "+h.Actor+" ("+h.Source+")")
	}
	want := []string{"rename shorter by developer (cli)", "update move it by developer (cli)", "create first by developer (cli)"}
	if !slices.Equal(ops, want) {
		t.Errorf("history is %q, want %q", ops, want)
	}
	if d := history.Items[1].Changes[0].Diff; len(d) != 1 || d[0].Pointer != "/path" || string(d[0].After) != `"/orders/new"` {
		t.Errorf("diff is %+v", d)
	}
	gone := must2(dev.DeleteDefinition(ctx, renamed.Definition, "zbędny, naprawdę & koniec"))(t)
	if len(gone.Changes) != 1 || gone.Changes[0].Op != odb.Delete || !gone.Running {
		t.Errorf("deleted %+v", gone)
	}
	last := must2(dev.History(ctx, client.HistoryQuery{Limit: 1}))(t).Items[0]
	if last.Reason != "zbędny, naprawdę & koniec" {
		t.Errorf("reason is %q", last.Reason)
	}
	problemOf(t, second(dev.Definition(ctx, "channel", "orders.new")), http.StatusNotFound)
	if got := must2(dev.DefinitionHistory(ctx, "channel", "orders.new", client.HistoryQuery{}))(t); len(got.Items) != 4 {
		t.Errorf("the history of a deleted definition has %d revisions, want 4", len(got.Items))
	}
}

func second[T any](_ T, err error) error { return err }

// Two administrators change the same thing: the second is told and shown what it is now.
func TestStaleWritesAreConflicts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	ann, bob := r.as(t, odb.Developer), r.as(t, odb.Admin)
	create(t, ann, "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	mine := must2(ann.Definition(ctx, "channel", "c"))(t)
	his := must2(bob.Definition(ctx, "channel", "c"))(t)
	his.Spec = channelSpec("/bob")
	must2(bob.UpdateDefinition(ctx, his, ""))(t)

	mine.Spec = channelSpec("/ann")
	stale := map[string]error{
		"update":  second(ann.UpdateDefinition(ctx, mine, "")),
		"delete":  second(ann.DeleteDefinition(ctx, mine, "")),
		"rename":  second(ann.RenameDefinition(ctx, mine, client.RenameDefinition{Name: "d"})),
		"create":  second(ann.CreateDefinition(ctx, "channel", client.CreateDefinition{Name: "c", Spec: mine.Spec})),
		"put new": second(ann.UpdateDefinition(ctx, odb.Definition{Kind: "channel", Name: "c", Spec: mine.Spec}, "")),
	}
	for name, err := range stale {
		p := problemOf(t, err, http.StatusConflict)
		var current odb.Definition
		if json.Unmarshal(p.Current, &current) != nil || current.Version != 2 || !strings.Contains(string(current.Spec), "/bob") {
			t.Errorf("%s: current is %s", name, p.Current)
		}
	}
	if got := must2(ann.Definition(ctx, "channel", "c"))(t); !strings.Contains(string(got.Spec), "/bob") {
		t.Errorf("the first change was overwritten: %s", got.Spec)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	create(t, r.as(t, odb.Developer), "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	const body, at = `{"spec":{"path":"/d","service":"demo.echo"}}`, "/api/v1/definitions/channel/c"
	tests := map[string]struct {
		method, path, body string
		header             []string
		status             int
	}{
		"put without":         {"PUT", at, body, nil, 428},
		"delete without":      {"DELETE", at, "", nil, 428},
		"rename without":      {"POST", at + "/rename", `{"name":"d"}`, nil, 428},
		"put new without":     {"PUT", at + "x", body, nil, 428},
		"unquoted":            {"PUT", at, body, []string{"If-Match", "1"}, 400},
		"weak":                {"PUT", at, body, []string{"If-Match", `W/"1"`}, 400},
		"star":                {"PUT", at, body, []string{"If-Match", "*"}, 400},
		"several":             {"PUT", at, body, []string{"If-Match", `"1", "2"`}, 400},
		"both":                {"PUT", at, body, []string{"If-Match", `"1"`, "If-None-Match", "*"}, 400},
		"none-match version":  {"PUT", at, body, []string{"If-None-Match", `"1"`}, 400},
		"none-match delete":   {"DELETE", at, "", []string{"If-None-Match", "*"}, 400},
		"future version":      {"PUT", at, body, []string{"If-Match", `"7"`}, 409},
		"not there":           {"PUT", at + "x", body, []string{"If-Match", `"1"`}, 404},
		"delete not there":    {"DELETE", at + "x", "", []string{"If-Match", `"1"`}, 404},
		"unknown kind":        {"PUT", "/api/v1/definitions/chanel/c", body, []string{"If-Match", `"1"`}, 404},
		"put creates":         {"PUT", at + "2", body, []string{"If-None-Match", "*"}, 201},
		"put creates nothing": {"PUT", at, body, []string{"If-None-Match", "*"}, 409},
		"good":                {"PUT", at, `{"spec":{"path":"/e","service":"demo.echo"}}`, []string{"If-Match", `"1"`}, 200},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.call(t, tc.method, tc.path, tc.body, tc.header...)
			if got.status != tc.status {
				t.Fatalf("status is %d, want %d: %s", got.status, tc.status, got.body)
			}
			if got.status >= 400 {
				got.problem(t)
			} else if got.header.Get("ETag") == "" {
				t.Error("ETag is missing")
			}
			if got.status == 201 && got.header.Get("Location") != tc.path {
				t.Errorf("Location is %q, want %q", got.header.Get("Location"), tc.path)
			}
		})
	}
}

func TestFaultsHavePointers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := map[string]struct {
		method, path, body string
		status             int
		pointers           []string
		hint               string
	}{
		"spec": {
			"POST", "/api/v1/definitions/channel", `{"name":"x","spec":{"pth":"/a","method":"FETCH","service":"demo.echo","max_body":"many"}}`, 422,
			[]string{"/spec/max_body", "/spec/method", "/spec/path", "/spec/pth"},
			`did you mean "path"?`,
		},
		"reference": {
			"POST", "/api/v1/definitions/channel", `{"name":"x","spec":{"path":"/a","service":"demo.ecco"}}`, 422, []string{"/spec/service"}, "demo.ecco",
		},
		"name":          {"POST", "/api/v1/definitions/channel", `{"name":"a/b","spec":{"path":"/a","service":"demo.echo"}}`, 422, []string{"/name"}, "character"},
		"unknown field": {"POST", "/api/v1/definitions/channel", `{"naem":"x","spec":{}}`, 422, []string{"/naem", "/name"}, `did you mean "name"?`},
		"wrong types":   {"POST", "/api/v1/apply", `{"documents":[{"name":1,"text":[]}],"prune":"yes","revision":1.5}`, 422, []string{"/documents/0/name", "/documents/0/text", "/prune", "/revision"}, "a text is needed"},
		"not JSON":      {"POST", "/api/v1/definitions/channel", "{\n  \"name\": x}", 400, nil, "line 2, column"},
		"cut off":       {"POST", "/api/v1/definitions/channel", `{"name":`, 400, nil, "ends too early"},
		"two values":    {"POST", "/api/v1/definitions/channel", `{"name":"x","spec":{}} {}`, 400, nil, "text after"},
		"query":         {"GET", "/api/v1/definitions/channel?limt=3", "", 400, nil, `did you mean "limit"?`},
		"limit":         {"GET", "/api/v1/definitions/channel?limit=5000", "", 400, nil, "at most 1000"},
		"twice":         {"GET", "/api/v1/definitions/channel?limit=5&limit=6", "", 400, nil, "twice"},
		"sort":          {"GET", "/api/v1/definitions/channel?sort=size", "", 400, nil, "updated"},
		"cursor":        {"GET", "/api/v1/definitions/channel?after=%21%21", "", 400, nil, "after"},
		"kind":          {"GET", "/api/v1/definitions/chanel", "", 404, nil, "the kinds are"},
		"reason":        {"POST", "/api/v1/definitions/channel", `{"name":"x","spec":{"path":"/a","service":"demo.echo"},"reason":"` + strings.Repeat("x", 501) + `"}`, 422, nil, "500"},
		"rollback":      {"POST", "/api/v1/rollback", `{"revision":0}`, 422, []string{"/revision"}, ""},
		"diff":          {"GET", "/api/v1/diff", "", 400, nil, "from is required"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.call(t, tc.method, tc.path, tc.body)
			p := got.problem(t)
			var pointers []string
			for _, f := range p.Errors {
				pointers = append(pointers, f.Pointer)
			}
			slices.Sort(pointers)
			if got.status != tc.status || !slices.Equal(pointers, tc.pointers) {
				t.Errorf("answer is %d with %q, want %d with %q: %s", got.status, pointers, tc.status, tc.pointers, got.body)
			}
			if all := p.Error(); !strings.Contains(all, tc.hint) {
				t.Errorf("problem %q does not say %q", all, tc.hint)
			}
		})
	}
}

func TestNamesOfAllSorts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dev := r.as(t, odb.Developer)
	for i, name := range []string{"Zażółć gęślą jaźń", "a+b@c:d (e)", "1.2_3-4", "日本"} {
		made := create(t, dev, "channel", name, string(channelSpec(fmt.Sprintf("/n%d", i))))
		got := must2(dev.Definition(t.Context(), "channel", name))(t)
		if got.Name != name || got.ID != made.ID {
			t.Errorf("got %q back as %q", name, got.Name)
		}
		must2(dev.DeleteDefinition(t.Context(), got, ""))(t)
	}
	// A client may encode more than it needs to.
	create(t, dev, "channel", "c.d", string(channelSpec("/x")))
	if got := r.call(t, "GET", "/api/v1/definitions/channel/%63%2Ed", ""); got.status != 200 {
		t.Errorf("an encoded name gave %d: %s", got.status, got.body)
	}
}

func TestRenameFollowsReferencesAndSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	sec := create(t, dev, "security", "partner", `{"type":"basic","username":"u","password":"correct horse"}`)
	create(t, dev, "channel", "c", `{"path":"/c","service":"demo.echo","security":["partner"]}`)

	refs := must2(dev.References(ctx, "security", "partner"))(t)
	if len(refs) != 1 || refs[0] != (client.Reference{Kind: "channel", Name: "c", Pointer: "/security/0"}) {
		t.Errorf("references are %+v", refs)
	}
	p := problemOf(t, second(dev.DeleteDefinition(ctx, sec.Definition, "")), http.StatusConflict)
	if !strings.Contains(p.Detail, "c") {
		t.Errorf("detail %q does not name the channel", p.Detail)
	}
	renamed := must2(dev.RenameDefinition(ctx, sec.Definition, client.RenameDefinition{Name: "partners"}))(t)
	if got := must2(dev.Definition(ctx, "channel", "c"))(t); !strings.Contains(string(got.Spec), `["partners"]`) || got.Version != 2 {
		t.Errorf("the channel did not follow: %s", got.Spec)
	}
	spec := must2(odb.Decode("security", renamed.Spec))(t).(*odb.SecuritySpec)
	if clear, err := r.sealer.Open("security", "partners", "/password", spec.Password); err != nil || clear != "correct horse" {
		t.Errorf("the secret opens to %q, %v", clear, err)
	}
	problemOf(t, second(dev.RenameDefinition(ctx, renamed.Definition, client.RenameDefinition{Name: "a/b"})), 422)
	other := create(t, dev, "security", "other", `{"type":"apikey","key":"12345678"}`)
	problemOf(t, second(dev.RenameDefinition(ctx, other.Definition, client.RenameDefinition{Name: "partners"})), 409)
}

func TestListPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	var docs []client.Document
	for i := range 25 {
		docs = append(docs, client.Document{Name: "f", Text: fmt.Sprintf("kind: channel\nname: c%02d\nspec: {path: /p%02d, service: demo.echo, description: 'Note <%d> & co'}\n", i, i, i)})
	}
	must2(dev.Apply(ctx, client.ApplyRequest{Documents: docs}))(t)
	c7 := must2(dev.Definition(ctx, "channel", "c07"))(t)
	c7.Spec = channelSpec("/seven")
	must2(dev.UpdateDefinition(ctx, c7, ""))(t)

	for _, sort := range []string{"", "name", "-name", "updated", "-updated", "version", "-version"} {
		whole := must2(dev.Definitions(ctx, "channel", client.Query{Sort: sort, Limit: 1000}))(t)
		paged := must2(dev.AllDefinitions(ctx, "channel", client.Query{Sort: sort, Limit: 4}))(t)
		if len(whole.Items) != 25 || whole.Next != "" || !slices.EqualFunc(whole.Items, paged, func(a, b odb.Definition) bool { return a.ID == b.ID }) {
			t.Errorf("sort %q: pages differ from the whole", sort)
		}
	}
	first := func(sort string) string {
		return must2(dev.Definitions(ctx, "channel", client.Query{Sort: sort, Limit: 1}))(t).Items[0].Name
	}
	if first("-name") != "c24" || first("-version") != "c07" || first("-updated") != "c07" {
		t.Errorf("orders begin with %s, %s, %s", first("-name"), first("-version"), first("-updated"))
	}
	for text, want := range map[string]int{"C1": 10, "/P0": 9, "seven": 1, "note <3> &": 1, "description": 0, "nowhere": 0, `"`: 0} {
		if got := must2(dev.AllDefinitions(ctx, "channel", client.Query{Text: text}))(t); len(got) != want {
			t.Errorf("q=%s finds %d, want %d", text, len(got), want)
		}
	}
	page := must2(dev.Definitions(ctx, "channel", client.Query{Sort: "name", Limit: 3}))(t)
	problemOf(t, second(dev.Definitions(ctx, "channel", client.Query{Sort: "-name", After: page.Next})), 400)
}

func TestKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kinds := must2(r.as(t, odb.Viewer).Kinds(t.Context()))(t)
	var names []string
	for _, k := range kinds {
		names = append(names, k.Name)
		var schema map[string]any
		if json.Unmarshal(k.Schema, &schema) != nil || schema["type"] != "object" || k.Title == "" || k.Help == "" || len(k.Fields) == 0 {
			t.Errorf("kind %s is not whole", k.Name)
		}
	}
	if !slices.Equal(names, odb.KindNames()) {
		t.Errorf("kinds are %v, want %v", names, odb.KindNames())
	}
	one := must2(r.as(t, odb.Viewer).Kind(t.Context(), "service"))(t)
	if one.Count != 7 {
		t.Errorf("there are %d services, want 7", one.Count)
	}
	problemOf(t, second(r.as(t, odb.Viewer).Kind(t.Context(), "chanel")), 404)
}

// What is not in force is told to whoever wrote it.
func TestWriteTellsOfProblems(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dev := r.as(t, odb.Developer)
	made := create(t, dev, "service", "ghost", `{"package":"p","hash":"`+strings.Repeat("a", 64)+`"}`)
	if !made.Running || len(made.Problems) != 1 || made.Problems[0].Name != "ghost" || made.Problems[0].Reason == "" {
		t.Errorf("written %+v", made)
	}
	listed := must2(dev.Problems(t.Context()))(t)
	if len(listed) != 1 || listed[0] != (client.NodeProblem{Node: "node-1", Problem: made.Problems[0]}) {
		t.Errorf("problems are %+v", listed)
	}
	if s := must2(dev.Service(t.Context(), "ghost"))(t); s.Running || s.Problem == "" {
		t.Errorf("service is %+v", s)
	}
}

func TestUnknownPlaces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.call(t, "GET", "/api/v1/"+url.PathEscape("<b>zzz"), "", "Authorization", "")
	if p := got.problem(t); got.status != 404 || strings.Contains(p.Detail, "zzz") {
		t.Errorf("answer is %d %s", got.status, got.body)
	}
	got = r.call(t, "PATCH", "/api/v1/definitions/channel/c", "")
	if got.problem(t); got.status != 405 || got.header.Get("Allow") != "DELETE, GET, PUT" {
		t.Errorf("answer is %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	got = r.call(t, "GET", "/api/v1/me", "")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'none'",
	} {
		if !strings.Contains(got.header.Get(name), want) {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
	if _, err := r.as(t, odb.Viewer).Definition(t.Context(), "channel", "none"); !errors.As(err, new(*client.Problem)) {
		t.Errorf("error is %v", err)
	}
}

func TestCorrelationID(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for given, kept := range map[string]bool{"abc-123_4.5": true, "short": false, "with blank in it": false, strings.Repeat("x", 65): false} {
		got := r.call(t, "GET", "/api/v1/me", "", "X-Correlation-ID", given)
		if cid := got.header.Get("X-Correlation-ID"); cid == "" || (cid == given) != kept {
			t.Errorf("%q came back as %q", given, cid)
		}
	}
}
