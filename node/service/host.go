package service

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"signalbox.internal/node/library"
)

// MaxHostArgs is the largest argument of a host operation, in bytes.
const MaxHostArgs = 16 << 20

// Operation does one thing for a service: args is one JSON object, the result
// is anything that encodes to JSON (json.RawMessage is passed on as it is). It
// keeps to ctx and returns an [*Error] for what the service should know.
type Operation func(ctx context.Context, c *Call, args json.RawMessage) (any, error)

// Host is the table of operations that services may use. It is complete when
// the node starts and never changes.
type Host struct {
	ops map[string]Operation
}

// NewHost joins groups of operations; two of one name are an error. The
// operations of node/library and those of the invoker are always there.
func NewHost(groups ...map[string]Operation) (*Host, error) {
	h := &Host{ops: map[string]Operation{}}
	for name, op := range library.Ops() {
		h.ops[name] = func(ctx context.Context, _ *Call, args json.RawMessage) (any, error) {
			result, err := op(ctx, args)
			return result, libraryError(err)
		}
	}
	for _, group := range append([]map[string]Operation{builtinOps()}, groups...) {
		for name, op := range group {
			if _, taken := h.ops[name]; taken {
				return nil, fmt.Errorf("register host operation %s: the name is taken", name)
			}
			h.ops[name] = op
		}
	}
	return h, nil
}

// Names returns the names of all operations, sorted.
func (h *Host) Names() []string { return slices.Sorted(maps.Keys(h.ops)) }

func (h *Host) run(ctx context.Context, c *Call, name string, args []byte) (result []byte, err error) {
	op, ok := h.ops[name]
	if !ok {
		return nil, Errorf(http.StatusInternalServerError, CodeOperation, "there is no host operation %q", name)
	}
	if len(args) > MaxHostArgs {
		return nil, Errorf(http.StatusInternalServerError, CodeTooLarge, "the arguments of %s have %d bytes; at most %d are allowed", name, len(args), MaxHostArgs)
	}
	if err := ctx.Err(); err != nil {
		return nil, AsError(err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Code: CodeInternal, Status: http.StatusInternalServerError, Message: "the operation " + name + " failed", Cause: fmt.Errorf("panic in host operation %s: %v", name, p)}
		}
	}()
	value, err := op(ctx, c, args)
	if err != nil {
		return nil, AsError(err)
	}
	if raw, ok := value.(json.RawMessage); ok {
		return raw, nil
	}
	result, err = json.Marshal(value)
	if err != nil {
		return nil, AsError(fmt.Errorf("encode result of %s: %w", name, err))
	}
	return result, nil
}
