package app

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
)

// apiPolicy is the content security policy of what is not a page.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// answer is a handler that returns what is to be answered as JSON; nil is 204.
type answer func(r *http.Request) (any, error)

// Handler returns what answers below /api. In a window it is called without a socket;
// a browser reaches it by [Console] alone, which keeps strangers out.
func (a *App) Handler() http.Handler { return a.contain(a.handler()) }

func (a *App) handler() http.Handler {
	r := chi.NewRouter()
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	for _, rt := range []struct {
		method, path string
		handle       answer
	}{
		{get, "/api/app", a.getApp},
		{get, "/api/events", a.getEvents},
		{get, "/api/clusters", a.getClusters},
		{post, "/api/clusters", a.postCluster},
		{post, "/api/clusters/parse", a.parse},
		{get, "/api/clusters/export", a.export},
		{post, "/api/clusters/import", a.importFile},
		{get, "/api/clusters/{id}", a.with(a.getCluster)},
		{put, "/api/clusters/{id}", a.with(a.putCluster)},
		{del, "/api/clusters/{id}", a.with(a.deleteCluster)},
		{post, "/api/clusters/{id}/restore", a.restore},
		{post, "/api/clusters/{id}/look", a.with(a.look)},
		{post, "/api/clusters/{id}/retry", a.with(a.retry)},
		{post, "/api/clusters/{id}/sign-in", a.with(a.signIn)},
		{post, "/api/clusters/{id}/sign-out", a.with(a.signOut)},
		{post, "/api/clusters/{id}/claim", a.with(a.claim)},
		{post, "/api/clusters/{id}/packages", a.with(a.copyPackages)},
		{get, "/api/vault", a.getVault},
		{put, "/api/vault", a.putVault},
		{del, "/api/vault", a.deleteVault},
		{post, "/api/vault/unlock", a.unlockVault},
		{post, "/api/vault/lock", a.lockVault},
		{post, "/api/active", a.active},
		{get, "/api/settings", a.getSettings},
		{put, "/api/settings", a.putSettings},
		{get, "/api/about", a.about},
		{post, "/api/discover", a.discover},
		{get, "/api/language", a.getLanguage},
		{post, "/api/language", a.postLanguage},
	} {
		r.Method(rt.method, rt.path, a.handle(rt.handle))
	}
	r.HandleFunc("/api/clusters/{id}/v1/*", a.pass)
	if a.shell != nil {
		a.shell.routes(r)
	}
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, refuse(http.StatusNotFound, client.CodeNotFound, "there is nothing at this path"))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, refuse(http.StatusMethodNotAllowed, client.CodeMethod, "the path does not take this method"))
	})
	return r
}

// contain keeps a panic from ending the app and sets the headers of every answer.
func (a *App) contain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(v) // an answer broke off half-way; net/http tells the browser
			}
			a.reports.panicked("request", v)
			writeProblem(w, refuse(http.StatusInternalServerError, client.CodeInternal, "the app made a mistake; its log says which"))
		}()
		h := w.Header()
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func (a *App) handle(do answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		v, err := do(r)
		if err != nil {
			p := problemOf(err)
			if p.Code == client.CodeInternal {
				a.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			writeProblem(w, p)
			return
		}
		if v == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		text, err := json.Marshal(v)
		if err != nil {
			a.log.Error("an answer cannot be written", "path", r.URL.Path, "error", err)
			writeProblem(w, problemOf(err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	}
}

// with finds the cluster of the path.
func (a *App) with(do func(*http.Request, *conn) (any, error)) answer {
	return func(r *http.Request) (any, error) {
		c, err := a.conn(chi.URLParam(r, "id"))
		if err != nil {
			return nil, err
		}
		return do(r, c)
	}
}

// pass sends a request on to its cluster.
func (a *App) pass(w http.ResponseWriter, r *http.Request) {
	a.looked.mark()
	c, err := a.conn(chi.URLParam(r, "id"))
	if err == nil {
		path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/clusters/"+c.id+"/v1")
		err = c.pass(w, r, path)
	}
	if err != nil {
		writeProblem(w, problemOf(err))
	}
}

func (a *App) getApp(*http.Request) (any, error) {
	info := AppInfo{Mode: a.cfg.Mode, Version: a.cfg.Version, Notice: a.notice}
	if a.shell != nil {
		can := a.shell.Info()
		info.Shell = &can
	}
	return info, nil
}

// getEvents is the long poll. It ends by itself, because a window does not tell when
// its page has gone.
func (a *App) getEvents(r *http.Request) (any, error) {
	a.looked.mark()
	ctx, cancel := context.WithTimeout(r.Context(), pollFor)
	defer cancel()
	if run := a.running(); run != nil {
		stop := context.AfterFunc(run, cancel) //nolint:contextcheck // the poll ends with the app, too
		defer stop()
	}
	return a.changes.after(ctx, r.URL.Query().Get("after")), nil
}

func (a *App) getClusters(*http.Request) (any, error) {
	a.looked.mark()
	return client.List[Cluster]{Items: a.clusters()}, nil
}

func (a *App) postCluster(r *http.Request) (any, error) {
	in, err := decode[SaveCluster](r)
	if err != nil {
		return nil, err
	}
	c, err := a.add(in)
	if err != nil {
		return nil, err
	}
	return c.show(), nil
}

func (a *App) getCluster(_ *http.Request, c *conn) (any, error) { return c.show(), nil }

func (a *App) putCluster(r *http.Request, c *conn) (any, error) {
	in, err := decode[SaveCluster](r)
	if err != nil {
		return nil, err
	}
	if err := a.edit(r.Context(), c, in); err != nil {
		return nil, err
	}
	return c.show(), nil
}

func (a *App) deleteCluster(_ *http.Request, c *conn) (any, error) { return a.remove(c) }

func (a *App) parse(r *http.Request) (any, error) {
	in, err := decode[Paste](r)
	if err != nil {
		return nil, err
	}
	p, err := parsePaste(in.Link)
	if err != nil {
		var f faults
		f.add("/link", "%v", err)
		return nil, f.err()
	}
	if p.Clusters != nil {
		return p, nil
	}
	p.Shown = look(r.Context(), p.Cluster)
	if p.Cluster.Fingerprint == "" {
		p.Cluster.Fingerprint = p.Shown.Fingerprint
	}
	p.Exists = a.list.of(p.Cluster.Fingerprint).ID
	return p, nil
}

func (a *App) signIn(r *http.Request, c *conn) (any, error) {
	in, err := decode[SignIn](r)
	if err != nil {
		return nil, err
	}
	if err := c.signIn(r.Context(), in); err != nil {
		return nil, err
	}
	return c.show(), nil
}

func (a *App) signOut(r *http.Request, c *conn) (any, error) {
	in, err := decode[SignOut](r)
	if err != nil {
		return nil, err
	}
	return c.signOut(r.Context(), in)
}

func (a *App) claim(r *http.Request, c *conn) (any, error) {
	in, err := decode[client.Claim](r)
	if err != nil {
		return nil, err
	}
	if err := c.claim(r.Context(), in); err != nil {
		return nil, err
	}
	return c.show(), nil
}
