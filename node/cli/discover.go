package cli

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/node"
)

// listenFor is how long announcements are awaited: nodes answer within a second.
const listenFor = 2 * time.Second

// discover returns whom to ask: who has the address, else the one cluster that
// announces itself, else the one that the user chooses.
func (a *app) discover(ctx context.Context, address string) (node.Found, error) {
	if address != "" {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			return node.Found{}, usagef("--address is %q; HOST:PORT is needed, such as 10.0.0.5:8183", address)
		}
	}
	if address != "" {
		return node.Found{Control: []string{address}}, nil
	}
	a.note("Listening for clusters on the local network …")
	found, err := node.Discover(ctx, node.DiscoverConfig{For: listenFor, Port: a.env.DiscoveryPort, Log: newLogger(a.env.Stderr, "warn", "text")})
	if err != nil {
		return node.Found{}, err
	}
	clusters := byCluster(found)
	if len(clusters) > 0 {
		a.showFound(found)
	}
	switch len(clusters) {
	case 0:
		return node.Found{}, failf(exitNotFound, "no cluster announces itself on the local network").
			trying("signalbox join --discover --address HOST:8183, or a token: signalbox token create, on a node of the cluster")
	case 1:
		return clusters[0], ctx.Err()
	}
	return a.choose(clusters)
}

// byCluster joins the nodes of each cluster: all their addresses are tried.
func byCluster(found []node.Found) []node.Found {
	var out []node.Found
	for _, f := range found {
		i := slices.IndexFunc(out, func(o node.Found) bool { return o.CA == f.CA })
		if i < 0 {
			out = append(out, node.Found{Cluster: f.Cluster, CA: f.CA})
			i = len(out) - 1
		}
		out[i].Control = append(out[i].Control, f.Control...)
	}
	return out
}

// showFound lists what announced itself, on stderr: the result is the node.
func (a *app) showFound(found []node.Found) {
	var rows [][]cell
	for _, f := range found {
		rows = append(rows, []cell{text(f.Cluster), text(f.Node), text(strings.Join(f.Control, ", ")), text(f.CA)})
	}
	a.err.line("")
	a.err.table([]string{"CLUSTER", "NODE", "ADDRESS", "CERTIFICATE AUTHORITY (SHA-256)"}, rows)
	a.err.line("")
}

// choose asks on a terminal which of several clusters is meant.
func (a *app) choose(clusters []node.Found) (node.Found, error) {
	if !isTerminal(a.env.Stdin) {
		return node.Found{}, failf(exitConflict, "%s announce themselves", plural(len(clusters), "cluster")).
			trying("signalbox join --discover --address HOST:PORT, with an address of the one that you mean")
	}
	for i, c := range clusters {
		a.err.line("  %d  %s at %s, authority %.16s…", i+1, clean(c.Cluster), clean(c.Control[0]), c.CA)
	}
	a.err.write(fmt.Sprintf("Which one? [1-%d] ", len(clusters)))
	answer, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
	if err != nil {
		return node.Found{}, fmt.Errorf("read answer: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(answer))
	if err != nil || n < 1 || n > len(clusters) {
		return node.Found{}, failf(exitFailed, "nothing was done: the answer was none of 1 to %d", len(clusters))
	}
	return clusters[n-1], nil
}
