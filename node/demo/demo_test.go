package demo

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func TestPackages(t *testing.T) {
	t.Parallel()
	pkgs, err := Packages()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, p := range pkgs {
		for name, text := range p.Files {
			if len(text) == 0 {
				t.Errorf("%s of package %s is empty", name, p.Name)
			}
			got[p.Name] = append(got[p.Name], name)
		}
	}
	for pkg, file := range map[string]string{"rates": "src/convert.ts", "orders": "src/services.ts", "whoami": "whoami.ts"} {
		if !slices.Contains(got[pkg], file) {
			t.Errorf("package %s has the files %q, want %s among them", pkg, got[pkg], file)
		}
	}
}

// The definitions plan without a fault against services that the packages declare.
func TestDocumentsPlan(t *testing.T) {
	t.Parallel()
	docs, err := Documents("http://127.0.0.1:4711")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := odb.NewSnapshot(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(_, _ string, spec, _ odb.Spec) error {
		if s, ok := spec.(*odb.SecuritySpec); ok {
			s.Password, s.Key = sealed(s.Password), sealed(s.Key)
		}
		return nil
	}
	plan, err := odb.NewPlan(odb.PlanInput{Current: empty, Documents: docs, Seal: seal})
	if err != nil {
		t.Fatal(err)
	}
	count, names := map[string]int{}, map[string]bool{}
	for _, c := range plan {
		count[c.Kind]++
		names[c.Kind+"/"+c.Name] = true
	}
	if count["channel"] != 6 || count["outgoing"] != 2 || count["security"] != 2 || len(plan) != 10 {
		t.Errorf("the plan creates %v, want 6 channels, 2 outgoings and 2 securities", count)
	}
	services := declaredServices(t)
	for _, c := range plan {
		spec, err := odb.Decode(c.Kind, c.Spec)
		if err != nil {
			t.Fatalf("%s/%s: %v", c.Kind, c.Name, err)
		}
		switch s := spec.(type) {
		case *odb.ChannelSpec:
			if !slices.Contains(services, s.Service) {
				t.Errorf("channel %s calls %s, which no package declares (they declare %q)", c.Name, s.Service, services)
			}
			for _, sec := range s.Security {
				if !names["security/"+sec] {
					t.Errorf("channel %s demands %s, which is not defined", c.Name, sec)
				}
			}
		case *odb.OutgoingSpec:
			if s.Type == "http" && s.URL != "http://127.0.0.1:4711" {
				t.Errorf("outgoing %s has the URL %q, want the one given", c.Name, s.URL)
			}
		}
	}
}

func sealed(s odb.Secret) odb.Secret {
	if s.IsZero() {
		return s
	}
	return odb.SecretRef("sealed:test")
}

// declaredServices reads the names of services from the sources.
func declaredServices(t *testing.T) []string {
	t.Helper()
	pkgs, err := Packages()
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`service\(\{\s*name: "([^"]+)"`)
	var names []string
	for _, p := range pkgs {
		for _, text := range p.Files {
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func TestDocumentsRefuseAddress(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "127.0.0.1:4711", "ftp://127.0.0.1", "http://", "http://a\"\nkind: x"} {
		if docs, err := Documents(url); err == nil {
			t.Errorf("Documents(%q) = %d documents, want an error", url, len(docs))
		}
	}
}

// The tour names files that are there.
func TestTour(t *testing.T) {
	t.Parallel()
	samples, err := Samples()
	if err != nil {
		t.Fatal(err)
	}
	file := regexp.MustCompile(`@node/demo/samples/(\S+)`)
	for _, command := range Tour("http://127.0.0.1:4711") {
		if !strings.Contains(command, "http://127.0.0.1:4711/demo/") {
			t.Errorf("%q does not call the demo", command)
		}
		if m := file.FindStringSubmatch(command); m != nil {
			if _, err := fs.Stat(samples, m[1]); err != nil {
				t.Errorf("%q: %v", command, err)
			}
		}
	}
}
