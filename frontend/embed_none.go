//go:build !ui && !production

package frontend

import (
	"embed"
	"io/fs"
)

//go:embed none
var none embed.FS

// Built says whether the binary holds the user interface.
const Built = false

// Files returns one page that says how to build the user interface.
func Files() (fs.FS, error) { return fs.Sub(none, "none") }
