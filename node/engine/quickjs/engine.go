package quickjs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/quickjs"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

// Config says what the engine may use.
type Config struct {
	Log          *slog.Logger  // nil means slog.Default()
	MemoryPerVM  int64         // bytes that one virtual machine may allocate; 0 means 32 MiB
	StackSize    int           // depth of calls in a script; 0 means 4000
	MaxVMs       int           // calls that one package runs at a time; more wait; 0 means 64
	MaxVMsNode   int           // calls that all packages run at a time; more wait; 0 means 256. Nested calls do not wait and are not counted here: four times as many machines may exist in all
	IdleVMs      int           // machines that a package keeps although nobody uses them; 0 means 1
	IdleAfter    time.Duration // when the others are closed; 0 means a minute
	RecycleAfter int           // calls after which a machine is replaced; 0 means 10,000
	LoadTimeout  time.Duration // longest time that the top level of a package may run; 0 means 5s
	StuckAfter   time.Duration // from the deadline until a script that cannot be interrupted is left behind; 0 means 2s
}

func (c Config) withDefaults() Config {
	c.Log = cmp.Or(c.Log, slog.Default()).With("component", "quickjs")
	c.MemoryPerVM = cmp.Or(c.MemoryPerVM, 32<<20)
	c.StackSize = cmp.Or(c.StackSize, 4000)
	c.MaxVMs = cmp.Or(c.MaxVMs, 64)
	c.MaxVMsNode = cmp.Or(c.MaxVMsNode, 256)
	c.IdleVMs = cmp.Or(c.IdleVMs, 1)
	c.IdleAfter = cmp.Or(c.IdleAfter, time.Minute)
	c.RecycleAfter = cmp.Or(c.RecycleAfter, 10_000)
	c.LoadTimeout = cmp.Or(c.LoadTimeout, 5*time.Second)
	c.StuckAfter = cmp.Or(c.StuckAfter, 2*time.Second)
	return c
}

func (c Config) check() error {
	return errors.Join(
		checkThat(c.MemoryPerVM >= 2<<20, "MemoryPerVM is %d bytes; at least 2 MiB are needed", c.MemoryPerVM),
		checkThat(c.StackSize >= 200 && c.StackSize <= 5000, "StackSize is %d; 200 to 5000 are possible", c.StackSize),
		checkThat(c.MaxVMs >= 1 && c.MaxVMsNode >= 1, "MaxVMs is %d and MaxVMsNode %d; both are at least 1", c.MaxVMs, c.MaxVMsNode),
		checkThat(c.IdleVMs >= 0 && c.IdleAfter > 0 && c.RecycleAfter > 0, "IdleVMs, IdleAfter and RecycleAfter must not be negative"),
		checkThat(c.LoadTimeout > 0 && c.StuckAfter > 0, "LoadTimeout and StuckAfter must not be negative"),
	)
}

func checkThat(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// keptFactor is how many machines may exist for each call that is admitted:
// nested calls are not admitted, so that a tree of calls cannot wait for itself,
// and need a bound of their own.
const keptFactor = 4

// Engine loads packages and runs their calls. Its methods may be called by any
// number of goroutines.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	sdk     []byte            // bytecode of @signalbox/sdk
	stubs   map[string]string // modules of the engine's own, for services
	library map[string]library.Op
	slots   chan struct{} // calls admitted on the node
	live    atomic.Int64  // machines that exist
	stuck   atomic.Int64  // machines that cannot be stopped
	making  sync.Mutex    // held while room is made for a machine
	kit     testKit

	mu      sync.Mutex
	modules map[*module]struct{}
	closed  bool
}

// New compiles the SDK and returns an engine. Close it in the end.
func New(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("quickjs config: %w", err)
	}
	e := &Engine{
		cfg: cfg, log: cfg.Log, library: library.Ops(),
		slots: make(chan struct{}, cfg.MaxVMsNode), modules: map[*module]struct{}{},
	}
	code, exports, err := e.compileSDK(context.Background(), "src/engine.ts", "sdk")
	if err != nil {
		return nil, err
	}
	e.sdk, e.stubs = code, map[string]string{sdkModule: stub("sdk", exports["sdk"])}
	return e, nil
}

// sdkTimeout is far more than the SDK needs to load on the slowest machine.
const sdkTimeout = time.Minute

