package admin

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
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
	// InspectBackup reads a backup to its end and tells what is in it. A file that is
	// none, is damaged or that the passphrase does not open is Invalid.
	InspectBackup(ctx context.Context, passphrase string, r io.Reader) (client.InspectedBackup, error)
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

// maxBackup is the largest backup that is inspected.
const maxBackup = 1 << 40

// inspectBackup reads the backup in the body and tells what is in it; nothing of
// it is kept.
func (a *API) inspectBackup(c *call) (any, error) {
	passphrase, err := url.PathUnescape(c.Header.Get(client.PassphraseHeader))
	if err != nil || passphrase == "" {
		return nil, refuse(http.StatusBadRequest, client.CodeBadRequest, "the header %s is missing or not percent-encoded", client.PassphraseHeader)
	}
	if !a.backing.TryLock() {
		p := refuse(http.StatusConflict, client.CodeConflict, "another backup is being made or read through this node")
		p.RetryAfter = time.Minute
		return nil, p
	}
	defer a.backing.Unlock()
	return a.cfg.Backups.InspectBackup(c.Context(), passphrase, &slowBody{c: c, r: http.MaxBytesReader(c.w, c.Body, c.route.limit)})
}

// slowBody gives each part of a long body its own time: a sender that stands still
// must not hold the place.
type slowBody struct {
	c *call
	r io.Reader
}

// Read implements io.Reader.
func (s *slowBody) Read(b []byte) (int, error) {
	_ = http.NewResponseController(s.c.w).SetReadDeadline(time.Now().Add(backupStall))
	return s.r.Read(b)
}
