package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newAudit(a *app) *cobra.Command {
	var q client.AuditQuery
	var since string
	cmd := &cobra.Command{
		Use: "audit", Short: "Who did or tried what: every change and every refused attempt",
		Long: `Lists the audit log, newest first: every change and every sign-in, who made it,
from where and how it ended, and every attempt that was refused: wrong tokens and
passwords, missing roles. Of an address that is refused more than 20 times in a
minute the rest is one line with a count. Needs the role admin; reading the log is
in the log too.

An action is the name of an operation of the admin API, such as createDefinition,
signIn or deploy, or what a node did by itself: nodeStart, nodeStop, deployFolder.
--since takes a duration (24h) or a time (2026-11-23, 2026-11-23T15:04:05Z).`,
		Example: `  signalbox audit
  signalbox audit --outcome refused --since 24h
  signalbox audit --actor bob --limit 200 -o json | jq -r '.[].subject'
  signalbox audit --subject channel/orders.create
  signalbox audit verify`,
	}
	cmd.Flags().StringVar(&q.Actor, "actor", "", "only of this account")
	cmd.Flags().StringVar(&q.Action, "action", "", "only this operation")
	cmd.Flags().StringVar(&q.Subject, "subject", "", "only about this: KIND/NAME or account/NAME")
	cmd.Flags().StringVar(&q.Outcome, "outcome", "", "only with this outcome: done, refused or failed")
	cmd.Flags().StringVar(&since, "since", "", "only what is not older: a duration or a time")
	cmd.Flags().Int64Var(&q.Before, "before", 0, "only entries below this number: the next page")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "at most so many entries, up to 999")
	_ = cmd.RegisterFlagCompletionFunc("outcome", fixed(odb.AuditDone, odb.AuditRefused, odb.AuditFailed))
	run := a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
		entries, err := auditEntries(ctx, c, q, since)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			a.note("There is no such entry.")
		}
		return a.show(list(entries), func(o *screen) { auditTable(o, entries) })
	})
	return alone(parent(cmd, newAuditVerify(a)), run)
}

func auditEntries(ctx context.Context, c *client.Client, q client.AuditQuery, since string) ([]odb.AuditEntry, error) {
	if q.Limit < 1 || q.Limit > 999 {
		return nil, usagef("--limit is %d; a number from 1 to 999 is needed", q.Limit)
	}
	switch q.Outcome {
	case "", odb.AuditDone, odb.AuditRefused, odb.AuditFailed:
	default:
		return nil, usagef("--outcome is %q; done, refused or failed is needed", q.Outcome)
	}
	var err error
	if q.From, err = sinceTime(since, time.Now()); err != nil {
		return nil, err
	}
	l, err := c.Audit(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("get audit log: %w", err)
	}
	return l.Items, nil
}

// sinceTime reads a duration before now, or a time.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil { //nolint:gosmopolitan // as the user's clock shows it
			return t, nil
		}
	}
	return time.Time{}, usagef("--since is %q; a duration such as 24h, or a time such as 2026-11-23 or 2026-11-23T15:04:05Z, is needed", text)
}

func auditTable(o *screen, entries []odb.AuditEntry) {
	if len(entries) == 0 {
		return
	}
	var rows [][]cell
	for _, e := range entries {
		detail := e.Detail
		if e.Revision > 0 {
			detail = strings.TrimPrefix(fmt.Sprintf("%s; revision %d", detail, e.Revision), "; ")
		}
		rows = append(rows, []cell{
			number(e.Seq), when(e.At), text(e.Node), text(dash(auditActor(e))), text(dash(e.Addr)), text(e.Action), text(dash(e.Subject)),
			styled(outcomeStyle(e.Outcome), e.Outcome), text(detail),
		})
	}
	o.table([]string{"ENTRY", "AT", "NODE", "BY", "FROM", "ACTION", "SUBJECT", "OUTCOME", "DETAIL"}, rows)
}

func auditActor(e odb.AuditEntry) string {
	if e.Actor != "" && e.Source != "" {
		return e.Actor + " (" + e.Source + ")"
	}
	return e.Actor
}

func outcomeStyle(outcome string) style {
	switch outcome {
	case odb.AuditRefused:
		return yellow
	case odb.AuditFailed:
		return red
	}
	return plain
}

// dash stands for nothing in a table.
func dash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}
