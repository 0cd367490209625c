package ordered

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"signalbox.internal/node/library/fault"
)

func TestObject(t *testing.T) {
	t.Parallel()
	o := &Object{}
	for i := range 40 {
		o.Set("k"+strconv.Itoa(i), i)
	}
	o.Set("k3", "new")
	o.Delete("k0")
	o.Delete("k39")
	o.Delete("nothing")
	if v, ok := o.Get("k3"); v != "new" || !ok || o.Len() != 38 {
		t.Errorf("k3 = %v, %v of %d", v, ok, o.Len())
	}
	if _, ok := o.Get("k39"); ok {
		t.Error("k39 is still there")
	}
	i := 1
	for k, v := range o.All() {
		if want := "k" + strconv.Itoa(i); k != want || i != 3 && v != i {
			t.Fatalf("place %d holds %s, %v", i, k, v)
		}
		if got, _ := o.Get(k); got != v {
			t.Fatalf("Get(%s) = %v, want %v", k, got, v)
		}
		i++
	}
	for k := range o.All() {
		if k == "k1" {
			break
		}
		t.Errorf("first key is %s", k)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"order":         {`{"z":1,"a":[true,false,null],"m":{"b":"","a":"x"}}`, ""},
		"space":         {" { \"a\" :\t[ 1 ,\r\n2 ] } ", `{"a":[1,2]}`},
		"numbers":       {`[0,-1.50,1e400,1E-7,12345678901234567890]`, ""},
		"escapes":       {`"\u0041\n\"\\\/\ud83d\ude00\u2028"`, "\"A\\n\\\"\\\\/😀\u2028\""},
		"lone half":     {`"\ud83d"`, "\"\uFFFD\""},
		"not utf-8":     {"\"a\xffb\"", "\"a\uFFFDb\""},
		"repeated":      {`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		"empty":         {`[{},[],""]`, ""},
		"empty, spaced": {`[ { } , [ ] ]`, `[{},[]]`},
		"control":       {`"\u0000\u001f\b\f\t"`, `"\u0000\u001f\b\f\t"`},
		"scalar":        {`-0`, ""},
		"html":          {`"<&>"`, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := Decode([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if want == "" {
				want = tc.in
			}
			if got, err := Append(nil, v, 0); string(got) != want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
	if _, err := Decode([]byte("[" + strings.Repeat("0,", MaxValues) + `"0,0,0"]`)); fault.Code(err) != fault.Limit {
		t.Errorf("many values: %v, want a limit", err)
	}
	if _, err := Decode([]byte("[" + strings.Repeat("0,", MaxValues-3) + `"0,0,0"]`)); err != nil {
		t.Errorf("as many values as allowed: %v", err)
	}
	for _, in := range []string{"", "{", `{"a"}`, `[1,]`, "01", `"\x"`, "nul", "1 2", `{'a':1}`} {
		if v, err := Decode([]byte(in)); fault.Code(err) != "json.syntax" {
			t.Errorf("Decode(%s) = %v, %v, want json.syntax", in, v, err)
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	v := map[string]any{"b": []string{"x", "<"}, "a": []any{1, int64(2), 1.5, nil, true, (*Object)(nil)}, "c": struct{ X int }{3}}
	if got, err := Append([]byte("> "), v, 0); string(got) != `> {"a":[1,2,1.5,null,true,null],"b":["x","<"],"c":{"X":3}}` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	for name, tc := range map[string]struct {
		v     any
		limit int
		code  string
	}{
		"bad number":    {json.Number("1;2"), 0, "json.syntax"},
		"word":          {json.Number("null"), 0, "json.syntax"},
		"empty number":  {json.Number(""), 0, "json.syntax"},
		"channel":       {make(chan int), 0, "json.syntax"},
		"not a number":  {math.NaN(), 0, "json.syntax"},
		"large text":    {strings.Repeat("x", 11), 10, fault.Limit},
		"just large":    {strings.Repeat("x", 9), 10, fault.Limit},
		"just fits":     {strings.Repeat("x", 8), 10, ""},
		"large list":    {[]any{1, 2, 3, 4, 5, 6}, 10, fault.Limit},
		"large object":  {Of("abc", 1, "def", 2), 10, fault.Limit},
		"large strings": {[]string{"abc", "def", "ghi"}, 10, fault.Limit},
		"shared":        {shared(), 1000, fault.Limit},
	} {
		if got, err := Append(nil, tc.v, tc.limit); fault.Code(err) != tc.code {
			t.Errorf("%s: %s, %v, want %q", name, got, err, tc.code)
		}
	}
	loop := &Object{}
	loop.Set("a", loop)
	if _, err := Append(nil, loop, 0); fault.Code(err) != "json.depth" {
		t.Errorf("loop: %v, want json.depth", err)
	}
}

// shared is 200 levels of lists that hold the next one twice: 2^200 values of JSON.
func shared() any {
	v := any("x")
	for range 200 {
		v = []any{v, v}
	}
	return v
}

func TestObjectJSON(t *testing.T) {
	t.Parallel()
	var in struct {
		O *Object `json:"o"`
	}
	if err := json.Unmarshal([]byte(`{"o":{"z":1,"a":2}}`), &in); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(in); string(out) != `{"o":{"z":1,"a":2}}` || err != nil {
		t.Errorf("got %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"o":[1]}`), &in); err == nil {
		t.Error("an array became an object")
	}
}

