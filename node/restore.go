package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"signalbox.internal/cluster"
	"signalbox.internal/node/backup"
	"signalbox.internal/node/config"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// RestoreConfig says what to restore and where to.
type RestoreConfig struct {
	File       string // the backup
	Passphrase string
	Dir        string            // the node's folder; made when it is missing, must be empty of a node
	Values     map[string]string // settings to write to node.toml, by key; they win over the backup's
	Env        func(string) (string, bool)
	Progress   func(read, total int64) // told of the bytes read, of two passes; may be nil
	Log        *slog.Logger            // nil means slog.Default()
}

// Restored says what a restore has made.
type Restored struct {
	Backup     backup.Summary
	Config     config.Config // of the node that was made
	CA         string        // path of the CA's certificate
	TrafficTLS bool          // the node of the backup had a certificate of its own on its traffic port, which is not in it
}

// Restore makes a node of a backup: folder, settings, certificate authority, key
// ring and ODB, into an empty database of any kind. The file is read to its end and
// checked before anything is made. What an error leaves is as if nothing had been
// done; after a kill the same Restore goes on, or says what to remove.
func Restore(ctx context.Context, cfg RestoreConfig) (Restored, error) {
	r := &restorer{cfg: cfg, log: cmp.Or(cfg.Log, slog.Default())}
	if err := r.check(ctx); err != nil {
		return Restored{}, err
	}
	if err := r.restore(ctx); err != nil {
		return Restored{}, fmt.Errorf("restore into %s: %w", r.settings.Dir, err)
	}
	return Restored{
		Backup: r.sum, Config: r.settings, CA: filepath.Join(r.settings.Dir, keysDir, cluster.CACertFile), TrafficTLS: r.carried.TrafficTLS,
	}, nil
}

// restorer is one restore.
type restorer struct {
	cfg      RestoreConfig
	log      *slog.Logger
	sum      backup.Summary // of the first pass
	keys     keyFiles
	carried  carriedSettings
	settings config.Config
	values   map[string]string // of node.toml
	begun    unfinished
	made     leftovers
}

// check reads the whole backup and the settings and makes nothing.
func (r *restorer) check(ctx context.Context) error {
	dir, err := filepath.Abs(r.cfg.Dir)
	if err != nil {
		return fmt.Errorf("restore into %s: %w", r.cfg.Dir, err)
	}
	if config.Exists(dir) {
		return fmt.Errorf("restore into %s: there is a node in it already; choose another folder with --dir", dir)
	}
	small := keyFiles{}
	r.sum, err = r.pass(ctx, 0, func(name string, content io.Reader) (err error) {
		if name == partODB {
			return nil // checked, not kept
		}
		small[name], err = readSmall(content)
		return err
	})
	if err == nil {
		err = checkParts(r.sum.Names)
	}
	if mine := sqldb.SchemaVersion(); err == nil && r.sum.Schema > mine {
		err = fmt.Errorf("%w: its ODB has the schema %d, this program knows %d", backup.ErrNewer, r.sum.Schema, mine)
	}
	if err == nil {
		r.carried, err = readCarried(small[partSettings])
	}
	if err != nil {
		return fmt.Errorf("read backup %s: %w", r.cfg.File, err)
	}
	r.keys = small
	return r.settle(dir)
}

// pass reads the backup once.
func (r *restorer) pass(ctx context.Context, number int64, each func(string, io.Reader) error) (backup.Summary, error) {
	f, err := os.Open(r.cfg.File)
	if err != nil {
		return backup.Summary{}, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return backup.Summary{}, err
	}
	in := &countingReader{r: f, n: number * info.Size(), tell: func(n int64) {
		if r.cfg.Progress != nil {
			r.cfg.Progress(n, 2*info.Size())
		}
	}}
	return backup.Read(ctx, in, r.cfg.Passphrase, each)
}

// settle decides the settings: those of the backup, under those that were given.
func (r *restorer) settle(dir string) error {
	r.values = map[string]string{"cluster": r.carried.Cluster}
	maps.Copy(r.values, r.carried.Settings)
	maps.Copy(r.values, r.cfg.Values)
	var err error
	if r.settings, _, err = config.Load(dir, r.cfg.Env, r.values); err != nil {
		return fmt.Errorf("restore into %s: the settings are not good:\n%w", dir, err)
	}
	r.values["name"] = r.settings.Name // a host may be renamed, a node may not
	return nil
}

