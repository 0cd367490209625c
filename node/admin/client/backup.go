package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// BackupRequest asks for a backup of the whole cluster.
type BackupRequest struct {
	Passphrase string `json:"passphrase" jsonschema:"what the backup is encrypted to: at least 12 characters that do not repeat themselves. It is kept nowhere"`
}

// Backup says what a backup holds.
type Backup struct {
	Cluster  string       `json:"cluster"`
	MadeAt   time.Time    `json:"made_at"`
	Revision int64        `json:"revision"`
	Parts    []BackupPart `json:"parts"`
}

// BackupPart is one part of a backup.
type BackupPart struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// InspectedBackup says what is in a backup, read to its last byte.
type InspectedBackup struct {
	Backup
	By      string `json:"by,omitempty" jsonschema:"account that made it; absent: it was made while the node was stopped"`
	Node    string `json:"node"`
	Version string `json:"version" jsonschema:"of the program that made it"`
	ODBKind string `json:"odb_kind"`
	Schema  int    `json:"schema"`
	CA      string `json:"ca" jsonschema:"SHA-256 of the certificate of the cluster's authority"`
	Bytes   int64  `json:"bytes" jsonschema:"size of the file"`
}

// PassphraseHeader carries the passphrase of a backup that is inspected, percent-encoded.
const PassphraseHeader = "X-Passphrase"

// LastBackup tells of the newest backup.
type LastBackup struct {
	At       time.Time `json:"at"`
	By       string    `json:"by" jsonschema:"account that made it; empty: it was made while the node was stopped"`
	Revision int64     `json:"revision"`
	Bytes    int64     `json:"bytes,omitempty" jsonschema:"of the file; absent: not known, as after a restore"`
}

// The trailers of a backup's answer: one of them comes after the last byte.
const (
	BackupDone   = "X-Backup"       // a [Backup] as JSON
	BackupFailed = "X-Backup-Error" // why the answer is no backup
)

// Backup writes a backup of the whole cluster, encrypted to the passphrase, to w.
// Unless it returns no error, what was written is no backup.
func (c *Client) Backup(ctx context.Context, passphrase string, w io.Writer) (Backup, error) {
	body, err := encode(BackupRequest{Passphrase: passphrase})
	if err != nil {
		return Backup{}, err
	}
	resp, err := c.send(ctx, request{method: http.MethodPost, path: path("backup"), body: body})
	if err != nil {
		return Backup{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			return Backup{}, fmt.Errorf("read refusal of the backup: %w", err)
		}
		return Backup{}, readProblem(resp, raw)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return Backup{}, fmt.Errorf("read backup: %w", err)
	}
	return readBackup(resp.Trailer)
}

// readBackup reads what comes after the last byte.
func readBackup(trailer http.Header) (Backup, error) {
	if why := trailer.Get(BackupFailed); why != "" {
		return Backup{}, fmt.Errorf("the node could not finish the backup: %s", why)
	}
	var b Backup
	if text := trailer.Get(BackupDone); text == "" || json.Unmarshal([]byte(text), &b) != nil {
		return Backup{}, errors.New("read backup: it ended before its end")
	}
	return b, nil
}

// InspectBackup reads a backup to its end on a node and tells what is in it. What
// is none, is damaged, or is not opened by the passphrase is invalid. Role admin.
func (c *Client) InspectBackup(ctx context.Context, passphrase string, file io.Reader) (InspectedBackup, error) {
	var out InspectedBackup
	header := http.Header{PassphraseHeader: {url.PathEscape(passphrase)}}
	err := c.call(ctx, request{method: http.MethodPost, path: path("backup", "inspect"), header: header, file: file}, &out)
	return out, err
}
