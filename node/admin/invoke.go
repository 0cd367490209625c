package admin

import (
	"bytes"
	"encoding/json"
	"net/http"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// invoke calls a service with the body as its input. The answer is the
// service's, byte for byte; headers that it sets stay here, because they are
// meant for the clients of a channel and not for this origin. With async it is
// started, and the answer says under which id its outcome is.
func (a *API) invoke(c *call) (any, error) {
	input, err := c.body()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(input)) > 0 && !json.Valid(input) {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the input is not JSON")
	}
	name := odb.CleanName(c.param("name"))
	later, err := c.queryBool("async")
	if err != nil {
		return nil, err
	}
	run := &service.Call{
		CID: c.cid(), Service: name, Channel: "admin", Input: input,
		User: &service.User{Security: "admin", Name: c.who.account},
	}
	if later {
		return a.invokeLater(c, run)
	}
	answer, status, err := a.run(c, run)
	if err != nil {
		return nil, err
	}
	statusHeader(c.w.Header(), status)
	return answer, nil
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
