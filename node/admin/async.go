package admin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Bounds of calls that nobody waits for.
const (
	maxUnderWay = 64               // more are refused
	maxOutcomes = 500              // the oldest of those that ended is forgotten first
	outcomeLife = 15 * time.Minute // after the end
	maxOutcome  = 1 << 20          // larger answers are not kept
)

// outcomes keeps the calls that were started without waiting for them, for whoever
// asks how they ended. They live in this node's memory only.
type outcomes struct {
	now  func() time.Time
	ctx  context.Context //nolint:containedctx // ends the calls with the API
	end  context.CancelFunc
	busy sync.WaitGroup

	mu    sync.Mutex
	byCID map[string]*outcome
	order []string // as they were started
	under int
}

type outcome struct {
	client.Invocation
	account string
}

func newOutcomes(now func() time.Time) *outcomes {
	ctx, end := context.WithCancel(context.Background())
	return &outcomes{now: now, ctx: ctx, end: end, byCID: map[string]*outcome{}}
}

// close ends the calls under way and waits for them.
func (o *outcomes) close() {
	o.mu.Lock()
	o.end()
	o.mu.Unlock()
	o.busy.Wait()
}

// begin makes room for a call.
func (o *outcomes) begin(cid, name, account string) (*outcome, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx.Err() != nil {
		return nil, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the node is ending")
	}
	if o.under >= maxUnderWay {
		return nil, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "%d calls are under way for which nobody waits, as many as the node takes", o.under)
	}
	if _, taken := o.byCID[cid]; taken {
		return nil, refuse(http.StatusConflict, client.CodeConflict, "there is a call with the correlation id %s already", cid)
	}
	o.forget()
	one := &outcome{Invocation: client.Invocation{CID: cid, Service: name, State: "running", Started: o.now().UTC()}, account: account}
	o.byCID[cid] = one
	o.order = append(o.order, cid)
	o.under++
	o.busy.Add(1)
	return one, nil
}

// forget drops what is too old or too much.
func (o *outcomes) forget() {
	kept := o.order[:0]
	for i, cid := range o.order {
		one := o.byCID[cid]
		ended := one.Finished != nil
		if ended && (len(o.order)-i > maxOutcomes || o.now().Sub(*one.Finished) > outcomeLife) {
			delete(o.byCID, cid)
			continue
		}
		kept = append(kept, cid)
	}
	o.order = kept
}

// finish keeps how a call ended.
func (o *outcomes) finish(one *outcome, answer raw, status int, err error) {
	defer o.busy.Done()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.under--
	at := o.now().UTC()
	one.Finished, one.DurationMS = &at, float64(at.Sub(one.Started).Microseconds())/1000
	if err != nil {
		one.State, one.Problem = "failed", problemOf(err)
		one.Problem.CID, one.Problem.Title, one.Problem.Type = one.CID, http.StatusText(one.Problem.Status), "about:blank"
		return
	}
	one.State, one.Status, one.ContentType = "done", status, answer.contentType
	switch {
	case len(answer.body) > maxOutcome:
		one.Cut = true
	case answer.contentType == "application/json" && json.Valid(answer.body):
		one.Answer = bytes.TrimSpace(answer.body)
	default:
		file := client.NewFile(answer.body)
		one.Body = &file
	}
}

// look returns how a call is, to who started it and to developers.
func (o *outcomes) look(cid string, who principal) (client.Invocation, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one, ok := o.byCID[cid]
	if !ok || one.account != who.account && who.role.Level() < odb.Developer.Level() {
		return client.Invocation{}, false
	}
	seen := one.Invocation
	if p := seen.Problem; p != nil && who.role.Level() < odb.Developer.Level() {
		less := *p
		less.Cause, less.Stack = "", ""
		seen.Problem = &less
	}
	return seen, true
}

// showInvocation tells how a call ended that was started without waiting for it.
func (a *API) showInvocation(c *call) (any, error) {
	cid := c.param("id")
	seen, ok := a.outcomes.look(cid, c.who)
	if !ok {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound,
			"this node knows no call %.64q of yours: outcomes are kept for %v by the node that ran the call; its log has the rest", cid, outcomeLife)
	}
	return seen, nil
}

// invokeLater starts a call and answers at once.
func (a *API) invokeLater(c *call, run *service.Call) (any, error) {
	if _, ok := a.cfg.Services.Get(run.Service); !ok {
		return nil, refuse(http.StatusNotFound, service.CodeNotFound, "there is no service %q", run.Service)
	}
	one, err := a.outcomes.begin(run.CID, run.Service, c.who.account)
	if err != nil {
		return nil, err
	}
	c.status = http.StatusAccepted
	who := *c // the request ends before the call does
	go func() {
		ctx, cancel := context.WithTimeout(a.outcomes.ctx, c.route.timeout)
		defer cancel()
		who.Request = c.WithContext(ctx)
		answer, status, err := a.run(&who, run)
		a.outcomes.finish(one, answer, status, err)
	}()
	return client.Started{CID: run.CID, Service: run.Service}, nil
}

// run calls a service and makes of its answer what the API sends.
func (a *API) run(c *call, run *service.Call) (raw, int, error) {
	out, err := a.cfg.Invoker.Invoke(c.Context(), run)
	if err != nil {
		return raw{}, 0, a.serviceProblem(c, run.Service, service.AsError(err))
	}
	if run.Reply.Raw != nil {
		return raw{cmp.Or(run.Reply.ContentType, "application/octet-stream"), run.Reply.Raw}, run.Reply.Status, nil
	}
	if len(out) == 0 {
		out = []byte("null")
	}
	return raw{"application/json", out}, run.Reply.Status, nil
}

// statusHeader tells the status that a channel would answer with.
func statusHeader(h http.Header, status int) {
	if status != 0 {
		h.Set("X-Service-Status", strconv.Itoa(status))
	}
}
