package deploy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// BuildError says why a package does not compile or load, with the places.
type BuildError = quickjs.BuildError

// EngineTypeScript is the engine of every package deployed while a node runs.
const EngineTypeScript = "typescript"

// attempts bounds how often a deployment starts over because somebody else
// changed one of its services meanwhile.
const attempts = 5

// Config is what deployment needs.
type Config struct {
	Store odb.Store
	// Cache keeps the code of packages in front of Store; nil keeps nothing.
	Cache  *Cache
	Engine Engine
	// Changed is told of each new revision and returns when this node runs it.
	Changed func(ctx context.Context, revision int64) error
	// Compiled are the modules linked into the node's binary.
	Compiled []service.Module
	Registry *service.Registry
	Others   Others       // nil: there are none
	Log      *slog.Logger // nil means slog.Default()
}

// Deployer prepares packages, stores them and puts them into force: all
// packages of a request in one revision, or none of them.
type Deployer struct {
	store   odb.Store
	code    *Cache
	modules *modules
	changed func(ctx context.Context, revision int64) error
	others  Others
	log     *slog.Logger
}

// New returns the deployer of a node and the manager that makes the node's
// registry follow the snapshot. Both share what is prepared.
func New(cfg Config) (*Deployer, *Manager, error) {
	log := cmp.Or(cfg.Log, slog.Default()).With("component", "deploy")
	mods := newModules(cfg.Engine)
	if cfg.Cache == nil {
		cfg.Cache = NewCache("", cfg.Store, log)
	}
	m, err := newManager(cfg, mods, log)
	if err != nil {
		return nil, nil, err
	}
	return &Deployer{store: cfg.Store, code: cfg.Cache, modules: mods, changed: cfg.Changed, others: cfg.Others, log: log}, m, nil
}

// Request is one deployment.
type Request struct {
	Sources []Source
	Actor   odb.Actor
	Reason  string
	Force   bool // nodes that cannot prepare are taken out of rotation and do not stop it

	// Base is the version of each package that its sources began from, "" for one that
	// must be new. When another is in force by now, the deployment is a [*StaleError].
	// Packages that are not in it are deployed whatever is in force.
	Base map[string]string
}

// StaleError says that somebody else has deployed a package meanwhile.
type StaleError struct {
	Package, Base, Current string // versions; empty: none
}

// Error implements error.
func (e *StaleError) Error() string {
	switch {
	case e.Base == "":
		return fmt.Sprintf("the package %s is there already, at version %.12s", e.Package, e.Current)
	case e.Current == "":
		return fmt.Sprintf("the package %s is not in force any more; the edit began from version %.12s", e.Package, e.Base)
	}
	return fmt.Sprintf("the package %s is at version %.12s now; the edit began from %.12s", e.Package, e.Current, e.Base)
}

// stale reports the first package of which another version is in force than the
// request began from. The very code that is deployed is no conflict.
func (r Request) stale(snap *odb.Snapshot, pkgs []odb.Package) error {
	for _, p := range pkgs {
		base, given := r.Base[p.Name]
		if now := currentOf(snap, p.Name); given && now != base && now != p.Hash {
			return &StaleError{Package: p.Name, Base: base, Current: now}
		}
	}
	return nil
}

// PackageResult says what a deployment did with one package.
type PackageResult struct {
	Package  string   `json:"package"`
	Hash     string   `json:"hash"`
	Services []string `json:"services"`
	Changed  bool     `json:"changed"` // false: the same code was in force already
}

// Result is the outcome of a deployment. Revision is the one in force after it.
type Result struct {
	Revision int64           `json:"revision"`
	Packages []PackageResult `json:"packages"`
}

// prepared is a source that compiled.
type prepared struct {
	src     Source
	pkg     odb.Package
	release func()
}

