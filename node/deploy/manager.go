package deploy

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Manager makes a node's registry run the services of a snapshot.
type Manager struct {
	code     *Cache
	modules  *modules
	registry *service.Registry
	log      *slog.Logger

	mu       sync.Mutex // one Apply at a time
	compiled map[string]*service.Prepared
	bound    map[string]service.Binding // what the registry runs
}

func newManager(cfg Config, mods *modules, log *slog.Logger) (*Manager, error) {
	m := &Manager{
		code: cfg.Cache, modules: mods, registry: cfg.Registry, log: log,
		compiled: map[string]*service.Prepared{}, bound: map[string]service.Binding{},
	}
	for _, module := range cfg.Compiled {
		p, err := service.Prepare(module)
		if err != nil {
			return nil, err
		}
		for _, name := range p.Names() {
			if other, twice := m.compiled[name]; twice {
				return nil, fmt.Errorf("register compiled-in services: %s is in %s and in %s", name, other.Module().Package(), module.Package())
			}
			m.compiled[name] = p
		}
	}
	return m, nil
}

// Apply loads what the snapshot names and is not loaded yet, and switches the
// registry in one step. A service whose code cannot be had keeps its last good
// version and is reported.
func (m *Manager) Apply(ctx context.Context, snap *odb.Snapshot) []odb.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	defs := odb.Each[*odb.ServiceSpec](snap)
	found := make([]*service.Prepared, len(defs))
	errs := make([]error, len(defs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, def := range defs {
		g.Go(func() error {
			found[i], errs[i] = m.find(ctx, def)
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	var problems []odb.Problem
	next := make(map[string]service.Binding, len(defs))
	for i, def := range defs {
		b := service.Binding{Name: def.Name, From: found[i], Settings: settingsOf(def.S)}
		if errs[i] != nil {
			problems = append(problems, odb.Problem{Kind: "service", Name: def.Name, Reason: errs[i].Error()})
			old, ok := m.bound[def.Name]
			if !ok {
				continue
			}
			b.From = old.From
		}
		next[def.Name] = b
	}
	if err := m.switchTo(next); err != nil {
		return append(problems, odb.Problem{Kind: "service", Name: "", Reason: err.Error()})
	}
	return problems
}

// switchTo puts next into force when it differs from what is, and lets go of
// modules that are no longer needed.
func (m *Manager) switchTo(next map[string]service.Binding) error {
	same := len(next) == len(m.bound)
	list := make([]service.Binding, 0, len(next))
	keep := map[string]bool{}
	for name, b := range next {
		same = same && m.bound[name] == b
		list = append(list, b)
		mod := b.From.Module()
		keep[moduleKey(mod.Package(), mod.Hash())] = true
	}
	if same {
		return nil
	}
	if err := m.registry.Switch(list); err != nil {
		return err
	}
	m.bound = next
	m.modules.trim(keep)
	return nil
}

func settingsOf(s *odb.ServiceSpec) service.Settings {
	return service.Settings{
		Disabled: !s.Enabled, Timeout: s.Timeout.Std(), MaxInFlight: s.MaxInFlight, ValidateOutput: s.ValidateOutput,
	}
}

// find returns the module that a definition names.
func (m *Manager) find(ctx context.Context, def odb.Named[*odb.ServiceSpec]) (*service.Prepared, error) {
	if def.S.Engine == "go" {
		p, ok := m.compiled[def.Name]
		if !ok {
			return nil, fmt.Errorf("the binary of this node has no service %s; update the node or delete the definition", def.Name)
		}
		return p, nil
	}
	name, hash := def.S.Package, def.S.Hash
	p, err := m.modules.get(ctx, name, hash, func() (Source, error) {
		archive, err := m.code.Archive(ctx, hash)
		if err != nil {
			return Source{}, errNoPackage(name, hash, err)
		}
		return Unpack(name, archive)
	})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(p.Names(), def.Name) {
		return nil, fmt.Errorf("package %s at %.12s has no service %s", name, hash, def.Name)
	}
	return p, nil
}

// Close empties the registry and lets go of all modules. Nothing may be called after it.
func (m *Manager) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.registry.Close()
	m.bound = map[string]service.Binding{}
	m.modules.trim(nil)
	released := map[*service.Prepared]bool{}
	for _, p := range m.compiled {
		if !released[p] {
			released[p] = true
			p.Release()
		}
	}
	m.compiled = map[string]*service.Prepared{}
}
