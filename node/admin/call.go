package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// maxReason is the longest reason of a change, in characters.
const maxReason = 500

// call is one request to one route, with who makes it.
type call struct {
	*http.Request
	w      http.ResponseWriter
	route  route
	who    principal
	status int // of a good answer; 0 means the route's
	notes  notes
	begun  bool // the answer was begun: what goes wrong now is told in its trailer
}

// handler answers a call with a value that becomes JSON, a [raw] answer, or an error.
type handler func(c *call) (any, error)

// raw is an answer that is not made by us.
type raw struct {
	contentType string
	body        []byte
}

// serve wraps a route's handler with everything that every route needs.
func (a *API) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), rt.timeout)
		defer cancel()
		c := &call{Request: r.WithContext(ctx), w: w, route: rt}
		// A recorder or an old server may not know deadlines; the context holds anyway.
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Now().Add(rt.timeout + time.Minute))
		defer func() { _ = rc.SetWriteDeadline(time.Time{}) }() // the connection may be used by others next
		answered := false
		defer func() {
			if !answered { // it panics
				a.record(c, errPanicked)
			}
		}()
		a.counters.request(rt, a.finish(c)) //nolint:contextcheck // a call carries its request's context
		answered = true
	}
}

// finish answers the call, well or with a problem, and returns the status.
func (a *API) finish(c *call) int {
	value, err := a.answer(c)
	a.record(c, err)
	if err == nil {
		err = a.reply(c, value)
	}
	if err != nil {
		return a.fail(c, err)
	}
	return c.status
}

// answer admits the call and runs its handler.
func (a *API) answer(c *call) (any, error) {
	c.status = c.route.status
	if err := a.admit(c); err != nil {
		return nil, err
	}
	if err := c.checkQuery(); err != nil {
		return nil, err
	}
	return c.route.handle(c)
}

// reply writes a good answer.
func (a *API) reply(c *call, value any) error {
	switch v := value.(type) {
	case nil:
		c.w.WriteHeader(http.StatusNoContent)
	case handled:
	case raw:
		write(c.w, c.status, v.contentType, v.body)
	default:
		body, err := marshal(v)
		if err != nil {
			return err
		}
		write(c.w, c.status, "application/json", body)
	}
	return nil
}

var errPanicked = errors.New("the request panicked")

// handled says that the handler has written the answer itself.
type handled struct{}

// fail writes the problem of err, logs what belongs into the log, and returns the status.
func (a *API) fail(c *call, err error) int {
	p := problemOf(err)
	refused := p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden || p.Status == http.StatusTooManyRequests
	switch {
	case p.Service != "": // the invoker has logged it
	case refused:
		a.cfg.Log.Log(c.Context(), a.refusalLevel(c), "request refused", "cid", c.cid(), "method", c.route.method, "route", c.route.path,
			"account", c.who.account, "addr", c.addr(), "status", p.Status, "reason", p.Detail)
	case knownAway(err): // the node has logged it, once
	case p.Status >= http.StatusInternalServerError:
		a.cfg.Log.ErrorContext(c.Context(), "request ended in an error", "cid", c.cid(), "method", c.route.method, "route", c.route.path,
			"account", c.who.account, "status", p.Status, "error", err.Error())
	}
	if c.begun {
		c.w.Header().Set(client.BackupFailed, p.Detail)
		return p.Status
	}
	writeProblem(c.w, c.Request, p)
	return p.Status
}