// restore takes the folder and makes everything in it.
func (r *restorer) restore(ctx context.Context) error {
	dir := r.settings.Dir
	for _, d := range []string{dir, filepath.Join(dir, keysDir), filepath.Join(dir, dataDir), filepath.Join(dir, deployDir), filepath.Join(dir, "run")} {
		if err := r.made.folder(d); err != nil {
			return errors.Join(err, r.made.undo())
		}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return errors.Join(err, r.made.undo())
	}
	defer func() { _ = lock.release() }()
	r.made.file(filepath.Join(dir, lockFile), filepath.Join(dir, lockFile+".pid"))
	err = r.make(ctx)
	if err != nil && r.begun.Filled && r.begun.File == "" {
		return fmt.Errorf("%w; the database is filled already: run the same command again to go on", err)
	}
	if err != nil {
		return errors.Join(err, r.made.undo())
	}
	return nil
}

// make makes everything. The settings file comes last: it is what says that there
// is a node.
func (r *restorer) make(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.writeKeys(); err != nil {
		return err
	}
	if err := r.fill(ctx); err != nil {
		return err
	}
	if err := r.standAlone(ctx); err != nil {
		return err
	}
	if err := forgetLastGood(r.settings.Dir); err != nil {
		return err
	}
	if err := config.WriteTemplate(r.settings.Dir, r.values); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(r.settings.Dir, unfinishedFile)) // beside node.toml it says nothing
	return nil
}

// writeKeys puts the keys in place and looks whether they are what they should be.
func (r *restorer) writeKeys() error {
	for _, p := range keyParts() {
		content, there := r.keys[p.name]
		if !there {
			continue
		}
		path := filepath.Join(r.settings.Dir, p.file)
		r.made.file(path)
		if err := cluster.WritePrivate(path, content); err != nil {
			return err
		}
	}
	ca, err := cluster.OpenAuthority(filepath.Join(r.settings.Dir, keysDir), r.settings.Cluster)
	if err != nil {
		return err
	}
	if ca.Fingerprint() != r.sum.CA {
		return errors.New("the certificate authority in the backup is not the one that its manifest names")
	}
	_, err = security.OpenKeyring(filepath.Join(r.settings.Dir, keyringFile))
	return err
}

// fill brings the ODB into its database, unless an interrupted restore has done so.
func (r *restorer) fill(ctx context.Context) error {
	if r.begun.Filled {
		return nil
	}
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: r.settings.ODB, Log: r.log})
	if err != nil {
		return err
	}
	sum, err := r.pass(ctx, 1, func(name string, content io.Reader) error {
		if name != partODB {
			return nil
		}
		_, err := store.Restore(ctx, content, nil)
		return err
	})
	switch {
	case err == nil && fmt.Sprint(sum) != fmt.Sprint(r.sum):
		err = errors.New("the file was changed while it was read")
	case odb.KindOf(err) == odb.Conflict && r.begun.again:
		err = fmt.Errorf("%w. A restore was interrupted here and may have filled it: if so, remove its tables, or give another --odb", err)
	}
	if err == nil {
		r.begun.Filled = true
		err = r.begun.write(r.settings.Dir)
	}
	if err == nil {
		r.tell(ctx, store)
	}
	return errors.Join(err, store.Close()) //nolint:contextcheck // closing has no context
}

// standAlone makes the restored node, which has a key of its own, the only member:
// those of the old cluster are shut out and join again, if they are to come along.
func (r *restorer) standAlone(ctx context.Context) error {
	path := filepath.Join(r.settings.Dir, keysDir)
	r.made.file(filepath.Join(path, cluster.NodeKeyFile))
	identity, err := cluster.OpenIdentity(path)
	if err != nil {
		return err
	}
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: r.settings.ODB, Log: r.log})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() //nolint:contextcheck // closing has no context
	all, err := store.ListMembers(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.ID == identity.ID() || !m.Removed.IsZero() {
			continue
		}
		if err := store.RemoveMember(ctx, m.ID); err != nil {
			return err
		}
	}
	return store.EnrolMember(ctx, odb.Member{ID: identity.ID(), Name: r.settings.Name, By: "restore"})
}

// tell leaves in the ODB where it comes from.
func (r *restorer) tell(ctx context.Context, store odb.Store) {
	_, err := store.AppendAudit(ctx, []odb.AuditEntry{{
		Node: r.settings.Name, Source: "cli", Action: "restore", Outcome: odb.AuditDone, Revision: r.sum.Revision,
		Detail: fmt.Sprintf("from the backup that node %s made at %s", r.sum.Node, r.sum.MadeAt.Format("2006-01-02 15:04:05Z07:00")),
	}})
	if err = errors.Join(err, setLastBackup(ctx, store, r.sum, 0)); err != nil {
		r.log.WarnContext(ctx, "the ODB is restored, but does not tell so", "error", err)
	}
}

// countingReader tells how much was read.
type countingReader struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.tell(c.n)
	return n, err
}
