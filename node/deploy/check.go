package deploy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/odb"
)

// Checked is what the deployment of a package would do.
type Checked struct {
	Package  string
	Hash     string                   // of the files; empty when they make no package
	Current  string                   // version in force; empty when there is none
	Services []quickjs.CheckedService // sorted by name
	Errors   []quickjs.Message        // why it cannot be deployed
	Warnings []quickjs.Message
	Changes  []odb.Change // of service definitions
}

// Check builds packages as [Deployer.Deploy] does and compares them with a snapshot,
// and stores nothing. What is wrong with a package is in its result; the error says
// that the check itself could not be made.
func (d *Deployer) Check(ctx context.Context, snap *odb.Snapshot, sources []Source) ([]Checked, error) {
	out := make([]Checked, len(sources))
	for i, src := range sources {
		if err := d.check(ctx, snap, src, &out[i]); err != nil {
			return nil, err
		}
	}
	for i := range out { // a service in two of them
		for _, s := range out[i].Services {
			for j := range out[:i] {
				if slices.ContainsFunc(out[j].Services, func(o quickjs.CheckedService) bool { return o.Name == s.Name }) {
					out[i].Errors = append(out[i].Errors, quickjs.Message{File: s.File, Line: s.Line, Column: s.Column, Text: fmt.Sprintf("the service %s is also in package %s", s.Name, out[j].Package)})
				}
			}
		}
	}
	return out, nil
}

func (d *Deployer) check(ctx context.Context, snap *odb.Snapshot, src Source, out *Checked) error {
	runnable, err := runnableOf(&src)
	out.Package = src.Name
	out.Current = currentOf(snap, src.Name)
	if err == nil {
		_, out.Hash, err = src.Archive()
	}
	if err != nil {
		out.Errors = []quickjs.Message{settingsMessage(src, err)}
		return nil //nolint:nilerr // what is wrong with a package is a result
	}
	runnable.Hash = out.Hash
	checked, err := d.modules.engine.Check(ctx, runnable)
	if build, ok := errors.AsType[*BuildError](err); ok {
		out.Errors = build.Messages
		return nil
	}
	if err != nil {
		return err
	}
	out.Services, out.Warnings = checked.Services, checked.Warnings
	slices.SortFunc(out.Services, func(a, b quickjs.CheckedService) int { return cmp.Compare(a.Name, b.Name) })
	pkg := odb.Package{Hash: out.Hash, Name: src.Name, Engine: EngineTypeScript}
	for i, s := range out.Services {
		if i > 0 && out.Services[i-1].Name == s.Name {
			out.Errors = append(out.Errors, quickjs.Message{File: s.File, Line: s.Line, Column: s.Column, Text: fmt.Sprintf("the service %s is declared twice", s.Name)})
			continue
		}
		pkg.Services = append(pkg.Services, s.Name)
		if _, err := serviceChange(snap, s.Name, pkg); err != nil {
			out.Errors = append(out.Errors, quickjs.Message{File: s.File, Line: s.Line, Column: s.Column, Text: err.Error()})
		}
	}
	if len(out.Errors) > 0 {
		return nil
	}
	out.Changes, _, err = planServices(snap, []odb.Package{pkg})
	if err == nil {
		out.Errors = usedElsewhere(snap, out.Changes)
	}
	return err
}

// usedElsewhere says which services that would be deleted something refers to.
func usedElsewhere(snap *odb.Snapshot, changes []odb.Change) []quickjs.Message {
	var out []quickjs.Message
	for _, c := range changes {
		if c.Op != odb.Delete {
			continue
		}
		if by := snap.Referrers("service", c.Name); len(by) > 0 {
			out = append(out, quickjs.Message{Text: fmt.Sprintf("the package no longer has the service %s, to which %s refers", c.Name, by[0].Key())})
		}
	}
	return out
}

// runnableOf checks a source and makes of it what the engine takes.
func runnableOf(src *Source) (quickjs.Source, error) {
	settings, err := src.Check()
	out := quickjs.Source{Name: src.Name, Files: src.Files}
	if err != nil || settings == nil {
		return out, err
	}
	if out.Settings, err = json.Marshal(settings); err != nil {
		return out, src.invalid("the settings in %s: %w", SettingsFile, err)
	}
	return out, nil
}

// settingsMessage finds the place of a fault in the settings file.
func settingsMessage(src Source, err error) quickjs.Message {
	var file packageFile
	said := yaml.UnmarshalWithOptions(src.Files[SettingsFile], &file, yaml.Strict())
	if at, ok := errors.AsType[yaml.Error](said); ok && at.GetToken() != nil && at.GetToken().Position != nil {
		p := at.GetToken().Position
		return quickjs.Message{File: SettingsFile, Line: p.Line, Column: p.Column, Text: at.GetMessage()}
	}
	return quickjs.Message{Text: err.Error()}
}

// currentOf returns the version of a package that is in force: that of its first service.
func currentOf(snap *odb.Snapshot, pkg string) string {
	for _, s := range odb.Each[*odb.ServiceSpec](snap) {
		if s.S.Package == pkg && pkg != "" {
			return s.S.Hash
		}
	}
	return ""
}

// Test runs the tests of a package that need not be deployed, as "signalbox test"
// does. A package that does not build is a [*BuildError]. When ctx ends, the report
// has what was done until then.
func (d *Deployer) Test(ctx context.Context, src Source, filter string, timeout time.Duration) (quickjs.TestReport, error) {
	runnable, err := runnableOf(&src)
	if err != nil {
		return quickjs.TestReport{Package: src.Name}, &BuildError{Package: src.Name, Messages: []quickjs.Message{settingsMessage(src, err)}}
	}
	return d.modules.engine.Test(ctx, runnable, quickjs.TestOptions{Filter: filter, Timeout: timeout})
}
