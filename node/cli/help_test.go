package cli

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func testApp() *app {
	return newApp(Env{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, LookupEnv: func(string) (string, bool) { return "", false }})
}

// commands returns every command that help shows, by its whole name.
func commands(root *cobra.Command) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		all[c.CommandPath()] = c
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(root)
	return all
}

func TestEveryCommandTeaches(t *testing.T) {
	for name, c := range commands(newRoot(testApp())) {
		switch {
		case c.Short == "" || c.Long == "" || c.Example == "":
			t.Errorf("%s lacks its one line, its description or its examples", name)
		case c.Long == c.Short:
			t.Errorf("%s: the description says no more than the one line", name)
		case strings.HasSuffix(c.Short, "."):
			t.Errorf("%s: the one line ends with a full stop", name)
		case c.RunE == nil && c.HasParent():
			t.Errorf("%s does nothing", name)
		}
		for l := range strings.SplitSeq(c.Long+"\n"+c.Example, "\n") {
			if len([]rune(l)) > 100 {
				t.Errorf("%s: a line of the help has %d characters: %s", name, len([]rune(l)), l)
			}
		}
	}
}

// TestExamplesWorkAsTyped parses every "signalbox …" of every example with the
// real command line: the command, its flags and its arguments must be accepted.
func TestExamplesWorkAsTyped(t *testing.T) {
	checked := 0
	for name, c := range commands(newRoot(testApp())) {
		for _, mention := range mentions(c.Long) {
			if found, _, err := newRoot(testApp()).Find(strings.Fields(mention)[1:]); err != nil || !found.HasParent() {
				t.Errorf("%s: the description speaks of %q, which is no command", name, mention)
			}
		}
		for _, line := range invocations(c.Example + "\n" + c.Long) {
			words, err := shellWords(line)
			if err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
				continue
			}
			checked++
			if err := accepts(words[1:]); err != nil {
				t.Errorf("%s: the example %q is refused: %v", name, line, err)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d examples were found", checked)
	}
}

// accepts parses a command line with a fresh root and runs nothing.
func accepts(words []string) error {
	root := newRoot(testApp())
	c, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if c == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return errors.New("there is no such command")
	}
	c.InitDefaultHelpFlag()
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if help, _ := c.Flags().GetBool("help"); help {
		return nil
	}
	if err := c.ValidateFlagGroups(); err != nil {
		return err
	}
	if c.HasSubCommands() && c.Annotations[needsNoChild] == "" {
		return errors.New("a command below it is needed")
	}
	return c.ValidateArgs(c.Flags().Args())
}

var (
	quoted     = regexp.MustCompile(`"signalbox [^"]*"`)
	substitute = regexp.MustCompile(`[$<]\((signalbox [^()]*)\)`)
)

// mentions finds the commands that a description speaks of in quotes.
func mentions(text string) []string {
	var out []string
	for _, m := range quoted.FindAllString(strings.ReplaceAll(text, "\n", " "), -1) {
		out = append(out, strings.Trim(m, `"`))
	}
	return out
}

// invocations finds the command lines in a help text: lines that start with
// signalbox, parts of pipelines, and substitutions.
func invocations(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		for _, m := range substitute.FindAllStringSubmatch(line, -1) {
			out = append(out, cutPipe(m[1])...)
		}
		line = substitute.ReplaceAllString(line, "X")
		if m := regexp.MustCompile(`^ +((?:[A-Z_]+=\S+ )?signalbox .*|echo .*|source .*)$`).FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			out = append(out, cutPipe(m[1])...)
		}
	}
	return out
}

// cutPipe returns the parts of a pipeline that run signalbox, without what
// explains them (after three blanks) and where their output goes.
func cutPipe(line string) []string {
	line, _, _ = strings.Cut(line, "   ")
	var out []string
	for _, part := range splitOutside(line, []string{" | ", " && "}) {
		part = strings.TrimSpace(part)
		if i := strings.Index(part, "signalbox "); i >= 0 && (i == 0 || strings.Contains(part[:i], "=")) {
			part, _, _ = strings.Cut(part[i:], " > ")
			out = append(out, part)
		}
	}
	return out
}

// splitOutside splits at separators that stand outside of quotes.
func splitOutside(s string, seps []string) []string {
	var out []string
	var quote byte
	start := 0
	for i := 0; i < len(s); i++ {
		switch {
		case quote != 0:
			if s[i] == quote {
				quote = 0
			}
			continue
		case s[i] == '\'' || s[i] == '"':
			quote = s[i]
			continue
		}
		for _, sep := range seps {
			if strings.HasPrefix(s[i:], sep) {
				out = append(out, s[start:i])
				start = i + len(sep)
			}
		}
	}
	return append(out, s[start:])
}

// shellWords splits a command line as a shell does, for quotes and blanks.
func shellWords(line string) ([]string, error) {
	var words []string
	var b strings.Builder
	var quote rune
	inWord := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ':
			if inWord {
				words = append(words, b.String())
				b.Reset()
				inWord = false
			}
		default:
			b.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if inWord {
		words = append(words, b.String())
	}
	return words, nil
}