// Deploy prepares every source and, when all are good, stores them and switches
// to them in one revision. A source that does not compile is a [*BuildError]
// (several: joined); then nothing has changed. It returns when this node runs
// the new code, or when ctx ends: what is stored is stored, and the node follows.
func (d *Deployer) Deploy(ctx context.Context, req Request) (Result, error) {
	if len(req.Sources) == 0 {
		return Result{}, odb.Errorf(odb.Invalid, "deploy", "", "there is no package to deploy")
	}
	ready, err := d.prepareAll(ctx, req)
	defer func() {
		for _, p := range ready {
			if p.release != nil {
				p.release()
			}
		}
	}()
	if err != nil {
		return Result{}, err
	}
	pkgs := make([]odb.Package, len(ready))
	for i, p := range ready {
		pkgs[i] = p.pkg
	}
	if len(req.Base) > 0 { // before it is stored: a version that never was in force would be one to roll back to
		snap, err := d.store.Load(ctx)
		if err != nil {
			return Result{}, err
		}
		if err := req.stale(snap, pkgs); err != nil {
			return Result{}, err
		}
	}
	if err := d.store.PutPackages(ctx, pkgs); err != nil {
		return Result{}, err
	}
	for _, p := range pkgs {
		d.code.add(ctx, p.Hash, p.Archive)
	}
	if err := d.prepareElsewhere(ctx, req, pkgs); err != nil {
		return Result{}, err
	}
	return d.activate(ctx, req, pkgs)
}

