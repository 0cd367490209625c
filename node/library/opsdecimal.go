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
	if raw, ok := a.need(name); ok {
		a.unmarshal(name, raw, &n, "a decimal as string or number")
	}
	return n
}

// unmarshal keeps the code of decimals, such as "decimal.invalid".
func (a *arguments) unmarshal(name string, raw json.RawMessage, to any, what string) {
	err := json.Unmarshal(raw, to)
	if e, ok := errors.AsType[*fault.Error](err); ok {
		a.refuse(fault.New(e.Code, "argument %s: %s", fault.Quote(name), e.Message))
	} else if err != nil {
		a.wrong(name, "is not "+what)
	}
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

func decimalSum(_ context.Context, a *arguments) (any, error) {
	var list []decimal.Number
	if raw, ok := a.need("values"); ok {
		a.unmarshal("values", raw, &list, "an array of decimals")
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	n, err := decimal.Sum(list)
	return n.String(), err
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
