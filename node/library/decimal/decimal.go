// Package decimal calculates exactly with decimal numbers of any size that business
// needs, and refuses those that would only eat memory.
//
// It offers Number with its arithmetic, six rounding modes and a format with grouping.
// A number keeps its places: 1.10 + 2.20 is 3.30. It has no binary floating point, no
// infinities and no hidden precision: a division says how many places it wants.
// It imports only library/fault.
package decimal

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"signalbox.internal/node/library/fault"
)

// MaxDigits limits a number on either side of the point, so that no exponent in a
// message can make the node write out a billion zeros.
const MaxDigits = 1000

const (
	fewBits = 3321          // no number of so many bits has more than MaxDigits digits
	maxBits = 2*fewBits + 2 // of 10^(2*MaxDigits)
)

// Number is a decimal number; the zero value is 0. It encodes as a JSON string and
// decodes from a JSON string or number.
type Number struct {
	d decimal.Decimal // exponent never above zero
}

// Parse reads "12.50", "-3", "+.5" or "1.2e-3". Text that is no decimal has code
// "decimal.invalid", one with more than MaxDigits digits on a side "decimal.limit".
func Parse(s string) (Number, error) {
	whole, fraction, exp, ok := split(s)
	if !ok {
		return Number{}, fault.New("decimal.invalid", "%s is not a decimal number", fault.Quote(s))
	}
	if len(s) > 2*MaxDigits+10 || exp < -MaxDigits || exp > MaxDigits {
		return Number{}, tooLong()
	}
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return Number{}, fault.New("decimal.invalid", "%s is not a decimal number", fault.Quote(s))
	}
	if s[0] == '-' {
		n.Neg(n)
	}
	return of(decimal.NewFromBigInt(n, int32(exp-len(fraction))))
}

// split takes a literal apart; the sign stays behind.
func split(s string) (whole, fraction string, exp int, ok bool) {
	mantissa, exponent := unsigned(s), "0"
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = unsigned(s[:i]), s[i+1:]
	}
	if !isDigits(unsigned(exponent)) {
		return "", "", 0, false
	}
	exp, err := strconv.Atoi(exponent)
	if err != nil {
		exp = 2*MaxDigits + len(s) // far too large, whatever its sign
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	ok = (whole != "" || point) && (fraction != "" || !point) &&
		(whole == "" || isDigits(whole)) && (fraction == "" || isDigits(fraction))
	return whole, fraction, exp, ok
}

func unsigned(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:]
	}
	return s
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func tooLong() error {
	return fault.New("decimal.limit", "the number has more than %d digits before or after the point", MaxDigits)
}

// of checks the size of a number and removes a positive exponent.
func of(d decimal.Decimal) (Number, error) {
	exp, coef := d.Exponent(), d.Coefficient()
	if exp > 0 && coef.Sign() == 0 {
		return Number{}, nil
	}
	if exp < -MaxDigits || exp > MaxDigits || coef.BitLen() > maxBits {
		return Number{}, tooLong()
	}
	if exp > 0 {
		coef.Mul(coef, power(int(exp)))
		d = decimal.NewFromBigInt(coef, 0)
	}
	if coef.BitLen() > fewBits && coef.CmpAbs(power(MaxDigits+max(0, -int(exp)))) >= 0 {
		return Number{}, tooLong()
	}
	return Number{d}, nil
}

func power(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// Places is the number of digits after the point.
func (n Number) Places() int { return -int(n.d.Exponent()) }

// Add gives n+m, exact; more than MaxDigits has code "decimal.limit".
func (n Number) Add(m Number) (Number, error) { return of(n.d.Add(m.d)) }

// Sub gives n-m, exact; more than MaxDigits has code "decimal.limit".
func (n Number) Sub(m Number) (Number, error) { return of(n.d.Sub(m.d)) }

// Mul gives n*m, exact, with the places of both; more than MaxDigits has code
// "decimal.limit".
func (n Number) Mul(m Number) (Number, error) { return of(n.d.Mul(m.d)) }

// Cmp is -1 when n is smaller than m, 0 when they are equal in value, else 1.
func (n Number) Cmp(m Number) int { return n.d.Cmp(m.d) }

// String writes every digit and no exponent.
func (n Number) String() string { return n.d.StringFixed(int32(n.Places())) }

// MarshalJSON writes a JSON string.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(`"` + n.String() + `"`), nil }

// UnmarshalJSON reads a JSON string or number, the latter by its literal text.
func (n *Number) UnmarshalJSON(data []byte) error {
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return fault.New("decimal.invalid", "%s is not a decimal number", fault.Quote(text))
		}
	}
	got, err := Parse(text)
	if err != nil {
		return err
	}
	*n = got
	return nil
}
