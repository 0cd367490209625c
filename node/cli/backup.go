package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/backup"
	"signalbox.internal/node/config"
)

const backupLong = `Writes the whole cluster into one file: the database with its whole history, the
packages, accounts and tokens, the certificate authority, the key ring and the
settings that belong to the cluster. "signalbox restore" makes a node of it again,
on any box and in any kind of database.

The file is encrypted to a passphrase, on the node: nothing leaves it in clear. Keep
the passphrase elsewhere than the file. Without it the file is worth nothing, and
nobody can bring it back; with it, whoever has the file has the cluster and all its
secrets. It has at least 12 characters; five words picked at random are good.

A node that runs goes on serving and taking changes; the file holds one moment of
it. That takes a token of the role admin, or --dir on the node's own box. Of a
folder whose node is stopped the backup is made at once.

Not in it: what services keep in databases and files of their own (DIR/data too),
secrets that are references to the environment or to files, and what belongs to one
box: its name, addresses, log settings and the certificate of its traffic port.

When it is written, the file is read back and checked to its last byte. It gets its
name only then: until that, and after a failure, there is no FILE.`

// madeBackup is what backup tells scripts.
type madeBackup struct {
	File     string              `json:"file"`
	Bytes    int64               `json:"bytes"`
	SHA256   string              `json:"sha256"` // of the file
	Cluster  string              `json:"cluster"`
	MadeAt   time.Time           `json:"made_at"`
	Revision int64               `json:"revision"`
	Verified bool                `json:"verified"`
	Parts    []client.BackupPart `json:"parts"`
}

func newBackup(a *app) *cobra.Command {
	var force, noVerify bool
	target := &fileOrForm{a: a}
	cmd := &cobra.Command{
		Use: "backup -o FILE", Short: "Write the whole cluster into one encrypted file",
		Long: backupLong,
		Example: `  signalbox backup -o /mnt/backup/cluster.sbx
  signalbox backup -o cluster.sbx --force --passphrase-file /root/passphrase -o json
  signalbox backup -o cluster.sbx --url https://node-1.example:8183
  signalbox backup inspect cluster.sbx`,
		Args: noArgs, Annotations: map[string]string{needsNoChild: "yes"},
	}
	f := cmd.Flags()
	f.VarP(target, "output", "o", "file to write; table, json and yaml are the form of the result, as with every command")
	f.BoolVar(&force, "force", false, "replace FILE when it is there")
	f.BoolVar(&noVerify, "no-verify", false, "do not read the file back")
	phrase := a.addPassphrase(cmd)
	_ = cmd.MarkFlagFilename("output")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if target.file == "" {
			return usagef("-o FILE is needed: the file to write").trying("signalbox backup -o cluster.sbx")
		}
		secret, err := phrase.forMaking()
		if err != nil {
			return err
		}
		job := backupJob{a: a, passphrase: secret, verify: !noVerify}
		made, err := job.save(cmd.Context(), target.file, force)
		if err != nil {
			return fmt.Errorf("back up to %s: %w", target.file, err)
		}
		return a.show(made, func(o *screen) { backupTable(o, made) })
	}
	cmd.AddCommand(newBackupInspect(a))
	return cmd
}

func backupTable(o *screen, b madeBackup) {
	o.line("%s holds the cluster %s at revision %d: %s, %s.", b.File, clean(b.Cluster), b.Revision, formatBytes(b.Bytes),
		word(b.Verified, "read back and checked", "not checked"))
	o.line("Without its passphrase nobody can open it. Keep that elsewhere.")
}

// fileOrForm is the flag -o of backup: the name of the file or, as with every
// command, the form of the result. A file that is called json is ./json.
type fileOrForm struct {
	a    *app
	file string
}

// String implements pflag.Value.
func (v *fileOrForm) String() string { return v.file }

// Type implements pflag.Value.
func (v *fileOrForm) Type() string { return "FILE" }

// Set implements pflag.Value.
func (v *fileOrForm) Set(text string) error {
	switch {
	case slices.Contains([]string{outputTable, outputJSON, outputYAML}, text):
		v.a.flags.output = text
	case text == "" || text == "-":
		return errors.New("a file is needed: what goes to standard output could not be read back")
	case v.file != "":
		return fmt.Errorf("two files are given, %s and %s", v.file, text)
	default:
		v.file = text
	}
	return nil
}

