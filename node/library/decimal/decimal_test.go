package decimal

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"signalbox.internal/node/library/fault"
)

func num(t *testing.T, s string) Number {
	t.Helper()
	n, err := Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return n
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want, code string }{
		"integer":           {"42", "42", ""},
		"keeps places":      {"12.50", "12.50", ""},
		"negative":          {"-0.05", "-0.05", ""},
		"plus":              {"+7", "7", ""},
		"leading zeros":     {"007.10", "7.10", ""},
		"no whole part":     {".5", "0.5", ""},
		"exponent":          {"1.2e-3", "0.0012", ""},
		"positive exponent": {"1E+21", "1000000000000000000000", ""},
		"minus zero":        {"-0.00", "0.00", ""},
		"zero, exponent":    {"0e900", "0", ""},
		"largest":           {"1e999", "1" + strings.Repeat("0", 999), ""},
		"smallest":          {"1e-1000", "0." + strings.Repeat("0", 999) + "1", ""},
		"too large":         {"1e1000", "", "decimal.limit"},
		"bomb":              {"1e1000000000", "", "decimal.limit"},
		"bomb of zero":      {"0e99999999999999999999", "", "decimal.limit"},
		"small bomb":        {"1e-1000000000", "", "decimal.limit"},
		"long":              {strings.Repeat("9", 5000), "", "decimal.limit"},
		"empty":             {"", "", "decimal.invalid"},
		"sign only":         {"-", "", "decimal.invalid"},
		"two signs":         {"--1", "", "decimal.invalid"},
		"mixed signs":       {"-+1", "", "decimal.invalid"},
		"point only":        {".", "", "decimal.invalid"},
		"no places":         {"5.", "", "decimal.invalid"},
		"comma":             {"1,5", "", "decimal.invalid"},
		"space":             {" 1", "", "decimal.invalid"},
		"NaN":               {"NaN", "", "decimal.invalid"},
		"hex":               {"0x10", "", "decimal.invalid"},
		"underscore":        {"1_000", "", "decimal.invalid"},
		"exponent missing":  {"1e", "", "decimal.invalid"},
		"two exponents":     {"1e2e3", "", "decimal.invalid"},
		"other digits":      {"١٢", "", "decimal.invalid"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := Parse(tc.in)
			if fault.Code(err) != tc.code {
				t.Fatalf("Parse(%q) code = %q (%v), want %q", tc.in, fault.Code(err), err, tc.code)
			}
			if err == nil && n.String() != tc.want {
				t.Errorf("Parse(%q) = %s, want %s", tc.in, n, tc.want)
			}
		})
	}
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		op         func(a, b Number) (Number, error)
		a, b, want string
	}{
		"add keeps places":  {Number.Add, "1.10", "2.2", "3.30"},
		"no binary rest":    {Number.Add, "0.1", "0.2", "0.3"},
		"sub to zero":       {Number.Sub, "1.50", "1.5", "0.00"},
		"sub below zero":    {Number.Sub, "1", "1.005", "-0.005"},
		"mul adds places":   {Number.Mul, "19.99", "3", "59.97"},
		"mul of fractions":  {Number.Mul, "0.10", "0.10", "0.0100"},
		"mul of negatives":  {Number.Mul, "-2", "-0.5", "1.0"},
		"large and small":   {Number.Add, "1e30", "1e-3", "1000000000000000000000000000000.001"},
		"zero times number": {Number.Mul, "0", "12.3", "0.0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.op(num(t, tc.a), num(t, tc.b))
			if err != nil || got.String() != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	values := []string{"2.5", "1.5", "-2.5", "-1.5", "1.4", "1.6", "-1.4", "0", "1"}
	want := map[Mode]string{
		HalfEven: "2 2 -2 -2 1 2 -1 0 1",
		HalfUp:   "3 2 -3 -2 1 2 -1 0 1",
		Down:     "2 1 -2 -1 1 1 -1 0 1",
		Up:       "3 2 -3 -2 2 2 -2 0 1",
		Floor:    "2 1 -3 -2 1 1 -2 0 1",
		Ceiling:  "3 2 -2 -1 2 2 -1 0 1",
	}
	for mode, line := range want {
		var got []string
		for _, v := range values {
			n, err := num(t, v).Round(0, mode)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n.String())
		}
		if strings.Join(got, " ") != line {
			t.Errorf("%s gives %v, want %s", mode, got, line)
		}
	}
}

func TestRoundScales(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in    string
		scale int
		want  string
	}{
		"fewer places":    {"1234.5678", 2, "1234.57"},
		"more places":     {"1.5", 4, "1.5000"},
		"zero, places":    {"0", 3, "0.000"},
		"tens":            {"1255", -1, "1260"},
		"hundreds":        {"1250", -2, "1200"},
		"above the value": {"4", -1, "0"},
		"half a ten":      {"5", -1, "0"},
		"six":             {"6", -1, "10"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := num(t, tc.in).Round(tc.scale, HalfEven)
			if err != nil || got.String() != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestDiv(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		a, b  string
		scale int
		mode  Mode
		want  string
		code  string
	}{
		"third":             {"1", "3", 5, HalfEven, "0.33333", ""},
		"two thirds":        {"2", "3", 2, HalfEven, "0.67", ""},
		"exact keeps scale": {"10", "4", 4, HalfEven, "2.5000", ""},
		"tie to even":       {"1", "8", 2, HalfEven, "0.12", ""},
		"tie up":            {"1", "8", 2, HalfUp, "0.13", ""},
		"negative floor":    {"-1", "3", 0, Floor, "-1", ""},
		"small, up":         {"1", "1000000", 2, Up, "0.01", ""},
		"small, negative":   {"-1", "1000000", 2, Ceiling, "0.00", ""},
		"by fraction":       {"1", "0.004", 0, HalfEven, "250", ""},
		"by zero":           {"1", "0.00", 2, HalfEven, "", "decimal.zero"},
		"scale too large":   {"1", "3", 1001, HalfEven, "", "decimal.scale"},
		"scale negative":    {"1", "3", -1, HalfEven, "", "decimal.scale"},
		"unknown mode":      {"1", "3", 1, "nearest", "", "decimal.mode"},
		"result too large":  {"1e999", "1e-1000", 1, HalfEven, "", "decimal.limit"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := num(t, tc.a).Div(num(t, tc.b), tc.scale, tc.mode)
			if fault.Code(err) != tc.code || err == nil && got.String() != tc.want {
				t.Errorf("got %s, %v, want %s %s", got, err, tc.want, tc.code)
			}
		})
	}
}

