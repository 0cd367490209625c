package outgoing

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// errTooLarge marks an answer that passes the definition's limit.
var errTooLarge = errors.New("the answer is larger than it may be")

// Response is the answer to a [Request], read whole and unpacked.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// read reads an answer up to the definition's limit; a larger one is an error.
// The limit counts after unpacking, so that a small answer cannot become a large one.
func (h *httpSide) read(r *http.Response) (Response, error) {
	limit := int64(h.spec.MaxAnswer)
	tooLarge := fmt.Errorf("%w: more than %s", errTooLarge, h.spec.MaxAnswer)
	answer := Response{Status: r.StatusCode, Header: r.Header}
	if r.ContentLength > limit && r.Request.Method != http.MethodHead {
		return answer, tooLarge
	}
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= limit && r.Request.Method != http.MethodHead {
		b.Grow(int(min(n, 1<<20)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(r.Body, limit+1))
	switch {
	case int64(b.Len()) > limit:
		return answer, tooLarge
	case err != nil:
		return answer, fmt.Errorf("the answer broke off: %w", err)
	}
	answer.Body = b.Bytes()
	return answer, nil
}

// encode writes the answer as the result of http.request.
func (r Response) encode() []byte {
	b := strconv.AppendInt([]byte(`{"status":`), int64(r.Status), 10)
	b = append(b, `,"headers":{`...)
	for i, name := range slices.Sorted(maps.Keys(r.Header)) {
		if i > 0 {
			b = append(b, ',')
		}
		glue := ", "
		if name == "Set-Cookie" {
			glue = "\n"
		}
		b = append(appendString(b, strings.ToLower(name)), ':')
		b = appendString(b, strings.Join(r.Header[name], glue))
	}
	b = append(b, `},`...)
	return append(r.appendBody(b), '}')
}

// appendBody writes the body as json, text or base64, by its type.
func (r Response) appendBody(b []byte) []byte {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	if len(r.Body) == 0 {
		return append(b, `"text":""`...)
	}
	if isJSON {
		if text := bytes.TrimPrefix(bytes.TrimSpace(r.Body), []byte("\xef\xbb\xbf")); goodJSON(text) && utf8.Valid(text) {
			return append(append(b, `"json":`...), text...)
		}
	}
	isXML := kind == "application/xml" || strings.HasSuffix(kind, "+xml")
	if isJSON || isXML || strings.HasPrefix(kind, "text/") || kind == "application/x-www-form-urlencoded" {
		if text, ok := decodeText(r.Body, params["charset"]); ok && r.Header.Get("Content-Encoding") == "" {
			return appendString(append(b, `"text":`...), text)
		}
	}
	b = base64.StdEncoding.AppendEncode(append(b, `"base64":"`...), r.Body)
	return append(b, '"')
}

// decodeText reads text in its declared character set; false when it is none.
func decodeText(body []byte, charset string) (string, bool) {
	if charset != "" && !strings.EqualFold(charset, "utf-8") {
		set, err := htmlindex.Get(charset)
		if err != nil {
			return "", false
		}
		if body, err = set.NewDecoder().Bytes(body); err != nil {
			return "", false
		}
	}
	return string(body), utf8.Valid(body)
}

// reason returns what went wrong without the URL, whose query may hold secrets.
func reason(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return err.Error()
}
