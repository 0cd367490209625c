package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// outage is a real audit log that can be away.
type outage struct {
	odb.Audits
	away    atomic.Bool
	appends atomic.Int64
}

func (o *outage) AppendAudit(ctx context.Context, entries []odb.AuditEntry) ([]odb.AuditEntry, error) {
	if o.away.Load() {
		return nil, odb.Errorf(odb.Unavailable, "append", "", "no route to host")
	}
	o.appends.Add(1)
	return o.Audits.AppendAudit(ctx, entries)
}

type rig struct {
	*testing.T
	store *outage
	path  string
	clock atomic.Int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(dir, "odb.sqlite"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := &rig{T: t, store: &outage{Audits: db}, path: filepath.Join(dir, "audit.spool")}
	r.clock.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano())
	return r
}

func (r *rig) now() time.Time { return time.Unix(0, r.clock.Load()).UTC() }

// open returns a writer that does not run yet.
func (r *rig) open(size int64) *Writer {
	r.Helper()
	w, err := Open(Config{
		Node: "n1", Store: r.store, Spool: r.path, SpoolSize: size, Retry: 5 * time.Millisecond,
		Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Now: r.now,
	})
	if err != nil {
		r.Fatal(err)
	}
	return w
}

// run runs a writer and returns what ends it.
func (r *rig) run(w *Writer) (stop func()) {
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.Errorf("Run() = %v", err)
		}
	})
	r.Cleanup(stop)
	return stop
}

// entries returns what the log has, oldest first.
func (r *rig) entries() []odb.AuditEntry {
	r.Helper()
	out, err := r.store.ReadAudit(r.Context(), 0, 1000)
	if err != nil {
		r.Fatal(err)
	}
	return out
}

func (w *Writer) count(result string) int {
	return int(testutil.ToFloat64(w.entries.WithLabelValues(result)))
}

func did(what string) odb.AuditEntry {
	return odb.AuditEntry{Actor: "alice", Action: what, Outcome: odb.AuditDone, Detail: "200"}
}

func actions(entries []odb.AuditEntry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Action)
	}
	return strings.Join(out, " ")
}

// eventually waits for a fact.
func eventually(t *testing.T, fact func() error) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if err = fact(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func TestWritesAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.open(0)
	stop := r.run(w)
	for i := range 3 {
		w.Write(did(fmt.Sprint("a", i)))
		if got := r.entries(); len(got) != i+1 || got[i].Node != "n1" || got[i].Action != fmt.Sprint("a", i) || got[i].Detail != "200" {
			t.Fatalf("after Write the log has %+v", got)
		}
	}
	w.Add(did("last"))
	stop()
	if got := actions(r.entries()); got != "a0 a1 a2 last" {
		t.Errorf("at the end the log has %s", got)
	}
	w.Write(odb.AuditEntry{Outcome: odb.AuditDone})
	if w.count("written") != 4 || w.count("lost") != 1 || w.count("spooled") != 0 {
		t.Errorf("written %d, lost %d, spooled %d", w.count("written"), w.count("lost"), w.count("spooled"))
	}
	// What comes after the end waits for the next start.
	w.Write(did("after"))
	r.run(r.open(0))
	eventually(t, func() error {
		if got := actions(r.entries()); got != "a0 a1 a2 last after" {
			return errors.New("the log has " + got)
		}
		return nil
	})
}

// Those who write at the same time share transactions.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.open(0)
	r.run(w)
	const writers, each = 50, 4
	var g errgroup.Group
	for range writers {
		g.Go(func() error {
			for range each {
				w.Write(did("x"))
			}
			return nil
		})
	}
	_ = g.Wait()
	if got := len(r.entries()); got != writers*each {
		t.Errorf("the log has %d entries, want %d", got, writers*each)
	}
	if n := r.store.appends.Load(); n > writers*each/2 {
		t.Errorf("%d entries took %d transactions", writers*each, n)
	}
}

