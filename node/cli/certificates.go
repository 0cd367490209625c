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

// soonOver is how long before the end of a certificate the table warns of it.
const soonOver = 30 * 24 * time.Hour

func certificateTable(o *screen, all client.Certificates, now time.Time) {
	row := func(whose, port string, c client.Certificate, note string) []cell {
		left := c.Until.Sub(now)
		if left < 0 {
			note = "is over"
		}
		return []cell{text(whose), text(port), text(c.Serial), text(localTime(c.Until)), {fmt.Sprintf("%d days", int(left.Hours()/24)), styleIf(left < soonOver, yellow)}, text(note)}
	}
	rows := [][]cell{row("cluster", "authority", all.Authority, "")}
	for _, n := range all.Nodes {
		if n.Control != nil {
			note := ""
			if n.Renews != nil {
				note = "renewed by itself from " + localTime(*n.Renews)
			}
			rows = append(rows, row(n.Node, "control", *n.Control, note))
		}
		if n.Traffic != nil {
			rows = append(rows, row(n.Node, "traffic", *n.Traffic, "renew it yourself"))
		}
		if n.Error != "" {
			rows = append(rows, []cell{text(n.Node), text("-"), text("-"), text("-"), text("-"), styled(yellow, n.Error)})
		}
	}
	o.table([]string{"WHOSE", "PORT", "SERIAL", "ENDS", "IN", "NOTE"}, rows)
	o.line("")
	o.line("CA  sha256:%s", all.Authority.SHA256)
}
