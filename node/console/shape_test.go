package console_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"signalbox.internal/app"
	"signalbox.internal/node/console"
)

func record(t *testing.T, h http.Handler, path string, headers ...string) got {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return got{w.Code, w.Header(), w.Body.String()}
}

// TestShapes holds what a node answers to the app's types, from which the pages have
// theirs: no field that the app does not know, and each that it always sends.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, pair := range console.Shapes() {
		theirs := map[string]any{"app": app.AppInfo{}, "cluster": app.Cluster{}, "known": app.Known{}, "signIn": app.SignIn{}, "signOut": app.SignOut{}, "signedOut": app.SignedOut{}, "change": app.Change{}, "changes": app.Changes{}}[name]
		if theirs == nil {
			t.Fatalf("there is no type of the app for %s", name)
		}
		have, want := fields(pair), fields(theirs)
		for field, f := range have {
			w, ok := want[field]
			if !ok {
				t.Errorf("%s: the app knows no field %s", name, field)
				continue
			}
			if f.kind != w.kind && f.kind != reflect.Struct {
				t.Errorf("%s: the field %s is a %s here and a %s in the app", name, field, f.kind, w.kind)
			}
		}
		for field, f := range want {
			if _, ok := have[field]; !ok && !f.optional {
				t.Errorf("%s: the app always sends %s, and a node does not", name, field)
			}
		}
	}
}

type shape struct {
	kind     reflect.Kind
	optional bool
}

func fields(v any) map[string]shape {
	out := map[string]shape{}
	for f := range reflect.TypeOf(v).Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind := f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		out[name] = shape{kind.Kind(), strings.Contains(options, "omit")}
	}
	return out
}
