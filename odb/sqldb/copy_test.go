package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

func copyConfig(t testing.TB, from, to *DB, dsn string) CopyConfig {
	t.Helper()
	target, err := odb.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(s string) (string, error) { return "sealed:" + s, nil }
	return CopyConfig{From: from, To: to, Target: target, DSN: dsn, Seal: seal, By: "tester"}
}

func mustCopy(t testing.TB, from, to *DB, dsn string) CopyResult {
	t.Helper()
	res, err := Copy(t.Context(), copyConfig(t, from, to, dsn))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func addService(ctx context.Context, db *DB, name string) error {
	_, err := db.Apply(ctx, odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: name, Spec: []byte(`{"engine":"go"}`)}}})
	return err
}

// writes are all the ways in which a database is written to.
func writes(ctx context.Context, db *DB) map[string]func() error {
	lease := odb.Lease{Name: "held", Holder: "x", Term: 1}
	return map[string]func() error{
		"Apply":         func() error { return addService(ctx, db, odb.NewID()) },
		"PutPackages":   func() error { return db.PutPackages(ctx, nil) },
		"CreateAccount": func() error { return db.CreateAccount(ctx, odb.Account{Name: odb.NewID(), Role: odb.Viewer}) },
		"UpdateAccount": func() error { return db.UpdateAccount(ctx, odb.Account{Name: "admin", Role: odb.Viewer}) },
		"DeleteAccount": func() error { return db.DeleteAccount(ctx, "admin") },
		"CreateToken": func() error {
			return db.CreateToken(ctx, odb.Token{ID: odb.NewID(), Account: "admin", Role: odb.Viewer, Hash: strings.Repeat("0f", 32)})
		},
		"DeleteToken":  func() error { return db.DeleteToken(ctx, "x") },
		"TakeLease":    func() error { _, err := db.TakeLease(ctx, "new", "x", time.Second); return err },
		"RenewLease":   func() error { _, err := db.RenewLease(ctx, lease, time.Second); return err },
		"ReleaseLease": func() error { return db.ReleaseLease(ctx, lease) },
		"ClaimAccount": func() error { _, err := db.ClaimAccount(ctx, "claimer", "hash"); return err },
		"Unlock":       func() error { return db.Unlock(ctx, "admin") },
		"AppendAudit": func() error {
			_, err := db.AppendAudit(ctx, []odb.AuditEntry{{Action: "test", Outcome: "done"}})
			return err
		},
		"FailSignIn": func() error {
			_, err := db.FailSignIn(ctx, "admin", odb.LockoutRule{Failures: 3, Within: time.Hour, Lock: time.Hour})
			return err
		},
	}
}

