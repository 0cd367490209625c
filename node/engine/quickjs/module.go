package quickjs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

// engineName is what modules say of their engine.
const engineName = "typescript"

// module is one loaded package.
type module struct {
	engine   *Engine
	name     string
	hash     string
	settings json.RawMessage
	program  program
	mapper   *mapper
	services []service.Service
	warnings []Message
	uses     map[string][]foundUse // by service
	slots    chan struct{}         // calls admitted in this package
	stuck    atomic.Int64          // scripts that nothing can stop, nested calls included
	pool     pool
}

var (
	_ service.Module = (*module)(nil)
	_ service.Caller = (*module)(nil)
)

// Package implements [service.Module].
func (m *module) Package() string { return m.name }

// Hash implements [service.Module].
func (m *module) Hash() string { return m.hash }

// Engine implements [service.Module].
func (m *module) Engine() string { return engineName }

// Services implements [service.Module].
func (m *module) Services() []service.Service { return m.services }

// Close implements [service.Module].
func (m *module) Close() {
	m.pool.close()
	m.engine.mu.Lock()
	delete(m.engine.modules, m)
	m.engine.mu.Unlock()
}

// deployed is one service of a package.
type deployed struct {
	module *module
	spec   service.Spec
	place  Message // of its declaration
}

// Spec implements [service.Service].
func (s *deployed) Spec() service.Spec { return s.spec }

// Handle implements [service.Service].
func (s *deployed) Handle(ctx context.Context, c *service.Call) ([]byte, error) {
	if err := library.CheckDepth(c.Input, 0); err != nil {
		return nil, service.Errorf(http.StatusBadRequest, service.CodeInvalid, "the input of %s: %v", s.spec.Name, err)
	}
	leave, err := s.module.admit(ctx, c.Nested())
	if err != nil {
		return nil, err
	}
	settled := false
	defer func() {
		if !settled {
			leave()
		}
	}()
	m, err := s.module.take()
	if err != nil {
		return nil, err
	}
	t := &task{module: s.module, ctx: ctx, call: c, name: s.spec.Name}
	var answer string
	err = m.do(ctx, func() (err error) {
		answer, err = t.run(m)
		return err
	})
	if errors.Is(err, errStuck) {
		settled = true // the reaper leaves
		s.module.leaveBehind(m, t, leave)
		return nil, t.ended()
	}
	kept := false
	defer func() {
		if !kept {
			m.close()
		}
	}()
	out, failure := t.outcome(answer, err)
	m.served++
	if !t.spoilt && ctx.Err() == nil && m.served < s.module.engine.cfg.RecycleAfter {
		kept = true
		s.module.pool.put(m)
	}
	if failure != nil {
		return nil, failure
	}
	return out, nil
}

// admit waits for the right to run a root call. Nested calls run at once: who
// called them holds a machine already, and must not wait for another one.
func (m *module) admit(ctx context.Context, nested bool) (leave func(), err error) {
	if nested {
		return func() {}, nil
	}
	select {
	case m.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, noRoom(ctx, "the package "+m.name)
	}
	select {
	case m.engine.slots <- struct{}{}:
	case <-ctx.Done():
		<-m.slots
		return nil, noRoom(ctx, "the node")
	}
	var left atomic.Bool
	return func() {
		if left.CompareAndSwap(false, true) {
			<-m.engine.slots
			<-m.slots
		}
	}, nil
}

func noRoom(ctx context.Context, where string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return service.AsError(ctx.Err())
	}
	return service.Errorf(http.StatusServiceUnavailable, service.CodeBusy, "%s had as many calls under way as it may until the deadline passed", where)
}

// take returns an idle machine or a new one, which the first call boots.
func (m *module) take() (*machine, error) {
	if n := m.stuck.Load(); n >= int64(m.engine.cfg.MaxVMs) {
		return nil, service.Errorf(http.StatusServiceUnavailable, service.CodeBusy, "the package %s has %d scripts that cannot be stopped", m.name, n)
	}
	if idle := m.pool.take(); idle != nil {
		return idle, nil
	}
	fresh, err := m.engine.newMachine()
	if errors.Is(err, errTooMany) {
		return nil, service.Errorf(http.StatusServiceUnavailable, service.CodeBusy, "%v", err)
	}
	return fresh, err
}

// leaveBehind gives a machine up that cannot be stopped. The call's place stays
// taken until the script ends, so that a package cannot pile them up.
func (m *module) leaveBehind(vm *machine, t *task, leave func()) {
	t.abandoned.Store(true)
	m.engine.stuck.Add(1)
	m.stuck.Add(1)
	m.engine.log.Error("a script cannot be stopped; it uses a processor until it ends by itself",
		"service", t.name, "package", m.name, "cid", t.call.CID, "version", m.hash)
	go vm.reap(m.engine.log, func() {
		m.engine.stuck.Add(-1)
		m.stuck.Add(-1)
		leave()
	})
}
