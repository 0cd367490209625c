package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

const (
	maxBatch    = 500              // entries in one transaction
	appendFor   = 5 * time.Second  // how long a transaction may take
	defaultSize = 16 << 20         // of the spool, in bytes
	retryEvery  = time.Second      // how often a waiting spool is tried
	flushEvery  = 10 * time.Second // how often is looked for a minute that has ended
)

// Config says where entries go.
type Config struct {
	Node  string     // name of this node; required
	Store odb.Audits // the audit log; required
	// Spool is the file in which entries wait while the ODB is away; required. Only
	// its owner may read it.
	Spool     string
	SpoolSize int64 // it grows to at most so many bytes; 0 means 16 MiB

	Retry      time.Duration         // how often a waiting spool is tried; 0 means 1 s
	Registerer prometheus.Registerer // takes the counters; nil counts nothing
	Log        *slog.Logger          // nil means slog.Default()
	Now        func() time.Time      // nil means time.Now
}

// Writer writes entries. Open makes it and Run writes; any number of goroutines
// may hand it entries. After Run has ended entries go to the spool.
type Writer struct {
	cfg     Config
	spool   *spool
	flood   *flood
	entries *prometheus.CounterVec
	wake    chan struct{}

	mu    sync.Mutex
	queue []item
	ended bool
}

// item is an entry on its way.
type item struct {
	late
	kept chan struct{} // closed when it is in the log or in the spool; nil: nobody waits
}

// Open checks cfg, opens the spool and finds what waits in it from an earlier run.
func Open(cfg Config) (*Writer, error) {
	var faults []error
	for name, missing := range map[string]bool{"Node": cfg.Node == "", "Store": cfg.Store == nil, "Spool": cfg.Spool == ""} {
		if missing {
			faults = append(faults, fmt.Errorf("%s is missing", name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("audit config: %w", err)
	}
	cfg.SpoolSize = cmp.Or(cfg.SpoolSize, defaultSize)
	cfg.Retry = cmp.Or(cfg.Retry, retryEvery)
	cfg.Log = cmp.Or(cfg.Log, slog.Default()).With("component", "audit")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	w := &Writer{cfg: cfg, flood: newFlood(cfg.Now), wake: make(chan struct{}, 1)}
	w.entries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "signalbox_audit_entries_total",
		Help: "Entries of the audit log: written to the ODB, spooled while it is away, lost, and refused attempts counted in one entry.",
	}, []string{"result"})
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(w.entries); err != nil {
			return nil, fmt.Errorf("audit: register counters: %w", err)
		}
	}
	for _, result := range []string{"written", "spooled", "lost", "counted"} {
		w.entries.WithLabelValues(result)
	}
	var err error
	var damaged string
	if w.spool, damaged, err = openSpool(cfg.Spool, cfg.SpoolSize); err != nil {
		return nil, fmt.Errorf("open audit spool: %w", err)
	}
	if damaged != "" {
		w.cfg.Log.Error("the audit spool is damaged; it was put aside", "file", damaged)
		w.Add(odb.AuditEntry{Action: "auditSpool", Outcome: odb.AuditFailed, Detail: "the spool was damaged; it was put aside as " + damaged})
	}
	return w, nil
}

// Write hands an entry over and returns when it is kept: in the ODB, or in the
// spool, or lost and logged. Node is set, Seq, At and Hash are the ODB's.
func (w *Writer) Write(e odb.AuditEntry) {
	kept := make(chan struct{})
	if w.enqueue(e, kept) {
		<-kept
	}
}

// Add hands an entry over without waiting; it is for what nobody is answered for.
func (w *Writer) Add(e odb.AuditEntry) { w.enqueue(e, nil) }

// Refused writes the entry of a refused attempt, as Write does, unless who (an
// address) has made too many within a minute: those are only counted, and one
// entry tells their number. A quiet attempt is counted in any case.
func (w *Writer) Refused(who string, quiet bool, e odb.AuditEntry) {
	if w.flood.admit(who, quiet, e) {
		w.Write(e)
		return
	}
	w.entries.WithLabelValues("counted").Inc()
}

// enqueue reports whether somebody will close kept.
func (w *Writer) enqueue(e odb.AuditEntry, kept chan struct{}) bool {
	e.Node = cmp.Or(e.Node, w.cfg.Node)
	e, err := e.Clean()
	if err != nil { // a fault of ours
		w.cfg.Log.Error("audit entry is not valid and was lost", "error", err)
		w.entries.WithLabelValues("lost").Inc()
		return false
	}
	it := item{late{At: w.cfg.Now().UTC(), Entry: e}, kept}
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		w.put([]item{it})
		return false
	}
	w.queue = append(w.queue, it)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
	return true
}

// Run writes entries until ctx ends, and then what is still there. What waits in
// the spool by then waits for the next run.
func (w *Writer) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.drain(ctx) })
	g.Go(func() error { return w.write(ctx) })
	return errors.Join(g.Wait(), w.Close())
}

