package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// maxPackages is how many packages one deployment may have.
const maxPackages = 5000

// deploy deploys packages and answers when this node runs them.
func (a *API) deploy(c *call) (any, error) {
	in, err := decode[client.DeployRequest](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	packages, err := packagesOf(in.Packages)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range packages {
		names = append(names, p.Name)
	}
	c.about("package", names...)
	result, err := a.cfg.Deployer.Deploy(c.Context(), Deployment{Packages: packages, Actor: c.actor(), Reason: reason, Force: in.Force, Base: in.Base})
	if err != nil {
		return nil, a.explained(c, err)
	}
	return a.deployed(c, result, reason), nil
}

// explained adds the cause to an inner fault: who deploys is a developer, and it
// may well be his code that does not come up.
func (a *API) explained(c *call, err error) error {
	if stale, ok := errors.AsType[*StaleError](err); ok {
		return a.overtaken(c, stale)
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		p.Cause = err.Error()
		a.cfg.Log.ErrorContext(c.Context(), "deployment failed", "cid", c.cid(), "account", c.who.account, "error", err.Error())
	}
	return p
}

// overtaken is the conflict with another deployment, and says who made that one.
func (a *API) overtaken(c *call, stale *StaleError) error {
	p := refuse(http.StatusConflict, client.CodeConflict, "%s; nothing was changed", stale.Error())
	now := client.DeployedVersion{Package: stale.Package, Hash: stale.Current}
	if snap, err := a.readable(c); err == nil {
		now.Service = serviceOfPackage(snap, stale.Package)
	}
	if now.Service != "" {
		log, err := a.cfg.Store.History(c.Context(), odb.HistoryQuery{Kind: "service", Name: now.Service, Limit: 1})
		if err == nil && len(log) > 0 {
			now.Revision, now.At, now.By = log[0].Revision, log[0].At, log[0].Actor.Name
		}
	}
	if raw, err := marshal(now); err == nil {
		p.Current = raw
	}
	return p
}

// serviceOfPackage returns the name of one service of a package.
func serviceOfPackage(snap *odb.Snapshot, pkg string) string {
	for _, s := range odb.Each[*odb.ServiceSpec](snap) {
		if s.S.Package == pkg {
			return s.Name
		}
	}
	return ""
}

// packagesOf checks names and paths and decodes the files.
func packagesOf(in []client.Package) ([]Package, error) {
	var faults odb.Faults
	if len(in) == 0 {
		faults.Add("/packages", "there is no package to deploy")
	}
	if len(in) > maxPackages {
		faults.Add("/packages", "there are %d packages; at most %d are allowed", len(in), maxPackages)
		return nil, faults.Err("deploy", "")
	}
	out := make([]Package, len(in))
	seen := map[string]bool{}
	for i, p := range in {
		at := "/packages/" + strconv.Itoa(i)
		name := odb.CleanName(p.Name)
		if err := odb.CheckName(name); err != nil {
			faults.Add(at+"/name", "%v", err)
		}
		if seen[name] {
			faults.Add(at+"/name", "the package %.50q is there twice", name)
		}
		seen[name] = true
		if len(p.Files) == 0 {
			faults.Add(at+"/files", "the package has no files")
		}
		out[i] = Package{Name: name, Files: make(map[string][]byte, len(p.Files))}
		for file, content := range p.Files {
			checkFile(file, content, at+"/files/"+escape(file), &faults)
			out[i].Files[file] = content.Bytes()
		}
	}
	return out, faults.Err("deploy", "")
}

func checkFile(name string, content client.File, at string, faults *odb.Faults) {
	if name == "" || name != path.Clean(name) || path.IsAbs(name) || name == ".." || name == "." || strings.HasPrefix(name, "../") || strings.ContainsAny(name, "\\\x00") {
		faults.Add(at, "the path is not a plain relative one with slashes")
	}
	if content.Text != "" && len(content.Base64) > 0 {
		faults.Add(at, "only one of text and base64 may be there")
	}
}

// deployed makes the answer and says whether this node runs the new code.
func (a *API) deployed(c *call, result DeployResult, reason string) client.Deployed {
	out := client.Deployed{Revision: result.Revision, Services: []string{}, Packages: result.Packages, Nodes: []client.DeployedNode{}}
	var names []string
	changed := false
	for _, p := range result.Packages {
		names = append(names, p.Package)
		out.Services = append(out.Services, p.Services...)
		changed = changed || p.Changed
	}
	out.Package = strings.Join(names, ",")
	node := client.DeployedNode{Name: a.cfg.Node, OK: true}
	if err := a.inForce(c.Context(), result); err != nil {
		node.OK, node.Error = false, err.Error()
	}
	out.Nodes = append(out.Nodes, node)
	if changed {
		a.audit(c, "packages deployed", "revision", result.Revision, "packages", len(names), "first", names[0], "reason", reason)
		a.cfg.Events.Publish(client.Event{Type: EventDeploy, Revision: result.Revision, Actor: c.who.account, Text: shorten(names)})
	}
	return out
}

// shorten names a few and counts the rest.
func shorten(names []string) string {
	if len(names) <= 5 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:5], ", ") + fmt.Sprintf(" and %d more", len(names)-5)
}

// inForce checks that this node runs exactly the code that was deployed.
func (a *API) inForce(ctx context.Context, result DeployResult) error {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	if err := a.cfg.Changed(ctx, result.Revision); err != nil {
		return fmt.Errorf("revision %d is stored, but this node does not run it: %w", result.Revision, err)
	}
	problems := a.serviceProblems()
	for _, p := range result.Packages {
		for _, name := range p.Services {
			if reason, bad := problems[name]; bad {
				return fmt.Errorf("service %s: %s", name, reason)
			}
			if info, ok := a.cfg.Services.Get(name); !ok || info.Hash != p.Hash {
				return fmt.Errorf("service %s: this node does not run the version %.12s", name, p.Hash)
			}
		}
	}
	return nil
}

// rollbackService puts an earlier version of the service's package into force.
func (a *API) rollbackService(c *call) (any, error) {
	in, err := decode[client.RollbackService](c)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason(in.Reason)
	if err != nil {
		return nil, err
	}
	name, spec, err := a.serviceSpec(c)
	if err != nil {
		return nil, err
	}
	hash := in.Hash
	if hash == "" && spec.Package != "" {
		if hash, err = a.versionBefore(c, name, spec.Hash); err != nil {
			return nil, err
		}
	}
	if err := a.checkVersion(c, name, spec, hash); err != nil {
		return nil, err
	}
	result, err := a.cfg.Deployer.Activate(c.Context(), hash, c.actor(), reason)
	if err != nil {
		return nil, a.explained(c, err)
	}
	return a.deployed(c, result, reason), nil
}

// versionBefore finds in the change log what the service ran before.
func (a *API) versionBefore(c *call, name, now string) (string, error) {
	log, err := a.cfg.Store.History(c.Context(), odb.HistoryQuery{Kind: "service", Name: name, Limit: 1000})
	if err != nil {
		return "", err
	}
	for _, r := range log {
		for _, e := range r.Changes {
			if e.Kind != "service" || e.Name != name || e.Before == nil {
				continue
			}
			spec, err := odb.Decode("service", e.Before)
			if err != nil {
				continue // written by another version of the product
			}
			if s, ok := spec.(*odb.ServiceSpec); ok && s.Hash != "" && s.Hash != now {
				return s.Hash, nil
			}
		}
	}
	return "", refuse(http.StatusConflict, client.CodeConflict, "the service %s has run no other version", name)
}
