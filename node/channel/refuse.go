package channel

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"signalbox.internal/node/problem"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// The codes of refusals, as clients see them. Those of security and of services
// are in their packages.
const (
	codeNotFound   = "not_found"              // 404: no channel has this path
	codeMethod     = "method_not_allowed"     // 405: Allow lists the methods
	codePath       = "invalid_path"           // 400
	codeAddress    = "address_not_permitted"  // 403: not in the channel's list of addresses
	codeRate       = "rate_limited"           // 429
	codeAccept     = "not_acceptable"         // 406
	codeMedia      = "unsupported_media_type" // 415: Accept lists what is taken
	codeTooLarge   = "body_too_large"         // 413
	codeSlow       = "body_timeout"           // 408: the body did not come in time
	codeBody       = "invalid_body"           // 400: not what its type says
	codeNoBody     = "body_not_allowed"       // 400: the channel takes none
	codeQuery      = "invalid_query"          // 400
	codeGone       = service.CodeCanceled     // 499
	codeBadAnswer  = "invalid_answer"         // 500: the service's answer cannot be sent
	codeNoService  = "service_unavailable"    // 503: the service is not on this node (yet)
	codeServiceErr = "service_error"          // counts the errors that services give themselves
)

func codes() []string {
	return []string{
		codeNotFound, codeMethod, codePath, codeAddress, codeRate, codeAccept, codeMedia, codeTooLarge, codeSlow,
		codeBody, codeNoBody, codeQuery, codeGone, codeBadAnswer, codeNoService, codeServiceErr,
		security.CodeUnknown, security.CodeForbidden, security.CodeNoKeys, security.CodeNoCredentials,
		service.CodeInternal, service.CodeTimeout, service.CodeInvalid, service.CodeOutput, service.CodeDisabled,
		service.CodeBusy, service.CodeDepth, service.CodeMemory, service.CodeStack, service.CodeOutgoing,
		service.CodeOutDown, service.CodeSQL,
	}
}

// hidden is all that clients learn of what went wrong inside.
const hidden = "the request failed inside; the node's log has more under this correlation id"

// refuse answers with a problem and counts it.
func (m *Manager) refuse(w http.ResponseWriter, r *http.Request, p *problem.Doc) {
	n, ok := m.refused[p.Code]
	if !ok {
		n = m.refused[codeServiceErr]
	}
	n.Add(1)
	problem.Write(w, r, *p)
}

// unmatched answers a request that no channel takes. The path is not echoed.
func (m *Manager) unmatched(w http.ResponseWriter, r *http.Request, routes *routes, parts []string) {
	allow := routes.root.methods(parts)
	if allow == nil {
		m.refuse(w, r, &problem.Doc{Status: http.StatusNotFound, Code: codeNotFound, Detail: "there is nothing at this path"})
		return
	}
	w.Header()["Allow"] = []string{strings.Join(allow, ", ")}
	m.refuse(w, r, &problem.Doc{Status: http.StatusMethodNotAllowed, Code: codeMethod, Detail: "the path does not take this method; Allow lists those it takes"})
}

// options answers OPTIONS: a preflight by the channel of the method that it asks
// for, without credentials, everything else with the methods of the path.
func (m *Manager) options(w http.ResponseWriter, r *http.Request, routes *routes, parts []string) {
	if method := r.Header.Get("Access-Control-Request-Method"); method != "" && r.Header.Get("Origin") != "" {
		if e := routes.root.find(parts, method); e != nil && e.cors != nil {
			e.cors.HandlerFunc(w, r)
			return
		}
	}
	allow := routes.root.methods(parts)
	if allow == nil {
		m.unmatched(w, r, routes, parts)
		return
	}
	w.Header()["Allow"] = []string{strings.Join(allow, ", ")}
	w.WriteHeader(http.StatusNoContent)
}