// Close puts what Run has not written into the spool and lets go of it. Run does
// it itself; it is for a Writer that never ran. A second one does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	batch := w.queue
	w.queue, w.ended = nil, true
	w.mu.Unlock()
	if len(batch) > 0 {
		w.put(batch)
		release(batch)
	}
	return w.spool.close()
}

// release tells those who wait that their entries are kept.
func release(batch []item) {
	for _, it := range batch {
		if it.kept != nil {
			close(it.kept)
		}
	}
}

func (w *Writer) write(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-tick.C:
			for _, e := range w.flood.due(false) {
				w.Add(e)
			}
		}
		w.writeQueue(ctx)
	}
	for _, e := range w.flood.due(true) {
		w.Add(e)
	}
	for w.writeQueue(ctx); !w.end(); w.writeQueue(ctx) {
	}
	return nil
}

// end makes later entries go to the spool; false when there are some to be written first.
func (w *Writer) end() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = len(w.queue) == 0
	return w.ended
}

// writeQueue writes what has come in, as many entries at a time as there are.
func (w *Writer) writeQueue(ctx context.Context) {
	for {
		w.mu.Lock()
		n := min(len(w.queue), maxBatch)
		batch := w.queue[:n:n]
		w.queue = w.queue[n:]
		w.mu.Unlock()
		if n == 0 {
			return
		}
		w.keep(ctx, batch)
		release(batch)
	}
}

// keep brings a batch into the log, or into the spool when the log cannot be
// written or when earlier entries wait there.
func (w *Writer) keep(ctx context.Context, batch []item) {
	if w.spool.waiting() {
		w.put(batch)
		return
	}
	entries := make([]odb.AuditEntry, len(batch))
	for i, it := range batch {
		entries[i] = it.Entry
	}
	if err := w.append(ctx, entries); err != nil {
		w.cfg.Log.WarnContext(ctx, "audit log cannot be written; entries wait in the spool", "entries", len(batch), "error", err)
		w.put(batch)
	}
}

func (w *Writer) append(ctx context.Context, entries []odb.AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendFor) // what has begun is not cut off by the end
	defer cancel()
	if _, err := w.cfg.Store.AppendAudit(ctx, entries); err != nil {
		return err
	}
	w.entries.WithLabelValues("written").Add(float64(len(entries)))
	return nil
}

// put brings entries into the spool.
func (w *Writer) put(batch []item) {
	lines := make([]late, len(batch))
	for i, it := range batch {
		lines[i] = it.late
	}
	kept, err := w.spool.add(lines)
	w.entries.WithLabelValues("spooled").Add(float64(kept))
	if kept == len(batch) {
		return
	}
	w.entries.WithLabelValues("lost").Add(float64(len(batch) - kept))
	if err == nil {
		err = errFull
	}
	for _, it := range batch[kept:] { // the log of the node is the last place
		e := it.Entry
		w.cfg.Log.Error("audit entry is lost", "error", err, "action", e.Action, "actor", e.Actor, "addr", e.Addr,
			"subject", e.Subject, "outcome", e.Outcome, "detail", e.Detail, "revision", e.Revision, "cid", e.CID)
	}
}

// drain brings what waits in the spool into the log, in order, whenever it can.
func (w *Writer) drain(ctx context.Context) error {
	tick := time.NewTicker(w.cfg.Retry)
	defer tick.Stop()
	for {
		if err := w.drainAll(ctx); err != nil {
			w.cfg.Log.DebugContext(ctx, "audit entries still wait in the spool", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *Writer) drainAll(ctx context.Context) error {
	count := 0
	for ctx.Err() == nil && w.spool.waiting() {
		p, err := w.spool.next(maxBatch)
		if err != nil {
			return err
		}
		if entries := w.lateEntries(p); len(entries) > 0 {
			if err := w.append(ctx, entries); err != nil {
				return err
			}
			count += len(entries)
		}
		if err := w.spool.drop(p); err != nil {
			return err
		}
		if p.bad > 0 {
			w.cfg.Log.ErrorContext(ctx, "lines of the audit spool were not readable and are lost", "lines", p.bad)
			w.entries.WithLabelValues("lost").Add(float64(p.bad))
		}
	}
	if count > 0 {
		w.cfg.Log.InfoContext(ctx, "audit entries of the spool are in the log", "entries", count)
	}
	return nil
}

// lateEntries returns the entries of a page with the times at which they were made.
func (w *Writer) lateEntries(p page) []odb.AuditEntry {
	var out []odb.AuditEntry
	for _, l := range p.lines {
		l.Entry.Detail = "at " + l.At.Format(time.RFC3339Nano) + ", written late; " + l.Entry.Detail
		out = append(out, l.Entry)
	}
	if n := p.lost + int64(p.bad); n > 0 {
		out = append(out, odb.AuditEntry{
			Node: w.cfg.Node, Action: "auditSpool", Outcome: odb.AuditFailed,
			Detail: fmt.Sprintf("%d entries lost: the spool was full or not readable", n),
		})
	}
	return out
}
