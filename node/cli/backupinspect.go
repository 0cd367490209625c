package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"signalbox.internal/node/backup"
)

// inspected is what backup inspect tells scripts.
type inspected struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file
	backup.Summary
}

func newBackupInspect(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "inspect FILE", Short: "Check a backup and tell what is in it",
		Long: `Reads a backup to its last byte, checks everything and tells what is in it: of which
cluster and revision it is, when, where and by whom it was made. It changes nothing
and shows nothing of the content. A file that passes can be restored.`,
		Example: `  signalbox backup inspect cluster.sbx
  signalbox backup inspect cluster.sbx --passphrase-file /root/passphrase -o json | jq .revision`,
		Args: args(1, 1, "FILE"),
	}
	phrase := a.addPassphrase(cmd)
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		f, err := os.Open(given[0])
		if err != nil {
			return fileError(given[0], err)
		}
		defer f.Close() //nolint:errcheck // nothing was written
		secret, err := phrase.forOpening()
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err != nil {
			return fileError(given[0], err)
		}
		bar := a.startBar("Checked")
		sum := sha256.New()
		in := &countReader{r: io.TeeReader(f, sum), tell: func(n int64) { bar.show(n, info.Size()) }}
		found, err := backup.Verify(cmd.Context(), in, secret)
		bar.end()
		if err != nil {
			return fileFault(fmt.Errorf("read backup %s: %w", given[0], err))
		}
		result := inspected{given[0], in.n, hex.EncodeToString(sum.Sum(nil)), found}
		return a.show(result, func(o *screen) { inspectTable(o, result) })
	}
	return cmd
}

func inspectTable(o *screen, b inspected) {
	o.line("%s is whole.", b.File)
	o.line("")
	o.facts(
		[2]string{"cluster", b.Cluster},
		[2]string{"revision", fmt.Sprint(b.Revision)},
		[2]string{"made", localTime(b.MadeAt)},
		[2]string{"by", word(b.By == "", "- (the node was stopped)", b.By)},
		[2]string{"node", b.Node + ", " + b.Version},
		[2]string{"database", fmt.Sprintf("%s, schema %d", b.ODBKind, b.Schema)},
		[2]string{"CA", "sha256:" + b.CA},
	)
	o.line("")
	var rows [][]cell
	for _, p := range b.Parts {
		rows = append(rows, []cell{text(p.Name), text(formatBytes(p.Bytes)), text(p.SHA256)})
	}
	o.table([]string{"PART", "SIZE", "SHA-256"}, rows)
}
