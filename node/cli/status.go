package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "The cluster at a glance",
		Long: `Shows the cluster at a glance: how many nodes are up, whether all of them run
the newest revision, whether the database answers, what the channels of all nodes
did in the last minute, the last change and the last backup, and every definition
that a node could not put into force, with the reason.`,
		Example: `  signalbox status
  signalbox status --dir /var/lib/signalbox
  signalbox status -o json | jq .level`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			s, err := c.Status(ctx)
			if err != nil {
				return fmt.Errorf("get status: %w", err)
			}
			var problems []client.NodeProblem
			if s.Problems > 0 && a.flags.output == outputTable {
				if problems, err = c.Problems(ctx); err != nil {
					return fmt.Errorf("list problems: %w", err)
				}
			}
			return a.show(s, func(o *screen) { statusTable(o, s, problems) })
		}),
	}
}

func statusTable(o *screen, s client.Status, problems []client.NodeProblem) {
	o.facts(
		[2]string{"cluster", s.Cluster},
		[2]string{"revision", fmt.Sprintf("%d, %s", s.Revision, word(s.Level, "on every node", "not yet on every node"))},
		[2]string{"nodes", fmt.Sprintf("%d up, %d down, %d unknown", s.Nodes.Up, s.Nodes.Down, s.Nodes.Unknown)},
		[2]string{"database", partText(s.ODB)},
	)
	if s.Redis != nil {
		o.facts([2]string{"redis   ", partText(*s.Redis)})
	}
	o.facts(
		[2]string{"requests", requestsText(s.Requests)},
		[2]string{"problems", fmt.Sprint(s.Problems)},
		[2]string{"version ", s.Version},
		[2]string{"change  ", changeText(s.LastChange)},
		[2]string{"backup  ", backupText(s)},
	)
	if len(problems) == 0 {
		return
	}
	o.line("")
	var rows [][]cell
	for _, p := range problems {
		rows = append(rows, []cell{text(p.Node), text(p.Kind), text(p.Name), styled(red, p.Reason)})
	}
	o.table([]string{"NODE", "KIND", "NAME", "NOT IN FORCE BECAUSE"}, rows)
}

func requestsText(r *client.Requests) string {
	if r == nil {
		return "not known"
	}
	text := fmt.Sprintf("%.1f/s, %.1f errors/s, p99 %.1f ms in the last minute", r.Recent.PerSecond, r.Recent.ErrorsPerSecond, r.Recent.P99MS)
	if len(r.Coverage.Missing) > 0 {
		text += fmt.Sprintf(" (of %d of %d nodes, without %s)", r.Coverage.Nodes, r.Coverage.Of, strings.Join(r.Coverage.Missing, ", "))
	}
	return text
}

func changeText(c *client.LastChange) string {
	if c == nil {
		return "none is known"
	}
	return fmt.Sprintf("%s, by %s%s", localTime(c.At), c.By, word(c.Reason == "", "", ": "+c.Reason))
}

func backupText(s client.Status) string {
	b := s.LastBackup
	if b == nil {
		return word(s.ODB.State == "up", "never made", "not known, for the database is "+s.ODB.State)
	}
	return fmt.Sprintf("%s, revision %d%s%s", localTime(b.At), b.Revision, word(b.By == "", "", ", by "+b.By), word(b.Bytes == 0, "", ", "+formatBytes(b.Bytes)))
}

func partText(p client.Part) string {
	s := fmt.Sprintf("%s, %s since %s", p.Kind, p.State, localTime(p.Since))
	if p.Where != "" {
		s += " (" + p.Where + ")"
	}
	if p.Error != "" {
		s += ": " + p.Error
	}
	return s
}
