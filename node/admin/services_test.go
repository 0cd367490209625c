package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestInvoke(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, op := t.Context(), r.as(t, odb.Operator)

	got := must2(op.Invoke(ctx, "demo.echo", json.RawMessage(`{"b":1, "a":[2.50]}`), "my-cid-1"))(t)
	if string(got.Body) != `{"b":1, "a":[2.50]}` || got.ContentType != "application/json" || got.Status != 200 || got.CID != "my-cid-1" {
		t.Errorf("answer is %+v %s", got, got.Body)
	}
	if got := must2(op.Invoke(ctx, "demo.echo", nil, ""))(t); string(got.Body) != "null" {
		t.Errorf("no input answers %s", got.Body)
	}
	if got := must2(op.Invoke(ctx, "demo.who", nil, "my-cid-2"))(t); string(got.Body) != `{"channel":"admin","cid":"my-cid-2","user":"operator"}` {
		t.Errorf("the service was told %s", got.Body)
	}
	page := must2(op.Invoke(ctx, "demo.page", nil, ""))(t)
	if string(page.Body) != "<b>pay</b>" || page.ContentType != "text/html" || page.Status != 402 {
		t.Errorf("page is %+v", page)
	}
	rawPage := r.call(t, "POST", "/api/v1/services/demo.page/invoke", "null")
	if rawPage.status != 200 || rawPage.header.Get("Set-Cookie") != "" || rawPage.header.Get("Location") != "" || !strings.Contains(rawPage.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("headers of a page are %v", rawPage.header)
	}

	bad := problemOf(t, second(op.Invoke(ctx, "demo.strict", json.RawMessage(`{"name":1}`), "")), 400)
	if bad.Code != "invalid_input" || len(bad.Errors) != 2 || bad.Service != "demo.strict" {
		t.Errorf("refusal is %+v", bad)
	}
	if p := problemOf(t, second(op.Invoke(ctx, "demo.none", nil, "")), 404); p.Code != "service_not_found" {
		t.Errorf("code is %q", p.Code)
	}
	if p := problemOf(t, second(op.Invoke(ctx, "demo.slow", nil, "")), 504); p.Code != "timeout" {
		t.Errorf("code is %q", p.Code)
	}
	for body, status := range map[string]int{`{"a":`: 400, `{} {}`: 400, "": 415} {
		if got := r.call(t, "POST", "/api/v1/services/demo.echo/invoke", body); got.status != status {
			t.Errorf("input %q: %d, want %d", body, got.status, status)
		}
	}
	if got := r.call(t, "POST", "/api/v1/services/demo.echo/invoke", `1`, "Content-Type", "text/plain"); got.status != 415 {
		t.Errorf("a text input: %d", got.status)
	}
}

// What lies behind a failure is for developers; others get code, message and cid.
func TestInvokeTellsDevelopersMore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, role := range []odb.Role{odb.Operator, odb.Developer, odb.Admin} {
		inner := role.Level() >= odb.Developer.Level()
		p := problemOf(t, second(r.as(t, role).Invoke(t.Context(), "demo.fail", nil, "")), 409)
		if p.Code != "order.bad" || p.Detail != "the order is bad" || string(p.Details) != `{"line":4}` || p.Service != "demo.fail" {
			t.Errorf("%s: problem is %+v", role, p)
		}
		if (p.Cause == "inner reason") != inner || (p.Stack == "orders.ts:3:1") != inner || !inner && p.Cause+p.Stack != "" {
			t.Errorf("%s: cause %q, stack %q", role, p.Cause, p.Stack)
		}
		p = problemOf(t, second(r.as(t, role).Invoke(t.Context(), "demo.crash", nil, "")), 500)
		if p.Code != "internal" || strings.Contains(p.Cause, "crash of the test") != inner || strings.Contains(p.Detail, "crash") {
			t.Errorf("%s: problem is %+v", role, p)
		}
	}
}

func TestServicesShowWhatRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, view := t.Context(), r.as(t, odb.Viewer)
	for range 3 {
		must2(r.as(t, odb.Operator).Invoke(ctx, "demo.echo", nil, ""))(t)
	}
	var names []string
	for _, s := range must2(view.Services(ctx))(t) {
		names = append(names, s.Name)
		if !s.Running || !s.Enabled || s.Engine != "go" {
			t.Errorf("service is %+v", s)
		}
	}
	if len(names) != 7 || !slices.IsSorted(names) {
		t.Errorf("services are %v", names)
	}
	echo := must2(view.Service(ctx, "demo.echo"))(t)
	if echo.Doc != "Answers its input." || echo.Figures == nil || echo.Figures.Count != 3 {
		t.Errorf("demo.echo is %+v", echo)
	}
	if s := must2(view.Service(ctx, "demo.strict"))(t); !strings.Contains(string(s.Input), `"required"`) {
		t.Errorf("input schema is %s", s.Input)
	}
	if s := must2(view.Service(ctx, "demo.slow"))(t); s.TimeoutMS != 20 {
		t.Errorf("timeout is %d ms", s.TimeoutMS)
	}
	problemOf(t, second(view.Service(ctx, "demo.none")), 404)
	if v := must2(view.Versions(ctx, "demo.echo"))(t); len(v) != 1 || !v[0].Current || v[0].Hash != "" {
		t.Errorf("versions of a Go service are %+v", v)
	}
	problemOf(t, second(view.Source(ctx, "demo.echo", "")), 400)
	problemOf(t, second(r.as(t, odb.Developer).RollbackService(ctx, "demo.echo", client.RollbackService{})), 400)
	stats := must2(view.Stats(ctx))(t)
	if len(stats.Services) != 1 || stats.Services[0].Service != "demo.echo" || stats.Channels == nil {
		t.Errorf("stats are %+v", stats)
	}
}

func pack(name string, files ...string) client.Package {
	content := map[string][]byte{}
	for i := 0; i+1 < len(files); i += 2 {
		content[files[i]] = []byte(files[i+1])
	}
	return client.NewPackage(name, content)
}

func TestDeployAndRollBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	say := func() string {
		return string(must2(dev.Invoke(ctx, "hello.say", nil, ""))(t).Body)
	}

	one := must2(dev.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("hello", "hello.say", "one", "hello.other", "x")}, Reason: "first"}))(t)
	if one.Package != "hello" || !slices.Equal(one.Services, []string{"hello.other", "hello.say"}) || len(one.Packages) != 1 || !one.Packages[0].Changed {
		t.Errorf("deployed %+v", one)
	}
	if len(one.Nodes) != 1 || one.Nodes[0] != (client.DeployedNode{Name: "node-1", OK: true}) {
		t.Errorf("nodes are %+v", one.Nodes)
	}
	if say() != `"one"` {
		t.Errorf("the service says %s", say())
	}
	two := must2(dev.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("hello", "hello.say", "two", "hello.other", "x"), pack("more", "more.a", "\xff\x00")}}))(t)
	if two.Package != "hello,more" || two.Revision != one.Revision+1 || say() != `"two"` {
		t.Errorf("deployed %+v, says %s", two, say())
	}
	again := must2(dev.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("hello", "hello.say", "two", "hello.other", "x")}}))(t)
	if again.Revision != two.Revision || again.Packages[0].Changed {
		t.Errorf("the same code again gave %+v", again)
	}

	versions := must2(dev.Versions(ctx, "hello.say"))(t)
	if len(versions) != 2 || !versions[0].Current || versions[0].Hash != two.Packages[0].Hash || versions[1].Hash != one.Packages[0].Hash || versions[0].By != "developer" {
		t.Errorf("versions are %+v", versions)
	}
	source := must2(dev.Source(ctx, "hello.say", one.Packages[0].Hash))(t)
	if source.Package != "hello" || string(source.Files["hello.say"].Bytes()) != "one" {
		t.Errorf("source is %+v", source)
	}
	if f := must2(dev.Source(ctx, "more.a", ""))(t).Files["more.a"]; string(f.Bytes()) != "\xff\x00" || f.Text != "" {
		t.Errorf("a binary file came back as %+v", f)
	}
	problemOf(t, second(dev.Source(ctx, "hello.say", two.Packages[1].Hash)), 404)

	back := must2(dev.RollbackService(ctx, "hello.say", client.RollbackService{Reason: "two is bad"}))(t)
	if say() != `"one"` || back.Packages[0].Hash != one.Packages[0].Hash || !back.Nodes[0].OK {
		t.Errorf("rolled back to %+v, says %s", back, say())
	}
	must2(dev.RollbackService(ctx, "hello.say", client.RollbackService{Hash: two.Packages[0].Hash}))(t)
	if say() != `"two"` {
		t.Errorf("rolled forward it says %s", say())
	}
	problemOf(t, second(dev.RollbackService(ctx, "more.a", client.RollbackService{})), 409)
	problemOf(t, second(dev.RollbackService(ctx, "hello.say", client.RollbackService{Hash: "none"})), 404)
}

