package cli

import (
	"encoding/json"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestYAMLKeepsOrderAndValues(t *testing.T) {
	in := `{"z":1,"a":{"y":true,"b":null,"list":[1,2.5,"3",[],{}]},"text":"a\nb\n","num":"12","yes":"yes","big":12345678901234567890,"e":"ż\u0001"}`
	out, err := jsonToYAML([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	var keys yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(out, &keys, yaml.UseOrderedMap()); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	var order string
	for _, k := range keys {
		order += k.Key.(string) + " "
	}
	if want := "z a text num yes big e "; order != want {
		t.Errorf("order is %q, want %q:\n%s", order, want, out)
	}
	var got, want map[string]any
	if err := yaml.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(in), &want); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "text", "num", "yes", "e"} {
		x, _ := json.Marshal(got[key])
		y, _ := json.Marshal(want[key])
		if string(x) != string(y) {
			t.Errorf("%s is %s, want %s:\n%s", key, x, y, out)
		}
	}
}

func TestJSONIsNotEscapedForHTML(t *testing.T) {
	got, err := toJSON(map[string]string{"a": "<&>"})
	if err != nil || string(got) != "{\n  \"a\": \"<&>\"\n}\n" {
		t.Errorf("toJSON() = %q, %v", got, err)
	}
}

func TestListIsNeverNull(t *testing.T) {
	got, err := toJSON(list([]int(nil)))
	if err != nil || string(got) != "[]\n" {
		t.Errorf("toJSON() = %q, %v", got, err)
	}
}
