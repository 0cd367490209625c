package quickjs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"modernc.org/quickjs"
)

// TestOptions say how a package's tests run.
type TestOptions struct {
	Timeout time.Duration // longest time of one test; 0 means 5s
	Filter  string        // run only tests whose "file: name" has this in it; empty runs all
}

// TestReport is the outcome of a package's tests.
type TestReport struct {
	Package  string        `json:"package"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Skipped  int           `json:"skipped"`
	Duration time.Duration `json:"-"`
	Tests    []TestResult  `json:"tests"`
}

// TestResult is the outcome of one test.
type TestResult struct {
	File     string        `json:"file"`
	Name     string        `json:"name"` // with the groups it is in: "prices > rounds"
	OK       bool          `json:"ok"`
	Line     int           `json:"line,omitempty"` // where it is declared in File
	Skipped  bool          `json:"skipped,omitempty"`
	Duration time.Duration `json:"-"`
	Error    *TestError    `json:"error,omitempty"` // nil when the test passed
	Log      []string      `json:"log,omitempty"`   // lines that the test logged outside of fake contexts
}

// TestError says why a test failed, and where in the package's sources.
type TestError struct {
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Stack   string `json:"stack,omitempty"`
}

// testKit is the SDK with the test kit, compiled when the first test needs it.
type testKit struct {
	mu    sync.Mutex
	code  []byte // nil: not compiled yet
	stubs map[string]string
}

// compileKit compiles the test kit, once it succeeds: that all machines are
// taken now must not fail every test to come.
func (e *Engine) compileKit(ctx context.Context) (*testKit, error) {
	k := &e.kit
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.code != nil {
		return k, nil
	}
	code, exports, err := e.compileSDK(ctx, "src/engine-test.ts", "sdk", "kit")
	if err != nil {
		return nil, err
	}
	k.code, k.stubs = code, map[string]string{sdkModule: stub("sdk", exports["sdk"]), testModule: stub("kit", exports["kit"])}
	return k, nil
}

// Test builds a package as Load does and runs its tests (*.test.ts) in machines
// like those that serve it. Tests reach no other service and no connection. A
// package or a test that cannot be built is a [*BuildError]; tests that fail are
// in the report, which is also there, as far as it goes, when ctx ends.
func (e *Engine) Test(ctx context.Context, src Source, opts TestOptions) (TestReport, error) {
	began := time.Now()
	report := TestReport{Package: src.Name}
	kit, err := e.compileKit(ctx)
	if err != nil {
		return report, err
	}
	if _, err := e.build(ctx, src); err != nil {
		return report, err
	}
	suites, err := bundleTests(src, kit)
	if err != nil {
		return report, err
	}
	opts.Timeout = cmp.Or(opts.Timeout, 5*time.Second)
	for _, s := range suites {
		s.engine, s.kit, s.opts = e, kit, opts
		err := s.runAll(ctx)
		for _, r := range s.results {
			switch {
			case r.Skipped:
				report.Skipped++
			case r.OK:
				report.Passed++
			default:
				report.Failed++
			}
		}
		report.Tests = append(report.Tests, s.results...)
		if err != nil {
			return report, fmt.Errorf("test package %s: %w", src.Name, err)
		}
	}
	report.Duration = time.Since(began)
	return report, nil
}

// bundleTests makes one script of each test file, so that one that does not
// load keeps no other from running.
func bundleTests(src Source, kit *testKit) ([]*suite, error) {
	var (
		suites   []*suite
		messages []Message
	)
	for _, file := range src.names(isTest) {
		built, err := (&bundler{src: src, stubs: kit.stubs, entry: "import " + quote(file) + ";\n"}).run()
		if b, ok := errors.AsType[*BuildError](err); ok {
			messages = append(messages, b.Messages...)
			continue
		}
		if err != nil {
			return nil, err
		}
		suites = append(suites, &suite{file: file, text: built.code, mapper: newMapper(built.mappings)})
	}
	if len(messages) > 0 {
		return nil, buildError(src.Name, messages...)
	}
	return suites, nil
}

// suite runs the tests of one file.
type suite struct {
	engine  *Engine
	kit     *testKit
	opts    TestOptions
	file    string
	text    string
	mapper  *mapper
	code    []byte // bytecode, once compiled
	machine *machine
	tests   []declaredTest
	results []TestResult
}

// declaredTest is what a script says of one test.
type declaredTest struct {
	Name  string `json:"name"`
	Skip  bool   `json:"skip"`
	Place string `json:"place"` // the stack of the declaration
}

func (s *suite) runAll(ctx context.Context) error {
	defer func() {
		if s.machine != nil {
			s.machine.close()
		}
	}()
	if err := s.load(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.results = append(s.results, TestResult{File: s.file, Name: "(top level)", Error: s.failure(err)})
		return nil
	}
	for i, test := range s.tests {
		if !strings.Contains(s.file+": "+test.Name, s.opts.Filter) {
			continue
		}
		r := TestResult{File: s.file, Name: test.Name, Skipped: test.Skip, OK: test.Skip}
		if at, ok := s.mapper.first(test.Place); ok && at.File == s.file {
			r.Line = at.Line
		}
		if !test.Skip {
			s.runOne(ctx, i, &r)
		}
		s.results = append(s.results, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// load boots a machine with the file's tests.
func (s *suite) load(ctx context.Context) error {
	m, err := s.engine.newMachine()
	if err != nil {
		return err
	}
	s.machine = m
	ctx, cancel := context.WithTimeout(ctx, s.engine.cfg.LoadTimeout)
	defer cancel()
	b := &bench{ctx: ctx, engine: s.engine, machine: m, deadline: time.Now().Add(s.engine.cfg.LoadTimeout)}
	m.settle = b.host
	code, tests := s.code, []declaredTest(nil) // the job's own: it may outlive this function
	err = m.do(ctx, func() (err error) {
		if err := m.prepare(s.kit.code); err != nil {
			return err
		}
		if code == nil {
			if code, err = m.vm.Compile(s.text, quickjs.EvalGlobal); err != nil {
				return err
			}
		}
		if _, err := m.vm.EvalBytecode(code); err != nil {
			return err
		}
		if err := m.drain(); err != nil {
			return err
		}
		if err := m.seal(); err != nil {
			return err
		}
		list, err := m.vm.Eval("__signalbox.tests()", quickjs.EvalGlobal)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(fmt.Sprint(list)), &tests)
	})
	if err == nil {
		s.code, s.tests = code, tests
	}
	return s.after(err, b)
}

// after gives the machine up when the job left it unusable.
func (s *suite) after(err error, b *bench) error {
	switch {
	case errors.Is(err, errStuck):
		b.over.Store(true)
		s.engine.stuck.Add(1)
		go s.machine.reap(s.engine.log, func() { s.engine.stuck.Add(-1) })
		s.machine = nil
	case err != nil:
		s.machine.close()
		s.machine = nil
	}
	return err
}

// runOne runs one test, in a new machine when the last one spoilt its own.
func (s *suite) runOne(parent context.Context, index int, r *TestResult) {
	began := time.Now()
	if s.machine == nil {
		if err := s.load(parent); err != nil {
			r.Error = s.failure(err)
			return
		}
	}
	ctx, cancel := context.WithTimeout(parent, s.opts.Timeout)
	defer cancel()
	m, b := s.machine, &bench{ctx: ctx, engine: s.engine, machine: s.machine, deadline: began.Add(s.opts.Timeout)}
	m.settle = b.host
	var said string
	err := m.do(ctx, func() (err error) {
		said, err = m.perform(index)
		return err
	})
	r.Duration = time.Since(began)
	if errors.Is(err, errStuck) { // the script still runs: what it writes must not be read
		r.Error = s.judge(ctx, s.after(err, b), "")
		return
	}
	r.Log = b.lines
	r.Error = s.judge(ctx, s.after(err, b), said)
	r.OK = r.Error == nil
}

// judge says why a test failed; nil when it passed.
func (s *suite) judge(ctx context.Context, err error, said string) *TestError {
	switch {
	case ctx.Err() != nil:
		failure := &TestError{Message: fmt.Sprintf("the test took longer than %v", s.opts.Timeout)}
		s.place(failure, interruptedAt(said, err))
		return failure
	case err != nil:
		return s.failure(err)
	case !isFault(said):
		return nil
	}
	f, ok := decodeFault(said)
	if !ok {
		return &TestError{Message: "the test's fault is not readable"}
	}
	failure := &TestError{Message: strings.Join(append([]string{f.Message}, f.Causes...), "; caused by ")}
	switch f.Kind {
	case "service":
		failure.Message = f.Code + ": " + failure.Message
		if len(f.Details) > 0 && string(f.Details) != "null" {
			failure.Message += " " + string(f.Details)
		}
	case "memory", "stack":
		s.machine.close()
		s.machine = nil
	}
	failure.Message = strings.TrimPrefix(failure.Message, "ExpectationError: ")
	s.place(failure, f.Stack)
	return failure
}

// failure makes a test's error of what stopped the script itself.
func (s *suite) failure(err error) *TestError {
	failure := &TestError{Message: err.Error()}
	switch thrown, ok := errors.AsType[*quickjs.Error](err); {
	case errors.Is(err, errStuck):
		failure.Message = "the script runs too long and cannot be stopped"
	case ok && thrown.Error() == "null":
		failure.Message = fmt.Sprintf("the test used more than the %d MiB of memory that a call may use", s.engine.cfg.MemoryPerVM>>20)
	case ok:
		s.place(failure, thrown.Stack)
	}
	return failure
}

func (s *suite) place(failure *TestError, trace string) {
	failure.Stack = s.mapper.stack(trace)
	if at, ok := s.mapper.first(trace); ok {
		failure.File, failure.Line, failure.Column = at.File, at.Line, at.Column
	}
}
