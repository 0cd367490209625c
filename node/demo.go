package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/demo"
	"signalbox.internal/node/deploy"
	"signalbox.internal/odb"
)

// demoPartnerAddr is where the demo's partner listens; when the port is taken,
// or the node's own ports are free ones, so is the partner's.
const (
	demoPartnerAddr = "127.0.0.1:11224"
	demoPartnerName = "demo.partner" // the definition that leads to it
)

// demoParts is the demo: the partner's stand-in and what is deployed.
type demoParts struct {
	listener net.Listener
	server   *http.Server
}

// openDemo binds the partner's port.
func openDemo(n *Node) (*demoParts, error) {
	addr := demoPartnerAddr
	if strings.HasSuffix(n.cfg.Traffic, ":0") {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr) //nolint:noctx // binds at once
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil { //nolint:noctx // binds at once
			return nil, err
		}
	}
	n.onClose(ignoreClosed(l.Close))
	return &demoParts{listener: l, server: &http.Server{Handler: demo.NewPartner(), ReadHeaderTimeout: 10 * time.Second}}, nil
}

// Run serves the partner until ctx ends.
func (d *demoParts) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = d.server.Close() })()
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the demo's partner: %w", err)
	}
	return nil
}

// install deploys the demo's packages and makes its definitions where they are
// missing. What somebody has changed since is left alone, but for the partner's
// address, which may be another after each start.
func (d *demoParts) install(ctx context.Context, n *Node) error {
	actor := odb.Actor{Name: "node " + n.cfg.Name, Source: "up --demo"}
	if err := d.installPackages(ctx, n, actor); err != nil {
		return err
	}
	snap := n.rec.Snapshot()
	docs, err := demo.Documents("http://" + d.listener.Addr().String())
	if err != nil {
		return err
	}
	var wanted []odb.Document
	for _, doc := range docs {
		current, exists := snap.Get(doc.Kind, doc.Name)
		switch {
		case !exists:
			wanted = append(wanted, doc)
		case doc.Name == demoPartnerName && doc.Kind == "outgoing":
			if doc, err = withAddress(doc, current); err != nil {
				return err
			}
			wanted = append(wanted, doc)
		}
	}
	plan, err := odb.NewPlan(odb.PlanInput{Current: snap, Documents: wanted, Seal: n.sealer.Seal})
	if err != nil || len(plan) == 0 {
		return err
	}
	rev, err := n.store.Apply(ctx, odb.ChangeSet{Actor: actor, Reason: "install the demo", Changes: odb.Changes(plan)})
	if err != nil {
		return err
	}
	n.audit.Add(odb.AuditEntry{Actor: actor.Name, Source: actor.Source, Action: "installDemo", Outcome: odb.AuditDone, Revision: rev.Revision})
	return n.changed(ctx, rev.Revision)
}

// withAddress returns the partner's definition as it is now, with doc's address.
func withAddress(doc odb.Document, current odb.Definition) (odb.Document, error) {
	specs := make([]*odb.OutgoingSpec, 2)
	for i, raw := range [][]byte{current.Spec, doc.Spec} {
		spec, err := odb.Decode("outgoing", raw)
		if err != nil {
			return doc, err
		}
		var ok bool
		if specs[i], ok = spec.(*odb.OutgoingSpec); !ok {
			return doc, fmt.Errorf("the spec of %s is a %T", current.Key(), spec)
		}
	}
	specs[0].URL = specs[1].URL
	var err error
	doc.Spec, err = odb.Encode(specs[0])
	return doc, err
}

// installPackages deploys the packages of which no service is there.
func (d *demoParts) installPackages(ctx context.Context, n *Node, actor odb.Actor) error {
	pkgs, err := demo.Packages()
	if err != nil {
		return err
	}
	deployed := map[string]bool{}
	for _, s := range odb.Each[*odb.ServiceSpec](n.rec.Snapshot()) {
		deployed[s.S.Package] = true
	}
	req := deploy.Request{Actor: actor, Reason: "install the demo"}
	for _, p := range pkgs {
		if !deployed[p.Name] {
			req.Sources = append(req.Sources, deploy.Source{Name: p.Name, Files: p.Files})
		}
	}
	if len(req.Sources) == 0 {
		return nil
	}
	_, err = n.deployer.Deploy(ctx, req)
	return err
}
