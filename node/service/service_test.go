package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// fn is a service made of a function, for tests.
type fn struct {
	spec service.Spec
	f    func(ctx context.Context, c *service.Call) ([]byte, error)
}

func (s fn) Spec() service.Spec { return s.spec }
func (s fn) Handle(ctx context.Context, c *service.Call) ([]byte, error) {
	return s.f(ctx, c)
}

func svc(name string, f func(ctx context.Context, c *service.Call) ([]byte, error)) fn {
	return fn{service.Spec{Name: name}, f}
}

// version is a module of one content hash that knows when it was closed.
type version struct {
	hash     string
	services []service.Service
	closed   atomic.Bool
}

func (v *version) Package() string             { return "p" }
func (v *version) Hash() string                { return v.hash }
func (v *version) Engine() string              { return "go" }
func (v *version) Services() []service.Service { return v.services }
func (v *version) Close() {
	if v.closed.Swap(true) {
		panic("module closed twice")
	}
}

func prepare(t testing.TB, hash string, services ...service.Service) (*service.Prepared, *version) {
	t.Helper()
	v := &version{hash: hash, services: services}
	p, err := service.Prepare(v)
	if err != nil {
		t.Fatal(err)
	}
	return p, v
}

func bind(p *service.Prepared, s service.Settings) []service.Binding {
	var out []service.Binding
	for _, name := range p.Names() {
		out = append(out, service.Binding{Name: name, From: p, Settings: s})
	}
	return out
}

type setup struct {
	settings service.Settings
	config   service.Config
	ops      map[string]service.Operation
}

func invoker(t testing.TB, s setup, services ...service.Service) *service.Invoker {
	t.Helper()
	p, _ := prepare(t, "h1", services...)
	reg := service.NewRegistry()
	if err := reg.Switch(bind(p, s.settings)); err != nil {
		t.Fatal(err)
	}
	host, err := service.NewHost(s.ops)
	if err != nil {
		t.Fatal(err)
	}
	s.config.Registry, s.config.Host = reg, host
	return service.NewInvoker(s.config)
}

func call(name, input string) *service.Call {
	return &service.Call{CID: "cid-12345", Service: name, Channel: "test", Input: []byte(input)}
}

func codeOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*service.Error](err)
	if !ok {
		t.Fatalf("the error %v is no *service.Error", err)
	}
	return e.Code
}

