package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// lookEvery is how often a command that waits for a node looks at it.
const lookEvery = 200 * time.Millisecond

// rotationUse is what tells the three commands of rotation apart.
type rotationUse struct {
	to                             odb.Rotation
	use, short, long, example, end string
}

func drainUse() rotationUse {
	return rotationUse{
		to: odb.Draining, use: "drain", short: "Give a node no new requests; it ends those it has",
		long: `Gives a node no new requests: its traffic port answers 503 with Retry-After, and so
does /signalbox/ping, so that balancers before it look elsewhere. Requests in flight
end. The node stays drained, over restarts too, until "signalbox nodes online".

With --wait the command returns when no request is in flight on the node, and shows
how many are.`,
		example: `  signalbox nodes drain box-2 --wait
  signalbox nodes drain box-2 --wait --timeout 30s -o json`,
		end: "longest wait for the requests in flight",
	}
}

func maintenanceUse() rotationUse {
	return rotationUse{
		to: odb.Maintenance, use: "maintenance", short: "Take a node out of rotation for work on it",
		long: `Takes a node out of rotation for work on it: as "signalbox nodes drain", but everybody
sees that somebody works on it and that nobody should put it online again meanwhile.

With --wait the command returns when no request is in flight on the node.`,
		example: `  signalbox nodes maintenance box-2 --wait`,
		end:     "longest wait for the requests in flight",
	}
}

func onlineUse() rotationUse {
	return rotationUse{
		to: odb.Online, use: "online", short: "Put a node back into rotation",
		long: `Puts a node back into rotation. With --wait the command returns when the node takes
requests.`,
		example: `  signalbox nodes online box-2 --wait`,
		end:     "longest wait until the node takes requests",
	}
}

func newRotation(a *app, u rotationUse) *cobra.Command {
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: u.use + " NAME", Short: u.short, Long: u.long, Example: u.example,
		Args: args(1, 1, "NAME"), ValidArgsFunction: a.nodeNames(1),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if timeout < time.Second {
				return usagef("--timeout is %s; at least 1s is needed", timeout)
			}
			n, err := c.SetRotation(ctx, given[0], u.to)
			if err != nil {
				return err
			}
			if wait {
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				if n, err = a.awaitRotation(ctx, c.Nodes, n, u.to); err != nil {
					return err
				}
			}
			return a.show(n, func(o *screen) {
				o.line("%s is %s, %s, with %s in flight", clean(n.Name), n.Rotation, word(n.Ready, "takes requests", "takes no requests"), plural(n.InFlight, "request"))
			})
		}),
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "return when it has come into effect")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, u.end)
	return cmd
}

// awaitRotation waits until a node does what it is given to do: online, it takes
// requests; else none is in flight. It tells each change of their count.
func (a *app) awaitRotation(ctx context.Context, nodes lister, n client.Node, to odb.Rotation) (client.Node, error) {
	told := int64(-1)
	last, err := await(ctx, nodes, n.ID, func(now client.Node) bool {
		if now.Started.IsZero() { // it does not answer: its figures are old
			return to != odb.Online && now.State == "down"
		}
		if to == odb.Online {
			return now.Ready
		}
		if now.InFlight != told && !now.Ready {
			told = now.InFlight
			a.note("%s: %s in flight", clean(now.Name), plural(told, "request"))
		}
		return !now.Ready && now.InFlight == 0
	})
	switch {
	case err == nil:
		return last, nil
	case ctx.Err() == nil:
		return last, err
	case last.ID == "":
		return last, failf(exitUnreachable, "wait for %s: %w", n.Name, err)
	case last.Started.IsZero():
		return last, failf(exitFailed, "%s does not answer, so nobody knows what it does: %s", n.Name, last.Why)
	case to == odb.Online:
		return last, failf(exitFailed, "%s does not take requests yet: %s", n.Name, word(last.Why == "", "it does not say why; look in its log", last.Why))
	}
	return last, failf(exitFailed, "%s still has %s in flight; it stays %s", n.Name, plural(last.InFlight, "request"), last.Rotation).
		trying("signalbox nodes %s %s --wait, to go on waiting", map[odb.Rotation]string{odb.Draining: "drain", odb.Maintenance: "maintenance"}[to], n.Name)
}

// lister lists the nodes.
type lister func(context.Context) ([]client.Node, error)

// await looks at a node again and again until done says yes, and returns how it is.
// A look that fails is no end: the node that is asked may be the one that restarts.
// When ctx ends it returns the last look and why there is no better one.
func await(ctx context.Context, nodes lister, id string, done func(client.Node) bool) (client.Node, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last client.Node
	var failed error
	for {
		all, err := nodes(ctx)
		if ctx.Err() == nil {
			failed = err
		}
		found := false
		for _, n := range all {
			if n.ID == id {
				last, found = n, true
			}
		}
		switch {
		case err == nil && !found:
			return last, failf(exitNotFound, "the node is no member of the cluster any more")
		case found && done(last):
			return last, nil
		}
		select {
		case <-ctx.Done():
			if failed == nil {
				failed = ctx.Err()
			}
			return last, failed
		case <-tick.C:
		}
	}
}
