package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newAuditVerify(a *app) *cobra.Command {
	var expect []string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that nothing in the audit log and the change log was altered",
		Long: `Reads the whole audit log and the whole change log and computes their hashes here,
not on the node: each entry has the hash of itself and of the one before it, so an
entry that was changed, removed, moved or put in is found, and the first one that is
wrong is named. Exit code 1 says that something is wrong.

Whoever may write to the database could write a whole log anew. Therefore keep the
two receipts that this prints, ENTRY:HASH, where he cannot reach them, and hand them
in the next time with --expect: that proves that nothing up to there was rewritten
or cut off since. Revisions from before the ODB kept hashes are counted as unchained:
nothing is proved of those.`,
		Example: `  signalbox audit verify
  signalbox audit verify -o json | jq -r '.audit.head, .revisions.head' >> receipts.txt
  signalbox audit verify --expect 7:` + strings.Repeat("0a", 32),
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			receipts, err := readReceipts(expect)
			if err != nil {
				return err
			}
			v := verifier{c: c, receipts: receipts, progress: a.progress()}
			report, err := v.verify(ctx)
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			if err := a.show(report, func(o *screen) { verifyTable(o, report) }); err != nil {
				return err
			}
			return report.err()
		}),
	}
	cmd.Flags().StringArrayVar(&expect, "expect", nil, "a receipt of an earlier run, ENTRY:HASH; may be repeated")
	return cmd
}

// receipt is what an earlier run said about the head of a chain.
type receipt struct {
	Text  string `json:"receipt"`
	OK    bool   `json:"ok"`
	Chain string `json:"chain,omitempty"` // in which it was found
	seq   int64
	hash  string
}

var receiptForm = regexp.MustCompile(`^([0-9]{1,18}):([0-9a-f]{64})$`)

func readReceipts(texts []string) ([]receipt, error) {
	out := []receipt{}
	for _, text := range texts {
		m := receiptForm.FindStringSubmatch(strings.TrimSpace(text))
		if m == nil {
			return nil, usagef("--expect is %q; a number and 64 hexadecimal digits are needed, ENTRY:HASH, as signalbox audit verify prints them", text)
		}
		seq, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return nil, usagef("--expect: %w", err)
		}
		out = append(out, receipt{Text: m[0], seq: seq, hash: m[2]})
	}
	return out, nil
}

// chainReport is the outcome for one chain.
type chainReport struct {
	OK        bool            `json:"ok"`
	Checked   int64           `json:"checked"`
	Unchained int64           `json:"unchained,omitempty"`
	From      *time.Time      `json:"from,omitempty"`
	To        *time.Time      `json:"to,omitempty"`
	Head      string          `json:"head,omitempty"` // a receipt; empty of an empty or broken chain
	Fault     *odb.ChainFault `json:"fault,omitempty"`
}

type verifyReport struct {
	OK        bool        `json:"ok"`
	Audit     chainReport `json:"audit"`
	Revisions chainReport `json:"revisions"`
	Receipts  []receipt   `json:"receipts"`
}

