package outgoing_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// script answers with one status after the other, the last one for ever.
type script struct {
	mu       sync.Mutex
	statuses []int
	header   http.Header
	asked    []string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+string(body))
	status := s.statuses[min(len(s.asked), len(s.statuses))-1]
	s.mu.Unlock()
	maps.Copy(w.Header(), s.header)
	w.WriteHeader(status)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func TestRetriesOnlyWhereSafe(t *testing.T) {
	t.Parallel()
	const key = `,"headers":{"Idempotency-Key":"k"}`
	tests := map[string]struct {
		args     string
		statuses []int
		status   int
		asked    int
	}{
		"GET heals":          {``, []int{503, 200}, 200, 2},
		"GET heals late":     {``, []int{502, 504, 200}, 200, 3},
		"GET gives up":       {``, []int{503}, 503, 3},
		"GET one attempt":    {`,"retry":false`, []int{503, 200}, 503, 1},
		"PUT with body":      {`,"method":"PUT","text":"b"`, []int{503, 201}, 201, 2},
		"DELETE":             {`,"method":"DELETE"`, []int{503, 204}, 204, 2},
		"POST":               {`,"text":"b"`, []int{503, 200}, 503, 1},
		"POST with a key":    {`,"text":"b"` + key, []int{503, 200}, 503, 1},
		"POST on request":    {`,"text":"b","retry":true` + key, []int{503, 200}, 200, 2},
		"PATCH on request":   {`,"method":"PATCH","text":"b","retry":true` + key, []int{503, 200}, 200, 2},
		"500 is an answer":   {``, []int{500, 200}, 500, 1},
		"429 is an answer":   {``, []int{429, 200}, 429, 1},
		"404 is an answer":   {``, []int{404, 200}, 404, 1},
		"unknown method":     {`,"method":"LOCK"`, []int{503, 200}, 503, 1},
		"GET with a body":    {`,"method":"GET","text":"b"`, []int{503, 200}, 200, 2},
		"retry true for GET": {`,"retry":true`, []int{503, 200}, 200, 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			far := &script{statuses: tc.statuses}
			b := httpBox(t, peer(t, far.ServeHTTP).URL, `,"retries":2,"breaker":{"failures":0}`)
			got := b.request(tc.args)
			if !strings.HasPrefix(got, fmt.Sprintf(`{"status":%d,`, tc.status)) || far.count() != tc.asked {
				t.Errorf("%s after %d requests, want status %d after %d", got, far.count(), tc.status, tc.asked)
			}
			for _, a := range far.asked {
				if a != far.asked[0] {
					t.Errorf("the requests differ: %q", far.asked)
				}
			}
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	far := &script{statuses: []int{503, 200}, header: http.Header{"Retry-After": {"1"}}}
	b := httpBox(t, peer(t, far.ServeHTTP).URL, "")
	start := time.Now()
	if got := b.request(``); !strings.HasPrefix(got, `{"status":200`) {
		t.Errorf("answer = %s", got)
	}
	if took := time.Since(start); took < time.Second {
		t.Errorf("asked again after %s", took)
	}
	// Where the wait is longer than the call may take, the answer comes at once.
	far.mu.Lock()
	far.asked, far.header = nil, http.Header{"Retry-After": {"3600"}}
	far.mu.Unlock()
	start = time.Now()
	if got := b.request(`,"timeout_ms":30000`); !strings.HasPrefix(got, `{"status":503`) || far.count() != 1 {
		t.Errorf("answer = %s after %d requests", got, far.count())
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("waited %s", took)
	}
}

// Nothing was sent: then any method is tried again.
func TestUnsentRequestsAreRetried(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	b := httpBox(t, "http://"+address, `,"retries":3,"breaker":{"failures":0}`)
	fail := b.refused("http.request", `{"connection":"crm","text":"b"}`, service.CodeOutgoing, "connection refused")
	if detail(fail, "attempts") != "4" || detail(fail, "sent") != "false" {
		t.Errorf("details = %v", fail.Details)
	}
	fail = b.refused("http.request", `{"connection":"crm","text":"b","retry":false}`, service.CodeOutgoing, "connection refused")
	if detail(fail, "attempts") != "1" {
		t.Errorf("details = %v", fail.Details)
	}
	if h := b.health("crm"); h.State != outgoing.Down || !strings.Contains(h.LastError, "refused") {
		t.Errorf("health = %+v", h)
	}
	if l, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(echo)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	b.request(`,"text":"b"`)
	if h := b.health("crm"); h.State != outgoing.Up {
		t.Errorf("health = %+v", h)
	}
}

// resetting is a server that answers the first request on each connection and
// resets the connection at the second one, whose bytes it has read.
func resetting(t *testing.T) (url string, requests *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = &atomic.Int32{}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for n := 1; ; n++ {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					requests.Add(1)
					if n == 2 {
						c.(*net.TCPConn).SetLinger(0)
						return
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return "http://" + l.Addr().String(), requests
}

// A kept connection that breaks while a request is on it: what may have arrived
// is sent again only when that is safe; not even a key makes it so unasked.
func TestStaleConnections(t *testing.T) {
	t.Parallel()
	const key = `,"headers":{"Idempotency-Key":"k"}`
	for name, tc := range map[string]struct {
		args  string
		asked int32 // requests that the server has read, the first one included
	}{
		"GET":                     {``, 3},
		"POST":                    {`,"text":"b"`, 2},
		"POST with a key":         {`,"text":"b"` + key, 2},
		"empty POST with a key":   {`,"method":"POST"` + key, 2},
		"POST with a key, wanted": {`,"text":"b","retry":true` + key, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := resetting(t)
			b := newBox(t)
			b.apply(specs{"crm": httpSpec(url, `,"retries":1`)})
			t.Cleanup(func() { b.Close() })
			b.request(``)
			_, err := b.op(context.Background(), "http.request", `{"connection":"crm"`+tc.args+`}`)
			if healed := tc.asked == 3; healed != (err == nil) || asked.Load() != tc.asked {
				t.Errorf("%v after %d requests, want %d", err, asked.Load(), tc.asked)
			}
			if err != nil && (err.Code != service.CodeOutgoing || detail(err, "sent") != "true") {
				t.Errorf("error = %v %v", err, err.Details)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.(http.Flusher).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	b := newBox(t)
	b.apply(specs{"crm": httpSpec(s.URL, `,"timeout":"60ms","retries":0`), "patient": httpSpec(s.URL, "")})
	for _, path := range []string{"/", "/body"} {
		err := b.refused("http.request", `{"connection":"crm","path":"`+path+`"}`, service.CodeTimeout, "no answer within 60ms")
		if err.Status != http.StatusGatewayTimeout || b.health("crm").State != outgoing.Down {
			t.Errorf("%s: %+v, health %+v", path, err, b.health("crm"))
		}
	}
	b.refused("http.request", `{"connection":"patient","timeout_ms":50}`, service.CodeTimeout, "did not answer in time")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := b.op(ctx, "http.request", `{"connection":"patient"}`); err == nil || err.Code != service.CodeCanceled {
		t.Errorf("a canceled call: %v", err)
	}
	if h := b.health("patient"); h.State != outgoing.Unknown {
		t.Errorf("callers that leave tell nothing of the far side: %+v", h)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	far := &script{statuses: []int{200}}
	s := peer(t, far.ServeHTTP)
	b := httpBox(t, s.URL, `,"retries":0,"breaker":{"failures":3,"open_for":"300ms"}`)
	set := func(status int) {
		far.mu.Lock()
		defer far.mu.Unlock()
		far.asked, far.statuses = nil, []int{status}
	}
	b.request(``)
	for _, status := range []int{500, 404, 429, 401} { // the far side works
		set(status)
		for range 4 {
			b.request(``)
		}
	}
	set(503)
	b.request(``)
	b.request(``)
	set(200) // a success in between starts the count again
	b.request(``)
	set(503)
	for range 3 {
		b.request(``)
	}
	if got := b.health("crm").Breaker; got != "open" {
		t.Fatalf("breaker = %s", got)
	}
	err := b.refused("http.request", `{"connection":"crm"}`, service.CodeOutDown, "breaker is open")
	if err.Status != 503 || detail(err, "retry_after_ms") == "" || far.count() != 3 {
		t.Errorf("%+v after %d requests", err.Details, far.count())
	}
	if _, err := b.Ping(context.Background(), "crm"); err == nil || far.count() != 4 {
		t.Errorf("a ping passes the breaker and tells what is: %v, %d requests", err, far.count())
	}
	eventually(t, func() error {
		if got := b.health("crm").Breaker; got != "half_open" {
			return fmt.Errorf("breaker = %s", got)
		}
		return nil
	})
	b.request(``) // the trial fails
	if got := b.health("crm").Breaker; got != "open" {
		t.Errorf("breaker after a failed trial = %s", got)
	}
	set(200)
	eventually(t, func() error {
		if _, err := b.op(context.Background(), "http.request", `{"connection":"crm"}`); err != nil {
			return err
		}
		return nil
	})
	if h := b.health("crm"); h.Breaker != "closed" || h.State != outgoing.Up {
		t.Errorf("health = %+v", h)
	}
}

// The breaker's own limit ends the retries; what is told is the failure, not the breaker.
func TestBreakerEndsRetries(t *testing.T) {
	t.Parallel()
	far := &script{statuses: []int{503}}
	b := httpBox(t, peer(t, far.ServeHTTP).URL, `,"retries":5,"breaker":{"failures":2,"open_for":"1m"}`)
	if got := b.request(``); !strings.HasPrefix(got, `{"status":503`) || far.count() != 2 {
		t.Errorf("%s after %d requests", got, far.count())
	}
}

// A caller that leaves is no failure; one that waited long enough is.
func TestCallersDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	s := peer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	b := httpBox(t, s.URL, `,"retries":0,"breaker":{"failures":1,"open_for":"1m"}`)
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(10*time.Millisecond, cancel)
		b.op(ctx, "http.request", `{"connection":"crm"}`)
		b.op(context.Background(), "http.request", `{"connection":"crm","timeout_ms":10}`)
	}
	if got := b.health("crm").Breaker; got != "closed" {
		t.Errorf("breaker = %s", got)
	}
	b.op(context.Background(), "http.request", `{"connection":"crm","timeout_ms":1100}`)
	if got := b.health("crm").Breaker; got != "open" {
		t.Errorf("breaker after a fair wait = %s", got)
	}
}
