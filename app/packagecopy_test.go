package app_test

import (
	"net/http"
	"strings"
	"testing"

	"signalbox.internal/app"
	"signalbox.internal/node/nodetest"
)

const greets = `import { service } from "@signalbox/sdk";
export const hello = service({ name: "greet.hello", handle: () => ({ text: "hello of ONE" }) });
export const bye = service({ name: "greet.bye", handle: () => "bye" });
`

// The code of a service comes from one cluster and runs on another, byte by byte.
func TestCopyPackages(t *testing.T) {
	t.Parallel()
	one, two := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	one.Deploy("greet", greets)
	r := start(t, "", nil)
	ids := map[*nodetest.Node]string{}
	for _, n := range []*nodetest.Node{one, two} {
		c := r.add(n.Link, func(s *app.SaveCluster) { s.Name = n.Control })
		ids[n] = c.ID
		ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	}
	source, err := one.API.Source(t.Context(), "greet.hello", "")
	if err != nil {
		t.Fatal(err)
	}
	at := "/api/clusters/" + ids[two] + "/packages"
	ask := app.CopyPackages{From: ids[one], DryRun: true, Services: []app.ServiceVersion{{Service: "greet.hello", Hash: source.Hash}, {Service: "greet.bye", Hash: source.Hash}}}

	plan := ok[app.CopiedPackages](r, r.do("POST", at, ask))
	if len(plan.Checked) != 1 || plan.Deployed != nil {
		t.Fatalf("the plan is %+v", plan)
	}
	if p := plan.Checked[0]; !p.OK || p.Hash != source.Hash || p.Current != "" || len(p.Changes) != 2 || p.Changes[0].Op != "create" {
		t.Errorf("of the package the plan says %+v", p)
	}
	if _, err := two.API.Invoke(t.Context(), "greet.hello", nil, ""); err == nil {
		t.Fatal("a dry run deployed the code")
	}

	ask.DryRun, ask.Base, ask.Reason = false, map[string]string{"greet": ""}, "from one"
	done := ok[app.CopiedPackages](r, r.do("POST", at, ask))
	if d := done.Deployed; d == nil || d.Revision == 0 || len(d.Packages) != 1 || !d.Packages[0].Changed || d.Packages[0].Hash != source.Hash || len(d.Services) != 2 || !d.Nodes[0].OK {
		t.Fatalf("deployed %+v", d)
	}
	answer, err := two.API.Invoke(t.Context(), "greet.hello", nil, "")
	if err != nil || !strings.Contains(string(answer.Body), "hello of ONE") {
		t.Errorf("the service answers %s, %v", answer.Body, err)
	}
	copied, err := two.API.Source(t.Context(), "greet.hello", "")
	if err != nil || copied.Hash != source.Hash {
		t.Errorf("the copy has hash %q, %v; want %q", copied.Hash, err, source.Hash)
	}

	// What somebody deployed there meanwhile is not overwritten.
	two.Deploy("greet", strings.ReplaceAll(greets, "ONE", "TWO"))
	r.refused(r.do("POST", at, ask), http.StatusConflict, "conflict")
}

func TestCopyPackagesIsHeldToTheRules(t *testing.T) {
	t.Parallel()
	one, two := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	one.Deploy("greet", greets)
	r := start(t, "", nil)
	from := r.add(one.Link, nil)
	to := r.add(two.Link, func(s *app.SaveCluster) { s.Name, s.ReadOnly = "two", true })
	at := "/api/clusters/" + to.ID + "/packages"
	source, err := one.API.Source(t.Context(), "greet.hello", "")
	if err != nil {
		t.Fatal(err)
	}
	ask := app.CopyPackages{From: from.ID, Services: []app.ServiceVersion{{Service: "greet.hello", Hash: source.Hash}}}
	got := r.do("POST", at, ask)
	r.refused(got, http.StatusConflict, app.CodeSignedOut) // of the other one: no sign-in is missing here
	if !strings.Contains(got.body, from.Name+": ") {
		t.Errorf("the refusal does not name the cluster: %s", got.body)
	}
	for _, n := range []struct {
		id   string
		node *nodetest.Node
	}{{from.ID, one}, {to.ID, two}} {
		ok[app.Cluster](r, r.do("POST", "/api/clusters/"+n.id+"/sign-in", app.SignIn{Token: n.node.Token}))
	}
	r.refused(r.do("POST", at, ask), http.StatusForbidden, app.CodeReadOnly)
	ask.DryRun = true // looking is not changing
	if plan := ok[app.CopiedPackages](r, r.do("POST", at, ask)); len(plan.Checked) != 1 || !plan.Checked[0].OK {
		t.Errorf("the plan is %+v", plan)
	}
	ask.Services[0].Hash = strings.Repeat("0", 64)
	r.refused(r.do("POST", at, ask), http.StatusNotFound, "not_found")
	ask.Services = nil
	r.refused(r.do("POST", at, ask), http.StatusUnprocessableEntity, "invalid")
	ask.From = "nobody"
	r.refused(r.do("POST", at, ask), http.StatusNotFound, "not_found")
	if services, err := two.API.Services(t.Context()); err != nil || len(services) == 0 {
		t.Fatal(err)
	} else {
		for _, s := range services {
			if strings.HasPrefix(s.Name, "greet.") {
				t.Errorf("%s is there", s.Name)
			}
		}
	}
}
