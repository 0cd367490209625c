package console

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/problem"
)

// maxBody is the largest body of a call that is not passed on.
const maxBody = 64 << 10

func (c *Console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	one := "/api/clusters/" + c.id
	mux.HandleFunc("GET /api/app", c.app)
	mux.HandleFunc("GET /api/events", c.events)
	mux.HandleFunc("GET /api/clusters", func(w http.ResponseWriter, r *http.Request) {
		answer(w, client.List[cluster]{Items: []cluster{c.show(r)}})
	})
	mux.HandleFunc("GET "+one, func(w http.ResponseWriter, r *http.Request) { answer(w, c.show(r)) })
	mux.HandleFunc("POST "+one+"/sign-in", c.signIn)
	mux.HandleFunc("POST "+one+"/sign-out", c.signOut)
	mux.HandleFunc("POST "+one+"/claim", c.claim)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, problem.Doc{Status: http.StatusNotFound, Code: client.CodeNotFound, Detail: "a node has nothing at this path, or does not take this method"})
	})
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the browser went away
}

// read decodes the body of a call strictly, or answers why not.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	refuse := func(status int, code, detail string) bool {
		problem.Write(w, r, problem.Doc{Status: status, Code: code, Detail: detail})
		return false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, client.CodeMediaType, "a body is application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is too large")
	}
	if err != nil || d.More() {
		return refuse(http.StatusBadRequest, client.CodeBadRequest, "the body is not as it should be")
	}
	return true
}

// app says what answers. Strangers do not hear which version it is.
func (c *Console) app(w http.ResponseWriter, r *http.Request) {
	info := appInfo{Mode: "node", Fixed: true}
	if _, ok := c.who(r); ok {
		info.Version = c.cfg.Version
	}
	answer(w, info)
}

// signIn opens a session of the admin API.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	var in signIn
	if !read(w, r, &in) {
		return
	}
	c.enter(w, r, c.ask(r.Context(), r, target{
		method: http.MethodPost, path: "/session", body: client.SignIn{Account: in.Account, Password: in.Password, Bearer: in.Token},
	}))
}

// claim makes the first administrator and opens its session.
func (c *Console) claim(w http.ResponseWriter, r *http.Request) {
	var in client.Claim
	if !read(w, r, &in) {
		return
	}
	in.Session = true
	c.enter(w, r, c.ask(r.Context(), r, target{method: http.MethodPost, path: "/claim", body: in}))
}

// enter answers with the cluster as the session that was opened sees it.
func (c *Console) enter(w http.ResponseWriter, r *http.Request, got *said) {
	if !got.good() {
		got.send(w)
		return
	}
	got.giveCookies(w)
	for _, cookie := range (&http.Response{Header: got.header}).Cookies() {
		r.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
	}
	answer(w, c.show(r))
}

// signOut ends the session. One that has ended already is no fault.
func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	var in signOut
	if !read(w, r, &in) {
		return
	}
	me, in2 := c.who(r)
	if !in2 {
		answer(w, signedOut{Why: "there was no session"})
		return
	}
	t := target{method: http.MethodDelete, path: "/session"}
	if in.Revoke {
		t.query = url.Values{"revoke": {"true"}}
	}
	got := c.ask(r.Context(), r, t)
	if !got.good() {
		got.send(w)
		return
	}
	got.giveCookies(w)
	out := signedOut{Revoked: true}
	if me.Token != "" && !in.Revoke {
		out = signedOut{Why: "the token was made elsewhere and may be in use there; only the session has ended"}
	}
	answer(w, out)
}