func TestCheckDepth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in    string
		limit int
		ok    bool
	}{
		"scalar":          {`"x"`, 1, true},
		"one":             {`[]`, 1, true},
		"two":             {`[{}]`, 1, false},
		"beside":          {`[[],{},[]]`, 2, true},
		"in a string":     {`["[[[[{{"]`, 1, true},
		"escaped quote":   {`["\"[[[[", "\\", "\\\"[["]`, 1, true},
		"after a string":  {`["\\",[["x"]]]`, 2, false},
		"default":         {strings.Repeat("[", 200) + strings.Repeat("]", 200), 0, true},
		"default, deeper": {strings.Repeat("[", 201) + strings.Repeat("]", 201), 0, false},
		"open string":     {`["[[[[`, 1, true},
		"open escape":     {`"\`, 1, true},
		"empty":           {``, 1, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckDepth([]byte(tc.in), tc.limit)
			if (err == nil) != tc.ok || err != nil && fault.Code(err) != "json.depth" {
				t.Errorf("got %v, want ok %v", err, tc.ok)
			}
		})
	}
}

// AllocsPerRun allows no parallel tests.
func TestCheckDepthAllocates(t *testing.T) {
	doc := []byte(`{"a":[1,2,{"b":"c\"d"}]}`)
	if n := testing.AllocsPerRun(100, func() { _ = CheckDepth(doc, 5) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// depth measures by encoding/json.
func depth(v any) int {
	most := 0
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			most = max(most, depth(item))
		}
	case map[string]any:
		for _, item := range v {
			most = max(most, depth(item))
		}
	default:
		return 0
	}
	return most + 1
}

func FuzzCheckDepth(f *testing.F) {
	for _, s := range []string{`[[["\"]"]]]`, `{"a":{"b\\":[1]}}`, `"\\"`, `[{}]`} {
		f.Add([]byte(s), 2)
	}
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		err := CheckDepth(data, limit)
		if !json.Valid(data) {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			return
		}
		if limit <= 0 {
			limit = MaxDepth
		}
		// A repeated key hides a deeper value from encoding/json, never the reverse.
		if deep := depth(v) > limit; deep && err == nil {
			t.Fatalf("depth %d passes %d: %s", depth(v), limit, data)
		} else if !deep && err != nil && !bytes.Contains(data, []byte(`"`)) {
			t.Fatalf("depth %d is refused at %d: %s", depth(v), limit, data)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[true,null,"\u0041\ud800"],"":-0.5e+3}`, ` [ ] `, "\"\xff\xff\"", `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			if c := fault.Code(err); c != "json.syntax" && c != "json.depth" && c != fault.Limit || c == "json.syntax" && json.Valid(data) {
				t.Fatalf("Decode(%q): %v", data, err)
			}
			return
		}
		out, err := Append(nil, v, 0)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := sorted(t, data), sorted(t, out); a != b {
			t.Fatalf("%q is %s for encoding/json and %s here", data, a, b)
		}
	})
}

// sorted is JSON as encoding/json understands it.
func sorted(t *testing.T, data []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func BenchmarkCheckDepth(b *testing.B) {
	row := `{"order_id":"ORD-1","name":"Ala \"K\"","items":[{"sku":"x","qty":1,"price":2.5}],"note":"some longer text without brackets"},`
	doc := []byte("[" + strings.Repeat(row, 500) + "1]")
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := CheckDepth(doc, 0); err != nil {
			b.Fatal(err)
		}
	}
}
