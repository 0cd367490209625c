package app

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
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
		h.Set("Content-Type", typeOf(name))
		_, _ = w.Write(content)
	})
}

// typeOf returns the content type of a file of the user interface. It asks the system
// last: on some machines that calls scripts plain text.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".wasm":
		return "application/wasm"
	case ".woff2":
		return "font/woff2"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}
