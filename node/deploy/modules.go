package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Engine turns sources into runnable modules.
type Engine interface {
	Load(ctx context.Context, src quickjs.Source) (service.Module, error)
	Check(ctx context.Context, src quickjs.Source) (quickjs.Checked, error)
	Test(ctx context.Context, src quickjs.Source, opts quickjs.TestOptions) (quickjs.TestReport, error)
}

// modules keeps prepared modules by package name and hash, so that code prepared
// for a deployment is not prepared again when the registry switches to it.
type modules struct {
	engine Engine
	flight singleflight.Group
	mu     sync.Mutex
	byKey  map[string]*service.Prepared
	holds  map[string]int // deployments under way that will need the module
}

func newModules(engine Engine) *modules {
	return &modules{engine: engine, byKey: map[string]*service.Prepared{}, holds: map[string]int{}}
}

func moduleKey(name, hash string) string { return hash + " " + name }

// get returns the prepared module, loading it by fetch when it is not there. The
// cache holds it; use trim to let go of what is not needed.
func (m *modules) get(ctx context.Context, name, hash string, fetch func() (Source, error)) (*service.Prepared, error) {
	key := moduleKey(name, hash)
	m.mu.Lock()
	p, ok := m.byKey[key]
	m.mu.Unlock()
	if ok {
		return p, nil
	}
	v, err, _ := m.flight.Do(key, func() (any, error) {
		src, err := fetch()
		if err != nil {
			return nil, err
		}
		p, err := m.load(ctx, src, hash)
		if err != nil {
			return nil, err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.byKey[key] = p
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*service.Prepared), nil //nolint:forcetypeassert // the function above returns nothing else
}

func (m *modules) load(ctx context.Context, src Source, hash string) (*service.Prepared, error) {
	settings, err := src.Check()
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if settings != nil {
		if raw, err = json.Marshal(settings); err != nil {
			return nil, src.invalid("the settings in %s: %w", SettingsFile, err)
		}
	}
	module, err := m.engine.Load(ctx, quickjs.Source{Name: src.Name, Hash: hash, Files: src.Files, Settings: raw})
	if err != nil {
		return nil, err
	}
	p, err := service.Prepare(module)
	if err != nil {
		return nil, odb.Errorf(odb.Invalid, "prepare package", src.Name, "%w", err)
	}
	return p, nil
}

// hold keeps trim off a module until the returned function is called.
func (m *modules) hold(name, hash string) (drop func()) {
	key := moduleKey(name, hash)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holds[key]++
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.holds[key]--; m.holds[key] == 0 {
			delete(m.holds, key)
		}
	}
}

// trim lets go of every module that keep does not name and no deployment holds.
func (m *modules) trim(keep map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, p := range m.byKey {
		if !keep[key] && m.holds[key] == 0 {
			delete(m.byKey, key)
			p.Release()
		}
	}
}

// errNoPackage says that a definition names code that the ODB does not have.
func errNoPackage(name, hash string, err error) error {
	return fmt.Errorf("fetch package %s at %.12s: %w", name, hash, err)
}
