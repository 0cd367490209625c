package channel

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/tidwall/gjson"

	"signalbox.internal/node/library"
	"signalbox.internal/node/library/charset"
	"signalbox.internal/node/library/ordered"
	"signalbox.internal/node/problem"
)

// input makes the JSON that the service gets of body, query and path.
func (x *exchange) input() *problem.Doc {
	query, p := x.readQuery()
	if p != nil {
		return p
	}
	m := media{kind: x.e.spec.Body}
	if header := x.r.Header.Get("Content-Type"); header != "" && hasBody(x.r) { // before any of it is read
		if m = mediaOf(header, x.e.spec.Body); m.kind == "" {
			return x.unsupported()
		}
	}
	body, p := x.readBody()
	if p != nil {
		return p
	}
	if len(body) == 0 && m.kind != bodyText && m.kind != bodyBinary {
		if x.merges() {
			return x.merge(&library.Object{}, query)
		}
		return nil // the invoker makes null of it
	}
	if m.kind == bodyAuto {
		m.kind = sniff(body)
	}
	if m.kind == bodyJSON {
		return x.inputJSON(body, m, query)
	}
	value, err := x.decode(body, m)
	if err != nil {
		return x.decodeProblem(err)
	}
	if o, ok := value.(*library.Object); ok && x.merges() {
		return x.merge(o, query)
	}
	return x.encode(value)
}

// inputJSON takes a JSON body as it is when nothing is merged into it.
func (x *exchange) inputJSON(body []byte, m media, query *query) *problem.Doc {
	body, err := charset.UTF8(m.charset, body)
	if err == nil {
		err = library.CheckDepth(body, 0)
	}
	if err != nil {
		return x.decodeProblem(err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return x.decodeProblem(errors.New("the body is blank"))
	}
	if x.merges() && (query != nil || len(x.e.params) > 0) && bytes.TrimLeft(body, " \t\r\n")[0] == '{' {
		value, err := library.DecodeJSON(body)
		if err != nil {
			return x.decodeProblem(err)
		}
		if o, ok := value.(*library.Object); ok {
			return x.merge(o, query)
		}
	}
	if !gjson.ValidBytes(body) { // three times as fast as encoding/json
		_, err := library.DecodeJSON(body) // says where
		return x.decodeProblem(err)
	}
	x.call.Input = body
	return nil
}

// decode takes a body apart that is not JSON.
func (x *exchange) decode(body []byte, m media) (any, error) {
	switch m.kind {
	case bodyXML:
		o := x.e.xmlIn
		if m.charset != "" { // what the transport says counts, not what the document says
			text, err := charset.UTF8(m.charset, body)
			if err != nil {
				return nil, err
			}
			body, o.Unicode = text, true
		}
		return library.ParseXML(body, o)
	case bodyCSV:
		return library.ParseCSV(body, library.CSVOptions{NoHeader: m.noHeader, Charset: m.charset})
	case bodyBinary:
		return base64.StdEncoding.EncodeToString(body), nil
	}
	text, err := charset.UTF8(m.charset, body)
	if err != nil {
		return nil, err
	}
	if m.kind == bodyForm {
		return library.ParseForm(string(text))
	}
	return string(text), nil
}

// encode writes a value as the input. Some bodies are short because they name
// something long once, so the size of the JSON is bounded on its own.
func (x *exchange) encode(value any) *problem.Doc {
	input, err := ordered.Append(nil, value, int(max(library.MaxArguments, 8*x.e.maxBody)))
	if err != nil {
		if e, ok := errors.AsType[*library.Error](err); ok && e.Code == "library.limit" {
			return x.tooLarge()
		}
		return x.decodeProblem(err)
	}
	x.call.Input = input
	return nil
}

// decodeProblem says what is wrong with a body.
func (x *exchange) decodeProblem(err error) *problem.Doc {
	p := &problem.Doc{Status: http.StatusBadRequest, Code: codeBody, Detail: "the body cannot be read"}
	if e, ok := errors.AsType[*library.Error](err); ok {
		p.Detail, p.Details = e.Message, e.Details
		if e.Code == "charset.unknown" {
			p.Status, p.Code = http.StatusUnsupportedMediaType, codeMedia
		}
		return p
	}
	if err != nil {
		p.Detail = err.Error()
	}
	return p
}
