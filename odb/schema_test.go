package odb

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T, k Kind) *jsonschema.Schema {
	t.Helper()
	raw, err := json.Marshal(Schema(k))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatalf("the schema of %s: %v", k.Name, err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, raw []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestSchemasCompile(t *testing.T) {
	for _, k := range Kinds() {
		s := compiled(t, k)
		if err := valid(t, s, []byte(`{"no such field":1}`)); err == nil {
			t.Errorf("the schema of %s takes any field", k.Name)
		}
		raw, err := json.Marshal(Schema(k))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{`"$schema":"https://json-schema.org/draft/2020-12/schema"`, `"title":"` + k.Title, `"x-order":[`} {
			if !strings.Contains(string(raw), key) {
				t.Errorf("the schema of %s has no %s", k.Name, key)
			}
		}
	}
}

// guesser makes up specs, good and bad ones.
type guesser struct {
	*rand.Rand
	wrong int // one value of so many is wrong
}

func (g guesser) oneOf(values ...any) any { return values[g.IntN(len(values))] }

func (g guesser) object(fields []Field) map[string]any {
	obj := map[string]any{}
	chosen := map[string]string{}
	for _, f := range fields {
		chosen[f.Name] = f.Default
		applies := f.WhenField == "" || strings.Contains(","+strings.Join(f.WhenIn, ",")+",", ","+chosen[f.WhenField]+",")
		if !applies && g.IntN(g.wrong*10) > 0 {
			continue
		}
		if g.IntN(2) == 0 && (!f.Required || g.IntN(g.wrong) == 0) {
			continue
		}
		obj[f.Name] = g.value(f)
		if s, ok := obj[f.Name].(string); ok {
			chosen[f.Name] = s
		}
	}
	if g.IntN(g.wrong*20) == 0 {
		obj[g.oneOf("unknown", "Path", "type ", "").(string)] = g.oneOf("x", 1, nil)
	}
	return obj
}

func (g guesser) value(f Field) any {
	bad := g.IntN(g.wrong*8) == 0
	switch f.Type {
	case TypeObject:
		if bad {
			return g.oneOf("x", 5, []any{}, true)
		}
		return g.object(f.Fields)
	case TypeMap:
		if bad {
			return g.oneOf("x", 5, []any{}, map[string]any{"a": []any{}}, map[string]any{"a": nil})
		}
		return g.oneOf(map[string]any{}, map[string]any{"a": "b", "c/d~e": ""})
	case TypeList:
		list := []any{}
		for range g.IntN(4) {
			list = append(list, g.value(*f.Item))
		}
		return list
	default:
		return g.scalar(f, bad)
	}
}

func (g guesser) scalar(f Field, bad bool) any {
	good := map[FieldType][]any{
		TypeBoolean:  {true, false},
		TypeDuration: {"5s", "0s", "0", "1h30m", "+1s", ".5s", "1.5h", "2µs"},
		TypeSize:     {"5", "5B", "1MiB", "1 kB", " 5 ", 4096, 0},
		TypeSecret:   {"text", map[string]any{"ref": "env:X"}, map[string]any{"ref": "sealed:o1.k.AA"}, map[string]any{"ref": "cred:a.b"}},
		TypeString:   {"x", "with \"quotes\" and 漢字"},
	}
	wrong := map[FieldType][]any{
		TypeBoolean:  {"true", 0, []any{}},
		TypeDuration: {"5", "-1s", "x", "", 5, "5 s", "s", true, []any{}},
		TypeSize:     {"x", "-5", -5, 1.5, "1mib", "", true, "1 MiB x", map[string]any{}},
		TypeSecret:   {"", 5, map[string]any{"ref": 5}, map[string]any{"ref": "x:y"}, map[string]any{"ref": "env:"}, map[string]any{"ref": "cred:.."}, map[string]any{"ref": "cred:a/b"}, map[string]any{"ref": "cred:a b"}, map[string]any{"ref": "env:x", "y": 1}, map[string]any{}},
		TypeString:   {5, true, 1.5, map[string]any{}},
		TypeInteger:  {"5", 1.5, true, map[string]any{}},
	}
	if f.Required && f.Type == TypeString {
		wrong[TypeString] = append(wrong[TypeString], "")
	}
	switch {
	case f.Enum != nil && bad:
		return g.oneOf("nope", "", 5, strings.ToLower(f.Enum[0])+" ")
	case f.Enum != nil:
		return f.Enum[g.IntN(len(f.Enum))]
	case f.Type == TypeInteger && bad && g.IntN(2) == 0:
		return g.oneOf(*f.Min-1, *f.Max+1)
	case f.Type == TypeInteger && !bad:
		return g.oneOf(*f.Min, *f.Max, (*f.Min+*f.Max)/2)
	case bad:
		return g.oneOf(wrong[f.Type]...)
	}
	return g.oneOf(good[f.Type]...)
}

// What the schema takes the decoder takes, and the other way round, but for
// what only Validate knows.
func TestSchemaAgreesWithDecode(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, k := range Kinds() {
		s := compiled(t, k)
		good, bad := 0, 0
		for i := range 1000 {
			g := guesser{rand.New(rand.NewPCG(seed, uint64(i))), 1 + i%4*2}
			raw, err := json.Marshal(g.object(Fields(k.New())))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := parseObject(raw)
			if err != nil {
				t.Fatal(err)
			}
			var d decoder
			d.object(tree, Fields(k.New()), reflect.ValueOf(k.New()).Elem(), "")
			schemaErr := valid(t, s, raw)
			if (schemaErr == nil) != (len(d.faults) == 0) {
				t.Fatalf("%s %s:\nthe schema says %v,\nthe decoder %v", k.Name, raw, schemaErr, d.faults)
			}
			if schemaErr == nil {
				good++
			} else {
				bad++
			}
		}
		if good < 50 || bad < 50 {
			t.Errorf("of %s there were %d good and %d bad specs: the test tries too little", k.Name, good, bad)
		}
	}
}

// Every spec that can be decoded is written so that it is read back the same,
// written again the same, and good for the schema.
func TestEncodeRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, k := range Kinds() {
		s := compiled(t, k)
		n := 0
		for i := range 600 {
			g := guesser{rand.New(rand.NewPCG(seed, uint64(i))), 1000}
			raw, err := json.Marshal(g.object(Fields(k.New())))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := parseObject(raw)
			if err != nil {
				t.Fatal(err)
			}
			spec := k.New()
			var d decoder
			d.object(tree, Fields(spec), reflect.ValueOf(spec).Elem(), "")
			if len(d.faults) > 0 {
				continue
			}
			n++
			_ = EachSecret(spec, func(_ string, s *Secret) error { *s = SecretRef("env:X"); return nil })
			roundTrip(t, k, s, spec)
		}
		if n < 300 {
			t.Errorf("only %d specs of %s were tried", n, k.Name)
		}
	}
}

func roundTrip(t *testing.T, k Kind, s *jsonschema.Schema, spec Spec) {
	t.Helper()
	first, err := Encode(spec)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := parseObject(first)
	if err != nil {
		t.Fatal(err)
	}
	again := k.New()
	var d decoder
	d.object(tree, Fields(again), reflect.ValueOf(again).Elem(), "")
	second, err := Encode(again)
	if err != nil || string(first) != string(second) || len(d.faults) > 0 {
		t.Fatalf("%s was written as %s and then as %s, %v, %v", k.Name, first, second, err, d.faults)
	}
	if a, b := fmt.Sprintf("%+v", spec), fmt.Sprintf("%+v", again); a != b {
		t.Fatalf("%s was read back as %s", a, b)
	}
	if err := valid(t, s, first); err != nil {
		t.Fatalf("the schema refuses %s: %v", first, err)
	}
}

// The tags of every kind make sense.
func TestFieldTags(t *testing.T) {
	for _, k := range Kinds() {
		checkTags(t, k.Name, Fields(k.New()))
	}
}

func checkTags(t *testing.T, at string, fields []Field) {
	t.Helper()
	for i, f := range fields {
		here := at + "." + f.Name
		if f.Title == "" || f.Help == "" || !strings.HasSuffix(f.Help, ".") {
			t.Errorf("%s has the title %q and the help %q", here, f.Title, f.Help)
		}
		if f.WhenField != "" && (f.chooser < 0 || i == 0) {
			t.Errorf("%s depends on %s, which is not before it", here, f.WhenField)
		}
		if f.Ref != "" {
			if _, ok := KindNamed(f.Ref); !ok {
				t.Errorf("%s refers to the kind %q", here, f.Ref)
			}
		}
		if f.Type == TypeInteger && (f.Min == nil || f.Max == nil) {
			t.Errorf("%s has no bounds", here)
		}
		checkDefault(t, here, f)
		checkTags(t, here, f.Fields)
		if f.Item != nil {
			checkTags(t, here, f.Item.Fields)
		}
	}
}

// checkDefault makes sure that a default is a good value.
func checkDefault(t *testing.T, at string, f Field) {
	t.Helper()
	if f.Default == "" {
		return
	}
	var d decoder
	to := reflect.New(f.standard.Type()).Elem()
	d.value(f.defaultValue(), &f, to, "")
	if len(d.faults) > 0 || !reflect.DeepEqual(to.Interface(), f.standard.Interface()) || f.standard.IsZero() && f.Default != "0s" && f.Default != "false" && f.Default != "0" {
		t.Errorf("the default %q of %s is not good: %v", f.Default, at, d.faults)
	}
	if f.Required {
		t.Errorf("%s is required and has a default", at)
	}
}
