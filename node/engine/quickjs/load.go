package quickjs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"modernc.org/quickjs"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

// maxTimeout is the longest time-out that a service may declare.
const maxTimeout = 24 * time.Hour

// Load builds a package and runs its top level once, to learn its services. A
// package that cannot be served is a [*BuildError]. The caller closes the module.
func (e *Engine) Load(ctx context.Context, src Source) (service.Module, error) {
	m, err := e.build(ctx, src)
	if err != nil {
		return nil, err
	}
	for _, w := range m.warnings {
		e.log.Warn("a package has a dubious place", slog.String("package", src.Name), slog.String("place", w.String()))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed { // while the package was built
		return nil, errors.New("load package " + src.Name + ": the engine is closed")
	}
	e.modules[m] = struct{}{}
	return m, nil
}

// build does the work of Load.
func (e *Engine) build(ctx context.Context, src Source) (*module, error) {
	settings, err := settingsOf(src)
	if err != nil {
		return nil, err
	}
	entries := src.names(isEntry)
	if len(entries) == 0 {
		return nil, buildError(src.Name, Message{Text: "there is no source: a package has .ts or .js files at its root or in src"})
	}
	built, err := (&bundler{src: src, stubs: e.stubs, entry: serviceEntry(entries)}).run()
	if err != nil {
		return nil, err
	}
	m := &module{
		engine: e, name: src.Name, hash: src.Hash, settings: settings, mapper: newMapper(built.mappings),
		slots: make(chan struct{}, e.cfg.MaxVMs), warnings: built.warnings, uses: usesOf(built.code, settings),
	}
	code, declared, err := e.describe(ctx, m, built.code)
	if err != nil {
		return nil, err
	}
	m.program = program{sdk: e.sdk, code: code}
	m.services, err = m.declare(declared)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// settingsOf checks that the settings are an object; without any they are empty.
func settingsOf(src Source) (json.RawMessage, error) {
	if len(src.Settings) == 0 || string(src.Settings) == "null" {
		return json.RawMessage("{}"), nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(src.Settings, &object); err != nil {
		return nil, buildError(src.Name, Message{Text: "the settings are not a JSON object: " + err.Error()})
	}
	if err := library.CheckDepth(src.Settings, 0); err != nil {
		return nil, buildError(src.Name, Message{Text: "the settings: " + err.Error()})
	}
	return src.Settings, nil
}

// loading answers host operations while a package's top level runs: those of the
// library, which need no call, and the log.
func (e *Engine) loading(ctx context.Context, pkg string) func(op string, args []byte) ([]byte, error) {
	return func(op string, args []byte) ([]byte, error) {
		if op == "log" {
			var line struct{ Level, Message string }
			if err := json.Unmarshal(args, &line); err != nil {
				return nil, service.Errorf(0, service.CodeArguments, "log: %v", err)
			}
			e.log.Info("a package says while it loads", slog.String("package", pkg), slog.String("level", line.Level), slog.String("message", line.Message))
			return []byte("null"), nil
		}
		run, ok := e.library[op]
		if !ok {
			return nil, service.Errorf(0, service.CodeOperation, "%s cannot be used while the package loads: call it inside of a handler", op)
		}
		if err := library.CheckDepth(args, 0); err != nil {
			return nil, err
		}
		result, err := run(ctx, args)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// declaration is what a script says of one service.
type declaration struct {
	Name    string          `json:"name"`
	Doc     string          `json:"doc"`
	Timeout string          `json:"timeout"`
	Input   json.RawMessage `json:"input"`
	Output  json.RawMessage `json:"output"`
	Stack   string          `json:"stack"`
}

// declarations is what a package says of itself.
type declarations struct {
	Mistakes []struct {
		Message string `json:"message"`
		Stack   string `json:"stack"`
	} `json:"mistakes"`
	Services []declaration `json:"services"`
}

// describe compiles a package, runs its top level in a machine of its own and
// asks for its services. The machine is closed again: a thousand packages that
// nobody calls must not keep a thousand machines.
func (e *Engine) describe(ctx context.Context, m *module, text string) ([]byte, declarations, error) {
	var (
		code []byte
		said string
		out  declarations
	)
	vm, err := e.newMachine()
	if err != nil {
		return nil, out, fmt.Errorf("load package %s: %w", m.name, err)
	}
	loadCtx, cancel := context.WithTimeout(ctx, e.cfg.LoadTimeout)
	defer cancel()
	vm.settle = e.loading(loadCtx, m.name)
	err = vm.do(loadCtx, func() (err error) {
		if err := vm.prepare(e.sdk); err != nil {
			return err
		}
		if code, err = vm.vm.Compile(text, quickjs.EvalGlobal); err != nil {
			return err
		}
		if _, err := vm.vm.EvalBytecode(code); err != nil {
			return err
		}
		if err := vm.drain(); err != nil {
			return err
		}
		described, err := vm.vm.Eval("__signalbox.describe()", quickjs.EvalGlobal)
		said, _ = described.(string)
		return err
	})
	if errors.Is(err, errStuck) {
		e.stuck.Add(1)
		go vm.reap(e.log, func() { e.stuck.Add(-1) })
	} else {
		vm.close()
	}
	if err != nil {
		return nil, out, e.loadError(ctx, loadCtx, m, err)
	}
	if err := json.Unmarshal([]byte(said), &out); err != nil {
		return nil, out, buildError(m.name, Message{Text: "the services cannot be described: " + err.Error()})
	}
	return code, out, nil
}

// loadError says why the top level of a package did not run to its end.
func (e *Engine) loadError(ctx, loadCtx context.Context, m *module, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("load package %s: %w", m.name, ctx.Err())
	}
	thrown, isThrown := errors.AsType[*quickjs.Error](err)
	var msg Message
	if isThrown {
		msg, _ = m.mapper.first(thrown.Stack)
	}
	switch {
	case loadCtx.Err() != nil:
		msg.Text = fmt.Sprintf("the top level of the package runs for more than %v", e.cfg.LoadTimeout)
	case !isThrown:
		return fmt.Errorf("load package %s: %w", m.name, err)
	case thrown.Error() == "":
		msg.Text = "the top level of the package throws something that says nothing of itself"
	case thrown.Error() == "null":
		msg.Text = fmt.Sprintf("the package needs more than %d MiB of memory to load", e.cfg.MemoryPerVM>>20)
	default:
		msg.Text = thrown.Error()
	}
	return buildError(m.name, msg)
}

// declare makes services of what the script says, or lists every fault in it.
func (m *module) declare(d declarations) ([]service.Service, error) {
	var messages []Message
	fault := func(stack, text string) {
		msg, _ := m.mapper.first(stack)
		msg.Text = text
		messages = append(messages, msg)
	}
	for _, mistake := range d.Mistakes {
		fault(mistake.Stack, mistake.Message)
	}
	var services []service.Service
	for _, s := range d.Services {
		spec := service.Spec{Name: s.Name, Doc: s.Doc, Input: s.Input, Output: s.Output}
		if s.Timeout != "" {
			var err error
			spec.Timeout, err = time.ParseDuration(s.Timeout)
			if err != nil || spec.Timeout < time.Millisecond || spec.Timeout > maxTimeout {
				fault(s.Stack, fmt.Sprintf("service %s: the timeout %q is not a time from 1ms to 24h, such as \"2s\" or \"1m30s\"", s.Name, s.Timeout))
			}
		}
		for side, schema := range map[string]service.Spec{"input": {Name: s.Name, Input: s.Input}, "output": {Name: s.Name, Output: s.Output}} {
			if err := checkSchema(schema); err != nil {
				fault(s.Stack, fmt.Sprintf("service %s: the %s's schema is not valid: %v", s.Name, side, err))
			}
		}
		place, _ := m.mapper.first(s.Stack)
		services = append(services, &deployed{module: m, spec: spec, place: place})
	}
	if len(services) == 0 && len(messages) == 0 {
		messages = append(messages, Message{Text: "no service is exported: export a value made by service({…}) from a file at the root or in src"})
	}
	if len(messages) > 0 {
		return nil, buildError(m.name, messages...)
	}
	return services, nil
}

// checkSchema compiles a schema as the node will.
func checkSchema(spec service.Spec) error {
	p, err := service.Prepare(service.Compiled("check", same{spec}))
	if err != nil {
		return cmp.Or(errors.Unwrap(err), err)
	}
	p.Release()
	return nil
}
