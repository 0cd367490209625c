package library

import (
	"context"

	"signalbox.internal/node/library/fault"
)

func jsonOps() map[string]work {
	return map[string]work{
		"json.canonical": jsonCanonical, "json.pointer": jsonPointer, "json.merge": jsonMerge,
	}
}

func jsonCanonical(_ context.Context, a *arguments) (any, error) {
	v := a.value("value")
	if err := a.done(); err != nil {
		return nil, err
	}
	out, err := CanonicalJSON(v)
	return string(out), err
}

func jsonPointer(_ context.Context, a *arguments) (any, error) {
	v, pointer := a.value("value"), a.text("pointer")
	a.known = append(a.known, "default")
	otherwise, has := a.raw["default"]
	if err := a.done(); err != nil {
		return nil, err
	}
	got, there, err := PointJSON(v, pointer)
	switch {
	case err != nil:
		return nil, err
	case there:
		return got, nil
	case has:
		return otherwise, nil
	}
	return nil, fault.New("json.missing", "there is nothing at %s", fault.Quote(pointer))
}

func jsonMerge(_ context.Context, a *arguments) (any, error) {
	target, patch := a.value("target"), a.value("patch")
	if err := a.done(); err != nil {
		return nil, err
	}
	return MergeJSON(target, patch), nil
}
