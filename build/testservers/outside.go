package testservers

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// Outside runs work with servers outside of a test, as a program that measures
// them does, and stops them at its end. It returns why a server could not be had
// or the error of work. work ends its goroutine when a server cannot be had, as
// a test does; t is for [Postgres] and [MariaDB] and for nothing else.
func Outside(ctx context.Context, work func(t testing.TB) error) error {
	o := &outside{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer o.clean()
		if err := work(o); err != nil {
			o.errs = append(o.errs, err)
		}
	}()
	<-done
	return errors.Join(o.errs...)
}

// outside is as much of a test as a server needs; there is no test behind it.
type outside struct {
	testing.TB
	ctx      context.Context //nolint:containedctx // testing.TB has it so
	errs     []error
	cleanups []func()
}

func (o *outside) clean() {
	for _, f := range slices.Backward(o.cleanups) {
		f()
	}
}

func (*outside) Helper()                    {}
func (*outside) Logf(string, ...any)        {}
func (o *outside) Context() context.Context { return o.ctx }
func (o *outside) Cleanup(f func())         { o.cleanups = append(o.cleanups, f) }

func (o *outside) Error(args ...any) { o.errs = append(o.errs, errors.New(fmt.Sprint(args...))) }

func (o *outside) Errorf(format string, args ...any) {
	o.errs = append(o.errs, fmt.Errorf(format, args...))
}

func (o *outside) Fatal(args ...any) {
	o.Error(args...)
	runtime.Goexit()
}

func (o *outside) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	runtime.Goexit()
}

// Skipf is an error: who asked for a server outside of a test cannot do without.
func (o *outside) Skipf(format string, args ...any) { o.Fatalf(format, args...) }
