//go:build ui || production

package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Built says whether the binary holds the user interface.
const Built = true

// Files returns the user interface: index.html and what it loads.
func Files() (fs.FS, error) { return fs.Sub(dist, "dist") }