// closed checks that nothing can be written and that each write says why.
func closed[E error](t *testing.T, db *DB) {
	t.Helper()
	for name, write := range writes(t.Context(), db) {
		err := write()
		if _, ok := errors.AsType[E](err); !ok || odb.KindOf(err) != odb.Unavailable {
			t.Errorf("%s: %v, want %T", name, err, *new(E))
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+path)
	fill(t, from)
	from.patience = 10 * time.Millisecond
	var phases []CopyPhase
	cfg := copyConfig(t, from, to, "sqlite:"+path)
	cfg.Progress = func(phase CopyPhase, _ Progress) {
		if phases = append(phases, phase); phase == CopySwitch {
			closed[*odb.Frozen](t, from)
			to.patience = 10 * time.Millisecond
			closed[*odb.Frozen](t, to)
		}
	}
	res, err := Copy(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if phases = slices.Compact(phases); !slices.Equal(phases, []CopyPhase{CopyFreeze, CopyRows, CopyVerify, CopySwitch}) {
		t.Errorf("the phases were %v", phases)
	}
	closed[*odb.Moved](t, from)
	_, err = from.Revision(t.Context())
	m, ok := errors.AsType[*odb.Moved](err)
	if !ok || m.DSN != "sealed:sqlite:"+path || m.Copy != res.ID || m.By != "tester" || time.Since(m.At) > time.Minute || strings.Contains(err.Error(), "sealed") {
		t.Errorf("Revision() = %v, %+v", err, m)
	}
	if a, b := checksums(t, from), checksums(t, to); !slices.Equal(a, b) || !slices.Equal(a, res.Sum.Tables) {
		t.Errorf("the sums differ: %v, %v", a, b)
	}
	same(t, from, to)
	if err := errors.Join(to.Arrive(t.Context(), res.ID), addService(t.Context(), to, "new")); err != nil {
		t.Error(err)
	}
	if _, err := Copy(t.Context(), copyConfig(t, from, openDSN(t, "sqlite:"+newFile(t)), "sqlite:x")); err == nil {
		t.Error("what was moved away was copied")
	}
	if err := from.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := from.Reopen(t.Context()); odb.KindOf(err) != odb.Conflict {
		t.Errorf("an open database was opened: %v", err)
	}
	if rev, err := from.Revision(t.Context()); err != nil || rev != res.Sum.Revision || addService(t.Context(), from, "new") != nil {
		t.Errorf("opened again: %d, %v", rev, err)
	}
}

// Whoever writes through a copy loses nothing that was acknowledged, and gets in
// again on the new database.
func copyUnderWrites(t *testing.T, from, to *DB, dsn string) {
	fill(t, from)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var g errgroup.Group
	var acknowledged [4]atomic.Int64
	for i := range acknowledged {
		g.Go(func() error {
			for n := int64(1); ; n++ {
				switch err := addService(context.WithoutCancel(ctx), from, fmt.Sprintf("w%d-%d", i, n)); {
				case err == nil:
					acknowledged[i].Store(n)
				case errors.As(err, new(*odb.Moved)):
					return nil
				default:
					return err
				}
			}
		})
	}
	g.Go(func() error { // one whose writes go through the gate
		for ctx.Err() == nil {
			if _, err := from.AppendAudit(context.WithoutCancel(ctx), []odb.AuditEntry{{Action: "test", Outcome: "done"}}); err != nil && !errors.As(err, new(*odb.Moved)) {
				return err
			}
		}
		return nil
	})
	for acknowledged[0].Load() < 5 && ctx.Err() == nil {
		<-time.After(time.Millisecond)
	}
	res := mustCopy(t, from, to, dsn)
	cancel()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	snap, err := to.Load(t.Context())
	if err != nil || snap.Revision() != res.Sum.Revision {
		t.Fatalf("%d, want %d, %v", snap.Revision(), res.Sum.Revision, err)
	}
	for i := range acknowledged {
		for n := range acknowledged[i].Load() {
			if _, ok := snap.Get("service", fmt.Sprintf("w%d-%d", i, n+1)); !ok {
				t.Errorf("w%d-%d was acknowledged and is lost", i, n+1)
			}
		}
	}
	if a, b := checksums(t, from), checksums(t, to); !slices.Equal(a, b) {
		t.Errorf("written after the copy: %v, %v", a, b)
	}
	if err := addService(t.Context(), to, "new"); err != nil {
		t.Error(err)
	}
}

func TestCopyUnderWrites(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	copyUnderWrites(t, openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+path), "sqlite:"+path)
}

func serverCopies(t *testing.T, s *testServer) {
	dsn := s.fresh(t)
	server := openDSN(t, dsn)
	copyUnderWrites(t, openDSN(t, "sqlite:"+newFile(t)), server, dsn)
	if s.only() {
		return // the rest needs a second database
	}
	again, path := s.fresh(t), newFile(t)
	second := openDSN(t, again)
	mustCopy(t, server, second, again)
	last := openDSN(t, "sqlite:"+path)
	mustCopy(t, second, last, "sqlite:"+path)
	same(t, second, last)
	other := openDSN(t, s.fresh(t))
	copyUnderWrites(t, other, openDSN(t, "sqlite:"+newFile(t)), "sqlite:x")
}

func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	from, full := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, from)
	if err := full.CreateAccount(t.Context(), odb.Account{Name: "a", Role: odb.Viewer}); err != nil {
		t.Fatal(err)
	}
	before := checksums(t, from)
	_, err := Copy(t.Context(), copyConfig(t, from, full, "sqlite:x"))
	if odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), "account") {
		t.Errorf("into a full database: %v", err)
	}
	if _, err = Copy(t.Context(), copyConfig(t, from, from, "sqlite:x")); odb.KindOf(err) != odb.Conflict {
		t.Errorf("into itself: %v", err)
	}
	cfg := copyConfig(t, from, full, "sqlite:x")
	cfg.Seal = func(string) (string, error) { return "", errors.New("no key") }
	if _, err := Copy(t.Context(), cfg); err == nil {
		t.Error("copied without sealing")
	}
	if !slices.Equal(before, checksums(t, from)) || addService(t.Context(), from, "new") != nil {
		t.Error("the old database is not as it was")
	}
}

// A copy that is ended in any phase leaves the old database open and as it was,
// and the new one empty.
func TestCopyEnded(t *testing.T) {
	t.Parallel()
	for _, phase := range []CopyPhase{CopyFreeze, CopyRows, CopyVerify, CopySwitch} {
		from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
		fill(t, from)
		empty := checksums(t, to)
		ctx, cancel := context.WithCancel(t.Context())
		cfg := copyConfig(t, from, to, "sqlite:x")
		cfg.Progress = func(p CopyPhase, _ Progress) {
			if p == phase {
				cancel()
			}
		}
		_, err := Copy(ctx, cfg)
		if err == nil || !slices.Equal(checksums(t, to), empty) {
			t.Errorf("ended in %s: %v, the new one has %v", phase, err, checksums(t, to))
		}
		if err := addService(t.Context(), from, "new"); err != nil {
			t.Errorf("ended in %s: the old one takes no changes: %v", phase, err)
		}
		mustCopy(t, from, to, "sqlite:x")
	}
}

