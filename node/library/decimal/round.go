package decimal

import (
	"github.com/shopspring/decimal"

	"signalbox.internal/node/library/fault"
)

// Mode says which neighbour a rounded number takes.
type Mode string

// The modes. Half modes take the nearer neighbour and differ only in a tie.
const (
	HalfEven Mode = "half_even" // the even one in a tie (banker's)
	HalfUp   Mode = "half_up"   // away from zero in a tie (commercial)
	Down     Mode = "down"      // towards zero
	Up       Mode = "up"        // away from zero
	Floor    Mode = "floor"     // towards minus infinity
	Ceiling  Mode = "ceiling"   // towards plus infinity
)

func (m Mode) check() error {
	switch m {
	case HalfEven, HalfUp, Down, Up, Floor, Ceiling:
		return nil
	}
	return fault.New("decimal.mode", "%s is not a rounding mode; there are half_even, half_up, down, up, floor and ceiling", fault.Quote(string(m)))
}

// away says whether the quotient, cut towards zero, takes one more unit away from
// zero. sign is that of the exact result, half compares what was cut with half a unit.
func (m Mode) away(sign, half int, odd bool) bool {
	switch m {
	case Down:
		return false
	case Up:
		return true
	case Floor:
		return sign < 0
	case Ceiling:
		return sign > 0
	case HalfUp:
		return half >= 0
	default:
		return half > 0 || half == 0 && odd
	}
}

// Div gives n/m with exactly scale places, 0 to MaxDigits, rounded by mode. Codes:
// "decimal.zero" when m is 0, "decimal.scale", "decimal.mode", "decimal.limit".
func (n Number) Div(m Number, scale int, mode Mode) (Number, error) {
	if scale < 0 || scale > MaxDigits {
		return Number{}, fault.New("decimal.scale", "scale is %d, not 0 to %d", scale, MaxDigits)
	}
	if m.d.IsZero() {
		return Number{}, fault.New("decimal.zero", "division by zero")
	}
	return n.div(m, scale, mode)
}

// Round gives n with exactly scale places, rounded by mode. A negative scale rounds
// to tens, hundreds and so on and leaves no places. Codes: "decimal.scale",
// "decimal.mode", "decimal.limit".
func (n Number) Round(scale int, mode Mode) (Number, error) {
	if scale < -MaxDigits || scale > MaxDigits {
		return Number{}, fault.New("decimal.scale", "scale is %d, not %d to %d", scale, -MaxDigits, MaxDigits)
	}
	return n.div(Number{decimal.New(1, 0)}, scale, mode)
}

func (n Number) div(m Number, scale int, mode Mode) (Number, error) {
	if err := mode.check(); err != nil {
		return Number{}, err
	}
	places := int32(scale)
	q, r := n.d.QuoRem(m.d, places)
	if !r.IsZero() {
		unit := decimal.New(1, -places)
		half := r.Abs().Add(r.Abs()).Cmp(m.d.Abs().Mul(unit))
		sign := n.d.Sign() * m.d.Sign()
		odd := q.Shift(places).Coefficient().Bit(0) == 1
		if mode.away(sign, half, odd) {
			q = q.Add(unit.Mul(decimal.NewFromInt(int64(sign))))
		}
	}
	return of(padded(q, places))
}

// padded gives q exactly that many places; q has no more.
func padded(q decimal.Decimal, places int32) decimal.Decimal {
	if places <= 0 || q.Exponent() == -places {
		return q
	}
	return decimal.NewFromBigInt(q.Shift(places).BigInt(), -places)
}
