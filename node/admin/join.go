package admin

import (
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// What a join token may be.
const (
	usualJoinTokenLife   = time.Hour
	longestJoinTokenLife = 30 * 24 * time.Hour
)

func (a *API) joinRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{
			method: post, path: "/join/commit", id: "commitToJoin", timeout: 15 * time.Second, body: client.JoinCommit{}, answer: client.JoinSalt{}, handle: a.commitToJoin,
			summary: "Bind a box that has no join token to its key, before it asks to join. Needs no token.",
		},
		{
			method: post, path: "/join", id: "join", timeout: 30 * time.Second, body: client.JoinAsk{}, answer: client.JoinAnswer{}, handle: a.join,
			summary: "Become a node, by a join token or by an administrator's approval; asked again, it tells how far that is. Needs no token of an account.",
		},
		{method: get, path: "/join-tokens", role: odb.Admin, id: "listJoinTokens", summary: "Join tokens without their secrets.", answer: client.List[odb.JoinToken]{}, handle: a.listJoinTokens},
		{method: post, path: "/join-tokens", role: odb.Admin, id: "createJoinToken", summary: "Make a join token; the answer shows its secret this once.", status: http.StatusCreated, body: client.CreateJoinToken{}, answer: client.NewJoinToken{}, handle: a.createJoinToken},
		{method: http.MethodDelete, path: "/join-tokens/{id}", role: odb.Admin, id: "deleteJoinToken", summary: "Revoke a join token.", handle: a.deleteJoinToken},
		{method: get, path: "/join-requests", role: odb.Admin, id: "listJoinRequests", summary: "Boxes that ask to join.", answer: client.List[client.WaitingBox]{}, handle: a.listJoinRequests},
		{method: post, path: "/join-requests/{id}", role: odb.Admin, id: "decideJoin", summary: "Approve or refuse a box that asks to join.", body: client.DecideJoin{}, handle: a.decideJoin},
	}
}

func (a *API) commitToJoin(c *call) (any, error) {
	in, err := decode[client.JoinCommit](c)
	if err != nil {
		return nil, err
	}
	if wait := a.guard.wait(addrKey(c.addr())); wait > 0 {
		a.counters.refused("throttled")
		return nil, tooMany(wait)
	}
	return orError(a.cfg.Joins.Commit(c.Context(), in))
}

// orError hands on a value only without an error.
func orError[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// join lets a box in. Whoever guesses secrets has to wait.
func (a *API) join(c *call) (any, error) {
	in, err := decode[client.JoinAsk](c)
	if err != nil {
		return nil, err
	}
	key := addrKey(c.addr())
	if wait := a.guard.wait(key); wait > 0 {
		a.counters.refused("throttled")
		return nil, tooMany(wait)
	}
	out, err := a.cfg.Joins.Join(c.Context(), in, c.addr())
	if err != nil {
		if odb.KindOf(err) == odb.Denied {
			a.guard.failed(key)
			a.counters.refused("join")
		}
		return nil, err
	}
	c.who.account = "node " + odb.CleanName(in.Name)
	if out.Bundle != nil {
		c.about("node", odb.CleanName(in.Name))
		a.audit(c, "node joined", "token", in.Token)
	}
	return out, nil
}

func (a *API) listJoinTokens(c *call) (any, error) {
	all, err := a.cfg.Store.ListJoinTokens(c.Context())
	if err != nil {
		return nil, err
	}
	return client.List[odb.JoinToken]{Items: append([]odb.JoinToken{}, all...)}, nil
}

func (a *API) createJoinToken(c *call) (any, error) {
	in, err := decode[client.CreateJoinToken](c)
	if err != nil {
		return nil, err
	}
	life := time.Duration(in.TTLSeconds) * time.Second
	if life == 0 {
		life = usualJoinTokenLife
	}
	if in.Uses == 0 {
		in.Uses = 1
	}
	var faults odb.Faults
	if life < time.Minute || life > longestJoinTokenLife {
		faults.Add("/ttl_seconds", "is %d; 60 to %d are allowed", in.TTLSeconds, int64(longestJoinTokenLife/time.Second))
	}
	if err := faults.Err("create join token", ""); err != nil {
		return nil, err
	}
	id, hash, text, err := a.cfg.Joins.Token()
	if err != nil {
		return nil, err
	}
	p := odb.JoinToken{
		ID: id, Hash: hash, Uses: in.Uses, Left: in.Uses, Approve: in.Approve, By: c.who.account, Note: in.Note,
		Created: a.cfg.Now().UTC(), Expires: a.cfg.Now().Add(life).UTC(),
	}
	if err := a.cfg.Store.CreateJoinToken(c.Context(), p); err != nil {
		return nil, err
	}
	a.audit(c, "join token created", "token", id, "uses", in.Uses, "approve", in.Approve)
	return client.NewJoinToken{JoinToken: p, Token: text}, nil
}

func (a *API) deleteJoinToken(c *call) (any, error) {
	if err := a.cfg.Store.DeleteJoinToken(c.Context(), c.param("id")); err != nil {
		return nil, err
	}
	a.audit(c, "join token revoked", "token", c.param("id"))
	return nil, nil
}

func (a *API) listJoinRequests(c *call) (any, error) {
	all, err := a.cfg.Store.ListJoinRequests(c.Context())
	if err != nil {
		return nil, err
	}
	out := client.List[client.WaitingBox]{Items: []client.WaitingBox{}}
	for _, r := range all {
		out.Items = append(out.Items, client.WaitingBox{JoinRequest: r})
	}
	return out, nil
}

func (a *API) decideJoin(c *call) (any, error) {
	in, err := decode[client.DecideJoin](c)
	if err != nil {
		return nil, err
	}
	r, err := a.cfg.Store.JoinRequestOf(c.Context(), c.param("id"))
	if err != nil {
		return nil, err
	}
	if in.Code != "" && !strings.EqualFold(typedCode(in.Code), typedCode(r.Code)) {
		return nil, refuse(http.StatusConflict, client.CodeConflict, "the box that waits as %s shows another code than %s: it is not the box that you mean, or somebody sits in between", r.Name, in.Code)
	}
	state := odb.JoinRefused
	if in.Approve {
		state = odb.JoinApproved
	}
	if err := a.cfg.Store.DecideJoin(c.Context(), r.ID, state, c.who.account); err != nil {
		return nil, err
	}
	c.about("node", r.Name)
	a.audit(c, "join "+string(state), "node", r.ID)
	return nil, nil
}
