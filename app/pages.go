package app

import "strings"

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
