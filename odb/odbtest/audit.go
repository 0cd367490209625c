package odbtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/odb"
)

// audited appends entries that have to be good.
func (w *world) audited(entries ...odb.AuditEntry) []odb.AuditEntry {
	w.Helper()
	out, err := w.AppendAudit(w.ctx(), entries)
	if err != nil {
		w.Fatalf("AppendAudit: %v", err)
	}
	return out
}

// checkAudit reads the log in pages and checks that its chain holds.
func (w *world) checkAudit(page int) odb.AuditChecker {
	w.Helper()
	var c odb.AuditChecker
	for {
		entries, err := w.ReadAudit(w.ctx(), c.Head.Seq, page)
		if err != nil {
			w.Fatal(err)
		}
		for _, e := range entries {
			if !c.Add(e) {
				w.Fatalf("the chain does not hold: %v", c.Fault)
			}
		}
		if len(entries) > page {
			w.Fatalf("a page of at most %d has %d entries", page, len(entries))
		}
		if len(entries) == 0 {
			break
		}
	}
	head, err := w.AuditHead(w.ctx())
	if err != nil {
		w.Fatal(err)
	}
	if fault := c.End(head); fault != nil {
		w.Fatalf("the chain does not hold: %v", fault)
	}
	return c
}

func auditChain(_ *testing.T, w *world) {
	if c := w.checkAudit(10); c.Checked != 0 || c.Head != (odb.AuditHead{}) {
		w.Errorf("an empty log has %+v", c)
	}
	if out, err := w.AppendAudit(w.ctx(), nil); err != nil || len(out) != 0 {
		w.Errorf("appending nothing gives %v, %v", out, err)
	}
	whole := odb.AuditEntry{
		Node: "n1", Actor: "alice", Source: "cli", Addr: "10.0.0.7", Action: "createDefinition", Subject: "channel/c",
		Outcome: odb.AuditDone, Detail: "201", Revision: 7, CID: "c-1",
	}
	poor := odb.AuditEntry{Action: "signIn", Outcome: odb.AuditRefused, Seq: 99, Hash: "mine", At: time.Unix(1, 0)}
	start := time.Now().Add(-time.Minute)
	out := append(w.audited(whole, poor), w.audited(odb.AuditEntry{Action: "x", Outcome: odb.AuditFailed})...)
	for i, e := range out {
		if e.Seq != int64(i+1) || e.At.Before(start) || e.At.After(time.Now().Add(time.Minute)) || !odb.IsHash(e.Hash) {
			w.Errorf("entry %d is %+v", i+1, e)
		}
	}
	whole.Seq, whole.At, whole.Hash = out[0].Seq, out[0].At, out[0].Hash
	if out[0] != whole {
		w.Errorf("stored %+v, want %+v", out[0], whole)
	}
	if c := w.checkAudit(2); c.Checked != 3 || c.Head.Hash != out[2].Hash || !c.From.Equal(out[0].At) || !c.To.Equal(out[2].At) {
		w.Errorf("the check says %+v", c)
	}
	read, err := w.ReadAudit(w.ctx(), 0, 10)
	if err != nil || !reflect.DeepEqual(read, out) {
		w.Errorf("ReadAudit() = %+v, %v; AppendAudit gave %+v", read, err, out)
	}
	listed, err := w.ListAudit(w.ctx(), odb.AuditQuery{})
	slices.Reverse(listed)
	if err != nil || !reflect.DeepEqual(listed, out) {
		w.Errorf("ListAudit() = %+v, %v; AppendAudit gave %+v", listed, err, out)
	}
}

