package desktop

import (
	"html"
	"net/http"
	"strings"

	"signalbox.internal/app"
)

// failure is the page of an app that cannot start: whoever starts it from a menu sees no
// terminal.
func failure(err error) http.Handler {
	text := html.EscapeString(strings.TrimSpace(err.Error()))
	page := `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Signalbox</title></head>` +
		`<body style="font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em"><h1>Signalbox cannot start</h1><p>` + text + `</p></body></html>`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Trim(r.URL.Path, "/") != "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", app.PagePolicy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	})
}