// prepareAll prepares the sources side by side and reports all that are bad.
func (d *Deployer) prepareAll(ctx context.Context, req Request) ([]prepared, error) {
	ready := make([]prepared, len(req.Sources))
	errs := make([]error, len(req.Sources))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, src := range req.Sources {
		g.Go(func() error {
			ready[i], errs[i] = d.prepare(ctx, src, req.Actor.Name)
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	return ready, joinBuildErrors(errs)
}

func (d *Deployer) prepare(ctx context.Context, src Source, by string) (prepared, error) {
	if _, err := src.Check(); err != nil {
		return prepared{}, err
	}
	archive, hash, err := src.Archive()
	if err != nil {
		return prepared{}, err
	}
	p := prepared{src: src, release: d.modules.hold(src.Name, hash)}
	mod, err := d.modules.get(ctx, src.Name, hash, func() (Source, error) { return src, nil })
	if err != nil {
		return p, err
	}
	p.pkg = odb.Package{
		Hash: hash, Name: src.Name, Engine: EngineTypeScript, Size: int64(len(archive)),
		Services: mod.Names(), By: by, Archive: archive,
	}
	return p, nil
}

// activate makes the packages' services the ones in force.
func (d *Deployer) activate(ctx context.Context, req Request, pkgs []odb.Package) (Result, error) {
	for try := 1; ; try++ {
		snap, err := d.store.Load(ctx)
		if err != nil {
			return Result{}, err
		}
		if err := req.stale(snap, pkgs); err != nil {
			return Result{}, err
		}
		changes, res, err := planServices(snap, pkgs)
		if err != nil {
			return Result{}, err
		}
		res.Revision = snap.Revision()
		if len(changes) > 0 {
			rev, err := d.store.Apply(ctx, odb.ChangeSet{Actor: req.Actor, Reason: cmp.Or(req.Reason, reasonOf(res)), Changes: changes})
			if odb.KindOf(err) == odb.Conflict && try < attempts && stale(ctx, d.store, snap) {
				continue
			}
			if err != nil {
				return Result{}, err
			}
			res.Revision = rev.Revision
			d.log.InfoContext(ctx, "packages deployed", "revision", res.Revision, "packages", len(pkgs), "actor", req.Actor.Name)
		}
		if err := d.changed(ctx, res.Revision); err != nil {
			d.log.WarnContext(ctx, "deployment is stored, but this node does not run it yet", "revision", res.Revision, "error", err)
		}
		return res, nil
	}
}

// stale reports whether the ODB has moved on since snap.
func stale(ctx context.Context, store odb.Store, snap *odb.Snapshot) bool {
	rev, err := store.Revision(ctx)
	return err == nil && rev != snap.Revision()
}

func reasonOf(res Result) string {
	var names []string
	for _, p := range res.Packages {
		if p.Changed {
			names = append(names, p.Package)
		}
	}
	if len(names) > 5 {
		return fmt.Sprintf("deploy %s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return "deploy " + strings.Join(names, ", ")
}

// planServices returns the changes that make the services of pkgs the ones in
// force: new services are created, known ones get the new version and keep their
// settings, those that a package no longer has are deleted.
func planServices(snap *odb.Snapshot, pkgs []odb.Package) ([]odb.Change, Result, error) {
	var (
		changes []odb.Change
		res     Result
		faults  odb.Faults
	)
	owned := map[string][]odb.Named[*odb.ServiceSpec]{}
	for _, s := range odb.Each[*odb.ServiceSpec](snap) {
		owned[s.S.Package] = append(owned[s.S.Package], s)
	}
	offered := map[string]string{} // service → package
	for _, pkg := range pkgs {
		before := len(changes)
		for _, name := range pkg.Services {
			if other, twice := offered[name]; twice {
				faults.Add("", "the service %s is in package %s and in package %s", name, other, pkg.Name)
				continue
			}
			offered[name] = pkg.Name
			if c, err := serviceChange(snap, name, pkg); err != nil {
				faults.Add("", "%v", err)
			} else if c != nil {
				changes = append(changes, *c)
			}
		}
		for _, s := range owned[pkg.Name] {
			if !slices.Contains(pkg.Services, s.Name) {
				changes = append(changes, odb.Change{Op: odb.Delete, Kind: "service", Name: s.Name, Base: s.Version})
			}
		}
		res.Packages = append(res.Packages, PackageResult{pkg.Name, pkg.Hash, pkg.Services, len(changes) > before})
	}
	return changes, res, faults.Err("deploy", "")
}

// serviceChange returns the change of one service; nil when there is none.
func serviceChange(snap *odb.Snapshot, name string, pkg odb.Package) (*odb.Change, error) {
	spec := &odb.ServiceSpec{Engine: pkg.Engine, Package: pkg.Name, Hash: pkg.Hash, Enabled: true}
	change := &odb.Change{Op: odb.Create, Kind: "service", Name: name}
	if def, ok := snap.Get("service", name); ok {
		old, _ := odb.Find[*odb.ServiceSpec](snap, "service", name)
		switch {
		case old.Engine != pkg.Engine:
			return nil, fmt.Errorf("the service %s is compiled into the node; give the new one another name", name)
		case old.Package != pkg.Name:
			return nil, fmt.Errorf("the service %s belongs to package %s; give it another name or remove it there first", name, old.Package)
		case old.Hash == pkg.Hash:
			return nil, nil
		}
		kept := *old
		kept.Hash = pkg.Hash
		spec = &kept
		change.Op, change.Base = odb.Update, def.Version
	}
	raw, err := odb.Encode(spec)
	if err != nil {
		return nil, err
	}
	change.Spec = raw
	return change, nil
}

// Activate puts an earlier version of a package into force again.
func (d *Deployer) Activate(ctx context.Context, hash string, actor odb.Actor, reason string) (Result, error) {
	src, err := d.Source(ctx, hash)
	if err != nil {
		return Result{}, err
	}
	return d.Deploy(ctx, Request{Sources: []Source{src}, Actor: actor, Reason: cmp.Or(reason, fmt.Sprintf("roll package %s back to %.12s", src.Name, hash))})
}

// Source returns the files of a stored package.
func (d *Deployer) Source(ctx context.Context, hash string) (Source, error) {
	archive, err := d.code.Archive(ctx, hash)
	if err != nil {
		return Source{}, err
	}
	return Unpack("", archive)
}

// RegisterCompiled makes sure that every compiled-in service has its definition,
// so that channels can refer to it. It removes none: another node of the
// cluster may have a newer binary.
func (d *Deployer) RegisterCompiled(ctx context.Context, compiled []service.Module, node string) error {
	snap, err := d.store.Load(ctx)
	if err != nil {
		return err
	}
	spec, err := odb.Encode(&odb.ServiceSpec{Engine: "go", Enabled: true})
	if err != nil {
		return err
	}
	var changes []odb.Change
	for _, m := range compiled {
		for _, s := range m.Services() {
			name := s.Spec().Name
			if _, ok := snap.Get("service", name); !ok {
				changes = append(changes, odb.Change{Op: odb.Create, Kind: "service", Name: name, Spec: spec})
			}
		}
	}
	if len(changes) == 0 {
		return nil
	}
	_, err = d.store.Apply(ctx, odb.ChangeSet{
		Actor: odb.Actor{Name: "node " + node, Source: "node start"}, Reason: "register the compiled-in services", Changes: changes,
	})
	if odb.KindOf(err) == odb.Conflict && stale(ctx, d.store, snap) {
		return d.RegisterCompiled(ctx, compiled, node) // another node was faster
	}
	return err
}
