package admin_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestCheckPackages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dev := r.as(t, odb.Developer)
	before := r.running.Load().Revision()
	entries := len(r.audited(t))
	items := must2(dev.Check(t.Context(), client.CheckRequest{Packages: []client.Package{pack("good", "a.one", "x"), pack("bad", "b.one", "error here", "b.two", "y")}}))(t)
	if len(items) != 2 || !items[0].OK || len(items[0].Changes) != 1 || items[0].Changes[0] != (client.ServiceChange{Op: "create", Service: "a.one"}) {
		t.Fatalf("the good one is %+v", items)
	}
	if bad := items[1]; bad.OK || len(bad.Messages) != 1 || bad.Messages[0].Line != 3 || bad.Messages[0].File != "b.one" {
		t.Errorf("the bad one is %+v", bad)
	}
	if after, err := r.store.Revision(t.Context()); err != nil || after != before {
		t.Errorf("a check made revision %d of %d (%v)", after, before, err)
	}
	if n := len(r.audited(t)); n != entries {
		t.Errorf("a check made %d audit entries: it is made while somebody types", n-entries)
	}
	for _, bad := range []string{`{"packages":[]}`, `{"packages":[{"name":"../x","files":{"a":{"text":"x"}}}]}`, `{"packages":[{"name":"x","files":{"../../etc/passwd":{"text":"x"}}}]}`, `{"packages":[{"name":"x","files":{}}],"more":1}`} {
		if got := r.call(t, "POST", "/api/v1/services/check", bad); got.status != http.StatusUnprocessableEntity || len(got.problem(t).Errors) == 0 {
			t.Errorf("%s: %d %s", bad, got.status, got.body)
		}
	}
	// A service may have the name of the route.
	problemOf(t, second(dev.Service(t.Context(), "check")), http.StatusNotFound)
}

