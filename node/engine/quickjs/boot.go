package quickjs

import (
	"errors"
	"fmt"

	"modernc.org/quickjs"
)

// program is what a machine needs to serve a package.
type program struct {
	sdk  []byte // bytecode
	code []byte // bytecode of the package
}

// prepare sets a new machine's limits and loads the SDK. It runs as a job.
func (m *machine) prepare(sdk []byte) error {
	m.vm.SetMemoryLimit(uintptr(m.limits.memory))
	m.vm.SetMaxStackSize(uintptr(m.limits.stack))
	m.vm.SetCanBlock(false)
	if err := m.vm.RegisterHostFunc("__signalbox_host", m.host); err != nil {
		return fmt.Errorf("register host function: %w", err)
	}
	if _, err := m.vm.EvalBytecode(sdk); err != nil {
		return fmt.Errorf("load SDK: %w", err)
	}
	return nil
}

// seal freezes the built-ins and finds the functions that calls go through. It
// runs as a job, after the package is loaded.
func (m *machine) seal() error {
	if _, err := m.vm.Eval("__signalbox.seal()", quickjs.EvalGlobal); err != nil {
		return fmt.Errorf("freeze built-ins: %w", err)
	}
	var err error
	if m.run, err = m.vm.EvalValue("__signalbox.run", quickjs.EvalGlobal); err != nil {
		return fmt.Errorf("find entry: %w", err)
	}
	if m.settled, err = m.vm.EvalValue("__signalbox.settled", quickjs.EvalGlobal); err != nil {
		m.run.Free()
		return fmt.Errorf("find entry: %w", err)
	}
	m.sealed = true
	return nil
}

// boot loads a package whose bytecode is known. It runs as a job.
func (m *machine) boot(p program) error {
	if err := m.prepare(p.sdk); err != nil {
		return err
	}
	if _, err := m.vm.EvalBytecode(p.code); err != nil {
		return err
	}
	if err := m.drain(); err != nil {
		return err
	}
	return m.seal()
}

// maxJobs is after how many promise jobs ExecutePendingJobs pauses.
const maxJobs = 1 << 20

// drain runs the promise jobs that wait. Jobs without end are stopped by Interrupt.
func (m *machine) drain() error {
	for {
		n, err := m.vm.ExecutePendingJobs()
		if n < maxJobs {
			return err
		}
		if _, thrown := errors.AsType[*quickjs.Error](err); thrown {
			return err
		}
	}
}

// errNeverSettled is the fault of a script that waits for nothing.
var errNeverSettled = errors.New("the promise is never settled: it awaits something that nothing resolves")

// perform calls the script's entry and waits for an async outcome: host calls
// block, so running the promise jobs settles all there is to settle.
func (m *machine) perform(args ...any) (string, error) {
	answer, err := callText(m.run, args...)
	if err != nil {
		return "", err
	}
	if err := m.drain(); err != nil {
		return m.whereInterrupted(), err
	}
	if answer != "" {
		return answer, nil
	}
	if answer, err = callText(m.settled); err == nil && answer == "" {
		err = errNeverSettled
	}
	return answer, err
}

// whereInterrupted finds out where an async script was when its jobs were stopped:
// the interrupt has become the rejection of its promise. The jobs that this runs
// are interrupted in turn, so that it may find nothing.
func (m *machine) whereInterrupted() string {
	if _, err := m.vm.ExecutePendingJobs(); err != nil {
		return ""
	}
	text, err := callText(m.settled)
	if err != nil {
		return ""
	}
	return text
}

// callText calls a function of the SDK that answers a text.
func callText(f quickjs.Value, args ...any) (string, error) {
	result, err := f.Call(quickjs.UndefinedValue, args...)
	if err != nil {
		return "", err
	}
	text, ok := result.(string)
	if !ok {
		return "", fmt.Errorf("the script's entry answered %T", result)
	}
	return text, nil
}

// host is the one function through which scripts reach the node: an operation
// and its arguments as JSON; the result is JSON, or a fault behind faultMark.
func (m *machine) host(args []any) (any, error) {
	if len(args) != 2 {
		return nil, errors.New("the host function takes an operation and its arguments")
	}
	op, isText := args[0].(string)
	text, isToo := args[1].(string)
	if !isText || !isToo {
		return nil, errors.New("the host function takes two texts")
	}
	result, err := m.settle(op, []byte(text))
	if err != nil {
		return encodeFault(err), nil
	}
	return string(result), nil
}
