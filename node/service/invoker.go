package service

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// Observer is told of every call, nested ones included. It must not block.
type Observer interface {
	ServiceStart(service string)
	// ServiceEnd says how long the call took and its error code; "" when it went well.
	ServiceEnd(service string, took time.Duration, code string)
}

// Config is what an invoker needs.
type Config struct {
	Registry *Registry
	Host     *Host
	Observer Observer      // nil observes nothing
	Log      *slog.Logger  // nil means slog.Default()
	Timeout  time.Duration // of services that name none; 0 means 30s
	MaxDepth int           // of nested invokes; 0 means 32
}

// Invoker runs calls and everything that belongs around them.
type Invoker struct {
	registry *Registry
	host     *Host
	observer Observer
	log      *slog.Logger
	timeout  time.Duration
	maxDepth int
}

// NewInvoker returns an invoker for the services of cfg.Registry.
func NewInvoker(cfg Config) *Invoker {
	return &Invoker{
		registry: cfg.Registry, host: cfg.Host, observer: cfg.Observer,
		log:     cmp.Or(cfg.Log, slog.Default()).With("component", "service"),
		timeout: cmp.Or(cfg.Timeout, 30*time.Second), maxDepth: cmp.Or(cfg.MaxDepth, 32),
	}
}

// Invoke runs a root call. The caller fills CID, Service, Channel, User, Input
// and HTTP of c and reads c.Reply afterwards. The error is always an [*Error]
// (or nil); its cause has been logged under the cid.
func (i *Invoker) Invoke(ctx context.Context, c *Call) ([]byte, error) {
	t := i.registry.acquire()
	defer t.release()
	c.inv, c.table, c.depth = i, t, 0
	return i.run(ctx, c)
}

// nested runs a call of another service from within parent.
func (i *Invoker) nested(ctx context.Context, parent *Call, name string, input []byte) ([]byte, error) {
	if parent.depth+1 >= i.maxDepth {
		return nil, Errorf(http.StatusLoopDetected, CodeDepth, "the call of %s is nested %d deep; services may call each other %d deep", name, parent.depth+1, i.maxDepth)
	}
	c := &Call{
		CID: parent.CID, Service: name, Channel: "invoke", User: parent.User, Input: input,
		inv: i, table: parent.table, depth: parent.depth + 1,
	}
	return i.run(ctx, c)
}

func (i *Invoker) run(ctx context.Context, c *Call) ([]byte, error) {
	e, ok := c.table.services[c.Service]
	if !ok {
		return nil, Errorf(http.StatusNotFound, CodeNotFound, "there is no service %q", c.Service)
	}
	n := e.inFlight.Add(1)
	defer e.inFlight.Add(-1)
	start := time.Now()
	if i.observer != nil {
		i.observer.ServiceStart(c.Service)
	}
	out, err := i.admitted(ctx, c, e, n)
	code := ""
	if err != nil {
		code = err.Code
		i.report(ctx, c, e, err)
	}
	if i.observer != nil {
		i.observer.ServiceEnd(c.Service, time.Since(start), code)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// admitted refuses what may not run, checks the input, runs and checks the answer.
func (i *Invoker) admitted(ctx context.Context, c *Call, e *entry, inFlight int64) ([]byte, *Error) {
	switch {
	case e.settings.Disabled:
		return nil, Errorf(http.StatusServiceUnavailable, CodeDisabled, "the service %s is disabled", c.Service)
	case e.settings.MaxInFlight > 0 && inFlight > int64(e.settings.MaxInFlight):
		return nil, Errorf(http.StatusServiceUnavailable, CodeBusy, "the service %s has %d calls in flight, as many as it may", c.Service, e.settings.MaxInFlight)
	}
	if len(c.Input) == 0 {
		c.Input = []byte("null")
	}
	input, faults := e.in.check(c.Input)
	if len(faults) > 0 {
		return nil, invalid(http.StatusBadRequest, CodeInvalid, "the input of "+c.Service, faults)
	}
	c.Input = input
	deadline := time.Now().Add(cmp.Or(e.settings.Timeout, e.spec.Timeout, i.timeout))
	if !c.Deadline.IsZero() && c.Deadline.Before(deadline) {
		deadline = c.Deadline
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	out, err := handle(ctx, c, e)
	if err != nil {
		return nil, err
	}
	if e.settings.ValidateOutput && c.Reply.Raw == nil {
		if _, faults := e.out.check(out); len(faults) > 0 {
			return nil, invalid(http.StatusInternalServerError, CodeOutput, "the answer of "+c.Service, faults)
		}
	}
	return out, nil
}

// handle runs the service and contains its panics.
func handle(ctx context.Context, c *Call, e *entry) (out []byte, err *Error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &Error{
				Code: CodeInternal, Status: http.StatusInternalServerError, Message: "the service failed",
				Stack: string(debug.Stack()), Cause: fmt.Errorf("panic: %v", p),
			}
		}
	}()
	out, failure := e.service.Handle(ctx, c)
	if failure == nil {
		return out, nil
	}
	if ctx.Err() != nil && AsError(failure).Code == CodeInternal {
		failure = ctx.Err()
	}
	own := *AsError(failure) // a copy: services may return one error value to many callers
	return nil, &own
}

// report logs what went wrong inside, once in a tree of calls: where it began.
// A caller's own fault is only worth a debug line.
func (i *Invoker) report(ctx context.Context, c *Call, e *entry, err *Error) {
	if err.reported {
		return
	}
	err.reported = true
	level := slog.LevelError
	switch status := err.HTTPStatus(); {
	case status < http.StatusInternalServerError:
		level = slog.LevelDebug
	case status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	}
	i.log.LogAttrs(ctx, level, "service call ended in an error",
		slog.String("service", c.Service), slog.String("cid", c.CID), slog.String("code", err.Code),
		slog.String("error", err.Error()), slog.String("stack", err.Stack), slog.String("version", e.module.Hash()))
}
