package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
	"signalbox.internal/odb"
)

// restored is what restore tells scripts.
type restored struct {
	Dir      string    `json:"dir"`
	Node     string    `json:"node"`
	Cluster  string    `json:"cluster"`
	Revision int64     `json:"revision"`
	MadeAt   time.Time `json:"made_at"` // the backup
	ODB      string    `json:"odb"`     // file or host, without credentials
	Config   string    `json:"config"`  // path of the settings file
	CA       string    `json:"ca"`      // path of the CA's certificate
	CASHA256 string    `json:"ca_sha256"`
}

func newRestore(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make a node of a backup",
		Long: `Makes a node of a backup: its folder with the cluster's certificate authority, keys
and settings, and the database, which is a SQLite file in the folder unless --odb
names an empty database of any kind. The folder must not have a node. Then "signalbox
run" starts it, and it serves the same: the same configuration with its history, the
same services, accounts, tokens, secrets and CA. It is a new node of that cluster.

The whole file is checked before anything is made, and what the database holds is
compared with it in the end. When something fails, nothing is left; when it is
interrupted, type the same command again.

The old nodes and the restored one must not both run as the same cluster: each would
take changes and do work that the other knows nothing of. Stop the old ones for good
before you start this one. For a copy to try things on, cut it off from the systems
that it works with first.`,
		Example: `  signalbox restore cluster.sbx --dir /var/lib/signalbox
  signalbox restore cluster.sbx --dir ./box --odb postgres://signalbox:PASSWORD@db.example/signalbox
  signalbox restore cluster.sbx --dir ./copy --node copy1 --traffic :12000 --control :12001
  signalbox run --dir ./copy`,
		Args: args(1, 1, "FILE"),
	}
	settings := addSettings(cmd, "cluster", "name", "odb", "traffic", "control")
	phrase := a.addPassphrase(cmd)
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		secret, err := phrase.forOpening()
		if err != nil {
			return err
		}
		bar := a.startBar("Restored")
		done, err := node.Restore(cmd.Context(), node.RestoreConfig{
			File: given[0], Passphrase: secret, Dir: a.nodeDir(), Values: settings.given(cmd), Env: a.env.LookupEnv,
			Progress: bar.show, Log: newLogger(a.env.Stderr, "warn", "text"),
		})
		bar.end()
		if errors.Is(err, fs.ErrNotExist) && done.Config.Dir == "" {
			return failf(exitNotFound, "%w", err)
		}
		if err != nil {
			return fileFault(err)
		}
		return a.showRestored(done)
	}
	return cmd
}

func (a *app) showRestored(done node.Restored) error {
	r := restored{
		Dir: done.Config.Dir, Node: done.Config.Name, Cluster: done.Config.Cluster, Revision: done.Backup.Revision,
		MadeAt: done.Backup.MadeAt, Config: filepath.Join(done.Config.Dir, config.FileName), CA: done.CA, CASHA256: done.Backup.CA,
	}
	if dsn, err := odb.ParseDSN(done.Config.ODB); err == nil {
		r.ODB = dsn.Where()
	}
	return a.show(r, func(o *screen) {
		o.line("The cluster %s is restored as it was on %s, at revision %d.", clean(r.Cluster), localTime(r.MadeAt), r.Revision)
		o.line("")
		o.facts(
			[2]string{"  Folder", r.Dir},
			[2]string{"  Node", r.Node},
			[2]string{"  Settings", r.Config},
			[2]string{"  Database", r.ODB},
			[2]string{"  CA certificate", r.CA},
			[2]string{"  CA", "sha256:" + r.CASHA256},
		)
		o.line("")
		if done.TrafficTLS {
			o.line("The traffic port had a certificate, which is not in a backup: set traffic_tls_cert")
			o.line("and traffic_tls_key in the settings, or clients meet plain HTTP.")
			o.line("")
		}
		o.line("The old nodes and this one must not both run as the same cluster: stop those first.")
		o.line("Start it:  signalbox run --dir %s", quoteArg(shownDir(r.Dir)))
	})
}
