package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"signalbox.internal/node/config"
)

func newConfig(a *app) *cobra.Command {
	return parent(&cobra.Command{
		Use: "config", Short: "A node's own settings",
		Long: `Shows and checks a node's own settings: those that one box has for itself, in
DIR/node.toml. Each has a variable of the environment too, and a few have a flag of
"up" and "run". A flag wins over the environment, that over the file, that over the
default. All that a cluster shares is in its database: see "signalbox kinds".`,
		Example: `  signalbox config check --dir /var/lib/signalbox
  signalbox config print`,
	}, newConfigCheck(a), newConfigPrint(a))
}

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Check a node's settings without starting it",
		Long: `Reads DIR/node.toml and the environment as the node would, and reports every
fault: the line, what is wrong and what would be right.`,
		Example: `  signalbox config check
  signalbox config check --dir /var/lib/signalbox && systemctl restart signalbox`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, _, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			file := filepath.Join(cfg.Dir, config.FileName)
			return a.show(map[string]any{"ok": true, "file": file, "exists": config.Exists(cfg.Dir)}, func(o *screen) {
				o.line("%s", word(config.Exists(cfg.Dir), file+" is good", "there is no "+file+"; the defaults are good"))
			})
		},
	}
}

func newConfigPrint(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "print", Short: "Every setting, its value and where it came from",
		Long: `Writes every setting of the node with its value and where the value came from:
the default, a line of DIR/node.toml, or a variable of the environment. Credentials
in a database address are not shown.`,
		Example: `  signalbox config print
  signalbox config print -o json | jq '.[] | select(.from != "default")'`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, origins, err := a.loadConfig(nil)
			if err != nil {
				return err
			}
			return a.show(origins, func(o *screen) {
				var rows [][]cell
				for _, x := range origins {
					from := x.From
					if x.Where != "" {
						from += " (" + x.Where + ")"
					}
					rows = append(rows, []cell{text(x.Key), text(x.Value), styled(styleIf(x.From == "default", dim), from), text(x.Env)})
				}
				o.table([]string{"SETTING", "VALUE", "FROM", "VARIABLE"}, rows)
			})
		},
	}
}

// loadConfig reads the settings of the node that flags and environment name.
func (a *app) loadConfig(flags map[string]string) (config.Config, []config.Origin, error) {
	return a.loadFrom(a.nodeDir(), flags)
}

// loadFrom reads the settings of the node in a folder.
func (a *app) loadFrom(dir string, flags map[string]string) (config.Config, []config.Origin, error) {
	cfg, origins, err := config.Load(dir, a.env.LookupEnv, flags)
	if err != nil {
		return cfg, nil, failf(exitFailed, "the node's settings are not good:\n%w", err)
	}
	return cfg, origins, nil
}

// settingFlags are the flags of a command that stand for settings of the node.
type settingFlags map[string]*string // by key

// addSettings adds the flags of settings to a command.
func addSettings(cmd *cobra.Command, keys ...string) settingFlags {
	flags := settingFlags{}
	for _, s := range config.Settings() {
		for _, key := range keys {
			if s.Key == key && s.Flag != "" {
				flags[key] = cmd.Flags().String(s.Flag, "", fmt.Sprintf("%s (%s)", s.Help, s.Env))
			}
		}
	}
	_ = cmd.RegisterFlagCompletionFunc("log-level", fixed("debug", "info", "warn", "error"))
	_ = cmd.RegisterFlagCompletionFunc("log-format", fixed("text", "json"))
	return flags
}

// given returns the settings whose flags were typed, by key.
func (f settingFlags) given(cmd *cobra.Command) map[string]string {
	out := map[string]string{}
	for _, s := range config.Settings() {
		if p, ok := f[s.Key]; ok && cmd.Flags().Changed(s.Flag) {
			out[s.Key] = *p
		}
	}
	return out
}
