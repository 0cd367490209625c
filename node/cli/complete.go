package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// completionTime is how long a completion may wait for the cluster: nobody
// wants to wait at a prompt.
const completionTime = 2 * time.Second

// completer returns candidates for the argument that is being typed.
type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

const noFiles = cobra.ShellCompDirectiveNoFileComp

// fixed completes from a list.
func fixed(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return words, noFiles }
}

// ask runs a completion's question to the cluster. When the cluster does not
// answer there are no candidates, and no message either: it would land in the
// middle of what the user types.
func (a *app) ask(cmd *cobra.Command, question func(ctx context.Context, c *client.Client) ([]string, error)) []string {
	c, err := a.connect()
	if err != nil {
		return nil
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	words, err := question(ctx, c)
	if err != nil {
		return nil
	}
	return words
}

// kindNames returns the kinds of the cluster, or those that this program knows.
func (a *app) kindNames(cmd *cobra.Command) []string {
	words := a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		kinds, err := c.Kinds(ctx)
		var out []string
		for _, k := range kinds {
			out = append(out, k.Name+"\t"+k.Title)
		}
		return out, err
	})
	if words == nil {
		return odb.KindNames()
	}
	return words
}

func (a *app) definitionNames(cmd *cobra.Command, kind string) []string {
	return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		defs, err := c.AllDefinitions(ctx, kind, client.Query{})
		var out []string
		for _, d := range defs {
			out = append(out, d.Name)
		}
		return out, err
	})
}

func (a *app) serviceNames(cmd *cobra.Command) []string {
	return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		services, err := c.Services(ctx)
		var out []string
		for _, s := range services {
			out = append(out, s.Name+"\t"+s.Doc)
		}
		return out, err
	})
}

// completeKind completes a kind as the first argument, and more of them when
// many is set.
func (a *app) completeKind(many bool) completer {
	return func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 && !many {
			return nil, noFiles
		}
		return slices.DeleteFunc(a.kindNames(cmd), func(k string) bool {
			name, _, _ := strings.Cut(k, "\t")
			return slices.Contains(given, name)
		}), noFiles
	}
}

// completeDefinition completes KIND NAME.
func (a *app) completeDefinition(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(given) {
	case 0:
		return a.kindNames(cmd), noFiles
	case 1:
		return a.definitionNames(cmd, given[0]), noFiles
	}
	return nil, noFiles
}

// completeService completes the name of a service as the first argument.
func (a *app) completeService(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, noFiles
	}
	return a.serviceNames(cmd), noFiles
}
