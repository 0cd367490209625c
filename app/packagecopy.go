package app

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"signalbox.internal/node/admin/client"
)

// maxCopied is how many packages are copied at once.
const maxCopied = 100

// CopyPackages asks for the code of services of another cluster, which the definitions
// of these services point to by its hash.
type CopyPackages struct {
	From     string            `json:"from" jsonschema:"id of the saved cluster that has the code"`
	Services []ServiceVersion  `json:"services" jsonschema:"one of each package is enough"`
	DryRun   bool              `json:"dry_run,omitempty" jsonschema:"only say what the deployment would do"`
	Base     map[string]string `json:"base,omitempty" jsonschema:"by package: version in force, as the dry run said; another one by now is a conflict"`
	Reason   string            `json:"reason,omitempty"`
}

// ServiceVersion is the code of a service.
type ServiceVersion struct {
	Service string `json:"service"`
	Hash    string `json:"hash" jsonschema:"version of its package"`
}

// CopiedPackages says what the packages would do at the cluster that they are copied to,
// and what they did.
type CopiedPackages struct {
	Checked  []client.CheckedPackage `json:"checked" jsonschema:"by the cluster that they are copied to"`
	Deployed *client.Deployed        `json:"deployed,omitempty" jsonschema:"absent of a dry run"`
}

// copyPackages deploys packages of another cluster here, byte by byte. The page never
// has them.
func (a *App) copyPackages(r *http.Request, to *conn) (any, error) {
	in, err := decode[CopyPackages](r)
	if err != nil {
		return nil, err
	}
	from, err := a.conn(in.From)
	if err != nil {
		return nil, err
	}
	if n := len(in.Services); n == 0 || n > maxCopied {
		var f faults
		f.add("/services", "there are %d; 1 to %d are needed", n, maxCopied)
		return nil, f.err()
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTime)
	defer cancel()
	r = r.WithContext(ctx)
	read := r.WithContext(ctx)
	read.Method = http.MethodGet
	var code []client.Source
	err = from.typed(read, "/services", func(c *client.Client) (err error) {
		code, err = sources(ctx, c, in.Services)
		return err
	})
	if err != nil {
		return nil, from.asSource(err)
	}
	path := "/deploy"
	if in.DryRun {
		path = "/services/check"
	}
	var out CopiedPackages
	err = to.typed(r, path, func(c *client.Client) (err error) {
		out, err = deployChecked(ctx, c, in, code)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// asSource says which of two clusters a problem is of. Nobody has to sign in to the
// other one for it.
func (c *conn) asSource(err error) error {
	c.mu.Lock()
	name := c.saved.Name
	c.mu.Unlock()
	p := *problemOf(err)
	p.Detail = name + ": " + p.Detail
	if p.Status == http.StatusUnauthorized {
		p.Status = http.StatusConflict
	}
	return &p
}

// sources reads each package once, by its hash.
func sources(ctx context.Context, c *client.Client, wanted []ServiceVersion) ([]client.Source, error) {
	var out []client.Source
	for _, one := range wanted {
		if slices.ContainsFunc(out, func(s client.Source) bool { return s.Hash == one.Hash }) {
			continue
		}
		s, err := c.Source(ctx, one.Service, one.Hash)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// deployChecked has the cluster check the packages, and deploys them unless that is all.
func deployChecked(ctx context.Context, c *client.Client, in CopyPackages, code []client.Source) (out CopiedPackages, err error) {
	var packages []client.Package
	for _, s := range code {
		packages = append(packages, client.Package{Name: s.Package, Files: s.Files})
	}
	if out.Checked, err = c.Check(ctx, client.CheckRequest{Packages: packages}); err != nil || in.DryRun {
		return out, err
	}
	for i, p := range out.Checked {
		if !p.OK || i >= len(code) || p.Hash != code[i].Hash {
			return out, refuse(http.StatusConflict, client.CodeConflict, "the package %s cannot be deployed there as it is here; nothing was changed", p.Package)
		}
	}
	d, err := c.Deploy(ctx, client.DeployRequest{Packages: packages, Reason: in.Reason, Base: in.Base})
	out.Deployed = &d
	return out, err
}

// typed makes typed calls to a route of the cluster, held to all that r is held to when it
// is passed on there.
func (c *conn) typed(r *http.Request, path string, do func(*client.Client) error) error {
	if err := c.mayPass(r, path); err != nil {
		return err
	}
	token, err := c.tokenFor(r, path)
	if err != nil {
		return err
	}
	if err := c.enter(r.Context()); err != nil {
		return err
	}
	defer c.leave()
	cl, err := c.client(c.via(), token)
	if err != nil {
		return err
	}
	err = do(cl)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusUnauthorized {
		c.refused(context.WithoutCancel(r.Context()), token, p.Detail)
	} else if err != nil {
		c.poke() // its health may have changed
	}
	return err
}