func TestPackageTests(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dev := r.as(t, odb.Developer)
	report := must2(dev.Test(t.Context(), client.TestRequest{Package: pack("p", "a.test.ts", "fine", "b.test.ts", "error: 1 is not 2")}))(t)
	if report.OK || report.Passed != 1 || report.Failed != 1 || report.Tests[1].Error.Line != 2 || report.Tests[0].Line != 1 {
		t.Errorf("report is %+v", report)
	}
	if one := must2(dev.Test(t.Context(), client.TestRequest{Package: pack("p", "a.test.ts", "fine", "b.test.ts", "error"), Filter: "a.test"}))(t); !one.OK || len(one.Tests) != 1 {
		t.Errorf("with a filter it is %+v", one)
	}
	loud := must2(dev.Test(t.Context(), client.TestRequest{Package: pack("p", "a.test.ts", "loud")}))(t)
	size := 0
	for _, line := range loud.Tests[0].Log {
		size += len(line)
	}
	if size > 1<<20 || loud.Cut == "" {
		t.Errorf("the report has %d bytes of log, cut is %q", size, loud.Cut)
	}
	for body, status := range map[string]int{
		`{"package":{"name":"p","files":{"a.test.ts":{"text":"x"}}},"timeout_ms":30001}`: 422,
		`{"package":{"name":"p","files":{"a.test.ts":{"text":"x"}}},"timeout_ms":-1}`:    422,
		`{"package":{"name":"p","files":{}}}`:                                            422,
		`{}`:                                                                             422,
	} {
		if got := r.call(t, "POST", "/api/v1/services/test", body); got.status != status {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	entries := r.audited(t)
	if !slices.ContainsFunc(entries, func(e odb.AuditEntry) bool { return e.Action == "testPackage" && e.Subject == "package/p" }) {
		t.Error("running code is not in the audit log")
	}
}

func TestDeployOnTopOfAnother(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dev := r.as(t, odb.Developer)
	deploy := func(text, base string) (client.Deployed, error) {
		return dev.Deploy(t.Context(), client.DeployRequest{Packages: []client.Package{pack("hello", "hello.say", text)}, Base: map[string]string{"hello": base}})
	}
	one := must2(deploy("one", ""))(t).Packages[0].Hash
	two := must2(deploy("two", one))(t).Packages[0].Hash
	p := problemOf(t, second(deploy("three", one)), http.StatusConflict)
	var now client.DeployedVersion
	must(t, json.Unmarshal(p.Current, &now))
	if now.Hash != two || now.By != "developer" || now.At.IsZero() || now.Package != "hello" || now.Service != "hello.say" {
		t.Errorf("in force is %+v", now)
	}
	must2(deploy("two", one))(t) // what is in force already is no conflict
	problemOf(t, second(deploy("four", "")), http.StatusConflict)
	if got := string(must2(dev.Invoke(t.Context(), "hello.say", nil, ""))(t).Body); got != `"two"` {
		t.Errorf("in force is %s", got)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	view := r.as(t, odb.Viewer)
	calls := must2(view.Calls(t.Context(), "demo.echo"))(t)
	if calls.Known || len(calls.Calls) != 0 || len(calls.Callers) != 0 || len(calls.Used) != 0 {
		t.Errorf("calls of a compiled service are %+v", calls)
	}
	must2(r.as(t, odb.Developer).CreateDefinition(t.Context(), "channel", client.CreateDefinition{Name: "c", Spec: json.RawMessage(`{"transport":"http","path":"/echo","service":"demo.echo"}`)}))(t)
	if used := must2(view.Calls(t.Context(), "demo.echo"))(t).Used; len(used) != 1 || used[0] != (client.Reference{Kind: "channel", Name: "c", Pointer: "/service"}) {
		t.Errorf("it is used by %+v", used)
	}
	problemOf(t, second(view.Calls(t.Context(), "demo.none")), http.StatusNotFound)
}

func TestInvokeWithoutWaiting(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	op := r.as(t, odb.Operator)
	ended := func(c *client.Client, cid string) client.Invocation {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			if seen := must2(c.Invocation(t.Context(), cid))(t); seen.State != "running" {
				return seen
			}
		}
		t.Fatal("the call does not end")
		return client.Invocation{}
	}
	must2(op.Start(t.Context(), "demo.echo", json.RawMessage(`{"a": 1}`), "later-0001"))(t)
	good := ended(op, "later-0001")
	if good.State != "done" || string(good.Answer) != `{"a":1}` && string(good.Answer) != `{"a": 1}` || good.Finished == nil || good.Service != "demo.echo" {
		t.Errorf("outcome is %+v %s", good, good.Answer)
	}
	must2(op.Start(t.Context(), "demo.page", nil, "later-0002"))(t)
	if page := ended(op, "later-0002"); page.Status != 402 || page.ContentType != "text/html" || page.Body == nil || page.Body.Text != "<b>pay</b>" {
		t.Errorf("a page is %+v", page)
	}
	must2(op.Start(t.Context(), "demo.fail", nil, "later-0003"))(t)
	bad := ended(op, "later-0003")
	if bad.State != "failed" || bad.Problem == nil || bad.Problem.Code != "order.bad" || bad.Problem.Cause != "" || bad.Problem.Stack != "" {
		t.Errorf("a failure is %+v %+v", bad, bad.Problem)
	}
	if seen := ended(r.as(t, odb.Developer), "later-0003"); seen.Problem.Cause == "inner reason" {
		t.Error("the cause was kept for a caller who may not see it")
	}
	problemOf(t, second(op.Start(t.Context(), "demo.echo", nil, "later-0001")), http.StatusConflict)
	problemOf(t, second(op.Start(t.Context(), "demo.none", nil, "")), http.StatusNotFound)
	must(t, r.store.CreateAccount(t.Context(), odb.Account{Name: "other", Role: odb.Operator}))
	other := r.with(t, r.mint(t, "other", odb.Operator, time.Time{}))
	problemOf(t, second(other.Invocation(t.Context(), "later-0001")), http.StatusNotFound)
	problemOf(t, second(r.as(t, odb.Viewer).Invocation(t.Context(), "later-0001")), http.StatusForbidden)
	problemOf(t, second(op.Invocation(t.Context(), "never-was")), http.StatusNotFound)
}

// However many calls are started, the node keeps a bounded number, for a bounded time.
func TestOutcomesAreBounded(t *testing.T) {
	t.Parallel()
	kept, refused, after := admin.FillOutcomes(2000, 20*time.Minute)
	if kept > 501 || refused != 5 || after != 1 {
		t.Errorf("%d are kept, %d were refused while they ran, %d are kept later", kept, refused, after)
	}
}

func FuzzCheckRequest(f *testing.F) {
	r := newRigWith(f, nil)
	f.Add(`{"packages":[{"name":"a","files":{"x.ts":{"text":"y"}}}]}`)
	f.Add(`{"package":{"name":"a","files":{"x.ts":{"base64":"AAAA"}}},"timeout_ms":1e3}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"check", "test"} {
			if strings.Contains(body, "slow") {
				continue
			}
			if got := r.call(t, "POST", "/api/v1/services/"+path, body); got.status >= 500 {
				t.Errorf("%s %s: %d %s", path, body, got.status, got.body)
			}
		}
	})
}
