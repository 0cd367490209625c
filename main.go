// Command signalbox in this folder is the desktop app, built as signalbox-desktop: one
// window from which many clusters are managed. It is built with the tags desktop and
// production, on Linux also webkit2_41 (see build/desktop.sh). It imports app/desktop and
// frontend.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"signalbox.internal/app/desktop"
	"signalbox.internal/frontend"
)

// version is set by the release build.
var version string

//go:embed build/icons/signalbox-128.png
var icon []byte

func main() {
	ui, err := frontend.Files()
	if err == nil {
		err = desktop.Run(desktop.Config{
			UI: ui, Version: version, Icon: icon, Args: os.Args[1:], Getenv: os.Getenv, Environ: os.Environ, Stdout: os.Stdout, Stderr: os.Stderr,
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "signalbox-desktop:", err)
		os.Exit(1)
	}
}
