package node

import (
	"context"
	"errors"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

func sourcesOf(packages []admin.Package) []deploy.Source {
	out := make([]deploy.Source, len(packages))
	for i, p := range packages {
		out[i] = deploy.Source{Name: p.Name, Files: p.Files}
	}
	return out
}

// Check implements admin.Deployer.
func (a adminDeployer) Check(ctx context.Context, snap *odb.Snapshot, packages []admin.Package) ([]client.CheckedPackage, error) {
	checked, err := a.d.Check(ctx, snap, sourcesOf(packages))
	if err != nil {
		return nil, err
	}
	out := make([]client.CheckedPackage, len(checked))
	for i, c := range checked {
		out[i] = client.CheckedPackage{
			Package: c.Package, Hash: c.Hash, Current: c.Current, OK: len(c.Errors) == 0,
			Services: []client.CheckedService{}, Changes: []client.ServiceChange{},
			Messages: messagesOf(c.Package, c.Errors), Warnings: messagesOf(c.Package, c.Warnings),
		}
		for _, s := range c.Services {
			out[i].Services = append(out[i].Services, client.CheckedService{
				Name: s.Name, Doc: s.Doc, Input: s.Input, Output: s.Output, TimeoutMS: s.Timeout.Milliseconds(),
				File: s.File, Line: s.Line, Column: s.Column, Calls: callsOf(s.Uses),
			})
		}
		for _, change := range c.Changes {
			out[i].Changes = append(out[i].Changes, client.ServiceChange{Op: string(change.Op), Service: change.Name})
		}
	}
	return out, nil
}

func callsOf(uses []service.Use) []client.ServiceCall {
	out := make([]client.ServiceCall, len(uses))
	for i, u := range uses {
		out[i] = client.ServiceCall{Kind: u.Kind, Name: u.Name, File: u.File, Line: u.Line, Column: u.Column}
	}
	return out
}

func messagesOf(pkg string, messages []quickjs.Message) []client.BuildMessage {
	out := make([]client.BuildMessage, len(messages))
	for i, m := range messages {
		out[i] = client.BuildMessage{Package: pkg, File: m.File, Line: m.Line, Column: m.Column, Text: m.Text}
	}
	return out
}

// Test implements admin.Deployer.
func (a adminDeployer) Test(ctx context.Context, p admin.Package, filter string, timeout time.Duration) (client.TestReport, error) {
	report, err := a.d.Test(ctx, sourcesOf([]admin.Package{p})[0], filter, timeout)
	out := client.TestReport{
		Package: report.Package, Passed: report.Passed, Failed: report.Failed, Skipped: report.Skipped,
		DurationMS: millis(report.Duration), Tests: make([]client.TestResult, len(report.Tests)), Messages: []client.BuildMessage{},
	}
	for i, t := range report.Tests {
		out.Tests[i] = client.TestResult{File: t.File, Name: t.Name, Line: t.Line, OK: t.OK, Skipped: t.Skipped, DurationMS: millis(t.Duration), Log: t.Log}
		if e := t.Error; e != nil {
			out.Tests[i].Error = &client.TestError{Message: e.Message, File: e.File, Line: e.Line, Column: e.Column, Stack: e.Stack}
		}
	}
	if build, ok := errors.AsType[*deploy.BuildError](err); ok {
		out.Messages, err = messagesOf(build.Package, build.Messages), nil
	}
	out.OK = err == nil && out.Failed == 0 && len(out.Messages) == 0
	return out, err
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