// While the ODB is away entries wait on disk; they come in order, with the times
// at which they were made, also when the node was restarted in between.
func TestSpool(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.open(0)
	stop := r.run(w)
	w.Write(did("before"))
	r.store.away.Store(true)
	for i := range 5 {
		w.Write(did(fmt.Sprint("away", i)))
		r.clock.Add(int64(time.Second))
	}
	info, err := os.Stat(r.path)
	if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Fatalf("the spool: %v, %v", info, err)
	}
	stop()
	w2 := r.open(0)
	stop = r.run(w2)
	w2.Write(did("restarted"))
	r.store.away.Store(false)
	want := "before away0 away1 away2 away3 away4 restarted"
	eventually(t, func() error {
		if got := actions(r.entries()); got != want {
			return errors.New("the log has " + got)
		}
		return nil
	})
	got := r.entries()
	if d := got[2].Detail; d != "at 2026-11-23T12:00:01Z, written late; 200" {
		t.Errorf("the detail is %q", d)
	}
	eventually(t, func() error {
		if info, err := os.Stat(r.path); err != nil || info.Size() != headerLen {
			return fmt.Errorf("the spool is not empty: %v, %w", info, err)
		}
		return nil
	})
	w2.Write(did("after"))
	stop()
	if got := r.entries(); got[len(got)-1].Action != "after" || got[len(got)-1].Detail != "200" {
		t.Errorf("the last entry is %+v", got[len(got)-1])
	}
	if w.count("spooled") != 5 || w2.count("spooled") != 1 || w2.count("written") != 7 {
		t.Errorf("spooled %d and %d, written %d", w.count("spooled"), w2.count("spooled"), w2.count("written"))
	}
}

// A full spool counts what it cannot take, over a restart, and the log tells it.
func TestSpoolIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.away.Store(true)
	const size = 4096
	w := r.open(size)
	stop := r.run(w)
	for range 30 {
		w.Write(did("x"))
	}
	stop()
	kept, lost := w.count("spooled"), w.count("lost")
	if info, err := os.Stat(r.path); err != nil || info.Size() > size || kept < 5 || lost < 5 || kept+lost != 30 {
		t.Fatalf("%d kept, %d lost, spool %v, %v", kept, lost, info, err)
	}
	w2 := r.open(size)
	r.run(w2)
	w2.Write(did("x"))
	r.store.away.Store(false)
	eventually(t, func() error {
		got := r.entries()
		if len(got) == 0 || got[len(got)-1].Action != "auditSpool" {
			return errors.New("the log has " + actions(got))
		}
		return nil
	})
	got := r.entries()
	if last := got[len(got)-1]; len(got) != kept+1 || last.Detail != fmt.Sprintf("%d entries lost: the spool was full or not readable", lost+1) || last.Outcome != odb.AuditFailed {
		t.Errorf("%d entries, the last is %+v; want %d and %d lost", len(got), last, kept+1, lost+1)
	}
}

// Whatever is in the spool's file, the node starts and nothing readable is lost.
func TestDamagedSpool(t *testing.T) {
	t.Parallel()
	good := func() string {
		return `{"at":"2026-11-23T12:00:00Z","entry":{"seq":0,"at":"0001-01-01T00:00:00Z","action":"good","outcome":"done","hash":""}}` + "\n"
	}
	head := fmt.Sprintf(header, headerLen, 0)
	tests := map[string]struct {
		file, want string
	}{
		"whole":           {head + good() + good(), "good good"},
		"torn line":       {head + good() + good()[:40], "good"},
		"bad line":        {head + good() + "nonsense\n" + good(), "good good auditSpool"},
		"bad entry":       {head + `{"at":"2026-11-23T12:00:00Z","entry":{"action":"","outcome":"done"}}` + "\n" + good(), "good auditSpool"},
		"done already":    {fmt.Sprintf(header, headerLen+int64(len(good())), 0) + good() + good(), "good"},
		"lost before":     {fmt.Sprintf(header, headerLen, 7) + good(), "good auditSpool"},
		"no spool":        {"what is this\n", "auditSpool"},
		"header cut":      {head[:30], "auditSpool"},
		"header lies":     {fmt.Sprintf(header, 99999, 0) + good(), "auditSpool"},
		"header negative": {strings.Replace(head, "done=0", "done=-", 1) + good(), "auditSpool"},
		"empty":           {"", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if err := os.WriteFile(r.path, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			stop := r.run(r.open(0))
			eventually(t, func() error {
				if got := actions(r.entries()); got != tc.want {
					return fmt.Errorf("the log has %q, want %q", got, tc.want)
				}
				return nil
			})
			stop()
			if got := actions(r.entries()); got != tc.want {
				t.Errorf("the log has %q, want %q", got, tc.want)
			}
		})
	}
}

