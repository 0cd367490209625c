package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"signalbox.internal/node/admin/client"
)

// said is what the admin API answered a call in process.
type said struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (s *said) Header() http.Header { return s.header }

// WriteHeader implements http.ResponseWriter.
func (s *said) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

// Write implements http.ResponseWriter.
func (s *said) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.body.Write(b)
}

func (s *said) good() bool { return s.status/100 == 2 }

// read decodes a good answer.
func (s *said) read(into any) bool { return s.good() && json.Unmarshal(s.body.Bytes(), into) == nil }

// detail is why the answer is not good, in words.
func (s *said) detail() string {
	var p client.Problem
	if json.Unmarshal(s.body.Bytes(), &p) != nil {
		return ""
	}
	return p.Detail
}

// send hands the answer on as it is, and its cookies.
func (s *said) send(w http.ResponseWriter) {
	for _, name := range []string{"Content-Type", "Retry-After", "X-Correlation-ID"} {
		if v := s.header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	s.giveCookies(w)
	w.WriteHeader(s.status)
	_, _ = w.Write(s.body.Bytes()) // the browser went away
}

func (s *said) giveCookies(w http.ResponseWriter) {
	for _, cookie := range s.header.Values("Set-Cookie") {
		w.Header().Add("Set-Cookie", cookie)
	}
}

// target is a route of the admin API, below its prefix.
type target struct {
	method, path string
	query        url.Values
	body         any // nil: none
}

// ask calls the admin API in process as whoever makes r.
func (c *Console) ask(ctx context.Context, r *http.Request, t target) *said {
	out := &said{header: http.Header{}}
	in := r.Clone(ctx)
	in.Method, in.URL = t.method, &url.URL{Path: client.Prefix + t.path, RawQuery: t.query.Encode()}
	in.Body, in.ContentLength = http.NoBody, 0
	in.Header.Del("Content-Type")
	if t.body != nil {
		text, err := json.Marshal(t.body)
		if err != nil {
			out.status = http.StatusInternalServerError
			return out
		}
		in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		in.Header.Set("Content-Type", "application/json")
	}
	c.cfg.API.ServeHTTP(out, in)
	return out
}
