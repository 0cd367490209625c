package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/backup"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// A cluster of 5,000 definitions and 1,000 packages of 16 KiB that do not
// compress: written, read back, restored into SQLite.
func BenchmarkBackup(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	dir := filepath.Join(b.TempDir(), "node")
	if err := node.Init(b.Context(), node.InitConfig{Dir: dir, Log: quiet}); err != nil {
		b.Fatal(err)
	}
	fillODB(b, "sqlite:"+filepath.Join(dir, "odb.sqlite"), quiet)
	cfg := node.BackupConfig{Dir: dir, Passphrase: phrase, Version: "bench", Log: quiet}
	for b.Loop() {
		var out bytes.Buffer
		start := time.Now()
		if _, err := node.Backup(b.Context(), cfg, &out); err != nil {
			b.Fatal(err)
		}
		written := time.Now()
		if _, err := backup.Verify(b.Context(), bytes.NewReader(out.Bytes()), phrase); err != nil {
			b.Fatal(err)
		}
		verified := time.Now()
		file := filepath.Join(b.TempDir(), "b.sbx")
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		in := node.RestoreConfig{File: file, Passphrase: phrase, Dir: filepath.Join(b.TempDir(), "restored"), Log: quiet}
		if _, err := node.Restore(b.Context(), in); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/(1<<20), "MiB")
		b.ReportMetric(float64(written.Sub(start).Milliseconds()), "write-ms")
		b.ReportMetric(float64(verified.Sub(written).Milliseconds()), "verify-ms")
		b.ReportMetric(float64(time.Since(verified).Milliseconds()), "restore-ms")
	}
}

func fillODB(b *testing.B, dsn string, log *slog.Logger) {
	b.Helper()
	ctx := context.Background()
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	rng := rand.NewChaCha8([32]byte{1})
	var pkgs []odb.Package
	for i := range 1000 {
		archive := make([]byte, 16<<10)
		_, _ = rng.Read(archive)
		sum := sha256.Sum256(archive)
		pkgs = append(pkgs, odb.Package{
			Hash: hex.EncodeToString(sum[:]), Name: fmt.Sprintf("pkg%d", i), Engine: "typescript", Services: []string{"s"}, By: "bench", Archive: archive,
		})
	}
	if err := store.PutPackages(ctx, pkgs); err != nil {
		b.Fatal(err)
	}
	set := odb.ChangeSet{Actor: odb.Actor{Name: "bench", Source: "api"}}
	set.Changes = append(set.Changes, odb.Change{Op: odb.Create, Kind: "service", Name: "s", Spec: []byte(`{"engine":"go"}`)})
	for i := range 4999 {
		spec := fmt.Sprintf(`{"method":"POST","path":"/orders/%d/items","service":"s","max_body":"2MiB","timeout":"7s"}`, i)
		set.Changes = append(set.Changes, odb.Change{Op: odb.Create, Kind: "channel", Name: fmt.Sprintf("orders.%d", i), Spec: []byte(spec)})
	}
	if _, err := store.Apply(ctx, set); err != nil {
		b.Fatal(err)
	}
}
