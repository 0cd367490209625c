package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

const (
	restoreDo = "restore a backup; what it is, tells the history of a copy of this database"
	mostNamed = 5 // faults of one check that are named; the rest is counted
)

// all tells the faults of one check, the first few of them by name.
func (c *checker) all(check string, faults []string, level, well, do string) {
	if len(faults) == 0 {
		c.Add(check, odb.FindingOK, well, "")
		return
	}
	text := strings.Join(faults[:min(len(faults), mostNamed)], "; ")
	if n := len(faults) - mostNamed; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	c.Add(check, level, text, do)
}

// log checks that the change log has no hole and its hashes fit.
func (c *checker) log(ctx context.Context) {
	var chain odb.Chain
	for {
		revs, err := c.db.History(ctx, odb.HistoryQuery{After: chain.Revision, Limit: 500, Oldest: true})
		if err != nil {
			c.note("change log", err, "", "")
			return
		}
		for _, r := range revs {
			if err := chain.Add(r); err != nil {
				c.Add("change log", odb.FindingFault, err.Error(), restoreDo)
				return
			}
		}
		if len(revs) == 0 {
			break
		}
	}
	if chain.Revision < c.Revision { // a newer one may have come in the meantime
		c.Add("change log", odb.FindingFault, fmt.Sprintf("ends at revision %d; the ODB is at %d", chain.Revision, c.Revision), restoreDo)
		return
	}
	c.Add("change log", odb.FindingOK, fmt.Sprintf("%d revisions without a hole, their hashes fit", chain.Revision), "")
}

// definitions checks that all can be read and are what the log says.
func (c *checker) definitions(ctx context.Context) {
	snap, err := c.db.Load(ctx)
	if snap == nil {
		c.note("definitions", err, "", "")
		return
	}
	if err != nil {
		c.Add("definitions", odb.FindingWarning, err.Error(), "a newer program wrote them: run that, or change them")
	}
	logged, _ := c.db.StateAt(ctx, snap.Revision()) //nolint:errcheck // the same definitions cannot be read
	if logged == nil {
		c.Add("definitions", odb.FindingFault, fmt.Sprintf("the state of revision %d cannot be read from the log", snap.Revision()), restoreDo)
		return
	}
	var faults []string
	for d := range snap.All() {
		if l, ok := logged.Get(d.Kind, d.Name); !ok || l.ID != d.ID || l.Version != d.Version || string(l.Spec) != string(d.Spec) {
			faults = append(faults, d.Key()+" is not what the change log says")
		}
	}
	if snap.Len() != logged.Len() {
		faults = append(faults, fmt.Sprintf("there are %d, the change log says %d", snap.Len(), logged.Len()))
	}
	c.all("definitions", faults, odb.FindingFault, fmt.Sprintf("%d, each as the change log says", snap.Len()), restoreDo)
}

// link is one row of odb_ref or odb_claim, or what should be one.
type link struct{ owner, text string }

func refLink(from, field, to string) link { return link{from, "reference " + field + " to " + to} }
func claimLink(owner, kind, text string) link {
	return link{owner, "claim of a " + kind + ": " + text}
}

// links checks that references and claims are those of the specs.
func (c *checker) links(ctx context.Context) {
	var faults []string
	err := c.db.look(ctx, "read references", "", func(t *tx) error {
		stored, err := t.links()
		if err != nil {
			return err
		}
		defs, err := t.definitions(allDefinitions)
		if err != nil {
			return err
		}
		snap, _ := odb.NewSnapshot(0, defs) //nolint:errcheck // those that cannot be read are another check's
		for d := range snap.All() {
			spec, readable := odb.Find[odb.Spec](snap, d.Kind, d.Name)
			if !readable {
				maps.DeleteFunc(stored, func(l link, _ bool) bool { return l.owner == d.ID })
				continue
			}
			for _, l := range linksOf(snap, d, spec) {
				if !stored[l] {
					faults = append(faults, d.Key()+" lacks its "+l.text)
				}
				delete(stored, l)
			}
		}
		for l := range stored {
			faults = append(faults, "there is a "+l.text+" that no definition has")
		}
		return nil
	})
	if err != nil {
		c.note("references", err, "", "")
		return
	}
	slices.Sort(faults)
	c.all("references", faults, odb.FindingFault, "references and claims are those of the definitions", restoreDo)
}

// links reads all references and claims.
func (t *tx) links() (map[link]bool, error) {
	out := map[link]bool{}
	for query, make := range map[statement]func(a, b, c string) link{allRefs: refLink, allClaims: claimLink} {
		err := t.each(query, nil, func(rows *sql.Rows) error {
			var a, b, c string
			err := rows.Scan(&a, &b, &c)
			out[make(a, b, c)] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// linksOf returns what a definition's spec says; a reference to nothing is one to
// the id "nothing".
func linksOf(snap *odb.Snapshot, d odb.Definition, spec odb.Spec) []link {
	var out []link
	for _, r := range odb.Refs(spec) {
		to, ok := snap.Get(r.Kind, r.Name)
		if !ok {
			to.ID = "nothing"
		}
		out = append(out, refLink(d.ID, r.Pointer, to.ID))
	}
	if claimer, ok := spec.(odb.Claimer); ok {
		for _, text := range claimer.Claims() {
			out = append(out, claimLink(d.ID, d.Kind, text))
		}
	}
	return out
}

// packages checks each archive against its hash.
func (c *checker) packages(ctx context.Context) {
	pkgs, err := c.db.ListPackages(ctx, "")
	if err != nil {
		c.note("packages", err, "", "")
		return
	}
	var faults []string
	for _, p := range pkgs {
		full, err := c.db.Package(ctx, p.Hash)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		if sum := sha256.Sum256(full.Archive); hex.EncodeToString(sum[:]) != p.Hash || int64(len(full.Archive)) != p.Size {
			faults = append(faults, fmt.Sprintf("%s (%.12s…) is not what was stored", p.Name, p.Hash))
		}
	}
	c.all("packages", faults, odb.FindingFault, fmt.Sprintf("%d, each as its hash says", len(pkgs)), "deploy them again; "+restoreDo)
}

// audit checks the chain of the audit log.
func (c *checker) audit(ctx context.Context) {
	var chain odb.AuditChecker
	head, err := c.db.AuditHead(ctx)
	for err == nil && chain.Head.Seq < head.Seq {
		var entries []odb.AuditEntry
		if entries, err = c.db.ReadAudit(ctx, chain.Head.Seq, int(min(maxAudit, head.Seq-chain.Head.Seq))); err != nil || len(entries) == 0 {
			break
		}
		if slices.ContainsFunc(entries, func(e odb.AuditEntry) bool { return !chain.Add(e) }) {
			break
		}
	}
	if err == nil {
		if fault := chain.End(head); fault != nil {
			err = errors.New(fault.Error())
		}
	}
	c.note("audit log", err, fmt.Sprintf("%d entries, their hashes fit", chain.Checked), "find out who writes to the database; "+restoreDo)
}
