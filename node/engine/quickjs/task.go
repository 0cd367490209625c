package quickjs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"modernc.org/quickjs"

	"signalbox.internal/node/library"
	"signalbox.internal/node/service"
)

// task is one call on its way through a machine.
type task struct {
	module    *module
	ctx       context.Context //nolint:containedctx // a task is the call
	call      *service.Call
	name      string
	causes    []error     // of the errors that host operations gave to the script
	spoilt    bool        // the machine must not be used again
	abandoned atomic.Bool // the caller has gone: nothing may touch call
}

// maxCauses bounds the causes kept for the log of one call.
const maxCauses = 16

// errGone is what a script gets that runs on after its call was given up.
var errGone = errors.New("the call has ended")

// run calls the service and returns what the script answers. It runs as a job.
func (t *task) run(m *machine) (string, error) {
	if m.fresh {
		m.settle = t.module.engine.loading(t.ctx, t.module.name)
		if err := m.boot(t.module.program); err != nil {
			return "", fmt.Errorf("boot package %s: %w", t.module.name, err)
		}
		m.fresh = false
	}
	m.settle = t.host
	return m.perform(t.name, t.call.CID, t.call.Channel, string(t.call.Input))
}

// host runs a host operation for the script.
func (t *task) host(op string, args []byte) ([]byte, error) {
	if t.abandoned.Load() {
		return nil, errGone
	}
	switch op {
	case "call.user":
		return json.Marshal(t.call.User)
	case "call.http":
		return json.Marshal(httpInfo(t.call.HTTP))
	case "call.settings":
		return t.module.settings, nil
	}
	if err := library.CheckDepth(args, 0); err != nil {
		return nil, service.Errorf(http.StatusInternalServerError, service.CodeArguments, "the arguments of %s: %v", op, err)
	}
	result, err := t.operate(op, args)
	if err != nil {
		return nil, t.remember(err)
	}
	return result, nil
}

// operate runs a host operation. The SDK writes "invoke" as "invoke:SERVICE" with
// the input as it is, which saves wrapping it.
func (t *task) operate(op string, args []byte) ([]byte, error) {
	if name, ok := strings.CutPrefix(op, "invoke:"); ok {
		return t.call.Invoke(t.ctx, name, args)
	}
	return t.call.Host(t.ctx, op, args)
}

// caused is an error on its way to the script, with the number of its cause.
type caused struct {
	error *service.Error
	cause int
}

// Error implements error.
func (c *caused) Error() string { return c.error.Error() }

// remember keeps the cause of an error while the script has the error, for the
// log, should the script not handle it.
func (t *task) remember(err error) error {
	e := service.AsError(err)
	if e.Cause == nil || len(t.causes) == maxCauses {
		return e
	}
	t.causes = append(t.causes, e.Cause)
	return &caused{error: e, cause: len(t.causes)}
}

// ended is the error of a call whose context has ended.
func (t *task) ended() *service.Error {
	e := *service.AsError(t.ctx.Err())
	return &e
}

// interruptedAt returns the trace of a script that was interrupted, where it is known.
func interruptedAt(answer string, err error) string {
	if thrown, ok := errors.AsType[*quickjs.Error](err); ok && thrown.Stack != "" {
		return thrown.Stack
	}
	f, _ := decodeFault(answer)
	return f.Stack
}

// outcome makes the call's answer, or its error, of what the job gave.
func (t *task) outcome(answer string, err error) ([]byte, *service.Error) {
	if t.ctx.Err() != nil {
		e := t.ended()
		e.Stack = t.module.mapper.stack(interruptedAt(answer, err))
		return nil, e
	}
	if err != nil {
		t.spoilt = true
		return nil, t.failed(err)
	}
	if isFault(answer) {
		return nil, t.thrown(answer)
	}
	out := []byte(answer)
	if err := library.CheckDepth(out, 0); err != nil {
		return nil, service.Errorf(http.StatusInternalServerError, service.CodeOutput, "the answer of %s: %v", t.name, err)
	}
	return out, nil
}

// failed makes an error of what stopped the script itself.
func (t *task) failed(err error) *service.Error {
	thrown, ok := errors.AsType[*quickjs.Error](err)
	if !ok {
		e := internal(err)
		if c, ok := errors.AsType[*crash](err); ok {
			e.Stack = c.stack
		}
		return e
	}
	stack := t.module.mapper.stack(thrown.Stack)
	switch {
	case thrown.Error() == "null" || strings.Contains(thrown.Message, "out of memory"):
		return t.outOfMemory(stack)
	case strings.Contains(thrown.Message, "stack overflow"):
		return overflow(stack)
	}
	e := internal(err)
	e.Stack = stack
	return e
}

func internal(cause error) *service.Error {
	return &service.Error{Code: service.CodeInternal, Status: http.StatusInternalServerError, Message: "the service failed", Cause: cause}
}

func overflow(stack string) *service.Error {
	return &service.Error{Code: service.CodeStack, Status: http.StatusInternalServerError, Message: "the service called itself too deeply", Stack: stack}
}

func (t *task) outOfMemory(stack string) *service.Error {
	return &service.Error{
		Code: service.CodeMemory, Status: http.StatusInternalServerError, Stack: stack,
		Message: fmt.Sprintf("the service used more than the %d MiB of memory that a call may use", t.module.engine.cfg.MemoryPerVM>>20),
	}
}

// httpInfo is the HTTP request as scripts see it; nil stays nil.
func httpInfo(h *service.HTTPInfo) any {
	if h == nil {
		return nil
	}
	first := make(map[string]string, len(h.Query))
	for name, values := range h.Query {
		if len(values) > 0 {
			first[name] = values[0]
		}
	}
	headers := make(map[string]string, len(h.Header))
	for name, values := range h.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return map[string]any{
		"method": h.Method, "path": h.Path, "pattern": h.Pattern, "params": orEmpty(h.Params), "query": first,
		"queryAll": orEmpty(h.Query), "headers": headers, "remote": h.Remote,
	}
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
