package page

import (
	"mime"
	"path"
)

// ContentType returns the media type of a file of the user interface by its name. It
// asks the system last: on some machines that calls scripts plain text.
func ContentType(name string) string {
	ext := path.Ext(name)
	switch ext {
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
	case ".png":
		return "image/png"
	case ".ts", ".txt":
		return "text/plain; charset=utf-8"
	}
	if known := mime.TypeByExtension(ext); known != "" {
		return known
	}
	return "application/octet-stream"
}
