// Package problem writes refusals and errors the way every HTTP port of a node
// tells them: as a problem document (RFC 9457, application/problem+json) with a
// stable code for programs and the correlation id for people.
//
// It offers [Doc] and [Write]. It decides nothing: what is refused and with which
// code is the caller's business, and the caller puts nothing inner into a Doc.
// Clients get JSON whatever their Accept header says: RFC 9110 allows it for an
// error, and one form is easier to rely on than two.
//
// It imports no other package of this module.
package problem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Doc is a problem document. The zero value of a field leaves it out, except
// where the field says what it means then.
type Doc struct {
	Type   string  `json:"type,omitempty"`   // a URI that names the kind of problem; "" means about:blank
	Title  string  `json:"title"`            // the kind in words; "" means the text of the status
	Status int     `json:"status"`           // HTTP status; outside 400 to 599 means 500
	Detail string  `json:"detail,omitempty"` // what was wrong this time and what would be right
	Code   string  `json:"code"`             // stable, for programs; "" means the status's text in snake_case
	CID    string  `json:"cid,omitempty"`    // correlation id; "" means the one of the request
	Errors []Fault `json:"errors,omitempty"` // every fault of an input, each with its place
	// Details is what a service adds to its error; anything that encodes to JSON.
	Details any `json:"details,omitempty"`
	// RetryAfter becomes the header Retry-After, in whole seconds, rounded up.
	RetryAfter time.Duration `json:"-"`
}

// Fault is one thing wrong with an input, at a place in it.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901); "" means the whole input
	Message string `json:"message"`
}

// StatusText is [http.StatusText] that also knows 499 (the client went away).
func StatusText(status int) string {
	if status == 499 {
		return "Client Closed Request"
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Error"
}

// Write answers r with doc; for HEAD with its headers only. Headers that spoke
// of another body are taken out, all others that the caller has set stay. It
// never panics; r may be nil.
func Write(w http.ResponseWriter, r *http.Request, doc Doc) {
	if doc.Status < 400 || doc.Status > 599 {
		doc.Status = http.StatusInternalServerError
	}
	if doc.Title == "" {
		doc.Title = StatusText(doc.Status)
	}
	if doc.Code == "" {
		doc.Code = strings.NewReplacer(" ", "_", "-", "_", "'", "").Replace(strings.ToLower(StatusText(doc.Status)))
	}
	if doc.CID == "" {
		doc.CID = cid(w, r)
	}
	body := encode(doc)
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Etag", "Last-Modified", "Expires", "Accept-Ranges"} {
		h.Del(name)
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if doc.CID != "" {
		h.Set("X-Correlation-Id", doc.CID)
	}
	if doc.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((doc.RetryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(doc.Status)
	if r == nil || r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// cid finds the correlation id that the answer or the request carries.
func cid(w http.ResponseWriter, r *http.Request) string {
	if id := w.Header().Get("X-Correlation-Id"); id != "" || r == nil {
		return id
	}
	return r.Header.Get("X-Correlation-Id")
}

// encode never fails: details that do not encode are left out and named.
func encode(doc Doc) []byte {
	body, err := marshal(doc)
	if err != nil {
		doc.Details = nil
		doc.Errors = append(slices.Clip(doc.Errors), Fault{Pointer: "/details", Message: "the details of the error could not be encoded"})
		body, _ = marshal(doc) // texts and numbers always encode
	}
	return append(body, '\n')
}

// marshal is json.Marshal that survives a marshaller that panics.
func marshal(doc Doc) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("encode problem: panic: %v", p)
		}
	}()
	return json.Marshal(doc)
}
