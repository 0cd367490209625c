package library

import (
	"context"
	"encoding/json"
	"errors"

	"signalbox.internal/node/library/decimal"
	"signalbox.internal/node/library/fault"
)

func decimalOps() map[string]work {
	return map[string]work{
		"decimal.add": binary(decimal.Number.Add), "decimal.sub": binary(decimal.Number.Sub),
		"decimal.mul": binary(decimal.Number.Mul), "decimal.div": decimalDiv,
		"decimal.round": decimalRound, "decimal.cmp": decimalCmp,
		"decimal.sum": decimalSum, "decimal.format": decimalFormat,
	}
}

func (a *arguments) decimal(name string) decimal.Number {
	var n decimal.Number
	raw, ok := a.need(name)
	if !ok {
		return n
	}
	err := json.Unmarshal(raw, &n)
	if e, ok := errors.AsType[*fault.Error](err); ok { // keeps its code, such as "decimal.limit"
		a.refuse(fault.New(e.Code, "argument %s: %s", fault.Quote(name), e.Message))
	} else if err != nil {
		a.wrong(name, "is not a decimal as string or number")
	}
	return n
}

func (a *arguments) mode() decimal.Mode {
	return decimal.Mode(a.textOr("mode", string(decimal.HalfEven)))
}

func binary(f func(a, b decimal.Number) (decimal.Number, error)) work {
	return func(_ context.Context, a *arguments) (any, error) {
		x, y := a.decimal("a"), a.decimal("b")
		if err := a.done(); err != nil {
			return nil, err
		}
		n, err := f(x, y)
		return n.String(), err
	}
}

func decimalDiv(_ context.Context, a *arguments) (any, error) {
	x, y, scale, mode := a.decimal("a"), a.decimal("b"), a.small("scale"), a.mode()
	if err := a.done(); err != nil {
		return nil, err
	}
	n, err := x.Div(y, scale, mode)
	return n.String(), err
}

func decimalRound(_ context.Context, a *arguments) (any, error) {
	x, scale, mode := a.decimal("value"), a.small("scale"), a.mode()
	if err := a.done(); err != nil {
		return nil, err
	}
	n, err := x.Round(scale, mode)
	return n.String(), err
}

func decimalCmp(_ context.Context, a *arguments) (any, error) {
	x, y := a.decimal("a"), a.decimal("b")
	return x.Cmp(y), a.done()
}

func decimalSum(ctx context.Context, a *arguments) (any, error) {
	list := a.list("values")
	if err := a.done(); err != nil {
		return nil, err
	}
	var total decimal.Number
	for i, v := range list {
		text, ok := scalarText(v)
		n, err := decimal.Parse(text)
		if !ok || err != nil {
			return nil, fault.New("decimal.invalid", "value %d is not a decimal: %s", i+1, fault.Quote(text))
		}
		if total, err = total.Add(n); err != nil {
			return nil, err
		}
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, fault.Context(ctx)
		}
	}
	return total.String(), nil
}

func decimalFormat(_ context.Context, a *arguments) (any, error) {
	n, mode := a.decimal("value"), a.mode()
	group, point := a.textOr("group", ""), a.textOr("point", ".")
	scale := n.Places()
	if _, ok := a.raw["scale"]; ok {
		scale = a.small("scale")
	} else {
		a.known = append(a.known, "scale")
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	n, err := n.Round(scale, mode)
	if err != nil {
		return nil, err
	}
	return n.Format(group, point)
}
