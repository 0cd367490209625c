package channel

import (
	"bytes"
	"mime"
	"net/http"
	"strings"

	"signalbox.internal/node/problem"
)

// The settings of a channel's body; they are also what a body turns out to be.
const (
	bodyAuto   = "auto"
	bodyJSON   = "json"
	bodyXML    = "xml"
	bodyForm   = "form"
	bodyCSV    = "csv"
	bodyText   = "text"
	bodyBinary = "binary"
	bodyNone   = "none"
)

// acceptable lists the media types of a body setting; nil when it takes any type,
// or no body.
func acceptable(body string) []string {
	types := map[string][]string{
		bodyJSON: {"application/json", "application/*+json"},
		bodyXML:  {"application/xml", "text/xml", "application/*+xml"},
		bodyForm: {"application/x-www-form-urlencoded"},
		bodyCSV:  {"text/csv"},
	}
	if body == bodyAuto {
		return []string{"application/json", "application/*+json", "application/xml", "text/xml", "application/*+xml", "application/x-www-form-urlencoded", "text/csv"}
	}
	return types[body]
}

// media is what a request says of its body.
type media struct {
	kind     string // one of the body constants; empty when the type is not taken
	charset  string
	noHeader bool // CSV whose first row is data
}

// mediaOf reads Content-Type under the channel's setting.
func mediaOf(header, setting string) media {
	if header == "application/json" && (setting == bodyAuto || setting == bodyJSON) {
		return media{kind: bodyJSON}
	}
	name, params, err := mime.ParseMediaType(header)
	switch {
	case setting == bodyNone:
		return media{kind: bodyNone}
	case setting == bodyText || setting == bodyBinary:
		return media{kind: setting, charset: params["charset"]}
	case err != nil:
		return media{}
	}
	m := media{kind: kindOf(name), charset: params["charset"], noHeader: strings.EqualFold(params["header"], "absent")}
	if setting != bodyAuto && m.kind != setting {
		m.kind = ""
	}
	return m
}

// sniff says what a body without a type is: XML when it begins with <, else JSON.
func sniff(body []byte) string {
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n"), []byte("<")) {
		return bodyXML
	}
	return bodyJSON
}

// kindOf says what a body of a media type is; empty when it is nothing that is
// taken apart. name is in lower case.
func kindOf(name string) string {
	switch name {
	case "application/json", "text/json":
		return bodyJSON
	case "application/xml", "text/xml":
		return bodyXML
	case "application/x-www-form-urlencoded":
		return bodyForm
	case "text/csv", "application/csv":
		return bodyCSV
	}
	switch {
	case strings.HasSuffix(name, "+json"):
		return bodyJSON
	case strings.HasSuffix(name, "+xml"):
		return bodyXML
	}
	return ""
}

// unsupported says which media types the channel takes.
func (x *exchange) unsupported() *problem.Doc {
	list := strings.Join(x.e.accepts, ", ")
	h := x.w.Header()
	h["Accept"] = []string{list}
	switch x.r.Method {
	case http.MethodPost:
		h["Accept-Post"] = []string{list}
	case http.MethodPatch:
		h["Accept-Patch"] = []string{list}
	}
	return &problem.Doc{Status: http.StatusUnsupportedMediaType, Code: codeMedia, Detail: "this channel does not take a body of that type; it takes " + list}
}
