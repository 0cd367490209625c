package admin

import (
	"context"
	"net/http"
	"slices"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// listServices lists what runs and what is defined but does not run.
func (a *API) listServices(c *call) (any, error) {
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	figures := a.serviceFigures(c.Context())
	items := []client.Service{}
	running := map[string]bool{}
	for _, info := range a.cfg.Services.List() {
		running[info.Name] = true
		items = append(items, serviceOf(info, figures))
	}
	problems := a.serviceProblems()
	for _, def := range odb.Each[*odb.ServiceSpec](snap) {
		if !running[def.Name] {
			items = append(items, idleService(def.Name, def.S, problems))
		}
	}
	for i := range items {
		items[i].Problem = problems[items[i].Name]
	}
	slices.SortFunc(items, func(x, y client.Service) int { return compareText(x.Name, y.Name) })
	return client.List[client.Service]{Items: items}, nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// showService describes one service.
func (a *API) showService(c *call) (any, error) {
	name := odb.CleanName(c.param("name"))
	problems := a.serviceProblems()
	if info, ok := a.cfg.Services.Get(name); ok {
		s := serviceOf(info, a.serviceFigures(c.Context()))
		s.Problem = problems[name]
		return s, nil
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	spec, ok := odb.Find[*odb.ServiceSpec](snap, "service", name)
	if !ok {
		return nil, missing("service", name)
	}
	return idleService(name, spec, problems), nil
}

func serviceOf(info service.Info, figures map[string]client.Figures) client.Service {
	timeout := info.Settings.Timeout
	if timeout == 0 {
		timeout = info.Timeout
	}
	s := client.Service{
		Name: info.Name, Doc: info.Doc, Package: info.Package, Hash: info.Hash, Engine: info.Engine,
		Enabled: !info.Settings.Disabled, Running: true, TimeoutMS: timeout.Milliseconds(),
		MaxInFlight: info.Settings.MaxInFlight, ValidateOutput: info.Settings.ValidateOutput,
		Input: info.Input, Output: info.Output, InFlight: info.InFlight,
	}
	if f, ok := figures[info.Name]; ok {
		s.Figures = &f
	}
	return s
}

// idleService describes a service that is defined but that the node does not run.
func idleService(name string, spec *odb.ServiceSpec, problems map[string]string) client.Service {
	s := client.Service{
		Name: name, Package: spec.Package, Hash: spec.Hash, Engine: spec.Engine, Enabled: spec.Enabled,
		TimeoutMS: spec.Timeout.Std().Milliseconds(), MaxInFlight: spec.MaxInFlight, ValidateOutput: spec.ValidateOutput,
		Problem: problems[name],
	}
	return s
}

func (a *API) serviceFigures(ctx context.Context) map[string]client.Figures {
	out := map[string]client.Figures{}
	for _, f := range a.cfg.Stats(ctx, false).Services {
		out[f.Service] = f
	}
	return out
}

func (a *API) serviceProblems() map[string]string {
	out := map[string]string{}
	for _, p := range a.cfg.Problems() {
		if p.Kind == "service" {
			out[p.Name] = p.Reason
		}
	}
	return out
}

// serviceSpec returns the definition of the service that the path names.
func (a *API) serviceSpec(c *call) (string, *odb.ServiceSpec, error) {
	name := odb.CleanName(c.param("name"))
	snap, err := a.readable(c)
	if err != nil {
		return name, nil, err
	}
	spec, ok := odb.Find[*odb.ServiceSpec](snap, "service", name)
	if !ok {
		return name, nil, missing("service", name)
	}
	return name, spec, nil
}

// listVersions lists the versions of the service's package that have the service.
func (a *API) listVersions(c *call) (any, error) {
	name, spec, err := a.serviceSpec(c)
	if err != nil {
		return nil, err
	}
	items := []client.Version{}
	if spec.Package == "" { // compiled into the node: there is one version, the binary's
		items = append(items, client.Version{Engine: spec.Engine, Services: []string{name}, Current: true})
		return client.List[client.Version]{Items: items}, nil
	}
	pkgs, err := a.cfg.Store.ListPackages(c.Context(), spec.Package)
	if err != nil {
		return nil, err
	}
	for _, p := range pkgs {
		if slices.Contains(p.Services, name) {
			items = append(items, client.Version{
				Hash: p.Hash, Package: p.Name, Engine: p.Engine, Size: p.Size, Services: p.Services,
				Uploaded: p.Uploaded, By: p.By, Current: p.Hash == spec.Hash,
			})
		}
	}
	return client.List[client.Version]{Items: items}, nil
}

// showSource returns the files of a version of the service's package.
func (a *API) showSource(c *call) (any, error) {
	name, spec, err := a.serviceSpec(c)
	if err != nil {
		return nil, err
	}
	hash := c.URL.Query().Get("hash")
	if hash == "" {
		hash = spec.Hash
	}
	if hash != spec.Hash || hash == "" { // the one in force can be read while the ODB is away
		if err := a.checkVersion(c, name, spec, hash); err != nil {
			return nil, err
		}
	}
	pkg, files, err := a.cfg.Deployer.Source(c.Context(), hash)
	if err != nil {
		return nil, err
	}
	out := client.Source{Package: pkg, Hash: hash, Files: make(map[string]client.File, len(files))}
	for path, content := range files {
		out.Files[path] = client.NewFile(content)
	}
	return out, nil
}

// checkVersion refuses a hash that is not a version of the service.
func (a *API) checkVersion(c *call, name string, spec *odb.ServiceSpec, hash string) error {
	if spec.Package == "" {
		return refuse(http.StatusBadRequest, client.CodeNotApplicable, "the service %s is compiled into the node; it has no other versions", name)
	}
	pkgs, err := a.cfg.Store.ListPackages(c.Context(), spec.Package)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(pkgs, func(p odb.Package) bool { return p.Hash == hash && slices.Contains(p.Services, name) }) {
		return refuse(http.StatusNotFound, client.CodeNotFound, "the service %s has no version %.64q; GET %s/services/%s/versions lists them", name, hash, client.Prefix, name)
	}
	return nil
}