func TestLimitsOfResults(t *testing.T) {
	t.Parallel()
	big, small := num(t, "9e999"), num(t, "1e-1000")
	for name, op := range map[string]func() (Number, error){
		"add": func() (Number, error) { return big.Add(big) },
		"mul": func() (Number, error) { return big.Mul(big) },
		"fraction": func() (Number, error) {
			return small.Mul(small)
		},
	} {
		if n, err := op(); fault.Code(err) != "decimal.limit" {
			t.Errorf("%s = %v, %v, want decimal.limit", name, n, err)
		}
	}
	if n, err := num(t, "9.9e998").Add(num(t, "1e997")); err != nil || n.String() != "1"+strings.Repeat("0", 999) {
		t.Errorf("largest sum: %v, %v", n, err)
	}
	if _, err := big.Add(small); err != nil {
		t.Errorf("both sides full: %v", err)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, group, point, want, code string }{
		"english":      {"1234567.5", ",", ".", "1,234,567.5", ""},
		"polish":       {"-1234.50", "\u00a0", ",", "-1\u00a0234,50", ""},
		"no group":     {"1234.5", "", ",", "1234,5", ""},
		"short":        {"123", ",", ".", "123", ""},
		"same marks":   {"1", ",", ",", "", "decimal.format"},
		"digit":        {"1", "0", ".", "", "decimal.format"},
		"no point":     {"1", ",", "", "", "decimal.format"},
		"long a group": {"1", strings.Repeat(",", 9), ".", "", "decimal.format"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := num(t, tc.in).Format(tc.group, tc.point)
			if got != tc.want || fault.Code(err) != tc.code {
				t.Errorf("got %q, %v, want %q %s", got, err, tc.want, tc.code)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var list []Number
	if err := json.Unmarshal([]byte(`["1.10", 2.20, 1e2, -0]`), &list); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(list)
	if err != nil || string(out) != `["1.10","2.20","100","0"]` {
		t.Errorf("got %s, %v", out, err)
	}
	var n Number
	if err := json.Unmarshal([]byte(`true`), &n); fault.Code(err) != "decimal.invalid" {
		t.Errorf("true: %v, want decimal.invalid", err)
	}
}

// FuzzDecimal compares with fractions of math/big.
func FuzzDecimal(f *testing.F) {
	f.Add("1.10", "-2.205", 2)
	f.Add("1e5", "3", 0)
	f.Add("-0.5", "0.25", -1)
	f.Add("1e1000000000", "1", 1)
	f.Fuzz(func(t *testing.T, x, y string, scale int) {
		a, err := Parse(x)
		if err != nil {
			return
		}
		b, err := Parse(y)
		if err != nil {
			return
		}
		again, err := Parse(a.String())
		if err != nil || again.String() != a.String() {
			t.Fatalf("%q gives %s, which gives %s, %v", x, a, again, err)
		}
		same(t, "add", a, b, a.Add, (*big.Rat).Add)
		same(t, "sub", a, b, a.Sub, (*big.Rat).Sub)
		same(t, "mul", a, b, a.Mul, (*big.Rat).Mul)
		if a.Cmp(b) != rat(a).Cmp(rat(b)) {
			t.Fatalf("Cmp(%s, %s) = %d", a, b, a.Cmp(b))
		}
		if got, err := a.Round(scale, HalfUp); err == nil {
			checkNear(t, got, rat(a), scale)
		}
		if got, err := a.Div(b, scale, Down); err == nil {
			checkNear(t, got, new(big.Rat).Quo(rat(a), rat(b)), scale)
			if got.Places() != scale {
				t.Fatalf("%s has %d places, want %d", got, got.Places(), scale)
			}
		}
	})
}

func rat(n Number) *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func same(t *testing.T, name string, a, b Number, op func(Number) (Number, error), exact func(z, x, y *big.Rat) *big.Rat) {
	t.Helper()
	got, err := op(b)
	if err != nil {
		if fault.Code(err) != "decimal.limit" {
			t.Fatalf("%s(%s, %s): %v", name, a, b, err)
		}
		return
	}
	if want := exact(new(big.Rat), rat(a), rat(b)); rat(got).Cmp(want) != 0 {
		t.Fatalf("%s(%s, %s) = %s, want %s", name, a, b, got, want)
	}
}

// checkNear fails unless got is less than one unit of scale away from want.
func checkNear(t *testing.T, got Number, want *big.Rat, scale int) {
	t.Helper()
	unit := new(big.Rat).SetFrac(power(max(0, -scale)), power(max(0, scale)))
	diff := new(big.Rat).Sub(rat(got), want)
	if diff.Abs(diff).Cmp(unit) >= 0 {
		t.Fatalf("%s is a unit of scale %d or more away from %s", got, scale, want.FloatString(20))
	}
	if steps := new(big.Rat).Quo(rat(got), unit); !steps.IsInt() {
		t.Fatalf("%s is no multiple of scale %d", got, scale)
	}
}
