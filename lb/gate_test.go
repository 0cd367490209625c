package lb

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a server whose requests stay until they are let go.
type slow struct {
	let   chan struct{}
	most  atomic.Int64
	now   atomic.Int64
	count atomic.Int64
	order []string
	mu    sync.Mutex
}

func newSlow() *slow { return &slow{let: make(chan struct{})} }

func (s *slow) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
	}
	s.count.Add(1)
	s.mu.Lock()
	s.order = append(s.order, r.URL.Path)
	s.mu.Unlock()
	<-s.let
}

func start(b *Balancer, path string) <-chan *httptest.ResponseRecorder {
	return startWith(context.Background(), b, path)
}

func startWith(ctx context.Context, b *Balancer, path string) <-chan *httptest.ResponseRecorder {
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", path, nil).WithContext(ctx))
		done <- w
	}()
	return done
}

func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		b := newBalancer(t, s, fixed(Limits{MaxInFlight: 2, QueueFor: time.Second}))
		a1, a2 := start(b, "/1"), start(b, "/2")
		synctest.Wait()
		a3 := start(b, "/3")
		synctest.Wait()
		a4 := start(b, "/4")
		synctest.Wait()
		if st := b.Stats(); st.InFlight != 2 || st.Queued != 2 || s.count.Load() != 2 {
			t.Fatalf("Stats() = %+v", st)
		}
		if w := <-start(b, "/5"); w.Code != 503 || !strings.HasPrefix(w.Body.String(), "queue_full") || w.Header().Get("Retry-After") != "1" {
			t.Errorf("a fifth request = %d %s", w.Code, w.Body)
		}
		time.Sleep(600 * time.Millisecond)
		s.let <- struct{}{} // one ends, the longest waiting comes in
		synctest.Wait()
		if st := b.Stats(); st.InFlight != 2 || st.Queued != 1 || s.order[len(s.order)-1] != "/3" {
			t.Errorf("Stats() = %+v, order %v", st, s.order)
		}
		time.Sleep(500 * time.Millisecond)
		if w := <-a4; w.Code != 503 || !strings.HasPrefix(w.Body.String(), "busy") || w.Header().Get("Retry-After") != "1" {
			t.Errorf("the one that waited too long = %d %s", w.Code, w.Body)
		}
		close(s.let)
		for i, a := range []<-chan *httptest.ResponseRecorder{a1, a2, a3} {
			if w := <-a; w.Code != 200 {
				t.Errorf("request %d = %d", i+1, w.Code)
			}
		}
		st := b.Stats()
		if st.InFlight != 0 || st.Queued != 0 || st.Refused["busy"] != 1 || st.Refused["queue_full"] != 1 {
			t.Errorf("in the end %+v", st)
		}
	})
}

func TestQueuedClientGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		b := newBalancer(t, s, fixed(Limits{MaxInFlight: 1, QueueFor: time.Hour}))
		a1 := start(b, "/1")
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		a2 := startWith(ctx, b, "/2")
		synctest.Wait()
		cancel()
		if w := <-a2; w.Code != 499 || b.Stats().Refused["canceled"] != 1 || b.Stats().Queued != 0 {
			t.Errorf("got %d, %+v", w.Code, b.Stats())
		}
		close(s.let)
		<-a1
	})
}

func TestLimitsChangeWhileRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		limit := atomic.Int64{}
		limit.Store(1)
		b := newBalancer(t, s, func() Limits { return Limits{MaxInFlight: int(limit.Load()), QueueFor: time.Hour} })
		answers := []<-chan *httptest.ResponseRecorder{start(b, "/1")}
		synctest.Wait()
		answers = append(answers, start(b, "/2"))
		synctest.Wait()
		limit.Store(3)
		answers = append(answers, start(b, "/3")) // sees the new limit and takes the one before it along
		synctest.Wait()
		if b.InFlight() != 3 {
			t.Errorf("in flight %d under the higher limit", b.InFlight())
		}
		limit.Store(1)
		answers = append(answers, start(b, "/4"))
		synctest.Wait()
		s.let <- struct{}{}
		synctest.Wait()
		if b.InFlight() != 2 {
			t.Errorf("in flight %d after one ended under the lower limit", b.InFlight())
		}
		close(s.let)
		for _, a := range answers {
			if w := <-a; w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
		}
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		b := newBalancer(t, s, fixed(Limits{MaxInFlight: 1, QueueFor: time.Hour}))
		a1 := start(b, "/1")
		synctest.Wait()
		a2 := start(b, "/2")
		synctest.Wait()

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := b.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain() with one in flight = %v", err)
		}
		if b.Local().State() != Draining {
			t.Errorf("state %s after a drain that took too long", b.Local().State())
		}
		if w := <-start(b, "/3"); w.Code != 503 {
			t.Errorf("a new request after it = %d", w.Code)
		}
		close(s.let)
		if w := <-a1; w.Code != 200 {
			t.Errorf("the one in flight = %d", w.Code)
		}
		if w := <-a2; w.Code != 503 || !strings.HasPrefix(w.Body.String(), "draining") {
			t.Errorf("the one that waited = %d %s", w.Code, w.Body)
		}
		if err := b.Drain(context.Background()); err != nil {
			t.Errorf("Drain() of an idle balancer = %v", err)
		}
		w := <-start(b, "/4")
		if w.Code != 503 || w.Header().Get("Connection") != "close" || w.Header().Get("Retry-After") != "5" {
			t.Errorf("a new request = %d %v", w.Code, w.Header())
		}
		b.Local().SetState(Up)
		if w := <-start(b, "/5"); w.Code != 200 {
			t.Errorf("back in rotation = %d", w.Code)
		}
		b.Local().SetState(Maintenance)
		if err := b.Drain(context.Background()); err != nil || b.Local().State() != Maintenance {
			t.Errorf("drain in maintenance: %v, now %s", err, b.Local().State())
		}
	})
}

// Over real connections: drain while clients fire; nobody gets a broken answer, and
// when Drain returns nothing is in flight.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	var inside atomic.Int64
	b := newBalancer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside.Add(1)
		defer inside.Add(-1)
		_, _ = io.WriteString(w, "{}")
	}), fixed(Limits{MaxInFlight: 4, QueueFor: time.Second}))
	srv := httptest.NewServer(b)
	defer srv.Close()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var good, refused atomic.Int64
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				req, _ := http.NewRequestWithContext(context.Background(), "GET", srv.URL+"/a", nil)
				resp, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				switch resp.StatusCode {
				case 200:
					good.Add(1)
				case 503:
					refused.Add(1)
				default:
					t.Errorf("status %d", resp.StatusCode)
				}
			}
		})
	}
	waitFor(t, "answers", func() bool { return good.Load() > 200 })
	for range 5 {
		if err := b.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if n := inside.Load(); n != 0 {
			t.Errorf("%d requests inside after Drain", n)
		}
		before := refused.Load()
		waitFor(t, "refusals", func() bool { return refused.Load() > before })
		b.Local().SetState(Up)
		done := good.Load()
		waitFor(t, "answers again", func() bool { return good.Load() > done })
	}
	close(stop)
	wg.Wait()
	waitFor(t, "nothing left", func() bool { return b.Stats().InFlight == 0 && b.Stats().Queued == 0 })
}

// Never more at a time than the limit, none forgotten in the queue.
func TestGateHoldsUnderRace(t *testing.T) {
	t.Parallel()
	const limit = 3
	var now, most atomic.Int64
	b := newBalancer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		now.Add(-1)
	}), fixed(Limits{MaxInFlight: limit, QueueFor: time.Minute}))
	var wg sync.WaitGroup
	var bad atomic.Int64
	for range 2 * limit {
		wg.Go(func() {
			for range 2000 {
				w := httptest.NewRecorder()
				b.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if w.Code != 200 {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if st := b.Stats(); most.Load() > limit || bad.Load() > 0 || st.InFlight != 0 || st.Queued != 0 {
		t.Errorf("at most %d at a time, %d refused, %+v", most.Load(), bad.Load(), st)
	}
}
