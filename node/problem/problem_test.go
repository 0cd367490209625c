package problem

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc    Doc
		status int
		body   string
	}{
		"full": {
			Doc{Type: "urn:x", Title: "Bad", Status: 400, Detail: "no", Code: "invalid_input", CID: "cid-12345", Errors: []Fault{{"/a", "is 1"}}, Details: map[string]int{"n": 1}},
			400, `{"type":"urn:x","title":"Bad","status":400,"detail":"no","code":"invalid_input","cid":"cid-12345","errors":[{"pointer":"/a","message":"is 1"}],"details":{"n":1}}`,
		},
		"defaults":        {Doc{Status: 404}, 404, `{"title":"Not Found","status":404,"code":"not_found","cid":"from-request"}`},
		"no status":       {Doc{}, 500, `{"title":"Internal Server Error","status":500,"code":"internal_server_error","cid":"from-request"}`},
		"not an error":    {Doc{Status: 200}, 500, `{"title":"Internal Server Error","status":500,"code":"internal_server_error","cid":"from-request"}`},
		"client gone":     {Doc{Status: 499, Code: "canceled"}, 499, `{"title":"Client Closed Request","status":499,"code":"canceled","cid":"from-request"}`},
		"unknown status":  {Doc{Status: 599}, 599, `{"title":"Error","status":599,"code":"error","cid":"from-request"}`},
		"no markup":       {Doc{Status: 400, Code: "c", Detail: "<script>"}, 400, `{"title":"Bad Request","status":400,"detail":"\u003cscript\u003e","code":"c","cid":"from-request"}`},
		"bad details":     {Doc{Status: 400, Code: "c", Details: func() {}}, 400, `{"title":"Bad Request","status":400,"code":"c","cid":"from-request","errors":[{"pointer":"/details","message":"the details of the error could not be encoded"}]}`},
		"failing details": {Doc{Status: 400, Code: "c", Details: broken{errors.New("x")}}, 400, `{"title":"Bad Request","status":400,"code":"c","cid":"from-request","errors":[{"pointer":"/details","message":"the details of the error could not be encoded"}]}`},
		"panic":           {Doc{Status: 400, Code: "c", Details: broken{}}, 400, `{"title":"Bad Request","status":400,"code":"c","cid":"from-request","errors":[{"pointer":"/details","message":"the details of the error could not be encoded"}]}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			r.Header.Set("X-Correlation-ID", "from-request")
			r.Header.Set("Accept", "application/xml")
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("WWW-Authenticate", "Basic")
			Write(w, r, tc.doc)
			if got := strings.TrimSuffix(w.Body.String(), "\n"); w.Code != tc.status || got != tc.body {
				t.Errorf("got %d %s\nwant %d %s", w.Code, got, tc.status, tc.body)
			}
			if got := w.Header().Get("Content-Type"); got != ContentType {
				t.Errorf("Content-Type = %q", got)
			}
			if w.Header().Get("Content-Encoding") != "" || w.Header().Get("ETag") != "" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("headers = %v", w.Header())
			}
		})
	}
}

type broken struct{ err error }

func (b broken) MarshalJSON() ([]byte, error) { return []byte(b.err.Error()), b.err } // nil err: panics

func TestCIDOfAnswerWins(t *testing.T) {
	t.Parallel()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Correlation-ID", "from-request")
	w.Header().Set("X-Correlation-ID", "from-answer")
	Write(w, r, Doc{Status: 404})
	var doc Doc
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.CID != "from-answer" {
		t.Errorf("cid = %q, %v", doc.CID, err)
	}
}

func TestNoRequest(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Write(w, nil, Doc{Status: 404, CID: "cid-12345"})
	if w.Code != 404 || w.Header().Get("X-Correlation-Id") != "cid-12345" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "", -time.Second: "", time.Nanosecond: "1", time.Second: "1", 1500 * time.Millisecond: "2", time.Minute: "60",
	} {
		w := httptest.NewRecorder()
		Write(w, nil, Doc{Status: 503, RetryAfter: d})
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("Retry-After of %v = %q, want %q", d, got, want)
		}
	}
}

// HEAD over a real connection: the same headers as GET, no body, connection usable.
func TestHEAD(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Write(w, r, Doc{Status: 404, Code: "not_found"})
	}))
	defer srv.Close()
	length := map[string]int64{}
	for _, method := range []string{"HEAD", "GET", "HEAD"} {
		req, _ := http.NewRequestWithContext(t.Context(), method, srv.URL, nil)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 404 || method == "HEAD" && len(body) > 0 {
			t.Errorf("%s = %d with %d bytes, %v", method, resp.StatusCode, len(body), err)
		}
		length[method] = resp.ContentLength
	}
	if length["HEAD"] != length["GET"] || length["GET"] <= 0 {
		t.Errorf("Content-Length %v, want the same for both", length)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(400, "code", "detail", "/a", "cid-12345")
	f.Add(-1, "", "\xff\x00\r\n", "\xfe", "a\r\nSet-Cookie: x")
	f.Fuzz(func(t *testing.T, status int, code, detail, pointer, cid string) {
		w := httptest.NewRecorder()
		Write(w, nil, Doc{Status: status, Code: code, Detail: detail, CID: cid, Errors: []Fault{{pointer, detail}}})
		var doc Doc
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Status != w.Code || doc.Code == "" || doc.Title == "" {
			t.Errorf("got %+v with status %d", doc, w.Code)
		}
		if utf8.ValidString(detail) && doc.Detail != detail {
			t.Errorf("detail %q became %q", detail, doc.Detail)
		}
	})
}