// A freeze whose owner is gone ends by itself; one that is lost cannot commit.
func TestFreezeIsLost(t *testing.T) {
	t.Parallel()
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, from)
	from.freezeFor = time.Millisecond
	if _, err := from.freeze(t.Context(), mark{Copy: "gone", To: "nowhere"}); err != nil {
		t.Fatal(err)
	}
	if err := from.renew(t.Context(), "other"); odb.KindOf(err) != odb.Conflict {
		t.Errorf("another renewed: %v", err)
	}
	if err := from.thaw(t.Context(), "other"); err != nil || from.renew(t.Context(), "gone") != nil {
		t.Errorf("another thawed: %v", err)
	}
	if err := addService(t.Context(), from, "new"); err != nil {
		t.Fatal(err)
	}
	if err := from.renew(t.Context(), "gone"); odb.KindOf(err) != odb.Conflict {
		t.Errorf("a lost freeze was renewed: %v", err)
	}
	from.freezeFor = usualFreeze
	cfg := copyConfig(t, from, to, "sqlite:x")
	cfg.Progress = func(p CopyPhase, _ Progress) {
		if p != CopySwitch {
			return
		}
		// As if it had not been renewed.
		if _, err := from.write.db.ExecContext(t.Context(), `UPDATE odb_meta SET at_us = 1 WHERE name = 'frozen'`); err != nil {
			t.Error(err)
		}
		if err := addService(t.Context(), from, "between"); err != nil {
			t.Error(err)
		}
	}
	if _, err := Copy(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "freeze was lost") {
		t.Errorf("a copy that lost its freeze: %v", err)
	}
	if err := addService(t.Context(), from, "after"); err != nil {
		t.Error(err)
	}
}

// copyForever is what a process does that is killed: it copies a file to another.
func copyOnce(db *DB) error {
	db.freezeFor = 200 * time.Millisecond
	path := os.Getenv(childFile) + ".new"
	to, err := Open(context.Background(), Config{DSN: "sqlite:" + path})
	if err != nil {
		return err
	}
	fmt.Println("begins")
	_, err = Copy(context.Background(), CopyConfig{
		From: db, To: to, Target: odb.DSN{Kind: "sqlite", File: path}, DSN: "sqlite:" + path, By: "child",
		Seal: func(s string) (string, error) { return s, nil },
	})
	return err
}

func TestKillCopy(t *testing.T) {
	t.Parallel()
	var whole time.Duration
	for round := range 25 {
		path := filepath.Join(t.TempDir(), fmt.Sprint(round))
		from := openDSN(t, "sqlite:"+path)
		from.freezeFor = 200 * time.Millisecond
		if round == 0 {
			fill(t, from)
			began := time.Now()
			mustCopy(t, from, openDSN(t, "sqlite:"+path+".whole"), "sqlite:x")
			whole = time.Since(began)
			continue
		}
		fill(t, from)
		before := checksums(t, from)
		cmd := child(t, "copy", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rand.Int64N(int64(whole) * 3 / 2)))
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed, or done
		to := openDSN(t, "sqlite:"+path+".new")
		m, ok := errors.AsType[*odb.Moved](from.Marked(t.Context()))
		if !ok {
			if err := addService(t.Context(), from, "new"); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			mustCopy(t, from, to, "sqlite:"+path+".new")
			continue
		}
		if err := errors.Join(to.Arrive(t.Context(), m.Copy), addService(t.Context(), to, "before")); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		id := func(s TableSum) bool { return s.Table == "odb_meta" }
		if after := checksums(t, from); !slices.Equal(slices.DeleteFunc(before, id), slices.DeleteFunc(after, id)) {
			t.Errorf("round %d: %v, want %v", round, after, before)
		}
	}
}

// A dump of a frozen or moved database is one of an open one.
func TestDumpOfMoved(t *testing.T) {
	t.Parallel()
	from, to, third := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, from)
	mustCopy(t, from, to, "sqlite:x")
	text, _ := dump(t, from)
	if _, err := third.Restore(t.Context(), bytes.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	if err := addService(t.Context(), third, "new"); err != nil {
		t.Error(err)
	}
}

// BenchmarkCopy moves 5,000 definitions and a log of 20,000 changes.
func BenchmarkCopy(b *testing.B) {
	from := openDSN(b, "sqlite:"+filepath.Join(b.TempDir(), "from"))
	const definitions, sets = 5000, 4
	for set := range sets {
		changes := make([]odb.Change, definitions)
		for i := range changes {
			changes[i] = odb.Change{Op: odb.Update, Kind: "service", Name: fmt.Sprint("s", i), Base: int64(set), Spec: fmt.Appendf(nil, `{"engine":"go","max_in_flight":%d}`, set+1)}
			if set == 0 {
				changes[i].Op = odb.Create
			}
		}
		if _, err := from.Apply(b.Context(), odb.ChangeSet{Changes: changes}); err != nil {
			b.Fatal(err)
		}
	}
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		b.Run(kind, func(b *testing.B) {
			fresh := func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "to") }
			if kind != "sqlite" {
				fresh = newTestServer(b, kind).fresh
			}
			for b.Loop() {
				b.StopTimer()
				dsn := fresh(b)
				to := openDSN(b, dsn)
				b.StartTimer()
				mustCopy(b, from, to, dsn)
				b.StopTimer()
				if err := from.Reopen(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
