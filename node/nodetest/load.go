package nodetest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load keeps requests running on every box of a fleet and notes wrong answers. A
// box that is down answers none; one that ends may answer 503.
type Load struct {
	stop  context.CancelFunc
	g     sync.WaitGroup
	count atomic.Int64
	mu    sync.Mutex
	wrong []string
}

// Load begins to call the service of a fleet; Change was called before.
func (f *Fleet) Load() *Load {
	ctx, stop := context.WithCancel(f.T.Context())
	l := &Load{stop: stop}
	for _, b := range f.Boxes {
		l.g.Go(func() { l.call(ctx, b) })
	}
	f.T.Cleanup(func() { _ = l.End() })
	return l
}

func (l *Load) call(ctx context.Context, b *Box) {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		age := b.age.Load()
		if age%2 == 0 {
			continue
		}
		err := l.ask(ctx, c, b)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			l.count.Add(1)
		} else if b.age.Load() == age || !isTransport(err) && !strings.HasPrefix(err.Error(), "503 ") {
			l.mu.Lock()
			l.wrong = append(l.wrong, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), b.Name, err))
			l.mu.Unlock()
		}
	}
}

// answerError is an answer that is not the right one.
type answerError struct{ text string }

func (e *answerError) Error() string { return e.text }

func isTransport(err error) bool {
	_, answered := err.(*answerError) //nolint:errorlint // never wrapped
	return !answered
}

// ask makes one request; any version that was ever deployed is a right answer.
func (l *Load) ask(ctx context.Context, c *http.Client, b *Box) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, *b.address.Load()+"/hello", strings.NewReader(`{"name":"Ada"}`))
	if err != nil {
		return err
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	var text strings.Builder
	buf := make([]byte, 1<<10)
	for {
		n, err := res.Body.Read(buf)
		text.Write(buf[:n])
		if err != nil {
			break
		}
	}
	var v int64
	if _, err := fmt.Sscanf(text.String(), `{"text":"Hello, Ada from %d"}`, &v); err != nil || res.StatusCode != http.StatusOK || v < 1 || v > b.fleet.Code.Load() {
		return &answerError{fmt.Sprintf("%d %s", res.StatusCode, text.String())}
	}
	return nil
}

// Wrong returns the wrong answers so far, the first ten of them.
func (l *Load) Wrong() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wrong[:min(len(l.wrong), 10)]
}

// End ends the load and returns how many requests were answered right.
func (l *Load) End() int64 {
	l.stop()
	l.g.Wait()
	return l.count.Load()
}
