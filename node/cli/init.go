package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
)

// made is what init tells scripts.
type made struct {
	Dir     string `json:"dir"`
	Node    string `json:"node"`
	Cluster string `json:"cluster"`
	Config  string `json:"config"` // path of the settings file
	CA      string `json:"ca"`     // path of the CA's certificate
	Token   string `json:"token_file"`
}

func newInit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "init", Short: "Make a new cluster with this node as its first",
		Long: `Makes a new cluster: a folder with a settings file that explains every setting, a
certificate authority, keys, a database and the first administrator, whose token it
leaves in keys/admin.token. Nothing runs yet: "signalbox run" does. The flags are
written to node.toml. A folder that has a node already is refused.`,
		Example: `  signalbox init --dir /var/lib/signalbox --name acme
  signalbox init --dir ./box --node box1 --traffic 10.0.0.5:11223
  signalbox run --dir ./box`,
		Args: noArgs,
	}
	settings := addSettings(cmd, "cluster", "name", "odb", "traffic", "control", "gossip", "advertise")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		values := settings.given(cmd)
		cfg, _, err := a.loadConfig(values)
		if err != nil {
			return err
		}
		values["name"] = cfg.Name // a host may be renamed, a node may not
		if err := node.Init(cmd.Context(), node.InitConfig{Dir: cfg.Dir, Values: values, Env: a.env.LookupEnv, Log: newLogger(a.env.Stderr, "warn", cfg.LogFormat)}); err != nil {
			return err
		}
		m := made{
			Dir: cfg.Dir, Node: cfg.Name, Cluster: cfg.Cluster, Config: filepath.Join(cfg.Dir, config.FileName),
			CA: filepath.Join(cfg.Dir, "keys", "ca.crt"), Token: filepath.Join(cfg.Dir, "keys", "admin.token"),
		}
		return a.show(m, func(o *screen) {
			o.line("The cluster %s with its first node %s is made.", m.Cluster, m.Node)
			o.line("")
			o.facts(
				[2]string{"  Folder", m.Dir},
				[2]string{"  Settings", m.Config},
				[2]string{"  CA certificate", m.CA},
				[2]string{"  Token of " + node.FirstAdmin, m.Token},
			)
			o.line("")
			o.line("Start it:  signalbox run --dir %s", quoteArg(shownDir(m.Dir)))
		})
	}
	return cmd
}
