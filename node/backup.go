package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/backup"
	"signalbox.internal/node/config"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// markBackup is the mark of the last backup: a [client.LastBackup].
const markBackup = "last_backup"

// dumper is a store that can be written out whole.
type dumper interface {
	Dump(ctx context.Context, w io.Writer, progress func(sqldb.Progress)) (sqldb.DumpSummary, error)
}

// dumpStore is a store that can be backed up.
type dumpStore interface {
	odb.Store
	dumper
}

// backupJob is one backup: of what, for whom, to which passphrase.
type backupJob struct {
	cfg        config.Config
	store      dumpStore
	passphrase string
	by         string // account; empty: made while the node was stopped
	version    string // of this program
	log        *slog.Logger
}

// write streams the cluster to w and marks it as backed up. A failure leaves w
// with something that no reader takes for a backup.
func (j backupJob) write(ctx context.Context, w io.Writer) (backup.Summary, error) {
	if err := backup.CheckPassphrase(j.passphrase); err != nil {
		return backup.Summary{}, err
	}
	// A database whose ODB has moved to another one can be dumped; its Revision says so.
	if _, err := j.store.Revision(ctx); err != nil {
		return backup.Summary{}, err
	}
	keys, err := readKeyFiles(j.cfg.Dir)
	if err != nil {
		return backup.Summary{}, fmt.Errorf("back up the keys: %w", err)
	}
	manifest, err := j.manifest(ctx, keys)
	if err != nil {
		return backup.Summary{}, err
	}
	counted := &counted{w: w}
	out, err := backup.NewWriter(counted, backup.WriterConfig{Passphrase: j.passphrase, Manifest: manifest})
	if err != nil {
		return backup.Summary{}, err
	}
	revision, err := j.parts(ctx, out, keys)
	if err != nil {
		return backup.Summary{}, err
	}
	sum, err := out.Close(revision)
	if err != nil {
		return backup.Summary{}, err
	}
	if f, ok := w.(interface{ Flush() error }); ok { // what is not sent is no backup yet
		if err := f.Flush(); err != nil {
			return backup.Summary{}, err
		}
	}
	if err := setLastBackup(ctx, j.store, sum, counted.n); err != nil {
		j.log.WarnContext(ctx, "the backup is whole, but the ODB does not remember it", "error", err)
	}
	return sum, nil
}

// counted counts what is written.
type counted struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (j backupJob) manifest(ctx context.Context, keys keyFiles) (backup.Manifest, error) {
	info, err := j.store.Info(ctx)
	if err != nil {
		return backup.Manifest{}, err
	}
	ca, err := cluster.OpenAuthority(filepath.Join(j.cfg.Dir, keysDir), j.cfg.Cluster)
	if err != nil {
		return backup.Manifest{}, err
	}
	return backup.Manifest{
		Cluster: j.cfg.Cluster, CA: ca.Fingerprint(), MadeAt: time.Now().UTC().Truncate(time.Millisecond), By: j.by,
		Node: j.cfg.Name, Version: j.version, ODBKind: info.Kind, Schema: info.Schema,
		Names: append([]string{partSettings, partODB}, keys.names()...),
	}, nil
}