// A writer that never runs keeps what it was handed.
func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.open(0)
	w.Add(did("early"))
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	r.run(r.open(0))
	eventually(t, func() error {
		if got := actions(r.entries()); got != "early" {
			return errors.New("the log has " + got)
		}
		return nil
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	_, err := Open(Config{})
	for _, name := range []string{"Node", "Store", "Spool"} {
		if err == nil || !strings.Contains(err.Error(), name+" is missing") {
			t.Errorf("Open(Config{}) = %v, which does not name %s", err, name)
		}
	}
	r := newRig(t)
	if _, err := Open(Config{Node: "n", Store: r.store, Spool: filepath.Join(t.TempDir(), "none", "spool")}); err == nil {
		t.Error("a spool in a folder that is not there has no error")
	}
}

// Somebody who guesses fills a few lines a minute, whatever he does.
func TestFlood(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.open(0)
	stop := r.run(w)
	refused := func(addr, action string) odb.AuditEntry {
		return odb.AuditEntry{Addr: addr, Action: action, Outcome: odb.AuditRefused}
	}
	for range 57 {
		w.Refused("a", false, refused("10.0.0.1", "signIn"))
	}
	for i := range 20 {
		w.Refused("a", false, refused("10.0.0.1", fmt.Sprint("x", i)))
	}
	w.Refused("b", true, refused("10.0.0.2", "me"))
	for i := range 3 * maxBursts {
		w.Refused(fmt.Sprint("many", i), false, refused("10.9.9.9", "me"))
	}
	own := len(r.entries())
	if want := freeRefusals + maxBursts - 2; own != want {
		t.Errorf("the log has %d entries, want %d", own, want)
	}
	if got := w.flood.due(false); len(got) != 0 {
		t.Errorf("the minute is not over, but there are %+v", got)
	}
	stop()
	var got []string
	for _, e := range r.entries()[own:] {
		got = append(got, e.Addr+" "+e.Detail)
		if e.Outcome != odb.AuditRefused || e.Action != "refusedAttempts" || e.Node != "n1" {
			t.Errorf("the summary is %+v", e)
		}
	}
	const from = " more refused attempts within a minute from 2026-11-23T12:00:00Z"
	want := []string{
		" 202" + from + ", of addresses beyond the first 100: me 202",
		"10.0.0.1 57" + from + ": others 13, signIn 37, x0 1, x1 1, x2 1, x3 1, x4 1, x5 1, x6 1",
		"10.0.0.2 1" + from + ": me 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the summaries are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// After a minute the address is as any other.
	r.clock.Add(int64(time.Minute))
	if !w.flood.admit("a", false, refused("10.0.0.1", "signIn")) {
		t.Error("a minute later the first attempt is not admitted")
	}
}

func FuzzSpool(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(header, headerLen, 0) + "{}\n"))
	f.Add([]byte("\n\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "s")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		s, _, err := openSpool(path, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		for n := 0; s.waiting(); n++ {
			p, err := s.next(3)
			if err != nil || n > len(file)+1 {
				t.Fatalf("page %d: %+v, %v", n, p, err)
			}
			if err := s.drop(p); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := s.add([]late{{Entry: did("x")}}); kept != 1 || err != nil {
			t.Errorf("add() = %d, %v", kept, err)
		}
	})
}
