package outgoing

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"signalbox.internal/odb"
)

// outcome is what a breaker learns from one attempt.
type outcome int

const (
	succeeded outcome = iota
	failed
	noVerdict // it ended for reasons of ours
)

var (
	errFailed    = errors.New("failed")
	errNoVerdict = errors.New("no verdict")
)

// breaker lets attempts through until as many as the definition says have failed
// in a row; then none for a while; then one at a time, until one succeeds.
type breaker struct {
	inner    *gobreaker.TwoStepCircuitBreaker[struct{}] // nil when it is switched off
	openFor  time.Duration
	openedAt atomic.Int64 // Unix nanoseconds
}

func newBreaker(rules odb.BreakerRules) *breaker {
	b := &breaker{openFor: max(rules.OpenFor.Std(), time.Millisecond)}
	if rules.Failures == 0 {
		return b
	}
	b.inner = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1, Timeout: b.openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(rules.Failures) },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNoVerdict) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.openedAt.Store(time.Now().UnixNano())
			}
		},
	})
	return b
}

// allow asks for leave to make an attempt; done tells how it ended.
func (b *breaker) allow() (done func(outcome), err error) {
	if b.inner == nil {
		return func(outcome) {}, nil
	}
	report, err := b.inner.Allow()
	if err != nil {
		return nil, err
	}
	return func(o outcome) {
		switch o {
		case succeeded:
			report(nil)
		case failed:
			report(errFailed)
		case noVerdict:
			report(errNoVerdict)
		}
	}, nil
}

// retryAfter tells when the next attempt may be let through.
func (b *breaker) retryAfter() time.Duration {
	return max(0, time.Until(time.Unix(0, b.openedAt.Load()).Add(b.openFor)))
}

func (b *breaker) state() string {
	if b.inner == nil {
		return "closed"
	}
	switch b.inner.State() {
	case gobreaker.StateOpen:
		return "open"
	case gobreaker.StateHalfOpen:
		return "half_open"
	case gobreaker.StateClosed:
	}
	return "closed"
}
