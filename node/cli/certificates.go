package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newCertificates(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "certificates", Short: "The cluster's certificates and when they end",
		Long: `Shows the certificate authority of the cluster with its fingerprint, and what each node
shows at its ports. A node renews the certificate of its control port by itself, when a
third of its life is left; that of a traffic port is yours to renew (traffic_tls_cert in
the node's settings). No key is shown.`,
		Example: `  signalbox certificates
  signalbox certificates -o json | jq -r .authority.sha256
  signalbox certificates -o json | jq '.nodes[] | select(.traffic) | {node, until: .traffic.until}'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := c.Certificates(ctx)
			if err != nil {
				return fmt.Errorf("list certificates: %w", err)
			}
			return a.show(all, func(o *screen) { certificateTable(o, all, time.Now()) })
		}),
	}
}

// The table warns of a certificate so long before its end, or so long after a node
// should have renewed it.
const (
	soonOver = 30 * 24 * time.Hour
	late     = 24 * time.Hour
)

func certificateTable(o *screen, all client.Certificates, now time.Time) {
	row := func(whose, port string, c client.Certificate, note string, warnAt time.Time) []cell {
		left := c.Until.Sub(now)
		if left < 0 {
			note = "is over"
		}
		return []cell{text(whose), text(port), text(c.Serial), text(localTime(c.Until)), {fmt.Sprintf("%d days", int(left.Hours()/24)), styleIf(now.After(warnAt), yellow)}, text(note)}
	}
	rows := [][]cell{row("cluster", "authority", all.Authority, "", all.Authority.Until.Add(-soonOver))}
	for _, n := range all.Nodes {
		if n.Control != nil {
			note, warnAt := "", n.Control.Until
			if n.Renews != nil {
				note, warnAt = "renewed by itself from "+localTime(*n.Renews), n.Renews.Add(late)
			}
			rows = append(rows, row(n.Node, "control", *n.Control, note, warnAt))
		}
		if n.Traffic != nil {
			rows = append(rows, row(n.Node, "traffic", *n.Traffic, "renew it yourself", n.Traffic.Until.Add(-soonOver)))
		}
		if n.Error != "" {
			rows = append(rows, []cell{text(n.Node), text("-"), text("-"), text("-"), text("-"), styled(yellow, n.Error)})
		}
	}
	o.table([]string{"WHOSE", "PORT", "SERIAL", "ENDS", "IN", "NOTE"}, rows)
	o.line("")
	o.line("CA  sha256:%s", all.Authority.SHA256)
}
