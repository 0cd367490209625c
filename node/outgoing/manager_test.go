package outgoing_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// counting is a peer that counts the connections that are made to it.
func counting(t *testing.T, handle http.HandlerFunc) (url string, made *atomic.Int32) {
	t.Helper()
	made = &atomic.Int32{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: handle, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}}
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-ended })
	return "http://" + l.Addr().String(), made
}

func TestUnchangedDefinitionsKeepTheirPool(t *testing.T) {
	t.Parallel()
	url, made := counting(t, echo)
	b := newBox(t)
	defs := specs{"crm": httpSpec(url, `,"security":"p","headers":{"A":"1","B":"2"}`), "security/p": `{"type":"apikey","key":{"ref":"env:K"}}`, "db": `{"type":"sql","driver":"sqlite","database":"a"}`}
	b.vault["p"] = "k"
	for range 3 {
		b.apply(defs)
		b.request(``)
	}
	since := b.health("crm").Since
	defs["crm"] = httpSpec(url, `,"description":"for people only","security":"p","headers":{"B":"2","A":"1"}`)
	b.apply(defs)
	b.request(``)
	if n := made.Load(); n != 1 || b.health("crm").Since != since {
		t.Errorf("%d connections for one pool, since %v and %v", n, since, b.health("crm").Since)
	}
	for i, change := range []func(){
		func() { defs["crm"] = httpSpec(url, `,"security":"p","headers":{"A":"2"}`) },
		func() { defs["security/p"] = `{"type":"apikey","key":{"ref":"env:K2"}}` },
	} {
		change()
		b.apply(defs)
		b.request(``)
		if n := made.Load(); int(n) != i+2 {
			t.Errorf("%d connections after change %d", n, i+1)
		}
	}
}

func TestBadChangeLeavesTheGoodState(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := httpBox(t, s.URL, "")
	b.request(``)
	problems := b.Apply(context.Background(), snapshot(t, specs{"crm": httpSpec(s.URL, `,"tls":{"ca":"x"}`), "new": httpSpec(s.URL, "")}))
	if len(problems) != 1 || problems[0].Name != "crm" {
		t.Errorf("problems = %+v", problems)
	}
	b.request(``)
	b.must("http.request", `{"connection":"new"}`)
	if again := b.Apply(context.Background(), snapshot(t, specs{"crm": httpSpec(s.URL, `,"tls":{"ca":"x"}`)})); len(again) != 1 {
		t.Errorf("a problem is a state, not an event: %+v", again)
	}
	b.apply(specs{"crm": httpSpec(s.URL, "")})
	b.request(``)
}

func TestDisabledConnections(t *testing.T) {
	t.Parallel()
	s := peer(t, func(http.ResponseWriter, *http.Request) { t.Error("a disabled connection was used") })
	b := httpBox(t, s.URL, `,"enabled":false`)
	b.run()
	b.refused("http.request", `{"connection":"crm"}`, service.CodeOutDown, "is disabled")
	b.refused("outgoing.ping", `{"connection":"crm"}`, service.CodeOutDown, "is disabled")
	if h := b.health("crm"); h.State != outgoing.Unknown || h.Enabled || h.Type != "http" {
		t.Errorf("health = %+v", h)
	}
}

// Calls in flight end on the pool on which they began; then it closes.
func TestOldPoolsDrain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	release := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release; echo(w, r) }),
		ConnState: func(c net.Conn, state http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			if open[c] = true; state == http.StateClosed {
				delete(open, c)
			}
		},
	}
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-ended })
	connections := func() int { mu.Lock(); defer mu.Unlock(); return len(open) }

	b := httpBox(t, "http://"+l.Addr().String(), "")
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() { b.request(``) })
	}
	eventually(t, func() error {
		if n := b.health("crm").InFlight; n != 3 || connections() != 3 {
			return fmt.Errorf("%d in flight on %d connections", n, connections())
		}
		return nil
	})
	b.apply(specs{})
	b.refused("http.request", `{"connection":"crm"}`, service.CodeNoOut, "crm")
	if len(b.Health()) != 0 {
		t.Errorf("health = %+v", b.Health())
	}
	close(release)
	calls.Wait()
	eventually(t, func() error {
		if n := connections(); n != 0 {
			return fmt.Errorf("%d connections of the old pool are open", n)
		}
		return nil
	})
}