// backupJob is one backup as the command makes it.
type backupJob struct {
	a          *app
	passphrase string
	verify     bool
	made       madeBackup
}

// save makes the backup and puts the file in place.
func (j *backupJob) save(ctx context.Context, file string, force bool) (madeBackup, error) {
	target := backup.Target{Path: file, Force: force, Fill: func(w io.Writer) error { return j.fill(ctx, w) }}
	if j.verify {
		target.Check = func(r io.Reader) error { return j.check(ctx, r) }
	}
	err := backup.Save(target)
	if errors.Is(err, os.ErrExist) {
		return j.made, failf(exitFailed, "%w", err).trying("another name, or --force to replace it")
	}
	if err != nil {
		return j.made, err
	}
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	j.made.File = file
	return j.made, nil
}

// fill writes the backup and counts what is written.
func (j *backupJob) fill(ctx context.Context, w io.Writer) error {
	sum := sha256.New()
	bar := j.a.startBar("Written")
	defer bar.end()
	count := &countWriter{w: io.MultiWriter(w, sum), tell: func(n int64) { bar.show(n, 0) }}
	b, err := j.take(ctx, count)
	if err != nil {
		return err
	}
	j.made.Bytes, j.made.SHA256 = count.n, hex.EncodeToString(sum.Sum(nil))
	j.made.Cluster, j.made.MadeAt, j.made.Revision, j.made.Parts = b.Cluster, b.MadeAt, b.Revision, b.Parts
	return nil
}

// take has the node make the backup or, when none runs on the folder, makes it of
// the folder.
func (j *backupJob) take(ctx context.Context, w io.Writer) (client.Backup, error) {
	dir, offline := j.a.stoppedNode(ctx)
	if !offline {
		c, err := j.a.connect()
		if err != nil {
			return client.Backup{}, err
		}
		defer c.Close()
		return c.Backup(ctx, j.passphrase, w)
	}
	j.a.note("No node runs on %s: the backup is made of the folder.", dir)
	sum, err := node.Backup(ctx, node.BackupConfig{
		Dir: dir, Env: j.a.env.LookupEnv, Passphrase: j.passphrase, Version: j.a.version(), Log: newLogger(j.a.env.Stderr, "warn", "text"),
	}, w)
	return client.Backup{Cluster: sum.Cluster, MadeAt: sum.MadeAt, Revision: sum.Revision, Parts: clientParts(sum.Parts)}, err
}

// stoppedNode returns the folder that the command is about when no node answers
// on it. Whether one runs all the same, its lock will tell.
func (a *app) stoppedNode(ctx context.Context) (dir string, stopped bool) {
	if len(a.flags.urls) > 0 || a.flags.dir == "" && a.getenv("SIGNALBOX_URL") != "" {
		return "", false
	}
	dir = a.nodeDir()
	if !config.Exists(dir) {
		return dir, false // connect says what is wrong
	}
	if _, err := os.Stat(filepath.Join(dir, "run", "node.json")); err != nil {
		return dir, errors.Is(err, os.ErrNotExist)
	}
	c, err := a.connect()
	if err != nil {
		return dir, false
	}
	defer c.Close()
	_, err = c.Health(ctx)
	return dir, errors.Is(err, client.ErrUnreachable)
}

// check reads the file back.
func (j *backupJob) check(ctx context.Context, r io.Reader) error {
	bar := j.a.startBar("Checked")
	defer bar.end()
	sum, err := backup.Verify(ctx, &countReader{r: r, tell: func(n int64) { bar.show(n, j.made.Bytes) }}, j.passphrase)
	if err != nil {
		return fmt.Errorf("what was written cannot be read back: %w", err)
	}
	if got := clientParts(sum.Parts); sum.Revision != j.made.Revision || !slices.Equal(got, j.made.Parts) {
		return errors.New("what was written is not what the node made")
	}
	j.made.Verified = true
	return nil
}

func clientParts(parts []backup.Part) []client.BackupPart {
	var out []client.BackupPart
	for _, p := range parts {
		out = append(out, client.BackupPart{Name: p.Name, Bytes: p.Bytes, SHA256: p.SHA256})
	}
	return out
}