// refusalLevel keeps strangers from filling the log: who presents nothing, or
// has been told to wait, is counted and worth no line.
func (a *API) refusalLevel(c *call) slog.Level {
	anonymous := c.who.account == ""
	empty := c.route.role != "" && c.Header.Get("Authorization") == "" && c.Header.Get("Cookie") == ""
	if anonymous && (empty || a.guard.wait(addrKey(c.addr())) > 0) {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

func (c *call) cid() string { return c.Header.Get("X-Correlation-ID") }

// param returns a path parameter, decoded.
func (c *call) param(name string) string {
	v := chi.URLParam(c.Request, name)
	if c.URL.RawPath == "" {
		return v
	}
	if decoded, err := url.PathUnescape(v); err == nil {
		return decoded
	}
	return v
}

// addr is the caller's address without the port.
func (c *call) addr() string {
	host, _, err := net.SplitHostPort(c.RemoteAddr)
	if err != nil {
		return c.RemoteAddr
	}
	return host
}

// actor is the caller as the change log names it.
func (c *call) actor() odb.Actor {
	actor := odb.Actor{Name: c.who.account, Source: "api", Addr: c.addr()}
	for _, program := range []string{"cli", "desktop"} {
		if strings.HasPrefix(c.UserAgent(), "signalbox-"+program) {
			actor.Source = program
		}
	}
	if isOwnPage(c.Request) {
		actor.Source = "browser"
	}
	if c.who.local {
		actor.Addr = ""
	}
	return actor
}

// checkQuery refuses query parameters that the route does not know.
func (c *call) checkQuery() error {
	values, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, client.CodeBadRequest, "the query of the URL is not well-formed")
	}
	var known []string
	for _, p := range c.route.query {
		known = append(known, p.name)
	}
	for name, v := range values {
		if !slices.Contains(known, name) {
			return refuse(http.StatusBadRequest, client.CodeBadRequest, "there is no query parameter %.50q%s", name, hint(name, known))
		}
		if len(v) > 1 && !c.route.repeats(name) {
			return refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter %s is given twice", name)
		}
	}
	return nil
}

// hint suggests what was meant by a word that is not known.
func hint(word string, known []string) string {
	if near := odb.Nearest(word, known); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	if len(known) == 0 {
		return "; there is none here"
	}
	return "; known are " + strings.Join(known, ", ")
}

// queryInt reads a whole number of the query that is at least 0.
func (c *call) queryInt(name string) (int64, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter %s is %.50q; a whole number from 0 up is needed", name, text)
	}
	return n, nil
}

// queryBool reads true or false from the query; absent is false.
func (c *call) queryBool(name string) (bool, error) {
	switch text := c.URL.Query().Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, refuse(http.StatusBadRequest, client.CodeBadRequest, "the query parameter %s is %.50q; true or false is needed", name, text)
	}
}

// limit reads how long a page may be.
func (c *call) limit() (int, error) {
	n, err := c.queryInt("limit")
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return 100, nil
	case n > 1000:
		return 0, refuse(http.StatusBadRequest, client.CodeBadRequest, "limit is %d; at most 1000 is allowed", n)
	}
	return int(n), nil
}

// reason returns why a change is made: from the body, or from X-Change-Reason.
func (c *call) reason(fromBody string) (string, error) {
	text := fromBody
	if text == "" {
		decoded, err := url.QueryUnescape(c.Header.Get("X-Change-Reason"))
		if err != nil {
			return "", refuse(http.StatusBadRequest, client.CodeBadRequest, "X-Change-Reason is not percent-encoded")
		}
		text = decoded
	}
	text = strings.TrimSpace(strings.Map(printable, text))
	if utf8.RuneCountInString(text) > maxReason {
		return "", refuse(http.StatusUnprocessableEntity, client.CodeInvalid, "the reason has more than %d characters", maxReason)
	}
	return text, nil
}

// printable turns line breaks and control characters into blanks.
func printable(r rune) rune {
	if r < 0x20 || r == 0x7f || r == utf8.RuneError {
		return ' '
	}
	return r
}

// body reads the request's body: JSON, not larger than the route takes, in time.
func (c *call) body() ([]byte, error) {
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, client.CodeMediaType, "the body must be application/json")
	}
	if c.ContentLength > c.route.limit {
		return nil, c.tooLarge()
	}
	rc := http.NewResponseController(c.w)
	_ = rc.SetReadDeadline(time.Now().Add(c.route.timeout)) // see serve
	text, err := io.ReadAll(http.MaxBytesReader(c.w, c.Body, c.route.limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, c.tooLarge()
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the body ended early or took too long")
	}
	_ = rc.SetReadDeadline(time.Time{}) // else the deadline would end the handler
	return text, nil
}

func (c *call) tooLarge() error {
	return refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is larger than %s", odb.Size(c.route.limit))
}