func TestCloseEndsCalls(t *testing.T) {
	t.Parallel()
	s := peer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	b := newBox(t)
	b.run()
	b.apply(specs{"crm": httpSpec(s.URL, ""), "db": `{"type":"sql","driver":"sqlite","database":"a"}`})
	failures := make(chan *service.Error, 2)
	for op, args := range map[string]string{
		"http.request": `{"connection":"crm"}`,
		"sql.query":    `{"connection":"db","sql":"with recursive r(x) as (select 1 union all select x+1 from r) select max(x) from r"}`,
	} {
		go func() {
			_, err := b.op(context.Background(), op, args)
			failures <- err
		}()
	}
	eventually(t, func() error {
		if n := b.health("crm").InFlight + b.health("db").InFlight; n != 2 {
			return fmt.Errorf("%d in flight", n)
		}
		return nil
	})
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-failures; err == nil || err.Code != service.CodeOutDown || !strings.Contains(err.Message, "stopping") {
			t.Errorf("a call at the end: %v", err)
		}
	}
	b.refused("http.request", `{"connection":"crm"}`, service.CodeOutDown, "stopping")
	if problems := b.Apply(context.Background(), snapshot(t, specs{"x": httpSpec(s.URL, "")})); len(problems) != 1 {
		t.Errorf("Apply after Close: %+v", problems)
	}
}

func TestPings(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(503)
	var asked sync.Map
	s := peer(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Key"), true)
		w.WriteHeader(int(status.Load()))
	})
	b := newBox(t)
	b.vault["p"] = "k"
	b.run() // before there is anything to ping
	b.apply(specs{
		"crm": httpSpec(s.URL+"/v1/{id}", `,"security":"p","ping_every":"20ms","ping_method":"GET","ping_path":"/health"`), "security/p": `{"type":"apikey","key":{"ref":"env:K"}}`,
		"use": httpSpec(s.URL, `,"ping_every":"0s"`), "db": `{"type":"sql","driver":"sqlite","database":"a"}`,
	})
	b.becomes("crm", outgoing.Down)
	b.becomes("db", outgoing.Up)
	if h := b.health("crm"); h.LastError != "crm: it answered with status 503" || h.InFlight != 0 {
		t.Errorf("health = %+v", h)
	}
	status.Store(404) // it lives
	b.becomes("crm", outgoing.Up)
	status.Store(500)
	b.becomes("crm", outgoing.Down)
	if _, ok := asked.Load("GET /v1/health k"); !ok {
		t.Error("the ping was not asked as defined")
	}
	if h := b.health("use"); h.State != outgoing.Unknown {
		t.Errorf("a connection that is known by use only: %+v", h)
	}
	out := b.must("outgoing.ping", `{"connection":"use"}`)
	if !strings.Contains(out, `"name":"use","type":"http","enabled":true,"state":"down","since":"`) || !strings.Contains(out, `"last_error":"use: it answered with status 500"`) || !strings.Contains(out, `"breaker":"closed"`) {
		t.Errorf("outgoing.ping = %s", out)
	}
	names := []string{}
	for _, h := range b.Health() {
		names = append(names, h.Name)
	}
	if !slices.Equal(names, []string{"crm", "db", "use"}) {
		t.Errorf("health is of %v", names)
	}
	if n := strings.Count(b.log.String(), "outgoing connection is down"); n > 4 {
		t.Errorf("the log tells of each change of state once, not %d times", n)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	far := &script{statuses: []int{200, 503}}
	b := httpBox(t, peer(t, far.ServeHTTP).URL, `,"retries":0`)
	b.request(``)
	b.request(``)
	b.op(context.Background(), "http.request", `{"connection":"crm","method":"TRACE"}`)
	gathered := func() map[string]string {
		families, err := b.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				labels := ""
				for _, l := range m.GetLabel() {
					labels += " " + l.GetValue()
				}
				out[f.GetName()+labels] = fmt.Sprint(m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount()))
			}
		}
		return out
	}
	got := gathered()
	for name, want := range map[string]string{
		"signalbox_outgoing_duration_seconds crm": "3", "signalbox_outgoing_errors_total outgoing_failed crm": "1",
		"signalbox_outgoing_errors_total invalid_arguments crm": "1", "signalbox_outgoing_in_flight crm": "0", "signalbox_outgoing_up crm": "0",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %s (of %v)", name, got[name], want, got)
		}
	}
	b.apply(specs{})
	if got := gathered(); len(got) != 0 {
		t.Errorf("series of what is gone: %v", got)
	}
}

// Many goroutines use, change and look at the connections at the same time.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := peer(t, echo)
	b := newBox(t)
	b.run()
	b.apply(specs{"crm": httpSpec(s.URL, "")})
	stop := time.Now().Add(300 * time.Millisecond)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for time.Now().Before(stop) {
				b.request(``)
				b.op(context.Background(), "sql.query", `{"connection":"db","sql":"select 1"}`)
				b.Health()
			}
		})
		if i < 2 {
			all.Go(func() {
				for n := 0; time.Now().Before(stop); n++ {
					b.apply(specs{"crm": httpSpec(s.URL, fmt.Sprintf(`,"headers":{"X-N":"%d"}`, n)), "db": `{"type":"sql","driver":"sqlite","database":"a"}`})
					b.Ping(context.Background(), "crm")
				}
			})
		}
	}
	all.Wait()
	if h := b.health("crm"); h.InFlight != 0 {
		t.Errorf("health = %+v", h)
	}
}
