package quickjs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"signalbox.internal/node/service"
)

// bench is what the script of one test has of the node.
type bench struct {
	ctx      context.Context //nolint:containedctx // a bench is one run
	engine   *Engine
	machine  *machine
	deadline time.Time
	lines    []string    // logged
	over     atomic.Bool // the test was given up; its script may still run
}

// host answers the operations of a test: those of the library as they are, those
// of the test kit, and none that reaches outside.
func (b *bench) host(op string, args []byte) ([]byte, error) {
	if b.over.Load() {
		return nil, errGone
	}
	switch op {
	case "log":
		return b.log(args)
	case "remaining":
		return json.Marshal(max(0, time.Until(b.deadline).Milliseconds()))
	case "test.drain":
		if err := b.machine.drain(); err != nil {
			return nil, err
		}
		return []byte("null"), nil
	case "test.check":
		return checkValue(b.ctx, args)
	}
	if _, ok := b.engine.library[op]; !ok {
		return nil, service.Errorf(http.StatusInternalServerError, service.CodeOperation, "a test cannot use %s: give its context a fake", op)
	}
	return b.engine.loading(b.ctx, "test")(op, args)
}

func (b *bench) log(args []byte) ([]byte, error) {
	var line struct {
		Level   string
		Message string
		Fields  json.RawMessage
	}
	if err := json.Unmarshal(args, &line); err != nil {
		return nil, service.Errorf(http.StatusInternalServerError, service.CodeArguments, "log: %v", err)
	}
	if len(b.lines) < maxTestLog {
		b.lines = append(b.lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", line.Level, line.Message, line.Fields)))
	}
	return []byte("null"), nil
}

// maxTestLog bounds the lines that are kept of one test.
const maxTestLog = 200

// checkValue holds a value against one side of a service's declaration, by the
// very code that calls of the service pass in production. It answers the value,
// with defaults filled in.
func checkValue(ctx context.Context, args []byte) ([]byte, error) {
	var a struct {
		Service string          `json:"service"`
		Schema  json.RawMessage `json:"schema"`
		Value   json.RawMessage `json:"value"`
		Side    string          `json:"side"` // input or output
	}
	if err := service.DecodeArgs("test.check", args, &a); err != nil {
		return nil, err
	}
	if string(a.Schema) == "null" {
		return a.Value, nil
	}
	spec := service.Spec{Name: a.Service, Input: a.Schema}
	if a.Side == "output" {
		spec = service.Spec{Name: a.Service, Output: a.Schema}
	}
	p, err := service.Prepare(service.Compiled("test", same{spec}))
	if err != nil {
		return nil, err
	}
	defer p.Release()
	registry := service.NewRegistry()
	defer registry.Close()
	if err := registry.Switch([]service.Binding{{Name: a.Service, From: p, Settings: service.Settings{ValidateOutput: true}}}); err != nil {
		return nil, err
	}
	host, err := service.NewHost()
	if err != nil {
		return nil, err
	}
	invoker := service.NewInvoker(service.Config{Registry: registry, Host: host, Log: slog.New(slog.DiscardHandler)})
	return invoker.Invoke(ctx, &service.Call{CID: "test-check", Service: a.Service, Channel: "test", Input: a.Value})
}

// same is a service that answers its input.
type same struct{ spec service.Spec }

// Spec implements [service.Service].
func (s same) Spec() service.Spec { return s.spec }

// Handle implements [service.Service].
func (same) Handle(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }
