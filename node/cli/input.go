package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"signalbox.internal/odb"
)

// maxInput bounds a file that a user names as input.
const maxInput = 64 << 20

// input reads what a command takes from files and from standard input, which can
// be read only once.
type input struct {
	a    *app
	used bool
}

// read returns the content of a file; "-" is standard input.
func (in *input) read(name string) (string, error) {
	if name == "-" {
		if in.used {
			return "", usagef("standard input can be read only once")
		}
		in.used = true
		text, err := readAll(in.a.env.Stdin, maxInput)
		if err != nil {
			return "", fmt.Errorf("read standard input: %w", err)
		}
		return string(text), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fileError(name, err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	text, err := readAll(f, maxInput)
	if err != nil {
		return "", fileError(name, err)
	}
	return string(text), nil
}

// fileError names the file once and says "not found" where it is that.
func fileError(name string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return odb.Errorf(odb.NotFound, "read", name, "%w", err)
	}
	return odb.Errorf(odb.Invalid, "read", name, "%w", err)
}

// secret asks for a secret without showing it, or takes it from standard input
// when that is no terminal.
func (in *input) secret(field string) (string, error) {
	f, ok := in.a.env.Stdin.(*os.File)
	if !ok || !isTerminal(f) {
		text, err := in.read("-")
		return trimNewline(text), err
	}
	in.a.err.write(field + " (not shown): ")
	text, err := term.ReadPassword(int(f.Fd())) //nolint:gosec // a descriptor fits an int
	in.a.err.line("")
	if err != nil {
		return "", fmt.Errorf("read %s: %w", field, err)
	}
	return string(text), nil
}

// confirm asks whether to do something and returns nil only for y or yes.
// Without a terminal there is nobody to ask: then it is an error that names the flag.
func (a *app) confirm(what string) error {
	if !isTerminal(a.env.Stdin) {
		return usagef("to %s a yes is needed, and there is no terminal to ask on", what).trying("the same with --yes, when that is what you want")
	}
	a.err.write(strings.ToUpper(what[:1]) + what[1:] + "? [y/N] ")
	answer, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return failf(exitFailed, "nothing was changed: the answer was no")
}