func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, dev := t.Context(), r.as(t, odb.Developer)
	before := r.running.Load().Revision()
	p := problemOf(t, second(dev.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("bad", "a", "error: no such thing"), pack("good", "g", "x")}})), 422)
	want := client.BuildMessage{Package: "bad", File: "a", Line: 3, Column: 7, Text: "error: no such thing"}
	if p.Code != client.CodeBuild || len(p.Messages) != 1 || p.Messages[0] != want || !strings.Contains(p.Error(), "a:3:7: error: no such thing") {
		t.Errorf("problem is %+v", p)
	}
	bodies := map[string]struct {
		body    string
		pointer string
	}{
		"none":       {`{"packages":[]}`, "/packages"},
		"no name":    {`{"packages":[{"name":"","files":{"a":{"text":"x"}}}]}`, "/packages/0/name"},
		"no files":   {`{"packages":[{"name":"p","files":{}}]}`, "/packages/0/files"},
		"twice":      {`{"packages":[{"name":"p","files":{"a":{}}},{"name":"p","files":{"a":{}}}]}`, "/packages/1/name"},
		"up":         {`{"packages":[{"name":"p","files":{"../a":{"text":"x"}}}]}`, "/packages/0/files/..~1a"},
		"absolute":   {`{"packages":[{"name":"p","files":{"/etc/a":{"text":"x"}}}]}`, "/packages/0/files/~1etc~1a"},
		"backslash":  {`{"packages":[{"name":"p","files":{"a\\b":{"text":"x"}}}]}`, "/packages/0/files/a\\b"},
		"both":       {`{"packages":[{"name":"p","files":{"a":{"text":"x","base64":"AAA="}}}]}`, "/packages/0/files/a"},
		"not base64": {`{"packages":[{"name":"p","files":{"a":{"base64":"!!"}}}]}`, ""},
	}
	for name, tc := range bodies {
		got := r.call(t, "POST", "/api/v1/deploy", tc.body)
		p := got.problem(t)
		if got.status != 422 || len(p.Errors) != 1 || p.Errors[0].Pointer != tc.pointer {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if after := must2(r.store.Revision(ctx))(t); after != before {
		t.Errorf("refused deployments moved the revision from %d to %d", before, after)
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	big := fmt.Sprintf(`{"name":"x","spec":{},"reason":%q}`, strings.Repeat("x", 1<<20))
	if got := r.call(t, "POST", "/api/v1/definitions/channel", big); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of more than 1 MiB: %d", got.status)
	}
	if got := r.call(t, "POST", "/api/v1/plan", fmt.Sprintf(`{"documents":[{"name":"f","text":%q}]}`, "# "+strings.Repeat("x", 1<<20))); got.status != 200 {
		t.Errorf("a plan of more than 1 MiB: %d %.200s", got.status, got.body)
	}
	deep := strings.Repeat("[", 20000)
	if got := r.call(t, "POST", "/api/v1/definitions/channel", deep); got.status != 400 {
		t.Errorf("deep JSON: %d", got.status)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	create(t, r.as(t, odb.Developer), "outgoing", "partner", `{"url":"https://partner.example"}`)
	op := r.as(t, odb.Operator)
	if p := must2(op.Ping(t.Context(), "partner"))(t); p.OK || p.State != "down" || p.Error == "" {
		t.Errorf("ping is %+v", p)
	}
	problemOf(t, second(op.Ping(t.Context(), "nobody")), 404)
	if got := r.call(t, "POST", "/api/v1/definitions/service/demo.echo/ping", ""); got.problem(t).Code != client.CodeNotApplicable {
		t.Errorf("a service was pinged: %d", got.status)
	}
	if c := must2(op.Connections(t.Context()))(t); len(c) != 1 || c[0].Name != "partner" {
		t.Errorf("connections are %+v", c)
	}
}
