// Command signalbox is a node of Signalbox and the command line that administers
// a cluster. All of it is in node/cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"signalbox.internal/node/cli"
)

// version is stamped into release binaries by the linker.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal ends gracefully, a second one at once
	os.Exit(cli.Main(ctx, cli.Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Version: version,
	}))
}
