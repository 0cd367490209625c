package admin

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
)

// How long a backup may take, and how long its reader may keep it waiting.
const (
	backupTime  = 12 * time.Hour
	backupStall = time.Minute
)

// Backups makes backups of the cluster.
type Backups interface {
	// Backup streams the whole cluster to w, encrypted to the passphrase; by is the
	// account that asks. A passphrase that is too weak is Invalid, before anything
	// is written. The passphrase is neither kept nor logged.
	Backup(ctx context.Context, passphrase, by string, w io.Writer) (client.Backup, error)
}

// backup answers with an encrypted backup. What is wrong before its first bytes
// is a problem; later it is told in a trailer, and the file has no end.
func (a *API) backup(c *call) (any, error) {
	in, err := decode[client.BackupRequest](c)
	if err != nil {
		return nil, err
	}
	if !a.backing.TryLock() { // one costs the memory and the read of a whole ODB
		p := refuse(http.StatusConflict, client.CodeConflict, "another backup is being made through this node")
		p.RetryAfter = time.Minute
		return nil, p
	}
	defer a.backing.Unlock()
	out := bufio.NewWriterSize(backupStream{c}, 64<<10)
	done, err := a.cfg.Backups.Backup(c.Context(), in.Passphrase, c.who.account, out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return nil, err
	}
	trailer, err := marshal(done)
	if err != nil {
		return nil, err
	}
	c.w.Header().Set(client.BackupDone, strings.TrimSpace(string(trailer)))
	a.audit(c, "cluster backed up", "of_revision", done.Revision)
	return handled{}, nil
}

// backupStream writes the answer, and begins it with the first bytes.
type backupStream struct{ c *call }

// Write implements io.Writer.
func (s backupStream) Write(b []byte) (int, error) {
	if !s.c.begun {
		s.c.begun = true
		h := s.c.w.Header()
		h.Set("Content-Type", s.c.route.media)
		h.Set("Trailer", client.BackupDone+", "+client.BackupFailed)
		s.c.w.WriteHeader(s.c.status)
	}
	// A reader that stands still must not hold the ODB's moment open; see serve.
	_ = http.NewResponseController(s.c.w).SetWriteDeadline(time.Now().Add(backupStall))
	return s.c.w.Write(b)
}
