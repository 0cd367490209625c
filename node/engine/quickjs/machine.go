package quickjs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"modernc.org/quickjs"
)

const (
	interruptEvery = 2 * time.Millisecond // a machine forgets an interrupt when its next entry begins
	stuckEvery     = 100 * time.Millisecond
)

// errStuck says that a script did not stop: it is inside of one of the engine's
// own loops, which nothing can interrupt.
var errStuck = errors.New("the script cannot be stopped")

// crash is a panic of the engine or of the node inside of a script.
type crash struct {
	value any
	stack string
}

// Error returns the panic's value.
func (c *crash) Error() string { return fmt.Sprintf("panic: %v", c.value) }

// limits bound one machine.
type limits struct {
	memory int64         // bytes
	stack  int           // frames
	grace  time.Duration // from interrupt to being left behind
}

// machine is one virtual machine on a goroutine of its own: the goroutine keeps
// the deep stack that the engine needs, and a script that cannot be stopped
// holds up that goroutine and nobody else.
type machine struct {
	limits  limits
	jobs    chan func() error
	done    chan error // buffered: the goroutine never waits for who asked
	settle  func(op string, args []byte) (result []byte, err error)
	fresh   bool      // not booted yet
	served  int       // calls, for recycling
	idle    time.Time // since when nobody uses it
	ended   chan struct{}
	ending  sync.Once
	vm      *quickjs.VM   // touched by jobs only, but for Interrupt
	sealed  bool          // run and settled are there
	run     quickjs.Value // touched by jobs only
	settled quickjs.Value // touched by jobs only
}

// start makes a machine; closed is called when its goroutine has ended, with the
// error when its memory could not be freed.
func start(l limits, closed func(error)) (*machine, error) {
	m := &machine{limits: l, jobs: make(chan func() error), done: make(chan error, 1), ended: make(chan struct{}), fresh: true}
	vm, err := quickjs.NewVM()
	if err != nil {
		closed(nil)
		return nil, fmt.Errorf("start virtual machine: %w", err)
	}
	m.vm = vm
	go func() {
		defer close(m.ended)
		closed(m.loop())
	}()
	return m, nil
}

// loop runs jobs until the machine is closed, and frees it. It is the only
// goroutine that touches the engine.
func (m *machine) loop() error {
	debug.SetPanicOnFault(true) // a wild pointer in the engine becomes a panic of its job
	for job := range m.jobs {
		m.done <- guarded(job)
	}
	return guarded(func() error {
		if m.sealed {
			m.run.Free()
			m.settled.Free()
		}
		return m.vm.Close()
	})
}

// guarded runs a job and makes its panic an error.
func guarded(job func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &crash{value: p, stack: string(debug.Stack())}
		}
	}()
	return job()
}

// do runs a job on the machine's goroutine and waits for it. When ctx ends, the
// script is interrupted; when it does not stop within the grace, do returns
// errStuck and the caller must hand the machine to reap and not use it again.
func (m *machine) do(ctx context.Context, job func() error) error {
	m.jobs <- job
	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
	}
	if err, ok := m.stop(m.limits.grace, interruptEvery); ok {
		return err
	}
	return errStuck
}

// stop interrupts the job until it ends; false when that takes longer than grace.
func (m *machine) stop(grace, every time.Duration) (error, bool) { //nolint:revive // the error is the job's, the bool says whether there is one
	tick := time.NewTicker(every)
	defer tick.Stop()
	var late <-chan time.Time
	if grace > 0 {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		late = timer.C
	}
	for {
		m.vm.Interrupt()
		select {
		case err := <-m.done:
			return err, true
		case <-tick.C:
		case <-late:
			return nil, false
		}
	}
}

// reap waits, however long, for a stuck machine, closes it and then calls then.
func (m *machine) reap(log *slog.Logger, then func()) {
	since := time.Now()
	_, _ = m.stop(0, stuckEvery) //nolint:errcheck // who asked has gone
	m.close()
	<-m.ended
	log.Warn("a script that could not be stopped has ended", slog.Duration("after", time.Since(since)))
	then()
}

// close ends the machine's goroutine and frees its memory. No job may be under way.
func (m *machine) close() { m.ending.Do(func() { close(m.jobs) }) }
