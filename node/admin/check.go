package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// Code that is only looked at runs on a node that serves: these bounds keep it from
// taking more than a core for a while.
const (
	maxChecks     = 2 // checks and runs of tests at a time; more wait
	maxTestTime   = time.Minute
	maxTestEach   = 30 * time.Second
	maxTests      = 5000
	maxTestOutput = 1 << 20 // characters of what tests log and throw
)

// place waits for the right to run code that is only looked at.
func (a *API) place(ctx context.Context) (leave func(), err error) {
	select {
	case a.checking <- struct{}{}:
		return func() { <-a.checking }, nil
	case <-ctx.Done():
		return nil, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the node has as many packages to check as it takes at a time; try again")
	}
}

// checkPackages says what the deployment of packages would do.
func (a *API) checkPackages(c *call) (any, error) {
	in, err := decode[client.CheckRequest](c)
	if err != nil {
		return nil, err
	}
	packages, err := packagesOf(in.Packages)
	if err != nil {
		return nil, err
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	leave, err := a.place(c.Context())
	if err != nil {
		return nil, err
	}
	defer leave()
	items, err := a.cfg.Deployer.Check(c.Context(), snap, packages)
	if err != nil {
		return nil, a.explained(c, err)
	}
	return client.List[client.CheckedPackage]{Items: items}, nil
}

// testPackage runs a package's tests.
func (a *API) testPackage(c *call) (any, error) {
	in, err := decode[client.TestRequest](c)
	if err != nil {
		return nil, err
	}
	packages, err := packagesOf([]client.Package{in.Package})
	if err != nil {
		return nil, err
	}
	if in.TimeoutMS < 0 || in.TimeoutMS > maxTestEach.Milliseconds() {
		return nil, refuse(http.StatusUnprocessableEntity, client.CodeInvalid, "timeout_ms is %d; 1 to %d are possible", in.TimeoutMS, maxTestEach.Milliseconds())
	}
	c.about("package", packages[0].Name)
	leave, err := a.place(c.Context())
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(c.Context(), maxTestTime)
	defer cancel()
	report, err := a.cfg.Deployer.Test(ctx, packages[0], in.Filter, time.Duration(in.TimeoutMS)*time.Millisecond)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && c.Context().Err() == nil:
		report.OK, report.Cut = false, fmt.Sprintf("the tests took longer than %v in all; those that are missing did not run", maxTestTime)
	case err != nil:
		return nil, a.explained(c, err)
	}
	bound(&report)
	return report, nil
}

// bound cuts a report that nobody would read to its end.
func bound(r *client.TestReport) {
	if n := len(r.Tests); n > maxTests {
		r.Tests = r.Tests[:maxTests]
		r.Cut = cmp.Or(r.Cut, fmt.Sprintf("there are %d tests; the first %d are shown", n, maxTests))
	}
	left := maxTestOutput
	take := func(s string) string {
		if len(s) > left {
			s = strings.ToValidUTF8(s[:left], "")
			r.Cut = cmp.Or(r.Cut, "the tests say more than is shown")
		}
		left -= len(s)
		return s
	}
	for i := range r.Tests {
		if e := r.Tests[i].Error; e != nil {
			e.Message, e.Stack = take(e.Message), take(e.Stack)
		}
	}
	for i := range r.Tests {
		for j, line := range r.Tests[i].Log {
			r.Tests[i].Log[j] = take(line)
		}
	}
}

// listCalls says what a service calls and what calls it.
func (a *API) listCalls(c *call) (any, error) {
	name := odb.CleanName(c.param("name"))
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	_, defined := snap.Get("service", name)
	if _, runs := a.cfg.Services.Get(name); !defined && !runs {
		return nil, missing("service", name)
	}
	out := client.Calls{Calls: []client.ServiceCall{}, Callers: []client.Caller{}, Used: references(snap, "service", name)}
	uses, known := a.cfg.Services.Uses(name)
	out.Known = known
	for _, u := range uses {
		out.Calls = append(out.Calls, client.ServiceCall{Kind: u.Kind, Name: u.Name, File: u.File, Line: u.Line, Column: u.Column})
	}
	callers := a.cfg.Services.Callers(name)
	for _, caller := range slices.Sorted(maps.Keys(callers)) {
		for _, u := range callers[caller] {
			out.Callers = append(out.Callers, client.Caller{Service: caller, File: u.File, Line: u.Line, Column: u.Column})
		}
	}
	return out, nil
}
