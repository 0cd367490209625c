package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// Backup implements admin.Backups: half a MiB that tells who asked.
func (b *box) Backup(_ context.Context, passphrase, by string, w io.Writer) (client.Backup, error) {
	if len(passphrase) < 12 {
		return client.Backup{}, odb.Faults{{Pointer: "/passphrase", Message: "is too short"}}.Err("check", "passphrase")
	}
	_, err := io.WriteString(w, strings.Repeat(by, 100_000))
	return client.Backup{Cluster: "żółw", Revision: b.running.Load().Revision(), MadeAt: time.Now(), Parts: []client.BackupPart{{Name: "odb", Bytes: 7}}}, err
}

// backupsFunc is an admin.Backups of a test.
type backupsFunc func(ctx context.Context, w io.Writer) error

func (f backupsFunc) Backup(ctx context.Context, _, _ string, w io.Writer) (client.Backup, error) {
	return client.Backup{Cluster: "test"}, f(ctx, w)
}

func (backupsFunc) InspectBackup(context.Context, string, io.Reader) (client.InspectedBackup, error) {
	return client.InspectedBackup{}, errors.New("not asked for")
}

// InspectBackup implements admin.Backups: any bytes are good, with the one passphrase.
func (b *box) InspectBackup(_ context.Context, passphrase string, r io.Reader) (client.InspectedBackup, error) {
	n, err := io.Copy(io.Discard, r)
	if err == nil && passphrase != goodPassphrase {
		err = odb.Errorf(odb.Invalid, "read", "backup", "the passphrase does not open it")
	}
	return client.InspectedBackup{Backup: client.Backup{Cluster: "test", Parts: []client.BackupPart{}}, Bytes: n}, err
}

const goodPassphrase = "hush-umbrella-kiosk"

func TestBackup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var file bytes.Buffer
	b, err := r.as(t, odb.Admin).Backup(t.Context(), goodPassphrase, &file)
	if err != nil || b.Cluster != "żółw" || b.Revision != r.running.Load().Revision() || len(b.Parts) != 1 {
		t.Errorf("got %+v, %v", b, err)
	}
	if file.String() != strings.Repeat("admin", 100_000) {
		t.Errorf("the file has %d bytes", file.Len())
	}
	file.Reset()
	_, err = r.as(t, odb.Admin).Backup(t.Context(), "hush-short", &file)
	if p := problemOf(t, err, http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Pointer != "/passphrase" || file.Len() > 0 {
		t.Errorf("a weak passphrase: %+v, %d bytes", p, file.Len())
	}
	_, err = r.as(t, odb.Developer).Backup(t.Context(), goodPassphrase, &file)
	problemOf(t, err, http.StatusForbidden)
	if got := r.call(t, "POST", "/api/v1/backup", `{"passphrase":["`+goodPassphrase+`"]}`); got.status != http.StatusUnprocessableEntity || strings.Contains(string(got.body), goodPassphrase) {
		t.Errorf("a list as passphrase: %d %s", got.status, got.body)
	}
	if got := r.call(t, "POST", "/api/v1/backup?passphrase="+goodPassphrase, `{}`); got.status != http.StatusBadRequest {
		t.Errorf("a passphrase in the address: %d %s", got.status, got.body)
	}
	if text := r.log.String(); strings.Contains(text, "hush") || !strings.Contains(text, "cluster backed up") {
		t.Errorf("the log shows the passphrase, or does not tell of the backup:\n%s", text)
	}
}

// A backup that breaks in the middle is no backup, and the caller hears why.
func TestBackupBreaks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bytes int
		err   error
		want  string
	}{
		"at once":       {0, odb.Errorf(odb.Unavailable, "dump ODB", "", "gone"), "the ODB cannot be reached now"},
		"soon":          {1000, odb.Errorf(odb.Unavailable, "dump ODB", "", "gone"), "the ODB cannot be reached now"},
		"in the middle": {1 << 20, odb.Errorf(odb.Unavailable, "dump ODB", "", "gone"), "the ODB cannot be reached now"},
		"inside":        {1 << 20, errors.New("hush: inner reason"), "the log has the reason"},
	} {
		r := newRigWith(t, func(cfg *admin.Config, _ *box) {
			cfg.Backups = backupsFunc(func(_ context.Context, w io.Writer) error {
				_, err := w.Write(make([]byte, tc.bytes))
				return errors.Join(err, tc.err)
			})
		})
		b, err := r.as(t, odb.Admin).Backup(t.Context(), goodPassphrase, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hush") || b.Cluster != "" {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// Over HTTP/2 trailers come another way.
func TestBackupOverHTTP2(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old, server := r.server, httptest.NewUnstartedServer(r.api)
	defer old.Close()
	server.EnableHTTP2 = true
	server.StartTLS()
	r.server = server // the rig closes it
	var file bytes.Buffer
	if b, err := r.as(t, odb.Admin).Backup(t.Context(), goodPassphrase, &file); err != nil || b.Cluster != "żółw" || file.Len() != 500_000 {
		t.Errorf("got %+v, %v and %d bytes", b, err, file.Len())
	}
}

// Only one is made at a time, and who goes away ends it.
func TestBackupOneAtATime(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan error, 1)
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		cfg.Backups = backupsFunc(func(ctx context.Context, _ io.Writer) error {
			close(begun)
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := r.as(t, odb.Admin).Backup(ctx, goodPassphrase, io.Discard)
		first <- err
	}()
	<-begun
	_, err := r.as(t, odb.Admin).Backup(t.Context(), goodPassphrase, io.Discard)
	if p := problemOf(t, err, http.StatusConflict); p.RetryAfter == 0 {
		t.Errorf("the second is refused without a time to try again: %v", p)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first ended with %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the node's work ended with %v", err)
	}
}

// A file is read through, its passphrase comes in a header and is nowhere told.
func TestInspectBackup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	file := strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB: larger than what JSON routes take
	send := func(role odb.Role, header ...string) reply {
		return r.call(t, http.MethodPost, "/api/v1/backup/inspect", file, append([]string{"Authorization", "Bearer " + r.tokens[role], "Content-Type", "application/octet-stream"}, header...)...)
	}
	got := send(odb.Admin, client.PassphraseHeader, "hush%2Dumbrella-kiosk")
	var in client.InspectedBackup
	must(t, json.Unmarshal(got.body, &in))
	if got.status != http.StatusOK || in.Cluster != "test" || in.Bytes != int64(len(file)) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := send(odb.Admin, client.PassphraseHeader, "hush-wrong-one"); got.status != http.StatusUnprocessableEntity || strings.Contains(string(got.body), "hush") {
		t.Errorf("a wrong passphrase: %d %s", got.status, got.body)
	}
	if got := send(odb.Admin); got.status != http.StatusBadRequest {
		t.Errorf("no passphrase: %d %s", got.status, got.body)
	}
	if got := send(odb.Developer, client.PassphraseHeader, goodPassphrase); got.status != http.StatusForbidden {
		t.Errorf("a developer: %d %s", got.status, got.body)
	}
	if strings.Contains(r.log.String(), "hush") {
		t.Error("the log shows the passphrase")
	}
}
