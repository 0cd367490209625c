package demo_test

import (
	"log/slog"
	"testing"

	"signalbox.internal/node/engine/quickjs"
)

// The packages' own tests pass on the engine that runs their services.
func TestPackagesTests(t *testing.T) {
	t.Parallel()
	engine, err := quickjs.New(quickjs.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	for _, src := range sources(t) {
		t.Run(src.Name, func(t *testing.T) {
			t.Parallel()
			report, err := engine.Test(t.Context(), src, quickjs.TestOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Tests {
				if !r.OK && !r.Skipped {
					t.Errorf("%s: %s: %s\n%s", r.File, r.Name, r.Error.Message, r.Error.Stack)
				}
			}
			if report.Passed == 0 || report.Skipped > 0 {
				t.Errorf("%d tests passed and %d were skipped, want all to run", report.Passed, report.Skipped)
			}
		})
	}
}