// auditByMany has ten append at once, from two processes as it were: no fork, no hole.
func auditByMany(_ *testing.T, w *world) {
	const writers, rounds = 10, 8
	stores := []odb.Store{w.Store, w.again(w.TB, w.Store)}
	g, ctx := errgroup.WithContext(w.ctx())
	for i := range writers {
		g.Go(func() error {
			for r := range rounds {
				batch := make([]odb.AuditEntry, 1+r%3)
				for j := range batch {
					batch[j] = odb.AuditEntry{Actor: fmt.Sprint("w", i), Action: "many", Outcome: odb.AuditDone, Detail: fmt.Sprint(r, ".", j)}
				}
				out, err := stores[i%2].AppendAudit(ctx, batch)
				if err != nil {
					return err
				}
				if last := out[len(out)-1]; last.Seq-out[0].Seq != int64(len(out)-1) {
					return fmt.Errorf("a batch is torn apart: %d to %d", out[0].Seq, last.Seq)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		w.Fatal(err)
	}
	want := int64(writers * (3*1 + 3*2 + 2*3)) // of 8 rounds three have 1 entry, three 2 and two 3
	if c := w.checkAudit(17); c.Checked != want || c.Head.Seq != want {
		w.Errorf("the log has %d entries up to %d, want %d", c.Checked, c.Head.Seq, want)
	}
}

func auditAllOrNone(_ *testing.T, w *world) {
	good := odb.AuditEntry{Action: "a", Outcome: odb.AuditDone}
	for name, bad := range map[string]odb.AuditEntry{
		"/action":   {Outcome: odb.AuditDone},
		"/outcome":  {Action: "a", Outcome: "maybe"},
		"/revision": {Action: "a", Outcome: odb.AuditDone, Revision: -1},
	} {
		_, err := w.AppendAudit(w.ctx(), []odb.AuditEntry{good, bad})
		w.refused(err, odb.Invalid, name)
	}
	if c := w.checkAudit(10); c.Checked != 0 {
		w.Errorf("a refused batch left %d entries", c.Checked)
	}
}

func auditTexts(_ *testing.T, w *world) {
	for _, text := range []string{
		`it's "quoted" \ back\\slashed \' \" %s ? :1 $1 {NOW} --; DROP TABLE odb_audit`,
		"emoji \U0001F3C6\u200d\U0001F469, Zażółć, 漢字, עברית, a\u0308", "tab\tline\nescape\x1b del\x7f", "<b>&amp;</b>", "-", "null", " blank ",
	} {
		e := odb.AuditEntry{
			Node: text, Actor: text, Source: "s", Addr: text, Action: "a", Subject: text, Outcome: odb.AuditDone, Detail: text, CID: "c",
		}
		got := w.audited(e)[0]
		e.Seq, e.At, e.Hash = got.Seq, got.At, got.Hash
		if got != e {
			w.Errorf("%q came back as %+v", text, got)
		}
	}
	got := w.audited(odb.AuditEntry{Action: "nul\x00", Outcome: odb.AuditDone, Detail: "bad \xff\xfe"})[0]
	if got.Action != "nul\uFFFD" || got.Detail != "bad \uFFFD" {
		w.Errorf("what no database holds became %q and %q", got.Action, got.Detail)
	}
	long := strings.Repeat("🏆", 5000)
	e := w.audited(odb.AuditEntry{
		Node: long, Actor: long, Source: long, Addr: long, Action: long, Subject: long, Outcome: odb.AuditDone, Detail: long, CID: long,
	})[0]
	for limit, text := range map[int]string{150: e.Node, 200: e.Actor, 60: e.Source, 400: e.Subject, 1000: e.Detail, 64: e.CID} {
		if utf8.RuneCountInString(text) != limit || !strings.HasSuffix(text, "🏆…") {
			w.Errorf("a long text was cut to %d characters, want %d with a mark", utf8.RuneCountInString(text), limit)
		}
	}
	fits := strings.Repeat("é", 1000)
	if got := w.audited(odb.AuditEntry{Action: "a", Outcome: odb.AuditDone, Detail: fits})[0]; got.Detail != fits {
		w.Error("a text that fits was cut")
	}
	w.checkAudit(3)
}

func auditQueries(t *testing.T, w *world) {
	for i := range 12 { // each in a batch of its own, so that the times differ
		w.audited(odb.AuditEntry{
			Actor: []string{"alice", "bob"}[i%2], Action: []string{"signIn", "deploy", "apply"}[i%3],
			Subject: []string{"", "channel/c"}[i/6], Outcome: []string{odb.AuditDone, odb.AuditRefused, odb.AuditFailed, odb.AuditDone}[i%4],
		})
	}
	all, err := w.ListAudit(w.ctx(), odb.AuditQuery{})
	if err != nil || len(all) != 12 {
		w.Fatalf("ListAudit() has %d entries, %v; want 12", len(all), err)
	}
	from, to := all[8].At, all[3].At // of the entries 4 and 9
	var between []int64
	for _, e := range all {
		if !e.At.Before(from) && e.At.Before(to) {
			between = append(between, e.Seq)
		}
	}
	for name, tc := range map[string]struct {
		q    odb.AuditQuery
		want []int64
	}{
		"actor":       {odb.AuditQuery{Actor: "bob"}, []int64{12, 10, 8, 6, 4, 2}},
		"action":      {odb.AuditQuery{Action: "deploy"}, []int64{11, 8, 5, 2}},
		"subject":     {odb.AuditQuery{Subject: "channel/c"}, []int64{12, 11, 10, 9, 8, 7}},
		"outcome":     {odb.AuditQuery{Outcome: odb.AuditFailed}, []int64{11, 7, 3}},
		"two":         {odb.AuditQuery{Actor: "alice", Action: "apply"}, []int64{9, 3}},
		"none":        {odb.AuditQuery{Actor: "ALICE"}, nil},
		"not of part": {odb.AuditQuery{Subject: "channel"}, nil},
		"before":      {odb.AuditQuery{Before: 3}, []int64{2, 1}},
		"page":        {odb.AuditQuery{Actor: "bob", Before: 10, Limit: 2}, []int64{8, 6}},
		"times":       {odb.AuditQuery{From: from, To: to}, between},
		"to nothing":  {odb.AuditQuery{To: all[11].At}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.ListAudit(w.ctx(), tc.q)
			var seqs []int64
			for _, e := range got {
				seqs = append(seqs, e.Seq)
			}
			if err != nil || !slices.Equal(seqs, tc.want) {
				t.Errorf("ListAudit(%+v) = %v, %v; want %v", tc.q, seqs, err, tc.want)
			}
		})
	}
	page, err := w.ReadAudit(w.ctx(), 10, 100)
	if err != nil || len(page) != 2 || page[0].Seq != 11 {
		w.Errorf("ReadAudit(10) = %+v, %v", page, err)
	}
}
