package service

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Prepared is a module whose schemas are compiled: ready to be switched to. It
// counts who holds it; the module is closed when nobody does any more.
type Prepared struct {
	module  Module
	entries map[string]*entry
	holders atomic.Int64
}

// Prepare compiles the schemas of a module. The caller holds the result and
// must Release it in the end. On an error the module is closed.
func Prepare(m Module) (*Prepared, error) {
	p := &Prepared{module: m, entries: map[string]*entry{}}
	p.holders.Store(1)
	for _, s := range m.Services() {
		e, err := newEntry(m, s)
		if err != nil {
			m.Close()
			return nil, err
		}
		if _, twice := p.entries[e.spec.Name]; twice {
			m.Close()
			return nil, fmt.Errorf("prepare package %s: the service %s is declared twice", m.Package(), e.spec.Name)
		}
		p.entries[e.spec.Name] = e
	}
	return p, nil
}

// Module returns the module.
func (p *Prepared) Module() Module { return p.module }

// Names returns the names of the services in it, sorted.
func (p *Prepared) Names() []string { return slices.Sorted(maps.Keys(p.entries)) }

// Retain adds a holder; false when the module is closed already.
func (p *Prepared) Retain() bool {
	for {
		n := p.holders.Load()
		if n == 0 {
			return false
		}
		if p.holders.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release drops a holder and closes the module after the last one.
func (p *Prepared) Release() {
	if p.holders.Add(-1) == 0 {
		p.module.Close()
	}
}

type entry struct {
	module   Module
	service  Service
	spec     Spec
	in, out  *schema
	settings Settings
	inFlight *atomic.Int64 // shared by all versions of the service
}

func newEntry(m Module, s Service) (*entry, error) {
	spec := s.Spec()
	in, err := compileSchema(spec.Input)
	if err != nil {
		return nil, fmt.Errorf("prepare service %s: input: %w", spec.Name, err)
	}
	out, err := compileSchema(spec.Output)
	if err != nil {
		return nil, fmt.Errorf("prepare service %s: output: %w", spec.Name, err)
	}
	return &entry{module: m, service: s, spec: spec, in: in, out: out}, nil
}

// Settings are the administrator's part of a service.
type Settings struct {
	Disabled       bool
	Timeout        time.Duration // 0: what the code says, else the node's default
	MaxInFlight    int           // root and nested calls on this node; 0: no limit
	ValidateOutput bool
}

// Binding puts one service of a prepared module into the table.
type Binding struct {
	Name     string
	From     *Prepared
	Settings Settings
}

// table is an immutable set of services of certain versions. Calls pin it.
type table struct {
	services map[string]*entry
	held     []*Prepared
	calls    atomic.Int64 // calls in flight, +1 while it is the current table
}

// Registry keeps the current table of services.
type Registry struct {
	mu       sync.Mutex // serialises Switch
	cur      atomic.Pointer[table]
	inFlight map[string]*atomic.Int64 // guarded by mu
}

// NewRegistry returns a registry without services.
func NewRegistry() *Registry {
	r := &Registry{inFlight: map[string]*atomic.Int64{}}
	t := &table{services: map[string]*entry{}}
	t.calls.Store(1)
	r.cur.Store(t)
	return r
}

// Switch replaces the whole table at once. Calls in flight end in the table that
// they started with; what only the old one held is closed after the last of
// them. On an error nothing changes.
func (r *Registry) Switch(bindings []Binding) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := &table{services: make(map[string]*entry, len(bindings))}
	next.calls.Store(1)
	held := map[*Prepared]bool{}
	for _, b := range bindings {
		e, ok := b.From.entries[b.Name]
		if !ok {
			return fmt.Errorf("switch services: package %s at %.12s has no service %s", b.From.module.Package(), b.From.module.Hash(), b.Name)
		}
		if other, twice := next.services[b.Name]; twice {
			return fmt.Errorf("switch services: %s is in package %s and in package %s", b.Name, other.module.Package(), e.module.Package())
		}
		bound := *e
		bound.settings, bound.inFlight = b.Settings, r.counter(b.Name)
		next.services[b.Name] = &bound
		held[b.From] = true
	}
	for p := range held {
		if !p.Retain() {
			for _, q := range next.held {
				q.Release()
			}
			return fmt.Errorf("switch services: package %s at %.12s is closed", p.module.Package(), p.module.Hash())
		}
		next.held = append(next.held, p)
	}
	old := r.cur.Swap(next)
	old.release()
	return nil
}

func (r *Registry) counter(name string) *atomic.Int64 {
	c, ok := r.inFlight[name]
	if !ok {
		c = new(atomic.Int64)
		r.inFlight[name] = c
	}
	return c
}

// Close empties the table; modules close as their last calls end.
func (r *Registry) Close() { _ = r.Switch(nil) }

// Info describes one service of the current table.
type Info struct {
	Spec
	Package  string
	Hash     string
	Engine   string
	Settings Settings
	InFlight int64
}

// List returns the services of the current table by name.
func (r *Registry) List() []Info {
	t := r.cur.Load()
	var out []Info
	for _, name := range slices.Sorted(maps.Keys(t.services)) {
		out = append(out, t.services[name].info())
	}
	return out
}

// Get describes one service; false when there is none of that name.
func (r *Registry) Get(name string) (Info, bool) {
	e, ok := r.cur.Load().services[name]
	if !ok {
		return Info{}, false
	}
	return e.info(), true
}

func (e *entry) info() Info {
	return Info{
		Spec: e.spec, Package: e.module.Package(), Hash: e.module.Hash(), Engine: e.module.Engine(),
		Settings: e.settings, InFlight: e.inFlight.Load(),
	}
}

// acquire pins the current table for a call.
func (r *Registry) acquire() *table {
	for {
		t := r.cur.Load()
		if n := t.calls.Load(); n > 0 && t.calls.CompareAndSwap(n, n+1) { // never revive a drained one
			return t
		}
	}
}

// release lets go of a pinned table.
func (t *table) release() {
	if t.calls.Add(-1) == 0 {
		for _, p := range t.held {
			p.Release()
		}
	}
}
