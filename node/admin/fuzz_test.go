package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestDecodeStrict(t *testing.T) {
	t.Parallel()
	type inner struct {
		Text string          `json:"text"`
		Raw  json.RawMessage `json:"raw,omitempty"`
	}
	type body struct {
		Name  string           `json:"name"`
		N     int              `json:"n,omitempty"`
		On    *bool            `json:"on,omitempty"`
		List  []inner          `json:"list,omitempty"`
		Named map[string]inner `json:"named,omitempty"`
		Bytes []byte           `json:"bytes,omitempty"`
	}
	tests := map[string]struct {
		text     string
		pointers []string
	}{
		"whole":          {`{"name":"x","n":3,"on":true,"list":[{"text":"a","raw":{"any":[1]}}],"named":{"k":{"text":"b"}},"bytes":"AAA="}`, nil},
		"null is absent": {`{"name":"x","n":null,"on":null,"list":null,"named":null,"bytes":null}`, nil},
		"null required":  {`{"name":null}`, []string{"/name"}},
		"other case":     {`{"Name":"x"}`, []string{"/Name", "/name"}},
		"inside":         {`{"name":"x","list":[{"text":"a"},{"txt":"b"}],"named":{"a/b~c":{"text":1}}}`, []string{"/list/1/text", "/list/1/txt", "/named/a~1b~0c/text"}},
		"types":          {`{"name":[],"n":"3","on":1,"list":{},"named":[],"bytes":4}`, []string{"/bytes", "/list", "/n", "/name", "/named", "/on"}},
		"fraction":       {`{"name":"x","n":1.5}`, []string{"/n"}},
		"too large":      {`{"name":"x","n":99999999999999999999}`, []string{"/n"}},
		"base64":         {`{"name":"x","bytes":"!"}`, []string{""}},
		"list":           {`[]`, []string{""}},
		"text":           {`"x"`, []string{""}},
	}
	for name, tc := range tests {
		err := admin.DecodeStrict([]byte(tc.text), new(body))
		var got []string
		if e, ok := errors.AsType[*odb.Error](err); ok {
			for _, f := range e.Faults {
				got = append(got, f.Pointer)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tc.pointers) || (err == nil) != (tc.pointers == nil) {
			t.Errorf("%s: faults at %q, want %q (%v)", name, got, tc.pointers, err)
		}
	}
}

// fuzzBody sends bodies to a route and wants an orderly answer to each.
func fuzzBody(f *testing.F, path string, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	r := newRigWith(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+r.local)
		w := httptest.NewRecorder()
		r.api.ServeHTTP(w, req)
		if !json.Valid(w.Body.Bytes()) || w.Code >= 500 {
			t.Fatalf("answer is %d %s", w.Code, w.Body)
		}
		if w.Code >= 400 {
			var p client.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Status != w.Code {
				t.Fatalf("problem is %s", w.Body)
			}
		}
	})
}

func FuzzApply(f *testing.F) {
	fuzzBody(f, "/api/v1/apply",
		`{"documents":[{"name":"f","text":"kind: channel\nname: c\nspec: {path: /c, service: demo.echo}\n"}],"prune":true}`,
		`{"documents":[{"name":"f","text":"kind: security\nname: s\nspec: {type: basic, username: u, password: {ref: 'sealed:o1.a.b'}}\n---\n&a [*a]"}]}`,
		`{"documents":[{"name":"","text":"{\"kind\":\"balancer\",\"name\":\"b\",\"spec\":{}}"}],"revision":1,"reason":"\u0000"}`,
		`{"documents":null}`, `[]`, `{`, ``)
}

func FuzzDeploy(f *testing.F) {
	fuzzBody(f, "/api/v1/deploy",
		`{"packages":[{"name":"p","files":{"a.ts":{"text":"x"},"b":{"base64":"AAA="}}}],"reason":"r"}`,
		`{"packages":[{"name":"p","files":{"..":{"text":"error"}}}]}`,
		`{"packages":[{"name":"p","files":{"a":{"text":"error"}}},{"name":" p","files":{"":{}}}]}`,
		`{"packages":[]}`, `{"packages":{}}`, `null`)
}

func FuzzCreateDefinition(f *testing.F) {
	fuzzBody(f, "/api/v1/definitions/channel",
		`{"name":"c","spec":{"path":"/c/{id}","service":"demo.echo"}}`, `{"name":"c","spec":{"path":1}}`, `{"name":"c","spec":null}`,
		`{"name":"c","spec":[]}`, `{"name":"\u200b","spec":{}}`, `{"name":"c"}`)
}
