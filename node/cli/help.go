package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// newHelp makes "signalbox help COMMAND" the same as "signalbox COMMAND --help".
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Tell about a command", Hidden: true,
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, _, err := root.Find(given)
			if err != nil {
				return nil, noFiles
			}
			var names []string
			for _, c := range found.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, noFiles
		},
		RunE: func(_ *cobra.Command, given []string) error {
			found, rest, err := root.Find(given)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q", strings.Join(given, " ")).trying("signalbox --help")
			}
			return found.Help()
		},
	}
}

// usage writes what stands below the description in a help text: how to type the
// command, examples, the commands below it and the flags.
func usage(c *cobra.Command, groups []group) error {
	var b strings.Builder
	line := c.UseLine()
	if c.HasAvailableSubCommands() && c.Annotations[needsNoChild] == "" {
		line = c.CommandPath() + " COMMAND [flags]"
	}
	section(&b, "Usage", "  "+line)
	section(&b, "Examples", c.Example)
	switch {
	case !c.HasParent():
		for _, g := range groups {
			section(&b, g.title, commandLines(g.commands))
		}
	case c.HasAvailableSubCommands():
		section(&b, "Commands", commandLines(c.Commands()))
	}
	section(&b, "Flags", c.LocalNonPersistentFlags().FlagUsages())
	section(&b, "Flags of every command", c.Root().PersistentFlags().FlagUsages())
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%q tells more about a command.\n", c.CommandPath()+" COMMAND --help")
	}
	_, err := io.WriteString(c.OutOrStdout(), strings.TrimPrefix(b.String(), "\n"))
	return err
}

func section(b *strings.Builder, title, body string) {
	if body = strings.TrimRight(body, " \n"); body != "" {
		fmt.Fprintf(b, "\n%s:\n%s\n", title, body)
	}
}

func commandLines(commands []*cobra.Command) string {
	var b strings.Builder
	for _, c := range commands {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-17s %s\n", c.Name(), c.Short)
		}
	}
	return b.String()
}
