package channel

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"signalbox.internal/node/problem"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
)

const cidHeader = "X-Correlation-Id"

// exchange is one request to one channel and what becomes of it. What a call needs
// is part of it, so that it costs one allocation.
type exchange struct {
	m      *Manager
	e      *endpoint
	w      http.ResponseWriter
	r      *http.Request
	start  time.Time
	status int // of the answer; 0 while there is none
	format format
	call   service.Call
	info   service.HTTPInfo
	user   service.User
}

// ServeHTTP finds the channel of a request and lets it answer.
func (m *Manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var stack [16]string
	parts, ok := segments(stack[:0], r.URL)
	if !ok {
		m.refuse(w, r, &problem.Doc{Status: http.StatusBadRequest, Code: codePath, Detail: "the path is not valid"})
		return
	}
	routes := m.routes.Load()
	if r.Method == http.MethodOptions {
		m.options(w, r, routes, parts)
		return
	}
	e := routes.root.find(parts, r.Method)
	if e == nil {
		m.unmatched(w, r, routes, parts)
		return
	}
	x := &exchange{m: m, e: e, w: w, r: r, start: m.now()}
	if m.observer != nil {
		m.observer.ChannelStart(e.name)
	}
	defer x.end(r.Context())
	x.serve(r.Context(), parts)
}

// end contains a panic of ours and tells the observer. When the answer has begun
// the panic goes on to net/http, which breaks the connection: half an answer must
// not look like a whole one.
func (x *exchange) end(ctx context.Context) {
	if x.status == 0 {
		if p := recover(); p != nil {
			x.m.log.ErrorContext(ctx, "channel failed", "channel", x.e.name, "cid", x.call.CID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			x.fail(&problem.Doc{Status: http.StatusInternalServerError, Code: service.CodeInternal, Detail: hidden})
		}
	}
	took := x.m.now().Sub(x.start)
	if x.m.observer != nil {
		x.m.observer.ChannelEnd(x.e.name, x.status, took)
	}
	if x.m.log.Enabled(ctx, slog.LevelDebug) {
		x.m.log.LogAttrs(ctx, slog.LevelDebug, "request answered", slog.String("channel", x.e.name), slog.String("cid", x.call.CID),
			slog.String("method", x.r.Method), slog.Int("status", x.status), slog.Duration("took", took), slog.String("remote", x.info.Remote))
	}
}

// serve takes the request through every step; the first that refuses it answers it.
func (x *exchange) serve(ctx context.Context, parts []string) {
	maps.Copy(x.w.Header(), x.e.headers)
	if x.e.cors != nil {
		x.e.cors.HandlerFunc(x.w, x.r)
	}
	if cid := x.r.Header[cidHeader]; len(cid) > 0 {
		x.call.CID = cid[0]
	}
	p := x.admit(ctx)
	if p == nil {
		p = x.negotiate()
	}
	if p == nil {
		x.describe(parts)
		p = x.input()
	}
	if p != nil {
		x.fail(p)
		return
	}
	x.call.Deadline = x.start.Add(x.e.timeout)
	out, err := x.m.invoker.Invoke(ctx, &x.call)
	if err != nil {
		x.fail(x.serviceProblem(ctx, err))
		return
	}
	x.answer(ctx, out)
}

// admit checks where the request comes from, who sends it, and how many came.
func (x *exchange) admit(ctx context.Context) *problem.Doc {
	if len(x.e.allow) > 0 && !contains(x.e.allow, clientOf(x.r.RemoteAddr)) {
		return &problem.Doc{Status: http.StatusForbidden, Code: codeAddress, Detail: "this address may not call here"}
	}
	if len(x.e.spec.Security) > 0 {
		id, err := x.m.security.Authenticate(x.r, x.e.spec.Security)
		if err != nil {
			return x.unauthenticated(ctx, err)
		}
		x.user = service.User{Security: id.Security, Name: id.Name, Claims: id.Claims}
		x.call.User = &x.user
	}
	if l := x.e.limiter; l != nil {
		key := l.key(x.user.Name, x.user.Security, clientOf(x.r.RemoteAddr))
		if wait, ok := l.take(key, x.m.now()); !ok {
			return &problem.Doc{Status: http.StatusTooManyRequests, Code: codeRate, Detail: "there were too many requests in a short time", RetryAfter: wait}
		}
	}
	for _, name := range x.m.security.CredentialHeaders() {
		delete(x.r.Header, name)
	}
	return nil
}

// unauthenticated turns a refusal of security into an answer.
func (x *exchange) unauthenticated(ctx context.Context, err error) *problem.Doc {
	refusal, ok := err.(*security.Refusal) //nolint:errorlint // Authenticate returns it bare
	if !ok {
		x.m.log.ErrorContext(ctx, "authentication failed inside", "channel", x.e.name, "cid", x.call.CID, "error", err)
		return &problem.Doc{Status: http.StatusInternalServerError, Code: service.CodeInternal, Detail: hidden}
	}
	x.m.log.DebugContext(ctx, "credentials refused", "channel", x.e.name, "cid", x.call.CID, "reason", refusal.Reason(), "owner", refusal.Owner, "remote", x.r.RemoteAddr)
	if len(refusal.Challenges) > 0 {
		x.w.Header()["Www-Authenticate"] = refusal.Challenges
	}
	return &problem.Doc{Status: refusal.Status, Code: refusal.Code, Detail: refusal.Detail, RetryAfter: refusal.RetryAfter}
}

// describe fills what the service may know of the request. The header is the
// request's own: the balancer and admit have taken out what is not for services.
func (x *exchange) describe(parts []string) {
	x.call.Service, x.call.Channel, x.call.HTTP = x.e.spec.Service, "http", &x.info
	x.info = service.HTTPInfo{
		Method: x.r.Method, Path: x.r.URL.Path, Pattern: x.e.spec.Path, Header: x.r.Header, Remote: hostOf(x.r.RemoteAddr),
	}
	if len(x.e.params) == 0 {
		return
	}
	x.info.Params = make(map[string]string, len(x.e.params))
	for _, p := range x.e.params {
		if p.rest {
			x.info.Params[p.name] = strings.Join(parts[p.at:], "/")
		} else {
			x.info.Params[p.name] = parts[p.at]
		}
	}
}

func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// fail answers with a problem and counts it.
func (x *exchange) fail(p *problem.Doc) {
	if x.status != 0 {
		return
	}
	x.status = p.Status
	x.m.refuse(x.w, x.r, p)
}
