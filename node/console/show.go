package console

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/problem"
)

const (
	soon      = 15 * time.Minute // before its end a session is told to end soon
	askTime   = time.Second      // for the state of the nodes: one that hangs holds no page up
	pollFor   = 25 * time.Second
	lookAgain = 3 * time.Second // whether who waits is signed in, still or by now
)

// who returns who the browser has signed in as.
func (c *Console) who(r *http.Request) (client.Me, bool) {
	me, _, ok := c.session(r)
	return me, ok
}

// session is who, or why the session has ended; both empty: there was none.
func (c *Console) session(r *http.Request) (me client.Me, ended string, ok bool) {
	if _, err := r.Cookie(admin.SessionCookie); err != nil {
		return me, "", false
	}
	got := c.ask(r.Context(), r, target{method: http.MethodGet, path: "/me"})
	if got.read(&me) {
		return me, "", true
	}
	return me, got.detail(), false
}

// show describes the cluster to the browser. Strangers hear its name and authority,
// which the handshake shows anyway.
func (c *Console) show(r *http.Request) cluster {
	now := c.cfg.Now().UTC()
	at := "https://" + r.Host
	out := cluster{
		ID: c.id, Name: c.cfg.Cluster, URLs: []string{at}, URL: at, Fingerprint: "sha256:" + c.cfg.Fingerprint,
		State: "up", Since: c.cfg.Started.UTC(), Seen: now, Addresses: []address{{URL: at, InUse: true, State: "up"}},
	}
	me, ended, ok := c.session(r)
	out.SignInEnded = ended
	if !ok {
		return out
	}
	out.SignedInAs, out.Role, out.Expires = me.Account, string(me.Role), me.Expires
	out.ExpiresSoon = me.Expires != nil && me.Expires.Sub(now) < soon
	out.Status = c.known(r, now)
	return out
}

// known is what the cluster says of itself; nil when it says nothing.
func (c *Console) known(r *http.Request, now time.Time) *known {
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	var status, nodes *said
	var wg sync.WaitGroup
	wg.Go(func() { status = c.ask(ctx, r, target{method: http.MethodGet, path: "/status"}) })
	wg.Go(func() { nodes = c.ask(ctx, r, target{method: http.MethodGet, path: "/nodes"}) })
	wg.Wait()
	out := &known{At: now, Nodes: []client.Node{}}
	var list client.List[client.Node]
	if !status.read(&out.Status) {
		return nil
	}
	if nodes.read(&list) {
		out.Nodes = list.Items
	}
	return out
}

// outside is the cursor of a browser that nobody has signed in with.
const outside = "outside"

// events is the long poll of the pages: what the node tells of, and the end of the
// session.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	cursor := r.URL.Query().Get("after")
	me, ok := c.who(r)
	if !ok {
		c.strange(w, r, cursor)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pollFor)
	defer cancel()
	if me.Expires != nil {
		if left := me.Expires.Sub(c.cfg.Now()) - soon; left > 0 && left < pollFor {
			ctx, cancel = context.WithTimeout(r.Context(), left)
			defer cancel()
		}
	}
	events, refused := c.await(ctx, r, cursor)
	switch {
	case refused == nil:
	case refused.status == http.StatusUnauthorized: // the session was ended meanwhile
		c.strange(w, r, cursor)
		return
	default:
		refused.send(w)
		return
	}
	out := changes{Changes: []change{}, Cursor: events.Cursor, Reset: events.Reset}
	if len(events.Events) > 0 {
		out.Changes = append(out.Changes, change{"cluster", c.id}, change{"status", c.id})
	}
	if r.Context().Err() == nil && me.Expires != nil && me.Expires.Sub(c.cfg.Now()) <= soon && ctx.Err() != nil {
		out.Changes = append(out.Changes, change{"sign_in", c.id})
	}
	answer(w, out)
}

// await asks for what happened after a cursor until there is something. It asks anew
// every few seconds, so that a session that was ended elsewhere is refused soon.
func (c *Console) await(ctx context.Context, r *http.Request, cursor string) (client.Events, *said) {
	for first := cursor; ; {
		turn, done := context.WithTimeout(ctx, lookAgain)
		got := c.ask(turn, r, target{method: http.MethodGet, path: "/events", query: url.Values{"after": {cursor}}})
		done()
		var events client.Events
		if !got.read(&events) {
			return client.Events{}, got
		}
		if first == "" || events.Reset || len(events.Events) > 0 || ctx.Err() != nil {
			return events, nil
		}
		cursor = events.Cursor
	}
}

// strange lets a browser wait that nobody has signed in with. It hears of nothing but
// that it is so.
func (c *Console) strange(w http.ResponseWriter, r *http.Request, cursor string) {
	out := changes{Changes: []change{}, Cursor: outside}
	switch cursor {
	case "":
	case outside:
		select {
		case c.waiting <- struct{}{}:
			defer func() { <-c.waiting }()
		default:
			problem.Write(w, r, problem.Doc{Status: http.StatusServiceUnavailable, Code: client.CodeUnavailable, Detail: "too many browsers wait for somebody to sign in", RetryAfter: 5 * time.Second})
			return
		}
		select {
		case <-time.After(lookAgain): // who has signed in meanwhile comes with a cookie then
		case <-c.closed:
		case <-r.Context().Done():
		}
	default: // it was signed in
		out.Changes = append(out.Changes, change{"sign_in", c.id})
	}
	answer(w, out)
}
