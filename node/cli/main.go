package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/term"

	"signalbox.internal/node"
)

// Env is all that a command sees of the process it runs in.
type Env struct {
	Args      []string // without the program's name
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
	LookupEnv func(string) (string, bool) // nil: no variable is set
	Version   string                      // stamped into release binaries; empty for others
	// DiscoveryPort is the UDP port of announcements; 0 means the usual one.
	DiscoveryPort int
}

// Main runs one command and returns its exit code: 0 done, 1 failed, 2 usage,
// 3 not found, 4 conflict, 5 not allowed, 6 the cluster cannot be reached; 75 a node
// ends to be started again. When ctx ends, a command stops as soon as it can; a node
// first drains.
func Main(ctx context.Context, env Env) int {
	if env.LookupEnv == nil {
		env.LookupEnv = func(string) (string, bool) { return "", false }
	}
	a := newApp(env)
	root := newRoot(a) //nolint:contextcheck // the commands get their context from Execute
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = cmp.Or(a.out.err, a.err.err)
	}
	if err == nil {
		return exitDone
	}
	if errors.Is(err, node.ErrRestart) {
		return exitRestart
	}
	if !a.started { // refused by the parser of arguments
		err = usagef("%w", err).trying("%s --help", cmd.CommandPath())
	}
	return a.report(err)
}

// app is what the commands share: the process around them, the flags that all of
// them take, and where their output goes.
type app struct {
	env     Env
	flags   globalFlags
	out     *screen // results
	err     *screen // progress, questions and errors
	started bool    // the arguments were accepted
}

// globalFlags are taken by every command.
type globalFlags struct {
	output string
	urls   []string
	token  string
	dir    string
	ca     string
}

func newApp(env Env) *app {
	a := &app{env: env}
	a.out = &screen{w: env.Stdout, color: a.colored(env.Stdout), width: terminalWidth(env.Stdout)}
	a.err = &screen{w: env.Stderr, color: a.colored(env.Stderr), width: terminalWidth(env.Stderr)}
	return a
}

// getenv returns a variable of the environment; empty when it is not set.
func (a *app) getenv(key string) string {
	v, _ := a.env.LookupEnv(key)
	return v
}

// colored reports whether output to w may have colour: only on a terminal, and
// never with NO_COLOR (https://no-color.org).
func (a *app) colored(w io.Writer) bool {
	return isTerminal(w) && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

// isTerminal reports whether a reader or writer is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // a descriptor fits an int
}

// terminalWidth returns how many characters a line has; 0 when w is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd())) //nolint:gosec // a descriptor fits an int
	if err != nil {
		return 0
	}
	return width
}
