package zato_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/node/importer/zato"
	"signalbox.internal/odb"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// open reads an included file as the command does, without its guard.
func open(_, name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.FromSlash(name))
	if os.IsNotExist(err) {
		return nil, odb.Errorf(odb.NotFound, "read", name, "not found")
	}
	return text, err
}

// env finds the variables of a test.
func env(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }
}

// read reads one sample.
func read(t testing.TB, file string) *zato.Input {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	in := &zato.Input{}
	if err := in.Read("testdata/"+file, text, open); err != nil {
		t.Fatal(err)
	}
	return in
}

// services are the services of the cluster of the samples.
func services(names ...string) []odb.Definition {
	out := []odb.Definition{}
	for _, n := range names {
		out = append(out, odb.Definition{Kind: "service", Name: n, Spec: json.RawMessage(`{"engine":"go"}`)})
	}
	return out
}

// TestSamples holds the conversion of the samples to golden files: the report, then
// the definitions as they would be written to a file.
func TestSamples(t *testing.T) {
	t.Parallel()
	here := services("orders.create", "orders.get", "orders.ping", "bank.account.get", "bank.raw", "json.one", "later")
	tests := map[string]zato.Config{
		"modern.yaml":  {Current: here, LookupEnv: env(map[string]string{"STOCK_HOST": "https://stock.example"})},
		"classic.yaml": {Current: here, Placeholder: "later", Services: map[string]string{"nobody": "later"}},
		"classic.json": {Allow: []string{"10.0.0.0/8"}},
	}
	for file, cfg := range tests {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			cfg.References = true
			result, err := zato.Convert(read(t, file), cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := golden(t, result)
			if strings.Contains(got, "planted") {
				t.Errorf("a secret of the file is in the output:\n%s", got)
			}
			path := filepath.Join("testdata", file+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not as it was; look at the difference, then go test -update\n%s", path, got)
			}
		})
	}
}

// golden writes a result for people to review.
func golden(t testing.TB, r zato.Result) string {
	t.Helper()
	var b bytes.Buffer
	for _, o := range r.Report.Objects {
		fmt.Fprintf(&b, "%s %s %q (%s)", o.Outcome, o.Type, o.Name, o.Place)
		if o.Kind != "" {
			fmt.Fprintf(&b, " is %s/%s", o.Kind, o.As)
		}
		b.WriteByte('\n')
		for _, n := range o.Notes {
			fmt.Fprintf(&b, "    %s: %s\n", n.Attribute, n.Text)
		}
		if o.Reason != "" {
			fmt.Fprintf(&b, "    because %s\n", o.Reason)
		}
		if o.Remedy != "" {
			fmt.Fprintf(&b, "    remedy: %s\n", o.Remedy)
		}
	}
	fmt.Fprintf(&b, "%+v\n", r.Report.Counts)
	for _, v := range r.Report.Variables {
		fmt.Fprintf(&b, "variable %s for %s/%s %s: %s\n", v.Name, v.Kind, v.As, v.Field, v.Why)
	}
	for _, n := range r.Report.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	defs, err := r.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	text, err := odb.FormatDocuments(defs)
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("---\n")
	b.Write(text)
	return b.String()
}
