package sqldb

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"signalbox.internal/odb"
)

func openForBench(b *testing.B) *DB {
	b.Helper()
	db, err := Open(b.Context(), Config{DSN: "sqlite:" + filepath.Join(b.TempDir(), "odb.sqlite"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

const benchSpec = `{"method":"POST","path":"/orders/%d/{id}","service":"s%d","rate_limit":{"requests":100,"by":"ip"},"description":"takes orders"}`

// thousand is a change set of n services, each with a channel.
func thousand(n int) odb.ChangeSet {
	var set odb.ChangeSet
	for i := range n {
		set.Changes = append(set.Changes,
			odb.Change{Op: odb.Create, Kind: "service", Name: fmt.Sprint("s", i), Spec: []byte(`{"engine":"go"}`)},
			odb.Change{Op: odb.Create, Kind: "channel", Name: fmt.Sprint("c", i), Spec: fmt.Appendf(nil, benchSpec, i, i)})
	}
	return set
}

// BenchmarkChange is one update as a change set; x_bare compares it with a bare
// transaction of two statements on the same file in the same run.
func BenchmarkChange(b *testing.B) {
	db := openForBench(b)
	if _, err := db.Apply(b.Context(), thousand(1)); err != nil {
		b.Fatal(err)
	}
	version := int64(0)
	change := func() error {
		version++
		_, err := db.Apply(b.Context(), odb.ChangeSet{Changes: []odb.Change{
			{Op: odb.Update, Kind: "channel", Name: "c0", Base: version, Spec: fmt.Appendf(nil, benchSpec, version, 0)},
		}})
		return err
	}
	var bare, full time.Duration
	for b.Loop() {
		began := b.Elapsed()
		if err := change(); err != nil {
			b.Fatal(err)
		}
		between := b.Elapsed()
		if err := bareChange(b, db, version); err != nil {
			b.Fatal(err)
		}
		full += between - began
		bare += b.Elapsed() - between
	}
	b.ReportMetric(float64(full.Microseconds())/float64(version), "µs/change")
	b.ReportMetric(float64(full)/float64(bare), "x_bare")
}

// bareChange is the least that a change could be: bump and write.
func bareChange(b *testing.B, db *DB, n int64) error {
	inner, err := db.write.db.BeginTx(b.Context(), nil)
	if err != nil {
		return err
	}
	defer inner.Rollback() //nolint:errcheck // after a commit it does nothing
	t := tx{ctx: b.Context(), sql: inner, pool: db.write, d: db.dialect}
	if _, err := t.run(bumpRevision); err != nil {
		return err
	}
	if _, err := t.run(insertChangeSet, -n, "a", nil, nil, nil, 1, nil); err != nil {
		return err
	}
	return inner.Commit()
}

func BenchmarkLoad5000(b *testing.B) {
	db := openForBench(b)
	if _, err := db.Apply(b.Context(), thousand(2500)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		snap, err := db.Load(b.Context())
		if err != nil || snap.Len() != 5000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkStateAt5000(b *testing.B) {
	db := openForBench(b)
	if _, err := db.Apply(b.Context(), thousand(2500)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := db.StateAt(b.Context(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply1000(b *testing.B) {
	set := thousand(500)
	for b.Loop() {
		b.StopTimer()
		db := openForBench(b)
		b.StartTimer()
		if _, err := db.Apply(b.Context(), set); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRevision(b *testing.B) {
	db := openForBench(b)
	for b.Loop() {
		if _, err := db.Revision(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "odb.sqlite")
	for b.Loop() {
		db, err := Open(b.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