func TestInvokeOutcomes(t *testing.T) {
	schema := json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer","minimum":1},"s":{"type":"string","default":"d"}},"required":["n"],"additionalProperties":false}`)
	echo := func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }
	services := []service.Service{
		fn{service.Spec{Name: "checked", Input: schema}, echo},
		fn{service.Spec{Name: "promises", Output: json.RawMessage(`{"type":"number"}`)}, echo},
		svc("panics", func(context.Context, *service.Call) ([]byte, error) { panic("secret detail") }),
		svc("fails", func(context.Context, *service.Call) ([]byte, error) { return nil, errors.New("secret detail") }),
		svc("refuses", func(context.Context, *service.Call) ([]byte, error) {
			return nil, fmt.Errorf("wrapped: %w", service.Errorf(http.StatusConflict, "taken", "it is taken"))
		}),
		svc("loops", func(ctx context.Context, c *service.Call) ([]byte, error) { return c.Invoke(ctx, "loops", nil) }),
		svc("calls", func(ctx context.Context, c *service.Call) ([]byte, error) {
			return c.Host(ctx, "invoke", []byte(`{"service":"checked","input":{"n":2}}`))
		}),
		svc("bad host", func(ctx context.Context, c *service.Call) ([]byte, error) {
			return c.Host(ctx, "no.such", []byte(`{}`))
		}),
		svc("host panics", func(ctx context.Context, c *service.Call) ([]byte, error) { return c.Host(ctx, "boom", []byte(`{}`)) }),
		svc("stray argument", func(ctx context.Context, c *service.Call) ([]byte, error) {
			return c.Host(ctx, "invoke", []byte(`{"service":"checked","inputs":1}`))
		}),
		svc("library", func(ctx context.Context, c *service.Call) ([]byte, error) {
			return c.Host(ctx, "decimal.add", []byte(`{"bogus":1}`))
		}),
	}
	inv := invoker(t, setup{
		settings: service.Settings{ValidateOutput: true},
		ops: map[string]service.Operation{"boom": func(context.Context, *service.Call, json.RawMessage) (any, error) {
			panic("secret detail")
		}},
	}, services...)
	tests := map[string]struct {
		service, input, want, code string
		status                     int
	}{
		"default is filled in":   {"checked", `{"n":1}`, `{"n":1,"s":"d"}`, "", 0},
		"whole input is kept":    {"checked", `{"n":3, "s":"x"}`, `{"n":3, "s":"x"}`, "", 0},
		"faults":                 {"checked", `{"n":0,"x":1}`, "", service.CodeInvalid, 400},
		"not JSON":               {"checked", `{"n":`, "", service.CodeInvalid, 400},
		"empty input is null":    {"checked", ``, "", service.CodeInvalid, 400},
		"output kept":            {"promises", `5`, `5`, "", 0},
		"output broken":          {"promises", `"5"`, "", service.CodeOutput, 500},
		"panic":                  {"panics", `1`, "", service.CodeInternal, 500},
		"plain error":            {"fails", `1`, "", service.CodeInternal, 500},
		"service's own error":    {"refuses", `1`, "", "taken", 409},
		"endless invoke":         {"loops", `1`, "", service.CodeDepth, 508},
		"invoke by host":         {"calls", `1`, `{"n":2,"s":"d"}`, "", 0},
		"unknown host operation": {"bad host", `1`, "", service.CodeOperation, 500},
		"host operation panics":  {"host panics", `1`, "", service.CodeInternal, 500},
		"stray argument":         {"stray argument", `1`, "", service.CodeArguments, 500},
		"unknown service":        {"nobody", `1`, "", service.CodeNotFound, 404},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := inv.Invoke(t.Context(), call(tc.service, tc.input))
			if got := codeOf(t, err); got != tc.code {
				t.Fatalf("error %v, want code %q", err, tc.code)
			}
			if err == nil {
				if string(out) != tc.want {
					t.Errorf("got %s, want %s", out, tc.want)
				}
				return
			}
			e := service.AsError(err)
			if e.HTTPStatus() != tc.status {
				t.Errorf("status %d, want %d", e.HTTPStatus(), tc.status)
			}
			if strings.Contains(e.Message, "secret") {
				t.Errorf("the message %q tells the inner detail", e.Message)
			}
		})
	}
	if got := codeOf(t, func() error { _, err := inv.Invoke(t.Context(), call("library", `1`)); return err }()); got == "" || got == service.CodeInternal {
		t.Errorf("a library fault came out as %q; its own code is needed", got)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	schema := json.RawMessage(`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"array","items":{"enum":["x"]}}},"required":["c"],"additionalProperties":false}`)
	inv := invoker(t, setup{}, fn{service.Spec{Name: "s", Input: schema}, func(context.Context, *service.Call) ([]byte, error) { return nil, nil }})
	_, err := inv.Invoke(t.Context(), call("s", `{"a":"1","b":["x","y"],"z":0}`))
	faults, _ := service.AsError(err).Details.(odb.Faults)
	for _, want := range []string{"/a", "/b/1", "'c'", "'z'"} {
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("no word of %s in %v", want, faults)
		}
	}
}

func TestMonstrousNumbersAreRefused(t *testing.T) {
	schema := json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer","multipleOf":3}}}`)
	inv := invoker(t, setup{}, fn{service.Spec{Name: "s", Input: schema}, func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }})
	for input, ok := range map[string]bool{
		`{"n":1e999999999}`: false, `{"n":9E+999999999}`: false, `{"n":1e-999999999}`: false, `{"x":[{"y":1e401}]}`: false,
		`{"n":` + strings.Repeat("9", 100_000) + `}`: false, `{"n":0.` + strings.Repeat("1", 100_000) + `}`: false,
		`{"n":3e2}`: true, `{"n":300, "s":"1e999999999"}`: true, `{"n":1.5e400}`: true,
	} {
		start := time.Now()
		_, err := inv.Invoke(t.Context(), call("s", input))
		if (err == nil) != ok || time.Since(start) > time.Second {
			t.Errorf("%.40s: %v after %v, want good: %v", input, err, time.Since(start), ok)
		}
	}
}

