package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/config"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// Files of a node's folder.
const (
	keysDir        = "keys"
	dataDir        = "data"
	deployDir      = "deploy"
	runFile        = "run/node.json"
	adminTokenFile = "keys/admin.token"
	localTokenFile = "keys/local.token"
	keyringFile    = "keys/secrets.keys"
)

// FirstAdmin is the account that a new cluster has.
const FirstAdmin = "admin"

// InitConfig says what to make.
type InitConfig struct {
	Dir    string            // the node's folder; made when it is missing, must be empty of a node
	Values map[string]string // settings to write to node.toml, by key
	Env    func(string) (string, bool)
	Log    *slog.Logger // nil means slog.Default()
}

// Init makes a new cluster with this node as its first: folder, settings file,
// certificate authority, key ring, ODB and the first administrator, whose bearer
// token it leaves in DIR/keys/admin.token. It refuses a folder that has a node.
func Init(ctx context.Context, cfg InitConfig) error {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return fmt.Errorf("make node in %s: %w", cfg.Dir, err)
	}
	if config.Exists(dir) {
		return fmt.Errorf("make node in %s: there is a node in it already; run it with: signalbox run --dir %s", dir, dir)
	}
	for _, d := range []string{dir, filepath.Join(dir, keysDir), filepath.Join(dir, dataDir), filepath.Join(dir, deployDir), filepath.Join(dir, "run")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("make node in %s: %w", dir, err)
		}
	}
	if err := noRestore(dir); err != nil {
		return err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.release() }()
	settings, _, err := config.Load(dir, cfg.Env, cfg.Values)
	if err != nil {
		return err
	}
	if _, err := cluster.OpenAuthority(filepath.Join(dir, keysDir), settings.Cluster); err != nil {
		return err
	}
	if err := makeFirstAdmin(ctx, dir, settings, cfg.Log); err != nil {
		return fmt.Errorf("make node in %s: %w", dir, err)
	}
	if err := forgetLastGood(dir); err != nil {
		return fmt.Errorf("make node in %s: %w", dir, err)
	}
	// The settings file comes last: it is what says that there is a node.
	return config.WriteTemplate(dir, cfg.Values)
}

// makeFirstAdmin makes the first account and its token, unless an interrupted
// Init has done so.
func makeFirstAdmin(ctx context.Context, dir string, settings config.Config, log *slog.Logger) error {
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: settings.ODB, Log: log})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() //nolint:contextcheck // closing has no context
	err = store.CreateAccount(ctx, odb.Account{Name: FirstAdmin, Role: odb.Admin})
	if err != nil && odb.KindOf(err) != odb.Conflict {
		return err
	}
	text, hash := admin.NewToken()
	token := odb.Token{ID: odb.NewID(), Account: FirstAdmin, Role: odb.Admin, Note: "made with the node", Hash: hash}
	if err := store.CreateToken(ctx, token); err != nil {
		return err
	}
	_, err = store.AppendAudit(ctx, []odb.AuditEntry{{
		Node: settings.Name, Actor: "node " + settings.Name, Source: "init", Action: "init", Subject: "account/" + FirstAdmin,
		Outcome: odb.AuditDone, Detail: "made the account, and the token " + token.ID,
	}})
	if err != nil {
		return err
	}
	return cluster.WritePrivate(filepath.Join(dir, adminTokenFile), []byte(text+"\n"))
}

// readToken reads a token file; empty when there is none.
func readToken(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
