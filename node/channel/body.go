package channel

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/node/problem"
)

// firstChunk is how much memory a body gets on its word alone, in bytes.
const firstChunk = 256 << 10

// readBody reads the whole body, or says why it is not taken. Nothing is read of a
// body whose announced size is too large, so that a client that waits for "100
// Continue" never sends it.
func (x *exchange) readBody() ([]byte, *problem.Doc) {
	r, e := x.r, x.e
	if !hasBody(r) {
		return nil, nil
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		x.w.Header()["Accept-Encoding"] = []string{"identity"}
		return nil, &problem.Doc{Status: http.StatusUnsupportedMediaType, Code: codeMedia, Detail: "compressed bodies are not taken"}
	}
	most := e.maxBody
	if e.spec.Body == bodyNone {
		most = 0
	}
	if r.ContentLength > most {
		return nil, x.tooLarge()
	}
	limited := x.readBy(x.start.Add(e.timeout))
	var source io.Reader = r.Body // of an announced size net/http reads no more
	if r.ContentLength < 0 {
		source = http.MaxBytesReader(x.w, r.Body, most)
	}
	body, err := readAll(source, r.ContentLength)
	if err != nil {
		return nil, x.bodyProblem(err)
	}
	if limited { // else it would end the request while the service works
		x.readBy(time.Time{})
	}
	return body, nil
}

// readBy sets the time by which the body must have come; false when the connection
// cannot do that.
func (x *exchange) readBy(t time.Time) bool {
	if w, ok := x.w.(interface{ SetReadDeadline(time.Time) error }); ok {
		return w.SetReadDeadline(t) == nil
	}
	return http.NewResponseController(x.w).SetReadDeadline(t) == nil
}

// hasBody reports whether a body has been announced.
func hasBody(r *http.Request) bool {
	return r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody
}

func (x *exchange) tooLarge() *problem.Doc {
	if x.e.spec.Body == bodyNone {
		return &problem.Doc{Status: http.StatusBadRequest, Code: codeNoBody, Detail: "this channel takes no body"}
	}
	return &problem.Doc{
		Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge,
		Detail: "the body is larger than the " + strconv.FormatInt(x.e.maxBody, 10) + " bytes that this channel takes",
	}
}

// readAll reads a body of the announced size, or of an unknown one when that is negative.
func readAll(r io.Reader, size int64) ([]byte, error) {
	if size >= 0 && size <= firstChunk {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	var b bytes.Buffer
	if size > 0 {
		b.Grow(firstChunk)
	}
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	if int64(b.Len()) < size {
		return nil, io.ErrUnexpectedEOF
	}
	return b.Bytes(), nil
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}
