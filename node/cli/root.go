package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/odb"
)

const rootLong = `Signalbox is an integration appliance: channels take messages in, services
do the work, outgoing connections reach other systems. This one binary is a node
and the tool that administers a cluster.

A cluster is found like this: --url, else --dir, else SIGNALBOX_URL, else
SIGNALBOX_DIR, else the folder signalbox-data here. With --url you need a token
(SIGNALBOX_TOKEN) and the cluster's CA certificate (--ca); on a node's own box
--dir finds both.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed,
2 usage, 3 not found, 4 conflict (someone else changed it), 5 not allowed,
6 cannot reach the cluster.`

const rootExample = `  signalbox up --demo                       start a box with the demo on it
  signalbox status                          the cluster at a glance
  signalbox deploy hello.ts                 deploy a service
  signalbox set channel hello path=/hello service=hello.say
  curl http://127.0.0.1:11223/hello`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use: "signalbox", Short: "Integration appliance: node and command line in one binary",
		Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.start(c) },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVarP(&a.flags.output, "output", "o", outputTable, "form of the result: table, json or yaml")
	f.StringSliceVar(&a.flags.urls, "url", nil, "control address of a node, https://HOST:8183; several are tried in turn (SIGNALBOX_URL)")
	f.StringVar(&a.flags.token, "token", "", "bearer token; better in SIGNALBOX_TOKEN, where other users do not see it")
	f.StringVar(&a.flags.dir, "dir", "", "folder of a node on this box (SIGNALBOX_DIR; default signalbox-data)")
	f.StringVar(&a.flags.ca, "ca", "", "PEM file with the cluster's CA certificate (SIGNALBOX_CA)")
	// These fail only for a flag that is not there.
	_ = root.RegisterFlagCompletionFunc("output", fixed(outputTable, outputJSON, outputYAML))
	_ = root.MarkPersistentFlagDirname("dir")
	_ = root.MarkPersistentFlagFilename("ca")

	groups := a.groups()
	for _, g := range groups {
		root.AddCommand(g.commands...)
	}
	root.SetHelpCommand(newHelp(root))
	root.SetUsageFunc(func(c *cobra.Command) error { return usage(c, groups) })
	return root
}

// group is a heading of the help and the commands below it, in the order of
// their use.
type group struct {
	title    string
	commands []*cobra.Command
}

func (a *app) groups() []group {
	return []group{
		{"Run a node", []*cobra.Command{newUp(a), newInit(a), newJoin(a), newRun(a)}},
		{"Cluster", []*cobra.Command{newNodes(a), newTopology(a), newToken(a), newJoins(a), newRestart(a), newGossipKeys(a)}},
		{"Look", []*cobra.Command{newStatus(a), newStats(a), newConnections(a), newPing(a)}},
		{"Configure", []*cobra.Command{
			newKinds(a), newList(a), newGet(a), newSet(a), newDelete(a), newRename(a),
			newPlan(a), newApply(a), newExport(a), newHistory(a), newDiff(a), newRollback(a), newImport(a),
		}},
		{"Services", []*cobra.Command{
			newNew(a), newTest(a), newDeploy(a), newServices(a), newInvoke(a), newOutcome(a), newVersions(a), newRollbackService(a),
		}},
		{"Access and secrets", []*cobra.Command{newClaim(a), newLogin(a), newLogout(a), newAccounts(a), newAccess(a), newSecrets(a), newCertificates(a), newAudit(a)}},
		{"Keep safe", []*cobra.Command{newBackup(a), newRestore(a)}},
		{"Tools", []*cobra.Command{newODB(a), newConfig(a), newCompletion(a), newVersion(a)}},
	}
}

// start runs when the arguments have been accepted, before the command.
func (a *app) start(c *cobra.Command) error {
	if err := c.ValidateFlagGroups(); err != nil {
		return err
	}
	a.started = true
	forms := []string{outputTable, outputJSON, outputYAML}
	if !slices.Contains(forms, a.flags.output) {
		return usagef("--output is %q; one of %s is needed", a.flags.output, strings.Join(forms, ", "))
	}
	return nil
}

// args checks the number of arguments and names those that are missing. usage
// is the part of the command's use line that tells them.
func args(least, most int, usage string) cobra.PositionalArgs {
	return func(_ *cobra.Command, given []string) error {
		switch {
		case len(given) < least:
			return usagef("%s needed, %s given", usage, word(len(given) == 0, "nothing", plural(len(given), "argument")))
		case most >= 0 && len(given) > most:
			return usagef("unexpected argument %q; %s", given[most], word(usage == "", "none is taken", usage+" is all that is taken"))
		}
		return nil
	}
}

// noArgs is for commands without arguments.
func noArgs(_ *cobra.Command, given []string) error {
	if len(given) > 0 {
		return usagef("unexpected argument %q; none is taken", given[0])
	}
	return nil
}

// needsNoChild marks a command that works without one of those below it.
const needsNoChild = "needs no child"

// alone lets a parent do something of its own when no command below it is given.
func alone(c *cobra.Command, run func(*cobra.Command, []string) error) *cobra.Command {
	refuse := c.RunE
	c.Annotations = map[string]string{needsNoChild: "yes"}
	c.RunE = func(cmd *cobra.Command, given []string) error {
		if len(given) > 0 {
			return refuse(cmd, given)
		}
		return run(cmd, given)
	}
	return c
}

// parent is a command that only has commands below it.
func parent(c *cobra.Command, children ...*cobra.Command) *cobra.Command {
	c.AddCommand(children...)
	c.RunE = func(cmd *cobra.Command, given []string) error {
		var names []string
		for _, child := range children {
			names = append(names, child.Name())
		}
		choice := strings.Join(names, ", ")
		if len(given) == 0 {
			return usagef("%s needs one of %s", cmd.CommandPath(), choice).trying("%s --help", cmd.CommandPath())
		}
		near := odb.Nearest(given[0], names)
		if near != "" {
			return usagef("there is no command %q below %s", given[0], cmd.CommandPath()).trying("%s %s", cmd.CommandPath(), near)
		}
		return usagef("there is no command %q below %s; there are %s", given[0], cmd.CommandPath(), choice)
	}
	return c
}
