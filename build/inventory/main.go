// Command inventory tells what of others is in our binaries: the Go modules that are
// linked in, as the binaries themselves say, and the npm packages that the user interface
// is bundled from, as its lock file says.
//
// It writes that as the licence texts that go with the binaries, or as a bill of materials
// (CycloneDX 1.6) for scanners. A part without a licence, or with one that Apache-2.0 may
// not ship with, is an error: it may not be shipped. The same input gives the same bytes.
//
//	go run ./build/inventory licences -ui frontend BINARY
//	go run ./build/inventory cyclonedx -ui frontend -name signalbox -version 1.2.0 -time 1700000000 BINARY...
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := bufio.NewWriter(os.Stdout)
	err := run(ctx, os.Args[1:], out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "inventory:", err)
		os.Exit(1)
	}
}

const usage = "want: inventory licences|cyclonedx [-ui FOLDER] [-file FILE] [-name N] [-version V] [-time UNIX] with the paths of binaries"

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("inventory", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	ui := flags.String("ui", "", "folder with the user interface's package-lock.json and node_modules, when the binaries hold it")
	file := flags.String("file", "", "a program of somebody else that is shipped beside the binaries")
	name := flags.String("name", "signalbox", "name of what is shipped")
	version := flags.String("version", "", "its version")
	when := flags.Int64("time", 0, "when it was committed, in Unix seconds")
	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w; %s", err, usage)
	}
	if flags.NArg() == 0 {
		return errors.New("which binaries? " + usage)
	}
	parts, err := collect(ctx, flags.Args(), *ui, *file)
	if err != nil {
		return err
	}
	switch args[0] {
	case "licences":
		return writeLicences(out, parts)
	case "cyclonedx":
		if *version == "" || *when == 0 {
			return errors.New("a bill of materials needs -version and -time")
		}
		return writeCycloneDX(out, product{name: *name, version: *version, time: time.Unix(*when, 0).UTC()}, parts)
	default:
		return errors.New(usage)
	}
}

// collect returns all parts, Go modules first, each once, with its licence.
func collect(ctx context.Context, binaries []string, ui, file string) ([]part, error) {
	parts, err := goParts(ctx, binaries)
	if err != nil {
		return nil, err
	}
	if ui != "" {
		npm, err := npmParts(ui)
		if err != nil {
			return nil, err
		}
		parts = append(parts, npm...)
	}
	for i := range parts {
		if err := parts[i].licence(); err != nil {
			return nil, err
		}
	}
	if file != "" {
		other, err := filePart(file)
		if err != nil {
			return nil, err
		}
		parts = append(parts, other)
	}
	return parts, nil
}
