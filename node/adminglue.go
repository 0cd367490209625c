package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"signalbox.internal/frontend"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/console"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/odb"
)

// openAdmin builds the admin API over the parts.
func (n *Node) openAdmin(context.Context) error {
	if err := n.openAudit(); err != nil {
		return err
	}
	api, err := admin.New(admin.Config{
		Node: n.cfg.Name, Store: n.store, Snapshot: n.rec.Snapshot, Changed: n.changed, Problems: n.rec.Problems,
		Sealer: n.sealer, Keys: clusterKeys{n}, Cluster: clusterView{n}, Joins: newJoins(n), Restarts: restarts{n}, Invoker: n.invoker, Services: n.registry,
		Deployer: adminDeployer{n.deployer}, Outgoings: connections{n.outgoing}, Audit: n.audit, ODB: odbTools{n}, Stats: n.figures.stats,
		Metrics:    promhttp.HandlerFor(n.metrics, promhttp.HandlerOpts{}),
		LastAccess: n.lastAccess, Away: n.odbAway, AcceptODB: n.acceptODB,
		LocalTokenHash: n.localHash, Registerer: n.metrics, Log: n.log, Events: n.events,
		Backups: backups{n},
	})
	if err != nil {
		return err
	}
	n.admin = api
	n.onClose(func() error { api.Close(); return nil })
	return n.openConsole()
}

// openConsole builds what browsers get on the control port.
func (n *Node) openConsole() error {
	pages, err := frontend.Files()
	if err != nil {
		return fmt.Errorf("open the user interface: %w", err)
	}
	n.console, err = console.New(console.Config{
		API: n.admin, Pages: pages, Cluster: n.cfg.Cluster, Fingerprint: n.authority.Fingerprint(), Version: n.opts.Version, Started: n.started,
	})
	if err != nil {
		return err
	}
	n.onClose(func() error { n.console.Close(); return nil })
	return nil
}

// lastAccess shows accounts and tokens as they were last read to the admin API.
func (n *Node) lastAccess() admin.Access {
	if a := n.keeper.Access(); a != nil {
		return a
	}
	return nil
}

func (n *Node) odbAway() bool {
	_, why := n.store.health()
	return why != nil
}

// clusterView shows the node, and the cluster that it is alone in.
type clusterView struct{ n *Node }

// Ready implements admin.Cluster.
func (v clusterView) Ready() bool { return v.n.isReady() }

// Status implements admin.Cluster.
func (v clusterView) Status(ctx context.Context) client.Status {
	s := client.Status{
		Cluster: v.n.cfg.Cluster, Revision: v.n.rec.Snapshot().Revision(),
		Version: v.n.opts.Version, Problems: len(v.n.rec.Problems()),
	}
	s.ODB, s.Level = v.odbState(ctx)
	nodes, problems, level := v.count(s.Revision)
	s.Nodes, s.Problems, s.Level = nodes, s.Problems+problems, s.Level && level
	s.Requests = v.n.figures.requests(ctx)
	if s.ODB.State == "up" {
		var err error
		if s.LastChange, err = v.n.figures.lastChange(ctx); err != nil {
			v.n.log.WarnContext(ctx, "the last change is not known", "error", err)
		}
		if s.LastBackup, err = lastBackup(ctx, v.n.store); err != nil {
			v.n.log.WarnContext(ctx, "the last backup is not known", "error", err)
		}
	}
	return s
}

// odbState tells how the ODB is and whether the node is level with it.
func (v clusterView) odbState(ctx context.Context) (part client.Part, level bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	since, err := v.n.rec.odbHealth()
	part = client.Part{State: "up", Since: since}
	if dsn, perr := odb.ParseDSN(v.n.store.where()); perr == nil {
		part.Kind, part.Where = dsn.Kind, dsn.Where()
	}
	var rev int64
	if err == nil {
		rev, err = v.n.store.Revision(ctx)
	}
	if err != nil {
		part.State, part.Error = word(isBehind(err), "behind", "down"), err.Error()
		return part, false
	}
	return part, rev == v.n.rec.Snapshot().Revision()
}

// connections shows outgoing connections to the admin API.
type connections struct{ m *outgoing.Manager }

// Connections implements admin.Outgoings.
func (c connections) Connections() []client.Connection {
	var out []client.Connection
	for _, h := range c.m.Health() {
		out = append(out, client.Connection{
			Name: h.Name, Type: h.Type, Enabled: h.Enabled, State: string(h.State), Since: h.Since, Error: h.LastError,
		})
	}
	return out
}

// Ping implements admin.Outgoings.
func (c connections) Ping(ctx context.Context, name string) (client.Ping, error) {
	start := time.Now()
	h, err := c.m.Ping(ctx, name)
	p := client.Ping{Name: name, OK: err == nil, State: string(h.State), TookMS: float64(time.Since(start).Microseconds()) / 1000}
	if err == nil {
		return p, nil
	}
	if odb.KindOf(err) == odb.NotFound {
		return p, err
	}
	p.Error = err.Error()
	return p, nil
}

// adminDeployer shows the deployer to the admin API.
type adminDeployer struct{ d *deploy.Deployer }

// Deploy implements admin.Deployer.
func (a adminDeployer) Deploy(ctx context.Context, d admin.Deployment) (admin.DeployResult, error) {
	req := deploy.Request{Actor: d.Actor, Reason: d.Reason, Force: d.Force, Base: d.Base, Sources: sourcesOf(d.Packages)}
	return deployResult(a.d.Deploy(ctx, req))
}

// Activate implements admin.Deployer.
func (a adminDeployer) Activate(ctx context.Context, hash string, actor odb.Actor, reason string) (admin.DeployResult, error) {
	return deployResult(a.d.Activate(ctx, hash, actor, reason))
}

// Source implements admin.Deployer.
func (a adminDeployer) Source(ctx context.Context, hash string) (string, map[string][]byte, error) {
	src, err := a.d.Source(ctx, hash)
	return src.Name, src.Files, err
}

func deployResult(res deploy.Result, err error) (admin.DeployResult, error) {
	if builds := deploy.BuildErrors(err); len(builds) > 0 {
		out := &admin.BuildError{}
		for _, b := range builds {
			for _, m := range b.Messages {
				out.Messages = append(out.Messages, client.BuildMessage{Package: b.Package, File: m.File, Line: m.Line, Column: m.Column, Text: m.Text})
			}
		}
		return admin.DeployResult{}, out
	}
	if stale, ok := errors.AsType[*deploy.StaleError](err); ok {
		return admin.DeployResult{}, &admin.StaleError{Package: stale.Package, Current: stale.Current, Err: odb.Errorf(odb.Conflict, "deploy", "", "%w", stale)}
	}
	if stuck, ok := errors.AsType[*deploy.NotPreparedError](err); ok {
		return admin.DeployResult{}, odb.Errorf(odb.Conflict, "deploy", "", "%w; nothing was switched. Mend that node, or deploy with force to take it out of rotation", stuck)
	}
	if err != nil {
		return admin.DeployResult{}, err
	}
	out := admin.DeployResult{Revision: res.Revision}
	for _, p := range res.Packages {
		out.Packages = append(out.Packages, client.DeployedPackage{Package: p.Package, Hash: p.Hash, Services: p.Services, Changed: p.Changed})
	}
	return out, nil
}

var (
	_ admin.Deployer  = adminDeployer{}
	_ admin.Outgoings = connections{}
	_ admin.Cluster   = clusterView{}
	_ admin.Backups   = backups{}
)
