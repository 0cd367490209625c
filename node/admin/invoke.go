package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// invoke calls a service with the body as its input. The answer is the
// service's, byte for byte; headers that it sets stay here, because they are
// meant for the clients of a channel and not for this origin.
func (a *API) invoke(c *call) (any, error) {
	input, err := c.body()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(input)) > 0 && !json.Valid(input) {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the input is not JSON")
	}
	name := odb.CleanName(c.param("name"))
	run := &service.Call{
		CID: c.cid(), Service: name, Channel: "admin", Input: input,
		User: &service.User{Security: "admin", Name: c.who.account},
	}
	out, err := a.cfg.Invoker.Invoke(c.Context(), run)
	if err != nil {
		return nil, a.serviceProblem(c, name, service.AsError(err))
	}
	if run.Reply.Status != 0 {
		c.w.Header().Set("X-Service-Status", strconv.Itoa(run.Reply.Status))
	}
	if run.Reply.Raw != nil {
		return raw{cmp.Or(run.Reply.ContentType, "application/octet-stream"), run.Reply.Raw}, nil
	}
	if len(out) == 0 {
		out = []byte("null")
	}
	return raw{"application/json", out}, nil
}

// serviceProblem tells why a service failed; what lies behind, only to developers.
func (a *API) serviceProblem(c *call, name string, e *service.Error) error {
	p := refuse(e.HTTPStatus(), e.Code, "%s", e.Message)
	p.Service = name
	if faults, ok := e.Details.(odb.Faults); ok {
		p.Errors = faults
	} else if e.Details != nil {
		if details, err := marshal(e.Details); err == nil {
			p.Details = details
		}
	}
	if c.who.role.Level() >= odb.Developer.Level() {
		p.Stack = e.Stack
		if e.Cause != nil {
			p.Cause = e.Cause.Error()
		}
	}
	return p
}
