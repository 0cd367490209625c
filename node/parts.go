package node

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"signalbox.internal/lb"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/channel"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/problem"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/node/stats"
	"signalbox.internal/odb"
)

// compiled returns every module that is linked into this binary.
func (n *Node) compiled() []service.Module {
	return append([]service.Module{service.Builtin()}, n.opts.Compiled...)
}

// openServices builds what runs services and what they reach.
func (n *Node) openServices(context.Context) error {
	n.metrics = prometheus.NewRegistry()
	n.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if n.recorder, err = stats.New(n.metrics); err != nil {
		return err
	}
	n.figures = &figures{n: n}
	if n.security, err = security.New(security.Config{Sealer: n.sealer, Log: n.log}); err != nil {
		return err
	}
	n.outgoing, err = outgoing.New(outgoing.Config{
		Secrets: n.sealer, Credentials: n.security, DataDir: n.cfg.DataFolder,
		Log: n.log, Registerer: n.metrics,
	})
	if err != nil {
		return err
	}
	n.onClose(n.outgoing.Close)
	host, err := service.NewHost(n.outgoing.Operations())
	if err != nil {
		return err
	}
	n.registry = service.NewRegistry()
	n.invoker = service.NewInvoker(service.Config{
		Registry: n.registry, Host: host, Observer: n.recorder, Log: n.log, Timeout: n.cfg.ServiceTimeout,
	})
	n.engine, err = quickjs.New(quickjs.Config{ //nolint:contextcheck // the engine ends with its Close
		Log: n.log, MemoryPerVM: n.cfg.ServiceMemory, MaxVMs: n.cfg.ServiceVMs, MaxVMsNode: n.cfg.ServiceVMsTotal,
	})
	if err != nil {
		return err
	}
	n.onClose(func() error { n.engine.Close(); return nil })
	n.deployer, n.services, err = deploy.New(deploy.Config{
		Store: n.store, Cache: n.keeper.code, Engine: n.engine, Compiled: n.compiled(), Registry: n.registry, Log: n.log,
		Changed: n.changed, Others: others{n},
	})
	if err != nil {
		return err
	}
	n.onClose(func() error { n.services.Close(); return nil })
	return nil
}

// openEdges builds what requests come in through, and what keeps all of it
// following the configuration.
func (n *Node) openEdges(context.Context) error {
	var err error
	n.channels, err = channel.New(channel.Config{
		Invoker: n.invoker, Services: n.registry, Security: n.security, Observer: n.recorder, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.limits = newLimitsManager()
	n.balancer, err = lb.New(lb.Config{Local: n.channels, Limits: n.limits.Limits, Refuse: refuse, Log: n.log})
	if err != nil {
		return err
	}
	if n.cfg.DeployFolder {
		n.watcher = deploy.NewWatcher(deploy.WatcherConfig{
			Dir: filepath.Join(n.cfg.Dir, deployDir), Every: n.cfg.DeployEvery, Node: n.cfg.Name, Deployer: n.deployer, Log: n.log,
			OnDeploy: n.deployedFromFolder,
		})
	}
	if n.opts.Demo {
		if n.demo, err = openDemo(n); err != nil {
			return fmt.Errorf("open the demo: %w", err)
		}
	}
	if err := n.metrics.Register(refusals{n}); err != nil {
		return err
	}
	// What is referred to comes before what refers to it.
	n.events = admin.NewEvents(time.Now)
	n.rec, err = newReconciler(n.store, n.log, n.security, n.services, n.outgoing, n.channels, n.limits)
	if err != nil {
		return err
	}
	n.rec.prepare = n.registerCompiled
	n.rec.onAdvance, n.rec.onRead, n.rec.prime = n.publish, n.keeper.inForce, keyFetcher{n}.before
	n.store.onOpen, n.store.onTrouble = n.rec.hint, n.rec.hint
	n.rec.follow = n.followODB
	return nil
}

// changed tells all nodes that the ODB is at a revision, and returns when this
// one runs it.
func (n *Node) changed(ctx context.Context, revision int64) error {
	n.roster.Hint(revision)
	return n.rec.Changed(ctx, revision)
}

// publish tells those who watch the node that its configuration moved on.
func (n *Node) publish(revision int64, problems []odb.Problem, problemsChanged bool) {
	n.events.Publish(client.Event{Type: admin.EventRevision, Revision: revision})
	if problemsChanged {
		n.events.Publish(client.Event{Type: admin.EventProblems, Revision: revision, Text: fmt.Sprintf("%d definitions are not in force", len(problems))})
	}
}

// refuse answers what the balancer refuses, in the product's one form.
//
//nolint:revive // the balancer's form
func refuse(w http.ResponseWriter, r *http.Request, status int, code, detail string, retryAfter time.Duration) {
	problem.Write(w, r, problem.Doc{Status: status, Code: code, Detail: detail, RetryAfter: retryAfter})
}