func TestSchemaMustNotLoadAnything(t *testing.T) {
	for _, ref := range []string{"file:///etc/passwd", "http://127.0.0.1:1/x.json", "other.json"} {
		s := fn{service.Spec{Name: "s", Input: json.RawMessage(`{"$ref":"` + ref + `"}`)}, nil}
		if _, err := service.Prepare(&version{services: []service.Service{s}}); err == nil {
			t.Errorf("the reference to %s was taken", ref)
		}
	}
}

func TestDeadlineAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := fn{service.Spec{Name: "waits", Timeout: 3 * time.Second}, func(ctx context.Context, _ *service.Call) ([]byte, error) {
			<-ctx.Done()
			return nil, errors.New("interrupted")
		}}
		outer := svc("outer", func(ctx context.Context, c *service.Call) ([]byte, error) { return c.Invoke(ctx, "waits", nil) })
		inv := invoker(t, setup{config: service.Config{Timeout: time.Second}}, waits, outer)
		for name, want := range map[string]time.Duration{"waits": 3 * time.Second, "outer": time.Second} {
			start := time.Now()
			_, err := inv.Invoke(t.Context(), call(name, "1"))
			if codeOf(t, err) != service.CodeTimeout || time.Since(start) != want {
				t.Errorf("%s: %v after %v, want a time-out after %v", name, err, time.Since(start), want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := inv.Invoke(ctx, call("waits", "1")); codeOf(t, err) != service.CodeCanceled {
			t.Errorf("after the caller went away: %v", err)
		}
	})
}

func TestDisabledAndBusy(t *testing.T) {
	enter, leave := make(chan struct{}), make(chan struct{})
	slow := svc("slow", func(context.Context, *service.Call) ([]byte, error) {
		enter <- struct{}{}
		<-leave
		return []byte("1"), nil
	})
	inv := invoker(t, setup{settings: service.Settings{MaxInFlight: 1}}, slow)
	first := make(chan error, 1)
	go func() {
		_, err := inv.Invoke(context.Background(), call("slow", "1"))
		first <- err
	}()
	<-enter
	if _, err := inv.Invoke(t.Context(), call("slow", "1")); codeOf(t, err) != service.CodeBusy {
		t.Errorf("a call beyond the limit: %v", err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Errorf("the admitted call: %v", err)
	}
	inv = invoker(t, setup{settings: service.Settings{Disabled: true}}, slow)
	if _, err := inv.Invoke(t.Context(), call("slow", "1")); codeOf(t, err) != service.CodeDisabled {
		t.Errorf("a call of a disabled service: %v", err)
	}
}

func TestParallel(t *testing.T) {
	ok := svc("ok", func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil })
	bad := svc("bad", func(context.Context, *service.Call) ([]byte, error) { return nil, errors.New("secret") })
	fan := svc("fan", func(ctx context.Context, c *service.Call) ([]byte, error) {
		return c.Host(ctx, "parallel", []byte(`{"calls":[{"service":"ok","input":1},{"service":"bad"},{"service":"ok","input":3}]}`))
	})
	out, err := invoker(t, setup{}, ok, bad, fan).Invoke(t.Context(), call("fan", "null"))
	want := `[{"ok":true,"value":1},{"ok":false,"error":{"code":"internal","message":"the service failed","status":500}},{"ok":true,"value":3}]`
	if err != nil || string(out) != want {
		t.Errorf("got %s, %v; want %s", out, err, want)
	}
}

