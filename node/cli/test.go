package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/engine/quickjs"
)

func newTest(a *app) *cobra.Command {
	t := tester{a: a}
	cmd := &cobra.Command{
		Use: "test PATH...", Short: "Run the tests of packages",
		Long: `Runs the tests of packages (*.test.ts) in the engine that runs services, with the
same limits. No node is needed, and tests reach nothing outside: what a service
calls is faked by the test kit, @signalbox/sdk/test. A package that does not compile
or a test that fails gives exit code 1, with the place in the source.`,
		Example: `  signalbox test orders
  signalbox test orders rates --run rounding -v
  signalbox test . -o json | jq '.[].failed'`,
		Args: args(1, -1, "PATH"),
		RunE: func(cmd *cobra.Command, given []string) error { return t.run(cmd.Context(), given) },
	}
	cmd.Flags().StringVar(&t.opts.Filter, "run", "", "only tests with this text in \"file: name\"")
	cmd.Flags().DurationVar(&t.opts.Timeout, "timeout", 5*time.Second, "longest time of one test")
	cmd.Flags().BoolVarP(&t.verbose, "verbose", "v", false, "show the tests that pass too, and what they log")
	return cmd
}

// tester is one run of test.
type tester struct {
	a       *app
	opts    quickjs.TestOptions
	verbose bool
}

// testReport is the outcome of one package as scripts get it.
type testReport struct {
	quickjs.TestReport
	DurationMS float64               `json:"duration_ms"`
	OK         bool                  `json:"ok"`
	Messages   []client.BuildMessage `json:"messages,omitempty"` // of a package that does not compile
}

func (t *tester) run(ctx context.Context, paths []string) error {
	if t.opts.Timeout <= 0 {
		return usagef("--timeout is %s; a length of time is needed", t.opts.Timeout)
	}
	found, err := deploy.FindPackages(paths...)
	if err != nil {
		return err
	}
	engine, err := quickjs.New(quickjs.Config{Log: slog.New(slog.DiscardHandler)}) //nolint:contextcheck // the engine outlives the command's context by its Close
	if err != nil {
		return err
	}
	defer engine.Close()
	reports := make([]testReport, 0, len(found))
	failed := 0
	for i := range found {
		r, err := t.pkg(ctx, engine, &found[i])
		if err != nil {
			return err
		}
		if !r.OK {
			failed++
		}
		reports = append(reports, r)
	}
	if t.a.flags.output != outputTable {
		if err := t.a.show(reports, nil); err != nil {
			return err
		}
	}
	if failed > 0 {
		return failf(exitFailed, "test: %d of %s failed", failed, plural(len(found), "package"))
	}
	return t.a.out.err
}

// pkg runs the tests of one package and, for people, tells about them at once.
func (t *tester) pkg(ctx context.Context, engine *quickjs.Engine, found *deploy.Found) (testReport, error) {
	src, err := runnable(found)
	if err != nil {
		return testReport{}, err
	}
	report, err := engine.Test(ctx, src, t.opts)
	r := testReport{TestReport: report, DurationMS: float64(report.Duration.Microseconds()) / 1000}
	r.Tests = list(r.Tests)
	if build, ok := errors.AsType[*quickjs.BuildError](err); ok {
		for _, m := range build.Messages {
			r.Messages = append(r.Messages, client.BuildMessage{Package: found.Name, File: m.File, Line: m.Line, Column: m.Column, Text: m.Text})
		}
	} else if err != nil {
		return r, fmt.Errorf("test package %s: %w", found.Name, err)
	}
	r.OK = err == nil && report.Failed == 0
	if t.a.flags.output == outputTable {
		t.tell(found, r)
	}
	return r, nil
}

// runnable is a package as the engine takes it.
func runnable(found *deploy.Found) (quickjs.Source, error) {
	src := quickjs.Source{Name: found.Name, Files: found.Files}
	settings, err := found.Check()
	if err != nil || settings == nil {
		return src, err
	}
	if src.Settings, err = json.Marshal(settings); err != nil {
		return src, fmt.Errorf("read settings of package %s: %w", found.Name, err)
	}
	return src, nil
}

// tell writes the outcome of one package: what failed with its place, then one
// line for the package.
func (t *tester) tell(found *deploy.Found, r testReport) {
	o := t.a.out
	for _, m := range r.Messages {
		o.place(found, m)
	}
	for _, x := range r.Tests {
		t.tellOne(found, x)
	}
	summary := fmt.Sprintf("%s, %d passed", clean(found.Name), r.Passed)
	if r.Failed > 0 {
		summary += fmt.Sprintf(", %d failed", r.Failed)
	}
	if r.Skipped > 0 {
		summary += fmt.Sprintf(", %d skipped", r.Skipped)
	}
	switch {
	case len(r.Messages) > 0:
		o.line("%s  %s: %s", o.paint(red, "FAIL"), clean(found.Name), "does not compile")
	case r.Failed > 0:
		o.line("%s  %s (%s)", o.paint(red, "FAIL"), summary, r.Duration.Round(time.Millisecond))
	case len(r.Tests) == 0:
		o.line("%s    %s: %s", o.paint(yellow, "?"), clean(found.Name), word(t.opts.Filter == "", "no tests", "no test matches --run"))
	default:
		o.line("%s    %s (%s)", o.paint(green, "ok"), summary, r.Duration.Round(time.Millisecond))
	}
}

func (t *tester) tellOne(found *deploy.Found, x quickjs.TestResult) {
	o := t.a.out
	name := clean(found.Path(x.File) + ": " + x.Name)
	took := x.Duration.Round(10 * time.Microsecond)
	switch {
	case x.Skipped:
		if t.verbose {
			o.line("%s %s", o.paint(yellow, "--- SKIP:"), name)
		}
		return
	case x.OK && !t.verbose:
		return
	case x.OK:
		o.line("%s %s (%s)", o.paint(green, "--- PASS:"), name, took)
	default:
		o.line("%s %s (%s)", o.paint(red, "--- FAIL:"), name, took)
	}
	for _, l := range x.Log {
		o.line("    %s", cleanLine(l))
	}
	if x.Error != nil {
		t.tellError(found, x.Error)
	}
}

// tellError shows why a test failed, with the line of the source.
func (t *tester) tellError(found *deploy.Found, e *quickjs.TestError) {
	o := t.a.out
	at := ""
	if e.File != "" {
		at = client.BuildMessage{File: found.Path(e.File), Line: e.Line, Column: e.Column, Text: ""}.String()
	}
	o.line("    %s%s", o.paint(bold, clean(at)), cleanLine(indentRest(e.Message)))
	o.excerpt(string(found.Files[e.File]), e.Line, e.Column)
}

// indentRest keeps the lines of a message under its first one.
func indentRest(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
