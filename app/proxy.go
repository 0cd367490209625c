package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
)

// The limits of a call that is passed on. A window does not tell when its page has
// gone, so every call ends by itself.
const (
	maxUpload = 65 << 20 // the admin API takes 64 MiB
	callTime  = 15 * time.Minute
	longTime  = 2 * time.Hour // backup and moving the ODB
	maxBackup = 1 << 40       // of one that a node looks into
)

// confirmHeader carries the name of a protected cluster, percent-encoded.
const confirmHeader = "X-Confirm"

// dropped are request headers that end here: they are about this app and its page.
func dropped(name string) bool {
	switch name {
	case "Authorization", "Cookie", "Origin", "Referer", "X-Csrf-Token", "X-Confirm", "X-Real-Ip", "Forwarded", "Via", "User-Agent":
		return true
	}
	return strings.HasPrefix(name, "Sec-") || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Proxy-")
}

// pass sends a request on to the cluster's admin API and the answer back, as it is.
func (c *conn) pass(w http.ResponseWriter, r *http.Request, path string) error {
	if err := c.mayPass(r, path); err != nil {
		return err
	}
	token, err := c.tokenFor(r, path)
	if err != nil {
		return err
	}
	limit, size := callTime, int64(maxUpload)
	switch path {
	case "/events":
		limit = pollTime
	case "/backup", "/odb/copy":
		limit = longTime
	case "/backup/inspect":
		limit, size = longTime, maxBackup
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, size)
	}
	c.proxy(path, token).ServeHTTP(w, r.WithContext(ctx)) //nolint:contextcheck // check takes it from the request
	return nil
}

// mayPass holds a request to what the user saved of the cluster.
func (c *conn) mayPass(r *http.Request, path string) error {
	if hidden(path) {
		return refuse(http.StatusForbidden, CodeNotHere, "this route is not passed on: sign in, sign out and claim by /api/clusters/%s/…", c.id)
	}
	for part := range strings.SplitSeq(path, "/") {
		if clear, err := url.PathUnescape(part); err != nil || clear == "." || clear == ".." {
			return refuse(http.StatusBadRequest, client.CodeBadRequest, "the path is not one of the admin API")
		}
	}
	c.mu.Lock()
	saved := c.saved
	c.mu.Unlock()
	if !saved.ReadOnly && !saved.Protected {
		return nil
	}
	what, err := effectOf(r.Method, path, func() ([]byte, error) { return peek(r) })
	switch {
	case err != nil:
		return err
	case what == reads:
		return nil
	case saved.ReadOnly:
		return refuse(http.StatusForbidden, CodeReadOnly, "%s is saved as read-only here; nothing was sent", saved.Name)
	case what == destructive && saved.Protected && !confirms(r.Header.Get(confirmHeader), saved.Name):
		return refuse(http.StatusPreconditionRequired, CodeConfirm, "%s is protected: this needs its name in the header %s; nothing was sent", saved.Name, confirmHeader)
	}
	return nil
}

func confirms(header, name string) bool {
	given, err := url.PathUnescape(header)
	return err == nil && given == name
}

// peek reads a small body and puts it back.
func peek(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the body ended before its end")
	}
	if len(text) > maxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is larger than %d MiB", maxBody>>20)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return text, nil
}

// tokenFor returns the credential to add. Only health may be asked without.
func (c *conn) tokenFor(r *http.Request, path string) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*ringTime)
	defer cancel()
	token, err := c.token(ctx)
	switch {
	case path == "/health":
		return token, nil
	case err != nil:
		return "", err
	case token == "":
		return "", refuse(http.StatusUnauthorized, CodeSignedOut, "nobody is signed in to this cluster")
	}
	return token, nil
}

// proxy passes one request on with a credential.
func (c *conn) proxy(path, token string) *httputil.ReverseProxy {
	way := c.via()
	return &httputil.ReverseProxy{
		Transport:     way,
		FlushInterval: -1, // long polls and progress pass as they come
		ErrorLog:      slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL = address(way.urls[0], path, p.In.URL.RawQuery)
			p.Out.Host = ""
			for name := range p.Out.Header {
				if dropped(name) {
					p.Out.Header.Del(name)
				}
			}
			p.Out.Header.Set("User-Agent", c.agent)
			if token != "" {
				p.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ModifyResponse: func(resp *http.Response) error { return c.check(resp, token) },
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			writeProblem(w, c.passProblem(r, err))
		},
	}
}

// address makes the URL of a route from its escaped path.
func address(base *url.URL, path, query string) *url.URL {
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, RawQuery: query}
	u.RawPath = client.Prefix + path
	u.Path, _ = url.PathUnescape(u.RawPath) // mayPass has checked it
	return u
}

// check looks at an answer before it goes back.
func (c *conn) check(resp *http.Response, token string) error {
	for _, name := range []string{"Set-Cookie", "Strict-Transport-Security", "Content-Security-Policy", "Alt-Svc", "Clear-Site-Data", "Location", "Refresh", "X-Content-Type-Options", "Referrer-Policy"} {
		resp.Header.Del(name)
	}
	if len(resp.Trailer) > 0 { // HTTP/1.1 has none beside a length
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
	}
	if resp.Header.Get("Cache-Control") == "" {
		resp.Header.Set("Cache-Control", "no-store")
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.StatusCode != http.StatusNotModified {
		return errRedirect
	}
	if resp.StatusCode == http.StatusUnauthorized && token != "" {
		text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		resp.Body = io.NopCloser(bytes.NewReader(text))
		var p client.Problem
		if json.Unmarshal(text, &p) == nil {
			c.refused(context.WithoutCancel(resp.Request.Context()), token, p.Detail)
		}
	}
	return nil
}

var errRedirect = errors.New("the cluster sent the request elsewhere")

// passProblem says why a request could not be passed on.
func (c *conn) passProblem(r *http.Request, err error) *client.Problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is larger than %d MiB", maxUpload>>20)
	}
	if errors.Is(err, errRedirect) {
		return refuse(http.StatusBadGateway, CodeUnreachable, "what answers at the address sends the request elsewhere; it is no node. It was not followed")
	}
	c.log.Debug("a request could not be passed on", "method", r.Method, "error", err)
	c.poke() // its health may have changed
	return problemOf(err)
}