// told are the node's own codes that a client may learn, with what it is told.
// Their messages speak of services, hosts and limits that are not the client's.
var told = map[string]struct {
	detail string
	retry  time.Duration
}{
	service.CodeTimeout:  {"the answer took longer than it may", 0},
	service.CodeCanceled: {"the client went away", 0},
	service.CodeInvalid:  {"the input does not fit; errors lists every fault", 0},
	service.CodeDisabled: {"the service is switched off", 0},
	service.CodeBusy:     {"the service has as many calls as it may; try again", time.Second},
	service.CodeOutgoing: {"another system failed", 0},
	service.CodeOutDown:  {"another system is down; try again later", 5 * time.Second},
	service.CodeTooLarge: {"the input, or what was made of it, is larger than the service may have", 0},
}

// untold are the node's own codes that tell nothing beyond themselves.
var untold = map[string]bool{
	service.CodeInternal: true, service.CodeOutput: true, service.CodeDepth: true, service.CodeMemory: true,
	service.CodeStack: true, service.CodeOperation: true, service.CodeArguments: true,
	service.CodeNoOut: true, service.CodeSQL: true, service.CodeNotAllow: true, service.CodeNotFound: true,
}

// serviceProblem turns a service's error into an answer: what the service said
// itself in full, of what happened inside only the code.
func (x *exchange) serviceProblem(ctx context.Context, err error) *problem.Doc {
	e := service.AsError(err)
	p := &problem.Doc{Status: e.HTTPStatus(), Code: e.Code}
	if e.Code == service.CodeNotFound {
		if _, here := x.m.services.Get(x.call.Service); !here {
			x.m.log.WarnContext(ctx, "channel's service is not on this node", "channel", x.e.name, "service", x.call.Service, "cid", x.call.CID)
			return &problem.Doc{Status: http.StatusServiceUnavailable, Code: codeNoService, Detail: "the service is not available; try again later", RetryAfter: 5 * time.Second}
		}
		p.Status, p.Code = http.StatusInternalServerError, service.CodeInternal // a call between services
	}
	if t, ok := told[e.Code]; ok {
		p.Detail, p.RetryAfter = t.detail, t.retry
		if e.Code == service.CodeInvalid {
			tellFaults(p, e)
		}
		return p
	}
	if untold[e.Code] || e.Code == "" || p.Status >= http.StatusInternalServerError && ofLibrary(e.Code) {
		p.Detail = hidden
		return p
	}
	p.Detail, p.Details = e.Message, e.Details
	return p
}

// ofLibrary reports whether a code is one of the built-in library's: a service that
// did not catch it meant nothing for the client by it.
func ofLibrary(code string) bool {
	group, _, ok := strings.Cut(code, ".")
	return ok && slices.Contains(strings.Fields("library json xml xpath charset csv encoding hash hmac random decimal date template url form"), group)
}

// bodyProblem turns the error of reading a body into an answer.
func (x *exchange) bodyProblem(err error) *problem.Doc {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return x.tooLarge()
	case isTimeout(err):
		x.w.Header()["Connection"] = []string{"close"}
		return &problem.Doc{Status: http.StatusRequestTimeout, Code: codeSlow, Detail: "the body did not come in time"}
	case x.r.Context().Err() != nil:
		return &problem.Doc{Status: 499, Code: codeGone, Detail: "the client went away"}
	}
	x.w.Header()["Connection"] = []string{"close"}
	return &problem.Doc{Status: http.StatusBadRequest, Code: codeBody, Detail: "the body is cut or badly framed"}
}

// tellFaults lists what is wrong with an input: the faults that the invoker
// found, or those of a service that checks more than its schema says and throws
// the same code with a list of {pointer, message}.
func tellFaults(p *problem.Doc, e *service.Error) {
	if faults, ok := e.Details.(odb.Faults); ok {
		for _, f := range faults {
			p.Errors = append(p.Errors, problem.Fault(f))
		}
		return
	}
	p.Detail = e.Message
	raw, err := json.Marshal(e.Details)
	if err != nil || json.Unmarshal(raw, &p.Errors) != nil {
		p.Errors, p.Details = nil, e.Details
	}
}
