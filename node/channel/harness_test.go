package channel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"signalbox.internal/node/channel"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// svc is a service made of a function and a schema.
type svc struct {
	name, input string
	handle      func(ctx context.Context, c *service.Call) ([]byte, error)
}

func (s svc) Spec() service.Spec {
	return service.Spec{Name: s.name, Input: json.RawMessage(s.input), Timeout: time.Minute}
}

func (s svc) Handle(ctx context.Context, c *service.Call) ([]byte, error) { return s.handle(ctx, c) }

// give answers with fixed JSON.
func give(name, out string) svc {
	return svc{name: name, handle: func(context.Context, *service.Call) ([]byte, error) { return []byte(out), nil }}
}

// reply answers with a fixed reply.
func reply(name, out string, r service.Reply) svc {
	return svc{name: name, handle: func(_ context.Context, c *service.Call) ([]byte, error) {
		c.Reply = r
		return []byte(out), nil
	}}
}

// fail fails with a fixed error.
func fail(name string, err error) svc {
	return svc{name: name, handle: func(context.Context, *service.Call) ([]byte, error) { return nil, err }}
}

// show answers with everything that a service can see.
var show = svc{name: "show", handle: func(_ context.Context, c *service.Call) ([]byte, error) {
	return json.Marshal(map[string]any{"input": json.RawMessage(c.Input), "http": c.HTTP, "user": c.User, "cid": c.CID, "channel": c.Channel})
}}

// input answers with its input alone.
var input = svc{name: "input", handle: func(_ context.Context, c *service.Call) ([]byte, error) { return c.Input, nil }}

type seen struct {
	Input json.RawMessage
	HTTP  service.HTTPInfo
	User  *service.User
	CID   string
}

// rig is a chain behind a real server.
type rig struct {
	*chain
	url string
	tb  testing.TB
}

func newRig(tb testing.TB, services []service.Service, defs ...odb.Definition) *rig {
	tb.Helper()
	return serveChain(tb, newChain(tb, service.Compiled("test", services...), defs...))
}

func newRigWith(tb testing.TB, auth channel.Authenticator, services []service.Service, defs ...odb.Definition) *rig {
	tb.Helper()
	c, _ := newChainWith(tb, channel.Config{Security: auth}, service.Compiled("test", services...), defs...)
	return serveChain(tb, c)
}

func newRigObserved(tb testing.TB, o channel.Observer, services []service.Service, defs ...odb.Definition) *rig {
	tb.Helper()
	c, _ := newChainWith(tb, channel.Config{Observer: o}, service.Compiled("test", services...), defs...)
	return serveChain(tb, c)
}

func serveChain(tb testing.TB, c *chain) *rig {
	tb.Helper()
	srv := httptest.NewServer(c.balancer)
	tb.Cleanup(srv.Close)
	return &rig{chain: c, url: srv.URL, tb: tb}
}

// ch defines a channel; spec is the inside of its JSON object.
func ch(name, spec string) odb.Definition { return define("channel", name, "{"+spec+"}") }

type answer struct {
	status int
	header http.Header
	body   string
}

// code returns the code of a problem document.
func (a answer) code() string {
	var doc struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &doc)
	return doc.Code
}

// do sends one request; headers are name, value, name, value …
func (r *rig) do(method, path, body string, headers ...string) answer {
	r.tb.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(r.tb.Context(), method, r.url+path, reader)
	if err != nil {
		r.tb.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// see sends a request to a channel of the service "show".
func (r *rig) see(method, path, body string, headers ...string) seen {
	r.tb.Helper()
	a := r.do(method, path, body, headers...)
	var s seen
	if err := json.Unmarshal([]byte(a.body), &s); err != nil || a.status != 200 {
		r.tb.Fatalf("%s %s = %d %s (%v)", method, path, a.status, a.body, err)
	}
	return s
}

var errInside = errors.New("password of db-7 is wrong")
