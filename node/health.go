package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/lb"
)

// stuckAfter is how long the reconciler's loop may take for one round: longer than
// a database that does not answer, and than the largest packages take.
const stuckAfter = 2 * time.Minute

// Health is how a running node is, in short.
type Health struct {
	Revision  int64
	Up, Nodes int  // of the cluster, as this node sees them
	ODBAway   bool // the ODB does not answer
}

// Health tells how the node is. It may be called once Ready is closed.
func (n *Node) Health() Health {
	h := Health{Revision: n.rec.Snapshot().Revision()}
	for _, v := range n.roster.Views() {
		h.Nodes++
		if v.State == cluster.Up {
			h.Up++
		}
	}
	_, why := n.rec.odbHealth()
	h.ODBAway = why != nil
	return h
}

// String tells it in a line.
func (h Health) String() string {
	text := fmt.Sprintf("revision %d, %d of %d nodes up", h.Revision, h.Up, h.Nodes)
	if h.ODBAway {
		text += ", the ODB is away"
	}
	return text
}

// Alive fails when the node does not do its work any more: its reconciler is
// stuck, or its traffic port takes a request and does not answer it. An ODB that
// is away is no reason. It may be called once Ready is closed, not at the end.
func (n *Node) Alive(ctx context.Context) error {
	if idle := time.Since(n.rec.lastRound()); idle > stuckAfter {
		return fmt.Errorf("the reconciler's last round began %s ago", idle.Round(time.Second))
	}
	scheme := "http"
	if n.cfg.TrafficTLSCert != "" {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+reachable(n.traffic.Addr())+lb.PingPath, nil)
	if err != nil {
		return fmt.Errorf("ask the traffic port: %w", err)
	}
	once := &http.Transport{ // a new connection each time: accepting is what is tried
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // it asks itself whether it answers, and tells nothing
	}
	res, err := once.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the traffic port does not answer: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 4096)) // any answer will do: one that refuses works
	_ = res.Body.Close()
	if err != nil {
		return fmt.Errorf("the traffic port does not answer: %w", err)
	}
	return nil
}
