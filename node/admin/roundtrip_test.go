package admin_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// recorder notes which requests a client sends.
type recorder struct {
	http.RoundTripper
	mu   sync.Mutex
	seen [][2]string // method, path
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.seen = append(r.seen, [2]string{req.Method, req.URL.Path})
	r.mu.Unlock()
	return r.RoundTripper.RoundTrip(req)
}

// TestClientCoversTheAPI calls every method of the client against the real
// server: each finds its route, and no route is without a method.
func TestClientCoversTheAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pool := x509.NewCertPool()
	pool.AddCert(r.server.Certificate())
	rec := &recorder{RoundTripper: r.server.Client().Transport}
	c := must2(client.New(client.Config{URLs: []string{r.server.URL}, Token: r.tokens[odb.Admin], HTTP: &http.Client{Transport: rec}}))(t)
	ctx := t.Context()

	health := must2(c.Health(ctx))(t)
	status := must2(c.Status(ctx))(t)
	nodes := must2(c.Nodes(ctx))(t)
	me := must2(c.Me(ctx))(t)
	if !health.Ready || status.Cluster != "test" || !status.Level || len(nodes) != 1 || nodes[0].Name != "node-1" || me.Account != "admin" || me.Token == "" {
		t.Errorf("health %+v, status %+v, nodes %+v, me %+v", health, status, nodes, me)
	}
	must2(c.Kinds(ctx))(t)
	must2(c.Kind(ctx, "channel"))(t)
	made := create(t, c, "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	must2(c.Definitions(ctx, "channel", client.Query{}))(t)
	must2(c.Definition(ctx, "channel", "c"))(t)
	made.Spec = channelSpec("/d")
	made = must2(c.UpdateDefinition(ctx, made.Definition, ""))(t)
	made = must2(c.RenameDefinition(ctx, made.Definition, client.RenameDefinition{Name: "d"}))(t)
	must2(c.DefinitionHistory(ctx, "channel", "d", client.HistoryQuery{}))(t)
	must2(c.References(ctx, "channel", "d"))(t)
	must2(c.DeleteDefinition(ctx, made.Definition, ""))(t)
	create(t, c, "outgoing", "o", `{"url":"https://o.example"}`)
	must2(c.Ping(ctx, "o"))(t)
	must2(c.Plan(ctx, client.PlanRequest{}))(t)
	must2(c.Apply(ctx, client.ApplyRequest{}))(t)
	must2(c.Export(ctx))(t)
	must2(c.History(ctx, client.HistoryQuery{}))(t)
	must2(c.Diff(ctx, 0, 0))(t)
	must2(c.State(ctx, 0))(t)
	must2(c.Rollback(ctx, client.RollbackRequest{Revision: 2, DryRun: true}))(t)
	must2(c.Services(ctx))(t)
	must2(c.Service(ctx, "demo.echo"))(t)
	must2(c.Invoke(ctx, "demo.echo", nil, ""))(t)
	must2(c.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("p", "p.a", "1")}}))(t)
	must2(c.Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("p", "p.a", "2")}}))(t)
	must2(c.Check(ctx, client.CheckRequest{Packages: []client.Package{pack("p", "p.a", "3")}}))(t)
	must2(c.Test(ctx, client.TestRequest{Package: pack("p", "p.a", "3")}))(t)
	must2(c.Calls(ctx, "p.a"))(t)
	must2(c.Start(ctx, "demo.echo", nil, "started-01"))(t)
	must2(c.Invocation(ctx, "started-01"))(t)
	must2(c.Versions(ctx, "p.a"))(t)
	must2(c.Source(ctx, "p.a", ""))(t)
	must2(c.RollbackService(ctx, "p.a", client.RollbackService{}))(t)
	must2(c.Stats(ctx))(t)
	must2(c.Connections(ctx))(t)
	must2(c.Problems(ctx))(t)
	must2(c.Events(ctx, ""))(t)
	must2(c.Metrics(ctx))(t)
	_, err := c.AcceptODB(ctx)
	problemOf(t, err, http.StatusConflict)
	must2(c.OpenAPI(ctx))(t)
	must2(c.Backup(ctx, goodPassphrase, io.Discard))(t)
	must2(c.InspectBackup(ctx, goodPassphrase, strings.NewReader("any")))(t)
	must2(c.CheckODB(ctx))(t)
	must2(c.CopyODB(ctx, "sqlite:new", nil))(t)
	must2(c.CreateAccount(ctx, client.CreateAccount{Name: "ann", Role: odb.Viewer}))(t)
	must2(c.Accounts(ctx))(t)
	must2(c.UpdateAccount(ctx, "ann", client.UpdateAccount{Role: odb.Operator}))(t)
	must2(c.UnlockAccount(ctx, "ann"))(t)
	must2(c.Secrets(ctx))(t)
	must2(c.RotateKeys(ctx, client.RotateKeys{}))(t)
	must2(c.ForgetKeys(ctx, client.ForgetKeys{DryRun: true}))(t)
	code := must2(c.NewClaimCode(ctx))(t)
	must2(c.Claim(ctx, client.Claim{Code: code.Code, Password: "long enough"}))(t)
	token := must2(c.CreateToken(ctx, client.CreateToken{Account: "ann", NoExpiry: true}))(t)
	must2(c.Tokens(ctx))(t)
	must(t, c.DeleteToken(ctx, token.ID))
	must(t, c.DeleteAccount(ctx, "ann"))
	must2(c.Audit(ctx, client.AuditQuery{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}))(t)
	must2(c.AuditChain(ctx, 1, 2))(t)
	must2(c.AuditRevisions(ctx, 1, 2))(t)
	clusterCalls(t, c, r)

	must2(c.Certificates(ctx))(t)
	must2(c.SignIn(ctx, client.SignIn{Account: "admin", Password: "long enough", Token: true}))(t)
	must(t, c.ChangePassword(ctx, client.ChangePassword{Current: "long enough", Password: "longer than that"}))
	must(t, c.SignOut(ctx))

	used := map[string]bool{}
	mux := chi.NewRouter()
	for _, rt := range r.api.Table() {
		mux.MethodFunc(rt.Method, rt.Path, func(http.ResponseWriter, *http.Request) {})
	}
	for _, call := range rec.seen {
		used[call[0]+" "+mux.Find(chi.NewRouteContext(), call[0], call[1])] = true
	}
	for _, rt := range r.api.Table() {
		if !used[rt.Method+" "+rt.Path] {
			t.Errorf("no method of the client leads to %s %s", rt.Method, rt.Path)
		}
	}
}

