package library

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// Op is one operation behind the host entry. The arguments are one JSON object,
// decoded strictly; the result is a json.RawMessage of at most MaxResult bytes. A
// refusal is an *Error. An Op may be called by many goroutines at a time and returns
// soon after ctx ends.
type Op func(ctx context.Context, args json.RawMessage) (any, error)

// work is an operation once its arguments are open.
type work func(ctx context.Context, a *arguments) (any, error)

// Ops gives the table of operations; DESIGN.md says what each takes and gives.
func Ops() map[string]Op { return OpsAt(time.Now) }

// OpsAt is Ops with another clock for date.now, for test kits.
func OpsAt(now func() time.Time) map[string]Op {
	all := map[string]work{}
	for _, group := range []map[string]work{
		jsonOps(), xmlOps(), csvOps(), byteOps(), decimalOps(), dateOps(now), textOps(),
	} {
		maps.Copy(all, group)
	}
	ops := make(map[string]Op, len(all))
	for name, do := range all {
		ops[name] = do.op
	}
	return ops
}

// op opens the arguments, does the work and encodes the result within the limit.
func (do work) op(ctx context.Context, raw json.RawMessage) (any, error) {
	if err := fault.Context(ctx); err != nil {
		return nil, err
	}
	a, err := open(raw)
	if err != nil {
		return nil, err
	}
	v, err := do(ctx, a)
	if err != nil {
		return nil, err
	}
	out, err := ordered.Append(nil, v, MaxResult)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(out), nil
}