// parts writes every part and returns the revision of the ODB in it. The keys
// come after the ODB, so that the ring has every key that the ODB needs.
func (j backupJob) parts(ctx context.Context, out *backup.Writer, before keyFiles) (int64, error) {
	err := out.Part(partSettings, func(w io.Writer) error { return json.NewEncoder(w).Encode(carried(j.cfg)) })
	if err != nil {
		return 0, err
	}
	var dump sqldb.DumpSummary
	err = out.Part(partODB, func(w io.Writer) error {
		var err error
		dump, err = j.store.Dump(ctx, w, nil)
		return err
	})
	if err != nil {
		return 0, err
	}
	keys, err := readKeyFiles(j.cfg.Dir)
	if err != nil {
		return 0, fmt.Errorf("back up the keys: %w", err)
	}
	if !keys.follows(before) {
		return 0, odb.Errorf(odb.Conflict, "back up the keys", "", "they were changed while the backup was made; make it again")
	}
	for _, name := range keys.names() {
		err := out.Part(name, func(w io.Writer) error {
			_, err := w.Write(keys[name])
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return dump.Revision, nil
}

// setLastBackup remembers a backup of so many bytes in the ODB; 0: that is not known.
func setLastBackup(ctx context.Context, store odb.Store, sum backup.Summary, bytes int64) error {
	text, err := json.Marshal(client.LastBackup{At: sum.MadeAt, By: sum.By, Revision: sum.Revision, Bytes: bytes})
	if err != nil {
		return fmt.Errorf("remember the backup: %w", err)
	}
	return store.SetMark(ctx, markBackup, string(text))
}

// lastBackup reads what setLastBackup wrote; nil when there was none.
func lastBackup(ctx context.Context, store odb.Store) (*client.LastBackup, error) {
	m, err := store.Mark(ctx, markBackup)
	if odb.KindOf(err) == odb.NotFound {
		return nil, nil //nolint:nilnil // none is a good answer
	}
	if err != nil {
		return nil, err
	}
	var last client.LastBackup
	if err := json.Unmarshal([]byte(m.Value), &last); err != nil {
		return nil, fmt.Errorf("read the mark of the last backup: %w", err)
	}
	return &last, nil
}

// BackupConfig says how to back up a node that is stopped.
type BackupConfig struct {
	Dir        string // the node's folder
	Env        func(string) (string, bool)
	Passphrase string       // see [backup.CheckPassphrase]
	Version    string       // of this program
	Log        *slog.Logger // nil means slog.Default()
}

// Backup streams the whole cluster of a node that is stopped to w, encrypted to
// the passphrase. It takes the folder like a node that runs, and brings the ODB's
// tables up to date like one.
func Backup(ctx context.Context, cfg BackupConfig, w io.Writer) (backup.Summary, error) {
	settings, _, err := config.Load(cfg.Dir, cfg.Env, nil)
	if err != nil {
		return backup.Summary{}, err
	}
	if !config.Exists(settings.Dir) {
		return backup.Summary{}, odb.Errorf(odb.NotFound, "back up", settings.Dir, "there is no node in it")
	}
	lock, err := lockFolder(settings.Dir)
	if err != nil {
		return backup.Summary{}, err
	}
	defer func() { _ = lock.release() }()
	// A node that never ran has no ring yet.
	if _, err := security.OpenKeyring(filepath.Join(settings.Dir, keyringFile)); err != nil {
		return backup.Summary{}, err
	}
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: settings.ODB, Log: cfg.Log})
	if err != nil {
		return backup.Summary{}, err
	}
	job := backupJob{
		cfg: settings, store: store, passphrase: cfg.Passphrase, version: cfg.Version, log: cmp.Or(cfg.Log, slog.Default()),
	}
	sum, err := job.write(ctx, w)
	if err == nil {
		_, err = store.AppendAudit(ctx, []odb.AuditEntry{{
			Node: settings.Name, Source: "cli", Action: "backup", Outcome: odb.AuditDone, Detail: "while the node was stopped",
		}})
	}
	return sum, errors.Join(err, store.Close()) //nolint:contextcheck // closing has no context
}

// backups shows backups to the admin API.
type backups struct{ n *Node }

// Backup implements admin.Backups.
func (b backups) Backup(ctx context.Context, passphrase, by string, w io.Writer) (client.Backup, error) {
	job := backupJob{cfg: b.n.cfg, store: b.n.store, passphrase: passphrase, by: by, version: b.n.opts.Version, log: b.n.log}
	sum, err := job.write(ctx, w)
	if err != nil {
		return client.Backup{}, err
	}
	return shownBackup(sum), nil
}

// shownBackup is a summary as the API shows it.
func shownBackup(sum backup.Summary) client.Backup {
	out := client.Backup{Cluster: sum.Cluster, MadeAt: sum.MadeAt, Revision: sum.Revision}
	for _, p := range sum.Parts {
		out.Parts = append(out.Parts, client.BackupPart{Name: p.Name, Bytes: p.Bytes, SHA256: p.SHA256})
	}
	return out
}

// InspectBackup implements admin.Backups.
func (backups) InspectBackup(ctx context.Context, passphrase string, r io.Reader) (client.InspectedBackup, error) {
	counted := &byteCounter{r: r}
	sum, err := backup.Verify(ctx, counted, passphrase)
	for _, bad := range []error{backup.ErrForeign, backup.ErrPassphrase, backup.ErrDamaged, backup.ErrNewer} {
		if errors.Is(err, bad) {
			return client.InspectedBackup{}, odb.Errorf(odb.Invalid, "read", "backup", "%w", err)
		}
	}
	if err != nil {
		return client.InspectedBackup{}, fmt.Errorf("read backup: %w", err)
	}
	return client.InspectedBackup{
		Backup: shownBackup(sum), By: sum.By, Node: sum.Node, Version: sum.Version, ODBKind: sum.ODBKind, Schema: sum.Schema, CA: sum.CA, Bytes: counted.n,
	}, nil
}

// byteCounter counts what is read.
type byteCounter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *byteCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
