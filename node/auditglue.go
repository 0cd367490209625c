package node

import (
	"path/filepath"
	"slices"

	"signalbox.internal/node/audit"
	"signalbox.internal/node/deploy"
	"signalbox.internal/odb"
)

// auditSpool is the file in which entries of the audit log wait while the ODB is
// away, below the node's folder.
const auditSpool = dataDir + "/audit.spool"

func (n *Node) openAudit() error {
	var err error
	n.audit, err = audit.Open(audit.Config{
		Node: n.cfg.Name, Store: n.store, Spool: filepath.Join(n.cfg.Dir, auditSpool), Registerer: n.metrics, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.onClose(n.audit.Close)
	return nil
}

// acted tells the audit log what the node did by itself.
func (n *Node) acted(action, outcome, subject, detail string) {
	n.audit.Add(odb.AuditEntry{
		Actor: "node " + n.cfg.Name, Source: "node", Action: action, Subject: subject, Outcome: outcome, Detail: detail,
	})
}

// deployedFromFolder tells the audit log what the deploy folder has led to.
func (n *Node) deployedFromFolder(name string, res deploy.Result, err error) {
	e := odb.AuditEntry{
		Actor: "node " + n.cfg.Name, Source: "deploy folder", Action: "deployFolder", Subject: "package/" + name,
		Outcome: odb.AuditDone,
	}
	if slices.ContainsFunc(res.Packages, func(p deploy.PackageResult) bool { return p.Changed }) {
		e.Revision = res.Revision
	}
	if err != nil {
		e.Outcome = odb.AuditRefused
		if odb.KindOf(err) == odb.Unavailable || odb.KindOf(err) == odb.Internal && len(deploy.BuildErrors(err)) == 0 {
			e.Outcome = odb.AuditFailed
		}
	}
	n.audit.Add(e)
}