// clusterCalls calls what concerns nodes and boxes that join.
func clusterCalls(t *testing.T, c *client.Client, r *rig) {
	t.Helper()
	ctx := t.Context()
	must2(c.Topology(ctx))(t)
	if d := must2(c.Node(ctx, "node-1"))(t); d.Node.Name != "node-1" {
		t.Errorf("the node is %+v", d)
	}
	if n := must2(c.SetRotation(ctx, "node-1", odb.Draining))(t); n.Rotation != "draining" {
		t.Errorf("the node is %+v", n)
	}
	if err := c.RemoveNode(ctx, "none"); err == nil {
		t.Error("no node was removed")
	}
	if _, err := c.RestartNode(ctx, "none"); err == nil {
		t.Error("no node was restarted")
	}
	restartCalls(t, c)
	if keys := must2(c.GossipKeys(ctx))(t); len(keys) != 1 || len(keys[0].Keys) != 1 {
		t.Errorf("gossip keys are %+v", keys)
	}
	must2(c.RotateGossipKeys(ctx))(t)
	token := must2(c.CreateJoinToken(ctx, client.CreateJoinToken{Note: "shed"}))(t)
	if all := must2(c.JoinTokens(ctx))(t); len(all) != 1 || all[0].ID != token.ID || all[0].Left != 1 || token.Token == "" {
		t.Errorf("join tokens are %+v, made was %+v", all, token)
	}
	must(t, c.DeleteJoinToken(ctx, token.ID))
	must2(c.CommitToJoin(ctx, client.JoinCommit{}))(t)
	must2(c.Join(ctx, client.JoinAsk{Name: "box", Secret: "good"}))(t)
	id := odb.NewID()
	must(t, r.store.AskToJoin(ctx, odb.JoinRequest{ID: id, Name: "box", Code: "AB23-CD45"}, time.Minute))
	if err := c.DecideJoin(ctx, id, client.DecideJoin{Approve: true, Code: "XX23-CD45"}); err == nil {
		t.Error("a box with another code was approved")
	}
	must(t, c.DecideJoin(ctx, id, client.DecideJoin{Approve: true, Code: "ab23 cd45"}))
	if all := must2(c.JoinRequests(ctx))(t); len(all) != 1 || all[0].State != odb.JoinApproved {
		t.Errorf("join requests are %+v", all)
	}
}

// restartCalls calls what concerns rolling restarts.
func restartCalls(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	if p := must2(c.PlanRestart(ctx, "node-1"))(t); !p.Possible || len(p.Nodes) != 1 || p.Checks[0].ID != "answers" {
		t.Errorf("the plan is %+v", p)
	}
	if now := must2(c.Restart(ctx))(t); now.State != client.RestartNone || !now.Over() {
		t.Errorf("the restart is %+v", now)
	}
	begun := must2(c.BeginRestart(ctx, client.BeginRestart{Nodes: []string{"node-1"}}))(t)
	if begun.Over() || begun.TimeoutSeconds != 300 || begun.By != "admin" {
		t.Errorf("begun is %+v", begun)
	}
	for seconds, pointer := range map[int64]string{-1: "/timeout_seconds", 86401: "/timeout_seconds"} {
		_, err := c.BeginRestart(ctx, client.BeginRestart{Nodes: []string{"node-1"}, TimeoutSeconds: seconds})
		if p, ok := errors.AsType[*client.Problem](err); !ok || len(p.Errors) != 1 || p.Errors[0].Pointer != pointer {
			t.Errorf("a wait of %d s: %v", seconds, err)
		}
	}
	if _, err := c.AbortRestart(ctx); err == nil {
		t.Error("no restart was ended")
	}
}