// compileSDK compiles the SDK from an entry file and reads which names its
// namespaces export.
func (e *Engine) compileSDK(ctx context.Context, entry string, namespaces ...string) (code []byte, exports map[string][]string, err error) {
	text, err := bundleSDK(entry)
	if err != nil {
		return nil, nil, fmt.Errorf("bundle SDK: %w", err)
	}
	m, err := e.newMachine()
	if err != nil {
		return nil, nil, err
	}
	defer m.close()
	ctx, cancel := context.WithTimeout(ctx, sdkTimeout)
	defer cancel()
	exports = map[string][]string{}
	err = m.do(ctx, func() (err error) {
		if code, err = m.vm.Compile(text, quickjs.EvalGlobal); err != nil {
			return err
		}
		if err := m.prepare(code); err != nil {
			return err
		}
		for _, ns := range namespaces {
			list, err := m.vm.Eval("JSON.stringify(Object.keys(__signalbox."+ns+"))", quickjs.EvalGlobal)
			if err != nil {
				return err
			}
			var names []string
			if err := json.Unmarshal([]byte(fmt.Sprint(list)), &names); err != nil {
				return err
			}
			exports[ns] = names
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("compile SDK: %w", cmp.Or(ctx.Err(), err))
	}
	return code, exports, nil
}

// errTooMany says that no further machine may be made.
var errTooMany = errors.New("the node has as many virtual machines as it may")

// newMachine starts a machine, within the node's bound.
func (e *Engine) newMachine() (*machine, error) {
	if e.isClosed() {
		return nil, service.Errorf(http.StatusServiceUnavailable, service.CodeBusy, "the engine is closed")
	}
	if !e.reserve() && !e.makeRoom() {
		return nil, errTooMany
	}
	return start(limits{memory: e.cfg.MemoryPerVM, stack: e.cfg.StackSize, grace: e.cfg.StuckAfter}, func(err error) {
		e.live.Add(-1)
		if err != nil {
			e.log.Error("a virtual machine left memory behind", slog.Any("error", err))
		}
	})
}

// reserve counts a machine that is about to be made; false when there are too many.
func (e *Engine) reserve() bool {
	for {
		n := e.live.Load()
		if n >= int64(e.cfg.MaxVMsNode*keptFactor) {
			return false
		}
		if e.live.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// makeRoom closes all idle machines and reserves one. A closed machine counts
// until its memory is free; who comes meanwhile waits here instead of being refused.
func (e *Engine) makeRoom() bool {
	e.making.Lock()
	defer e.making.Unlock()
	if e.reserve() {
		return true
	}
	for _, m := range e.sweep(0, 0) {
		<-m.ended
	}
	return e.reserve()
}

func (e *Engine) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// Stats says what the engine uses now.
type Stats struct {
	Packages int   // loaded
	VMs      int64 // virtual machines that exist
	Idle     int   // of these: waiting for a call
	Stuck    int64 // of these: past their deadline, and nothing can stop them
}

// Stats returns what the engine uses now.
func (e *Engine) Stats() Stats {
	s := Stats{VMs: e.live.Load(), Stuck: e.stuck.Load()}
	for _, m := range e.list() {
		s.Packages++
		s.Idle += m.pool.size()
	}
	return s
}

func (e *Engine) list() []*module {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*module, 0, len(e.modules))
	for m := range e.modules {
		list = append(list, m)
	}
	return list
}

// Run closes machines that nobody uses, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(max(e.cfg.IdleAfter/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			e.sweep(e.cfg.IdleAfter, e.cfg.IdleVMs)
		}
	}
}

// sweep closes machines that have been idle for longer than after. Each package
// keeps up to keep of them, as long as the node has not too many idle ones. It
// returns those that it closed.
func (e *Engine) sweep(after time.Duration, keep int) []*machine {
	var closed []*machine
	most := e.cfg.MaxVMsNode / keptFactor
	for _, m := range e.list() {
		swept, kept := m.pool.sweep(time.Now().Add(-after), max(0, min(keep, most)))
		closed, most = append(closed, swept...), most-kept
	}
	return closed
}

// Close closes every package. Calls under way keep their machines until they
// end; Close does not wait for them. What needs a new machine is refused.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	for _, m := range e.list() {
		m.Close()
	}
}
