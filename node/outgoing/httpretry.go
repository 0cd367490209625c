package outgoing

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"signalbox.internal/node/netguard"
	"signalbox.internal/node/service"
)

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
)

// do sends a request, again where that is safe and may help, and returns the
// first answer that is worth returning.
func (h *httpSide) do(ctx context.Context, r Request) (Response, error) {
	p, err := h.plan(r)
	if err != nil {
		return Response{}, h.fail(http.StatusInternalServerError, service.CodeArguments, err.Error(), nil)
	}
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	var last attempt
	sent := false
	for n := 1; ; n++ {
		now := h.try(ctx, p)
		if n > 1 && now.refused {
			break // the breaker opened by our own failures: those are what to tell
		}
		last = now
		sent = sent || last.sent
		wait, again := h.again(ctx, p, n, last)
		if !again || !sleep(ctx, wait) {
			last.number = n
			break
		}
		last.number = n
	}
	if last.err == nil {
		return last.answer, nil
	}
	return Response{}, h.failure(ctx, last, sent)
}

// again decides whether another attempt is made, and after what wait.
func (h *httpSide) again(ctx context.Context, p plan, n int, a attempt) (time.Duration, bool) {
	if p.once || n > h.spec.Retries || a.refused || ctx.Err() != nil {
		return 0, false
	}
	wait := min(maxBackoff, firstBackoff<<min(n-1, 10))
	wait = wait/2 + rand.N(wait/2+1)
	switch {
	case a.err == nil:
		if !p.safe || !unavailable(a.answer.Status) {
			return 0, false
		}
		wait = max(wait, retryAfter(a.answer.Header.Get("Retry-After"), time.Now()))
	case !p.safe && a.sent, lasting(a.err):
		return 0, false
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return 0, false // the answer that we have is worth more than a timeout
	}
	return wait, true
}

// lasting reports whether an error would come again with the next attempt.
func lasting(err error) bool {
	if _, ok := errors.AsType[*service.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*netguard.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return errors.Is(err, errTooLarge)
}

// unavailable reports whether a status says that the far side, or what stands
// before it, cannot serve now.
func unavailable(status int) bool {
	return slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status)
}

// retryAfter reads a Retry-After header: seconds or a date; 0 when it is neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// sleep waits, and reports whether ctx left it the time.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
