// Package typescript holds @signalbox/sdk: what services in TypeScript are
// written against, as an npm-shaped package of sources.
//
// It offers [Files], the package's files for the engine that bundles them and
// for editors. It runs nothing (node/engine/quickjs does) and imports no other
// package of this module.
package typescript

import (
	"embed"
	"io/fs"
)

//go:embed package.json README.md index.ts test.ts src
var files embed.FS

// Files returns the files of @signalbox/sdk: package.json, README.md, index.ts
// and what they lead to.
func Files() fs.FS { return files }