func TestHelpOnStdout(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {}, {"status", "-h"}, {"help", "access", "create"}} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), Env{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr})
		if code != exitDone || stderr.Len() > 0 || !strings.Contains(stdout.String(), "Usage:") || !strings.Contains(stdout.String(), "Examples:") {
			t.Errorf("%q: exit code %d, stderr %q, stdout %q", args, code, stderr.String(), stdout.String())
		}
	}
}

func TestUsageErrors(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no such command":         {[]string{"stat"}, `unknown command "stat"`},
		"no such command below":   {[]string{"access", "lst"}, "try: signalbox access list"},
		"command below needed":    {[]string{"config"}, "signalbox config needs one of check, print"},
		"no such flag":            {[]string{"status", "--nope"}, "unknown flag: --nope"},
		"bad flag value":          {[]string{"history", "--limit", "x"}, `invalid argument "x"`},
		"too few arguments":       {[]string{"get", "channel"}, "KIND and NAME needed, 1 argument given"},
		"no arguments":            {[]string{"deploy"}, "PATH needed, nothing given"},
		"too many arguments":      {[]string{"rename", "a", "b", "c", "d"}, `unexpected argument "d"`},
		"arguments of none":       {[]string{"status", "x"}, `unexpected argument "x"`},
		"bad output":              {[]string{"version", "-o", "xml"}, `--output is "xml"; one of table, json, yaml is needed`},
		"no help of that":         {[]string{"help", "nope"}, `there is no command "nope"`},
		"flags that do not mix":   {[]string{"access", "create", "--ttl", "1h", "--no-expiry"}, "none of the others can be"},
		"no cluster":              {[]string{"status"}, "which cluster?"},
		"nothing to set":          {[]string{"set", "channel", "x", "--url", "https://127.0.0.1:1"}, "nothing to change"},
		"nothing to apply":        {[]string{"apply", "--url", "https://127.0.0.1:1"}, "-f PATH needed"},
		"bad field":               {[]string{"set", "channel", "x", "path", "--url", "https://127.0.0.1:1"}, "write field=value"},
		"bad revision":            {[]string{"rollback", "x", "--url", "https://127.0.0.1:1"}, `"x" is not a revision`},
		"bad limit":               {[]string{"history", "--limit", "0", "--url", "https://127.0.0.1:1"}, "--limit is 0"},
		"bad role":                {[]string{"access", "create", "--role", "king", "--url", "https://127.0.0.1:1"}, `--role is "king"`},
		"bad ttl":                 {[]string{"access", "create", "--ttl", "1ms", "--url", "https://127.0.0.1:1"}, "--ttl is 1ms"},
		"bad data":                {[]string{"invoke", "x", "-d", "{", "--url", "https://127.0.0.1:1"}, "--data is not JSON"},
		"no completion for shell": {[]string{"completion", "tcsh"}, "there is no completion for the shell"},
	}
	t.Chdir(t.TempDir())
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), Env{Args: tc.args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr})
			if code != exitUsage || !strings.Contains(stderr.String(), tc.want) {
				t.Errorf("exit code %d with %q, want %d with %q", code, stderr.String(), exitUsage, tc.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout has %q", stdout.String())
			}
		})
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var stdout bytes.Buffer
		if code := Main(t.Context(), Env{Args: []string{"completion", shell}, Stdout: &stdout, Stderr: &stdout}); code != exitDone || !strings.Contains(stdout.String(), "signalbox") {
			t.Errorf("%s: exit code %d", shell, code)
		}
	}
}

// What can be completed without a cluster, and that a cluster that is away makes
// no noise.
func TestCompletionWithoutCluster(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string
	}{
		"commands":       {[]string{"ro"}, []string{"rollback", "rollback-service"}},
		"kinds":          {[]string{"list", ""}, []string{"channel", "outgoing", "security", "service"}},
		"roles":          {[]string{"access", "create", "--role", ""}, []string{"viewer", "admin"}},
		"output":         {[]string{"status", "-o", ""}, []string{"table", "json", "yaml"}},
		"services":       {[]string{"invoke", ""}, nil},
		"of help":        {[]string{"help", "acc"}, []string{"access"}},
		"of help, below": {[]string{"help", "access", ""}, []string{"create", "list", "revoke"}},
		"shells":         {[]string{"completion", ""}, []string{"bash", "zsh"}},
	}
	t.Chdir(t.TempDir())
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), Env{Args: append([]string{"__complete"}, tc.args...), Stdout: &stdout, Stderr: &stderr})
			if code != exitDone || strings.Contains(stderr.String(), "error") {
				t.Fatalf("exit code %d, stderr %q", code, stderr.String())
			}
			for _, w := range tc.want {
				if !strings.Contains("\n"+stdout.String(), "\n"+w) {
					t.Errorf("no candidate %q in %q", w, stdout.String())
				}
			}
			if tc.want == nil && !strings.HasPrefix(stdout.String(), ":") {
				t.Errorf("candidates without a cluster: %q", stdout.String())
			}
		})
	}
}
