package app

import (
	"io/fs"
	"net/http"
	"strings"

	"signalbox.internal/frontend/page"
)

// isAPI says whether a path is the API's, not a page's.
func isAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// pathIn makes a name in the built user interface of a path.
func pathIn(path string) string {
	path = strings.Trim(path, "/")
	if path == "" {
		return "index.html"
	}
	return path
}

// Window returns a handler for the page of a window: the built user interface, held to
// [PagePolicy], and below /api what api answers. A window has no origin to check.
func Window(ui fs.FS, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAPI(r.URL.Path) {
			api.ServeHTTP(w, r)
			return
		}
		name := pathIn(r.URL.Path)
		content, err := fs.ReadFile(ui, name)
		if err != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", PagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Type", page.ContentType(name))
		_, _ = w.Write(content)
	})
}
