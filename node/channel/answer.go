package channel

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"signalbox.internal/node/library"
	"signalbox.internal/node/problem"
)

// Answers from this size on get a time in which the client must take them: so much
// for the first byte, and so many bytes a second.
const (
	largeAnswer   = 32 << 10
	answerPatient = 30 * time.Second
	answerRate    = 10 << 10
)

var (
	jsonType    = []string{"application/json"}
	xmlType     = []string{"application/xml; charset=utf-8"}
	textXMLType = []string{"text/xml; charset=utf-8"}
	bytesType   = []string{"application/octet-stream"}
	varyAccept  = []string{"Accept"}
)

// answer writes what the service answered: raw bytes as they are, else its JSON in
// the format that was negotiated.
func (x *exchange) answer(ctx context.Context, out []byte) {
	reply := &x.call.Reply
	status := reply.Status
	if status == 0 {
		status = x.e.spec.Status
	}
	if status < http.StatusOK || status > 599 {
		x.badAnswer(ctx, "status "+strconv.Itoa(status))
		return
	}
	contentType := jsonType
	h := x.w.Header()
	if x.e.spec.Answer == answerAuto {
		if h["Vary"] == nil {
			h["Vary"] = varyAccept
		} else {
			h["Vary"] = append(h["Vary"], varyAccept...)
		}
	}
	switch {
	case reply.Raw != nil:
		out, contentType = reply.Raw, bytesType
		if reply.ContentType != "" {
			contentType = []string{reply.ContentType}
		}
	case x.format == formatNone:
		x.fail(x.notAcceptable())
		return
	case x.format != formatJSON:
		var err error
		if out, err = toXML(out, x.e.xmlOut); err != nil {
			x.badAnswer(ctx, "XML: "+err.Error())
			return
		}
		contentType = xmlType
		if x.format == formatTextXML {
			contentType = textXMLType
		}
	}
	if reply.Raw != nil || x.e.headers["Content-Type"] == nil {
		h["Content-Type"] = contentType
	}
	for name, values := range reply.Header {
		if name = http.CanonicalHeaderKey(name); !ours(name) {
			h[name] = values
		}
	}
	x.send(status, out)
}

// send writes status and body.
func (x *exchange) send(status int, body []byte) {
	x.status = status
	if status == http.StatusNoContent || status == http.StatusNotModified {
		x.w.Header().Del("Content-Type")
		x.w.WriteHeader(status)
		return
	}
	if len(body) >= 2048 || x.r.Method == http.MethodHead { // shorter ones net/http counts itself
		x.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	x.w.WriteHeader(status)
	if len(body) < largeAnswer {
		_, _ = x.w.Write(body)
		return
	}
	control := http.NewResponseController(x.w)
	patience := answerPatient + time.Duration(len(body)/answerRate)*time.Second
	limited := control.SetWriteDeadline(x.m.now().Add(patience)) == nil
	_, err := x.w.Write(body)
	if err == nil {
		err = control.Flush()
	}
	if limited && err == nil {
		_ = control.SetWriteDeadline(time.Time{}) // the connection may serve another request
	}
}

// badAnswer tells the log what is wrong with a service's answer, and the client
// that something is.
func (x *exchange) badAnswer(ctx context.Context, what string) {
	x.m.log.ErrorContext(ctx, "service's answer cannot be sent", "channel", x.e.name, "service", x.call.Service, "cid", x.call.CID, "reason", what)
	x.fail(&problem.Doc{Status: http.StatusInternalServerError, Code: codeBadAnswer, Detail: hidden})
}

// ours reports whether a header belongs to the connection or to the product, so
// that a service cannot set it.
func ours(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", cidHeader:
		return true
	}
	return false
}

// toXML writes a JSON answer as XML.
func toXML(out []byte, f library.XMLFormat) ([]byte, error) {
	value, err := library.DecodeJSON(out)
	if err != nil {
		return nil, err
	}
	return library.FormatXML(value, f)
}