// Under constant switching no tree of calls mixes versions, and each version is
// closed once, after its last call.
func TestSwitchUnderLoad(t *testing.T) {
	reg := service.NewRegistry()
	host, err := service.NewHost()
	if err != nil {
		t.Fatal(err)
	}
	inv := service.NewInvoker(service.Config{Registry: reg, Host: host})
	var versions []*version
	deploy := func(n int) *service.Prepared {
		hash := fmt.Sprintf("v%d", n)
		leaf := svc("leaf", func(context.Context, *service.Call) ([]byte, error) { return []byte(`"` + hash + `"`), nil })
		root := svc("root", func(ctx context.Context, c *service.Call) ([]byte, error) {
			out, err := c.Invoke(ctx, "leaf", nil)
			if err == nil && string(out) != `"`+hash+`"` {
				return nil, fmt.Errorf("root %s met leaf %s", hash, out)
			}
			if c.Version() != hash {
				return nil, fmt.Errorf("root %s thinks it is %s", hash, c.Version())
			}
			return out, err
		})
		p, v := prepare(t, hash, leaf, root)
		versions = append(versions, v)
		if err := reg.Switch(bind(p, service.Settings{})); err != nil {
			t.Fatal(err)
		}
		return p
	}
	deploy(0).Release()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var calls atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := inv.Invoke(context.Background(), call("root", "1")); err != nil {
					t.Error(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	for n := 1; n <= 60; n++ {
		before := calls.Load()
		deploy(n).Release()
		for calls.Load() < before+20 && !t.Failed() {
			runtime.Gosched()
		}
	}
	close(stop)
	wg.Wait()
	for i, v := range versions {
		if last := i == len(versions)-1; v.closed.Load() == last {
			t.Errorf("version %d closed: %v", i, v.closed.Load())
		}
	}
	reg.Close()
	if !versions[len(versions)-1].closed.Load() {
		t.Error("the last version is open after Close")
	}
}

func TestSwitchRefusals(t *testing.T) {
	reg := service.NewRegistry()
	a, va := prepare(t, "a", svc("x", nil))
	b, _ := prepare(t, "b", svc("x", nil))
	if err := reg.Switch(append(bind(a, service.Settings{}), bind(b, service.Settings{})...)); err == nil {
		t.Error("one name from two packages was taken")
	}
	if err := reg.Switch([]service.Binding{{Name: "y", From: a}}); err == nil {
		t.Error("a service that the package lacks was taken")
	}
	a.Release()
	if !va.closed.Load() {
		t.Error("the refused switches still hold the module")
	}
	if err := reg.Switch([]service.Binding{{Name: "x", From: a}}); err == nil {
		t.Error("a closed module was taken")
	}
}

func TestHostNamesAreUnique(t *testing.T) {
	op := func(context.Context, *service.Call, json.RawMessage) (any, error) { return nil, nil }
	if _, err := service.NewHost(map[string]service.Operation{"invoke": op}); err == nil {
		t.Error("invoke was registered twice")
	}
	h, err := service.NewHost(map[string]service.Operation{"own.thing": op})
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(h.Names(), " ")
	for _, want := range []string{"own.thing", "invoke", "parallel", "xml.parse", "decimal.add"} {
		if !strings.Contains(names, want) {
			t.Errorf("no operation %s among %s", want, names)
		}
	}
}

func TestEcho(t *testing.T) {
	p, err := service.Prepare(service.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	reg := service.NewRegistry()
	if err := reg.Switch(bind(p, service.Settings{})); err != nil {
		t.Fatal(err)
	}
	host, err := service.NewHost()
	if err != nil {
		t.Fatal(err)
	}
	out, err := service.NewInvoker(service.Config{Registry: reg, Host: host}).Invoke(t.Context(), call("signalbox.echo", `{"a":[1]}`))
	if err != nil || !strings.Contains(string(out), `"input":{"a":[1]}`) {
		t.Errorf("got %s, %v", out, err)
	}
}

func BenchmarkInvoke(b *testing.B) {
	schema := json.RawMessage(`{"type":"object","properties":{"id":{"type":"string"},"qty":{"type":"integer"}},"required":["id","qty"]}`)
	inv := invoker(b, setup{}, fn{service.Spec{Name: "s", Input: schema}, func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }})
	for b.Loop() {
		if _, err := inv.Invoke(b.Context(), call("s", `{"id":"A-1","qty":3}`)); err != nil {
			b.Fatal(err)
		}
	}
}