// err says what is wrong; nil when nothing is.
func (r verifyReport) err() error {
	var faults []string
	if f := r.Audit.Fault; f != nil {
		faults = append(faults, fmt.Sprintf("the audit log does not hold: entry %d %s", f.Seq, f.Message))
	}
	if f := r.Revisions.Fault; f != nil {
		faults = append(faults, fmt.Sprintf("the change log does not hold: revision %d %s", f.Seq, f.Message))
	}
	for _, x := range r.Receipts {
		if !x.OK {
			faults = append(faults, fmt.Sprintf("the receipt %d:%.12s… fits neither: what was there was rewritten or cut off, or it is of another cluster", x.seq, x.hash))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return failf(exitFailed, "%s", strings.Join(faults, "\n")).
		trying("a copy of the database from a backup tells what it was; who can write to the database?")
}

// verifier checks both chains with the pages that a node hands out.
type verifier struct {
	c        *client.Client
	receipts []receipt
	progress func(what string, done, all int64)
}

func (v *verifier) verify(ctx context.Context) (verifyReport, error) {
	audit, err := v.audit(ctx)
	if err != nil {
		return verifyReport{}, err
	}
	revisions, err := v.revisions(ctx)
	if err != nil {
		return verifyReport{}, err
	}
	report := verifyReport{OK: audit.OK && revisions.OK, Audit: audit, Revisions: revisions, Receipts: v.receipts}
	for _, r := range v.receipts {
		report.OK = report.OK && r.OK
	}
	return report, nil
}

// holds notes the receipts that an entry of a chain, found to be right, fits.
func (v *verifier) holds(chain string, seq int64, hash string) {
	for i := range v.receipts {
		if r := &v.receipts[i]; r.seq == seq && r.hash == hash {
			r.OK, r.Chain = true, chain
		}
	}
}

const (
	auditPage    = 1000
	revisionPage = 100
)

// audit checks the audit log up to its head. A node reads the head after the
// entries; when it is beyond the last of them, it is asked once more, as others
// may have been appended meanwhile.
func (v *verifier) audit(ctx context.Context) (chainReport, error) {
	var c odb.AuditChecker
	var out chainReport
	for again := false; ; {
		p, err := v.c.AuditChain(ctx, c.Head.Seq, auditPage)
		if err != nil {
			return out, err
		}
		for _, e := range p.Entries {
			if c.Add(e) {
				v.holds("audit", e.Seq, e.Hash)
			}
		}
		v.progress("audit log", c.Head.Seq, p.Head.Seq)
		atEnd := p.Head.Seq <= c.Head.Seq || len(p.Entries) == 0 && again
		if c.Fault != nil || len(p.Entries) < auditPage && atEnd {
			out.Fault = c.End(p.Head)
			break
		}
		again = len(p.Entries) == 0
	}
	out.OK, out.Checked = out.Fault == nil, c.Checked
	out.span(c.From, c.To)
	if out.OK && c.Head.Seq > 0 {
		out.Head = fmt.Sprintf("%d:%s", c.Head.Seq, c.Head.Hash)
	}
	return out, nil
}

func (r *chainReport) span(from, to time.Time) {
	if !from.IsZero() {
		r.From, r.To = &from, &to
	}
}

// revisions checks the change log up to the newest revision, as audit does.
func (v *verifier) revisions(ctx context.Context) (chainReport, error) {
	var c odb.Chain
	var out chainReport
	var from, to time.Time
	for again := false; ; {
		p, err := v.c.AuditRevisions(ctx, c.Revision, revisionPage)
		if err != nil {
			return out, err
		}
		for _, x := range p.Revisions {
			if out.Fault = addRevision(&c, x.Chained()); out.Fault != nil {
				break
			}
			v.holds("revisions", x.Revision, x.Hash)
			if from.IsZero() {
				from = x.At
			}
			to = x.At
		}
		v.progress("change log", c.Revision, p.Newest)
		if out.Fault != nil || p.Newest == c.Revision {
			break
		}
		if len(p.Revisions) == 0 && (again || p.Newest < c.Revision) {
			out.Fault = revisionsEnd(c.Revision, p.Newest)
			break
		}
		again = len(p.Revisions) == 0
	}
	out.OK, out.Checked, out.Unchained = out.Fault == nil, c.Revision-c.Unhashed, c.Unhashed
	out.span(from, to)
	if out.OK && c.Hash != "" {
		out.Head = fmt.Sprintf("%d:%s", c.Revision, c.Hash)
	}
	return out, nil
}

// addRevision adds a revision and names the first that is wrong.
func addRevision(c *odb.Chain, r odb.Revision) *odb.ChainFault {
	if want := c.Revision + 1; r.Revision > want {
		return &odb.ChainFault{Seq: want, Message: "is missing"}
	}
	err := c.Add(r)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*odb.Error](err); ok && e.Err != nil {
		err = e.Err
	}
	return &odb.ChainFault{Seq: r.Revision, Message: "does not hold: " + err.Error()}
}

func revisionsEnd(last, newest int64) *odb.ChainFault {
	if newest < last {
		return &odb.ChainFault{Seq: newest + 1, Message: fmt.Sprintf("was not made by a node: the ODB is at revision %d", newest)}
	}
	return &odb.ChainFault{Seq: last + 1, Message: fmt.Sprintf("is missing: the log ends before the ODB's revision, %d", newest)}
}

// progress tells people, once a check takes more than a second, how far it is.
func (a *app) progress() func(what string, done, all int64) {
	next := time.Now().Add(time.Second)
	return func(what string, done, all int64) {
		if now := time.Now(); now.After(next) && done < all {
			next = now.Add(2 * time.Second)
			a.note("%s: %d of %d checked", what, done, all)
		}
	}
}

func verifyTable(o *screen, r verifyReport) {
	row := func(name, unit string, c chainReport) []cell {
		checked := plural(c.Checked, unit)
		if c.Unchained > 0 {
			checked += fmt.Sprintf(", and %d unchained", c.Unchained)
		}
		period := "-"
		if c.From != nil {
			period = localTime(*c.From) + " to " + localTime(*c.To)
		}
		return []cell{text(name), styled(map[bool]style{true: green, false: red}[c.OK], word(c.OK, "holds", "broken")), text(checked), text(period), text(dash(c.Head))}
	}
	o.table([]string{"LOG", "CHAIN", "CHECKED", "FROM AND TO", "RECEIPT"}, [][]cell{row("audit", "entry", r.Audit), row("changes", "revision", r.Revisions)})
	for _, x := range r.Receipts {
		if x.OK {
			o.line("The receipt %d:%.12s… holds: nothing up to there was rewritten or cut off in the %s.", x.seq, x.hash, word(x.Chain == "audit", "audit log", "change log"))
		}
	}
}
